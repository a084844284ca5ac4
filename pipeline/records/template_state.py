"""What a frame changes of the template: what its artist marked to vary, as drawn. All else stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records.plan_materials import JitterPlan, MaterialPlan
from pipeline.records.shapes import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMotion:
    """A change of place in a thing's own axes: `move_m`, then turns about its x, y and z, one after the other; neutral
    is 0."""

    move_m: Vector = (0.0, 0.0, 0.0)
    turn_deg: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLook:
    """What a material slot (counted from 0) wears: at most one of a jitter of what it has, a material of the file by
    its name, and a material that is made."""

    slot: int
    jitter: JitterPlan | None = None
    material: str = ""
    made: MaterialPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """One object that varies. `scale` multiplies its own."""

    object_name: str
    motion: PartMotion = PartMotion()
    scale: float = 1.0
    looks: tuple[SlotLook, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoneChange:
    """One pose bone that varies, on top of the pose it has."""

    object_name: str
    bone: str
    motion: PartMotion


@dataclass(frozen=True, slots=True, kw_only=True)
class LampChange:
    """One lamp that varies: `energy` as Blender has it (W; of a sun W/m2), `color` linear RGB."""

    object_name: str
    motion: PartMotion = PartMotion()
    energy: float
    color: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateState:
    """The template of one frame. `frame` of its timeline, None for the one it was saved at; `later_s` is added to it.

    `hidden` are objects that are not rendered, each with its children: by chance, by `one_of`, or because something
    takes their place.
    """

    frame: int | None = None
    later_s: float = 0.0
    hidden: tuple[str, ...] = ()
    objects: tuple[ObjectChange, ...] = ()
    bones: tuple[BoneChange, ...] = ()
    lamps: tuple[LampChange, ...] = ()
