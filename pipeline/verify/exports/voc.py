"""The check of a Pascal VOC export: its XML, its lists and its segmentation pictures against the dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from pipeline.plurals import counted
from pipeline.verify.exports.expected import (
    AGAIN,
    EXPORT,
    ExpectedFrame,
    ExpectedObject,
    Progress,
    categories,
    expected_frames,
    read_about,
)
from pipeline.verify.exports.files import check_files, check_picture, mismatch
from pipeline.verify.finding import Finding

CLASSES = "classes.txt"
VOID = 255


def check_voc(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a Pascal VOC export. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    names = {int(item["id"]): str(item["name"]) for item in categories(dataset)}
    wanted = {EXPORT}
    lists: dict[str, list[str]] = {"train": [], "val": [], "trainval": []}
    for one in expected_frames(dataset, about, progress):
        name = f"{one.frame:06d}"
        picture = f"JPEGImages/{name}{one.picture.suffix}"
        lists[one.split].append(name)
        lists["trainval"].append(name)
        wanted |= {picture, f"Annotations/{name}.xml"}
        yield from check_picture(folder, picture, one, about)
        yield from _check_xml(folder, f"Annotations/{name}.xml", one, names)
        for kind in ("Class", "Object"):
            path = f"Segmentation{kind}/{name}.png"
            wanted.add(path)
            yield from _check_segmentation(folder, path, one, kind, list(names))
    texts = {f"ImageSets/{kind}/{key}.txt": lines for key, lines in lists.items() for kind in ("Main", "Segmentation")}
    for path, lines in {**texts, CLASSES: list(names.values())}.items():
        wanted.add(path)
        yield from _check_list(folder, path, lines)
    yield from check_files(folder, wanted)


def _check_list(folder: Path, name: str, wanted: list[str]) -> Iterator[Finding]:
    try:
        found = (folder / name).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        yield Finding(kind="export-unreadable", where=name, message=f"cannot be read: {error} ({AGAIN})")
        return
    if found != wanted:
        missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        yield Finding(
            kind="export-mismatch", where=name,
            message=f"lacks {missing[:3]} and has {extra[:3]} too much, or has another order ({AGAIN})",
        )  # fmt: skip


def _check_xml(folder: Path, name: str, one: ExpectedFrame, names: Mapping[int, str]) -> Iterator[Finding]:
    try:
        root = ElementTree.parse(folder / name).getroot()
    except (OSError, ElementTree.ParseError) as error:
        yield Finding(
            kind="export-unreadable", where=name, frame=one.frame, message=f"cannot be read: {error} ({AGAIN})"
        )
        return
    size = {"width": one.width, "height": one.height, "depth": 3}
    head = {"filename": f"{one.frame:06d}{one.picture.suffix}", **{f"size/{key}": size[key] for key in size}}
    yield from _check_texts(name, one, root, "the picture", head)
    found = root.findall("object")
    if len(found) != len(one.objects):
        kind = "export-missing" if len(found) < len(one.objects) else "export-extra"
        yield Finding(
            kind=kind, where=name, frame=one.frame,
            message=f"{counted(len(found), 'object')}, the dataset has {len(one.objects)} ({AGAIN})",
        )  # fmt: skip
        return
    for element, item in zip(found, one.objects, strict=True):
        values = _object(item, one, names)
        yield from _check_texts(name, one, element, f"instance {item.label.instance_id}", values)


def _object(item: ExpectedObject, one: ExpectedFrame, names: Mapping[int, str]) -> dict[str, object]:
    x, y, width, height = item.box
    silhouette = item.label.silhouette
    touches = x == 0 or y == 0 or x + width == one.width or y + height == one.height
    return {
        "name": names[item.label.category_id],
        "pose": "Unspecified",
        "truncated": int(touches if silhouette is None else silhouette.truncation > 0.15),
        "occluded": None if silhouette is None else int(silhouette.occlusion > 0.05),
        "difficult": int(item.is_ignored),
        "bndbox/xmin": x + 1,
        "bndbox/ymin": y + 1,
        "bndbox/xmax": x + width,
        "bndbox/ymax": y + height,
    }


def _check_texts(
    name: str, one: ExpectedFrame, element: ElementTree.Element, what: str, wanted: Mapping[str, object]
) -> Iterator[Finding]:
    for tag, value in wanted.items():
        found = element.findtext(tag)
        if found != (None if value is None else str(value)):
            yield mismatch(name, one, f"{tag} of {what}", found, value)


def _check_segmentation(
    folder: Path, name: str, one: ExpectedFrame, kind: str, category_ids: list[int]
) -> Iterator[Finding]:
    try:
        with Image.open(folder / name) as picture:
            mode, pixels = picture.mode, np.array(picture)
    except (OSError, ValueError, SyntaxError) as error:
        yield Finding(
            kind="export-unreadable", where=name, frame=one.frame, message=f"cannot be read: {error} ({AGAIN})"
        )
        return
    wanted = np.zeros((one.height, one.width), dtype=np.uint8)
    for number, item in enumerate(one.objects, start=1):
        value = number if kind == "Object" else category_ids.index(item.label.category_id) + 1
        wanted[item.mask] = VOID if item.is_ignored else value
    if mode != "P":
        yield mismatch(name, one, "the type of picture", mode, "P (indexed)")
    if pixels.shape != wanted.shape:
        yield mismatch(name, one, "the size", pixels.shape, wanted.shape)
    elif not np.array_equal(pixels, wanted):
        yield mismatch(name, one, "the picture", f"{int((pixels != wanted).sum())} px otherwise", "instance.png")
