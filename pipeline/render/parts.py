"""Parts by the renderer's own indices, in the render that gives the ids: object and material index together.

Cycles writes both from sample 0, so a pixel's pair tells its instance and its part as exactly as its id. Materials are
numbered for the while of a render. Where two objects of one instance show the same material as different parts, the
second gets an object index of its own; where one object does (a replaced material fills all its slots), its other parts
get a copy of the material.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.conventions import MAX_INSTANCES
from pipeline.errors import RejectedFrame
from pipeline.render.changes import change
from pipeline.scene.build import BuiltScene


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartNumbers:
    """What the indices mean: `instance_of` (N,) uint16 by object index, `part_of` (N, M) uint16 by object and material
    index, 0 where there is none."""

    instance_of: NDArray[np.uint16]
    part_of: NDArray[np.uint16]


@contextmanager
def numbered_parts(built: BuiltScene) -> Iterator[PartNumbers | None]:
    """Number the parts of a scene until the block ends; None where it has none. Raises RejectedFrame for too many."""
    if not built.parts.parts:
        yield None
        return
    with ExitStack() as until:
        materials: dict[int, int] = {}
        rows: dict[int, dict[int, int]] = {}  # object index -> material index -> part id
        owner = {instance_id: instance_id for instance_id in built.objects}
        free = itertools.count(max(owner) + 1)
        for instance_id, slots in built.parts.slots.items():
            numbers = [instance_id]
            for item, parts in zip(built.objects[instance_id], slots, strict=True):
                _split_materials(item, parts, until)
                row = _row(item, parts, materials, until)
                number = _fitting(row, numbers, rows)
                if number == 0:
                    number = next(free)
                    owner[number] = instance_id
                    numbers.append(number)
                rows[number] = rows.get(number, {}) | row
                if max(number, len(materials)) > MAX_INSTANCES:
                    raise RejectedFrame(f"more than {MAX_INSTANCES} objects or materials to tell parts apart by")
                change(until, item, pass_index=number)
        yield _tables(owner, rows, len(materials))


def _split_materials(item: bpy.types.Object, parts: Sequence[int], until: ExitStack) -> None:
    """Give a part of an object a copy of its material where another part of the object has the same."""
    first: dict[int, int] = {}
    copies: dict[tuple[int, int], bpy.types.Material] = {}
    for slot, part in zip(item.material_slots, parts, strict=True):
        material = slot.material
        if material is None or part == 0 or first.setdefault(material.session_uid, part) == part:
            continue
        key = (material.session_uid, part)
        if key not in copies:
            copies[key] = material.copy()
            until.callback(bpy.data.materials.remove, copies[key])
        change(until, slot, link="OBJECT")
        change(until, slot, material=copies[key])


def _row(item: bpy.types.Object, parts: Sequence[int], materials: dict[int, int], until: ExitStack) -> dict[int, int]:
    """Return the part of each material index of an object, and number materials that have none yet."""
    row = {}
    for slot, part in zip(item.material_slots, parts, strict=True):
        if part == 0:
            continue
        number = 0  # what Cycles writes without a material
        if slot.material is not None:
            uid = slot.material.session_uid
            if uid not in materials:
                materials[uid] = len(materials) + 1
                change(until, slot.material, pass_index=materials[uid])
            number = materials[uid]
        row[number] = part
    return row


def _fitting(row: dict[int, int], numbers: list[int], rows: dict[int, dict[int, int]]) -> int:
    """Return the first object index whose materials mean nothing else than in `row`, or 0."""
    for number in numbers:
        known = rows.get(number, {})
        if all(known.get(material, part) == part for material, part in row.items()):
            return number
    return 0


def _tables(owner: dict[int, int], rows: dict[int, dict[int, int]], materials: int) -> PartNumbers:
    instance_of = np.zeros(max(owner) + 1, dtype=np.uint16)
    part_of = np.zeros((max(owner) + 1, materials + 1), dtype=np.uint16)
    for number, instance_id in owner.items():
        instance_of[number] = instance_id
        for material, part in rows.get(number, {}).items():
            part_of[number, material] = part
    return PartNumbers(instance_of=instance_of, part_of=part_of)


def instances_and_parts(
    objects: NDArray[np.uint16], materials: NDArray[np.uint16], numbers: PartNumbers
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return the ids of instances and parts (H, W) of images of object and material indices (H, W)."""
    has_parts = numbers.part_of.any(axis=1)[objects]
    return numbers.instance_of[objects], numbers.part_of[objects, np.where(has_parts, materials, 0)]
