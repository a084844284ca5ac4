"""The parts of the instances of a frame: their ids, and which material slot belongs to which."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.records import FramePlan, RealisedPart
from pipeline.scene.assets.library import Library
from pipeline.scene.assets.part_names import slot_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`parts` in the order of their ids, 1..P. `slots` maps an instance id to the part id of each material slot of each
    of its objects, 0 where no face uses the slot; instances without parts are left out."""

    parts: tuple[RealisedPart, ...] = ()
    slots: dict[int, tuple[tuple[int, ...], ...]] = field(default_factory=dict)


def realise_parts(plan: FramePlan, library: Library) -> Parts:
    """Return the parts of a plan's instances; none where the plan does not ask for them."""
    parts: list[RealisedPart] = []
    slots: dict[int, tuple[tuple[int, ...], ...]] = {}
    for one in sorted(plan.instances, key=lambda one: one.instance_id):
        if one.parts is None or "part" not in plan.outputs:
            continue
        ids = {name: len(parts) + number for number, name in enumerate(sorted(one.parts.class_ids), start=1)}
        parts += [
            RealisedPart(part_id=part_id, instance_id=one.instance_id, name=name, class_id=one.parts.class_ids[name])
            for name, part_id in ids.items()
        ]
        names = slot_names(library.load(one.recipe), one.parts.by)
        slots[one.instance_id] = tuple(tuple(ids.get(name, 0) for name in of_mesh) for of_mesh in names)
    return Parts(parts=tuple(parts), slots=slots)
