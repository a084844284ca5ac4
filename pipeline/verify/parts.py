"""Parts of instances: each of its own instance, of the plan's names and classes, and counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.layout import LABELS, PLAN
from pipeline.dataset.outputs import OUTPUTS
from pipeline.plurals import counted
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened
from pipeline.verify.shapes import IDS


def check_parts(opened: Opened) -> Iterator[Finding]:
    """Part ids are labelled, are of the plan, lie on their own instances and cover them, and are counted."""
    if "part" not in opened.plan.outputs and opened.labels.parts:
        yield opened.found(
            "part-mismatch", LABELS, f"{counted(len(opened.labels.parts), 'part')}, though the plan asks for none"
        )
    if "part" not in opened.images:
        return
    image, file = opened.images["part"], OUTPUTS["part"].file
    parts = {part.part_id: part for part in opened.labels.parts}
    counts = np.bincount(image.ravel(), minlength=IDS)
    for key in np.flatnonzero(counts).tolist():
        if key and key not in parts:
            yield opened.found("id-unknown", file, f"{int(counts[key])} px of part {key}, which {LABELS} does not have")
    owner = np.zeros(IDS, dtype=np.uint16)
    for key, part in parts.items():
        owner[key] = part.instance_id
        if part.visible_px != counts[key]:
            text = f"part {key}: visible_px is {part.visible_px}, {file} shows {int(counts[key])}"
            yield opened.found("part-mismatch", LABELS, text)
    for text in _unplanned(opened):
        yield opened.found("part-mismatch", LABELS, text)
    divided = np.isin(opened.instance, [part.instance_id for part in parts.values()])
    strange = owner[image] != np.where(divided, opened.instance, 0)
    if strange.any():
        y, x = (int(v[0]) for v in np.nonzero(strange))
        text = f"{int(strange.sum())} px where parts and their instances differ, the first at ({x}, {y})"
        yield opened.found("part-mismatch", file, text)


def _unplanned(opened: Opened) -> Iterator[str]:
    """Yield where parts are not the plan's, numbered instance by instance in the order of their names."""
    named = [
        (one.instance_id, name, one.parts.class_ids[name])
        for one in sorted(opened.plan.instances, key=lambda one: one.instance_id)
        if one.parts is not None
        for name in sorted(one.parts.class_ids)
    ]
    wanted = [(number, *rest) for number, rest in enumerate(named, start=1)]
    seen = [(part.part_id, part.instance_id, part.name, part.class_id) for part in opened.labels.parts]
    for one in sorted(set(seen) ^ set(wanted)):
        place = f"{LABELS}, not in {PLAN}" if one in seen else f"{PLAN}, not in {LABELS}"
        part_id, instance_id, name, class_id = one
        yield f"part {part_id}, {name!r} of instance {instance_id}, class {class_id}, is in {place}"
