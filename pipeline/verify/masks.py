"""Ids, counts, boxes and categories: what the id image says, and what labels and other pictures make of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.layout import LABELS
from pipeline.dataset.outputs import OUTPUTS
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance
from pipeline.verify.shapes import IDS

INSTANCE = OUTPUTS["instance"].file


def check_masks(opened: Opened) -> Iterator[Finding]:
    """Every id is labelled, with the number of its pixels and the extent of its mask."""
    width = opened.shape[1]
    for key in sorted(opened.pixels_of.keys() - opened.items.keys()):
        text = f"{len(opened.pixels_of[key])} px of id {key}, which no instance of {LABELS} has"
        yield opened.found("id-unknown", INSTANCE, text)
    for item, name in each_instance(opened):
        pixels = opened.pixels_of.get(item.instance_id)
        count = 0 if pixels is None else len(pixels)
        if item.visible_px != count:
            text = f"{name}: visible_px is {item.visible_px}, {INSTANCE} shows {count}"
            yield opened.found("mask-mismatch", LABELS, text)
        box = None
        if pixels is not None:
            x, y = pixels % width, pixels // width
            box = (int(x.min()), int(y.min()), int(x.max() - x.min()) + 1, int(y.max() - y.min()) + 1)
        if item.bbox_xywh_px != box:
            text = f"{name}: bbox_xywh_px is {item.bbox_xywh_px}, its mask's extent is {box}"
            yield opened.found("box-mismatch", LABELS, text)


def check_accepted(opened: Opened) -> Iterator[Finding]:
    """An accepted frame shows as many targets as its plan wants, each of as many pixels."""
    plan = opened.plan
    targets = [key for key, item in opened.items.items() if item.role == "target"]
    seen = sum(len(opened.pixels_of.get(key, ())) >= plan.min_pixels for key in targets)
    if seen < plan.min_targets:
        text = f"accepted with {seen} targets of at least {plan.min_pixels} px, its plan wants {plan.min_targets}"
        yield opened.found("accept-mismatch", LABELS, text)


def check_categories(opened: Opened) -> Iterator[Finding]:
    """Categories are of the class map, and their pictures are the id image looked up in it."""
    names = {0: "", **{category.id: category.name for category in opened.job.config.categories}}
    table = np.zeros(IDS, dtype=np.uint16)
    for item, name in each_instance(opened):
        if names.get(item.category_id) != item.category:
            text = f"{name}: category {item.category_id} {item.category!r} is not in the class map"
            yield opened.found("category-mismatch", LABELS, text)
        if (item.category_id == 0) != (item.role == "distractor"):
            text = f"{name}: a {item.role} of category {item.category_id}"
            yield opened.found("category-mismatch", LABELS, text)
        table[item.instance_id] = item.category_id
    category = table[opened.instance]
    if "category" in opened.images:
        yield from _same(opened, "category-mismatch", "category", category)
    if "panoptic" in opened.images:
        ids = np.where(category > 0, opened.instance, 0).astype(np.uint32)
        wanted = np.stack([ids % 256, ids // 256 % 256, ids // 65_536], axis=-1)
        yield from _same(opened, "panoptic-mismatch", "panoptic", wanted)


def _same(opened: Opened, kind: str, output: str, wanted: np.ndarray) -> Iterator[Finding]:  # type: ignore[type-arg]
    differs = opened.images[output] != wanted
    if differs.ndim == 3:
        differs = differs.any(axis=-1)
    if differs.any():
        y, x = (int(v[0]) for v in np.nonzero(differs))
        text = f"{int(differs.sum())} px are not what {INSTANCE} and {LABELS} give, the first at ({x}, {y})"
        yield opened.found(kind, OUTPUTS[output].file, text)
