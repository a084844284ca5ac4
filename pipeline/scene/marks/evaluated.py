"""Marked objects as a render evaluates them, helpers and hidden ones too: in a scene of their own for a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import bpy

from pipeline.scene.template.journal import Journal
from pipeline.scene.template.shown import look_as_render

Result = TypeVar("Result")

WITH_MESH = frozenset({"MESH", "CURVE", "SURFACE", "FONT", "META"})
BENDING = frozenset(
    {"ARMATURE", "CAST", "CURVE", "HOOK", "LATTICE", "MESH_DEFORM", "SHRINKWRAP", "SIMPLE_DEFORM", "SMOOTH", "WARP"}
    | {"WAVE"}
)  # modifiers that move a curve's points and make nothing


def evaluate(
    scene: bpy.types.Scene,
    objects: Sequence[bpy.types.Object],
    look: Callable[[bpy.types.Depsgraph], Result],
    journal: Journal | None = None,
    beside: Sequence[bpy.types.Object] = (),
) -> Result:
    """Return what `look` makes of the depsgraph that holds `objects` as at the current frame, none of them hidden, and
    others `beside` them where renders show them.

    The collections that they lie in, hidden or excluded, do not count. `journal` holds what was changed for the look;
    all is put back.
    """
    journal = journal or Journal()
    own = bpy.data.scenes.new("marks")
    try:
        for item in objects:
            own.collection.objects.link(item)
            if item.hide_render:
                journal.set(item, "hide_render", False)
        for item in {one.session_uid: one for one in beside}.values():
            if item.name not in own.collection.objects or own.collection.objects[item.name] != item:
                own.collection.objects.link(item)
        own.frame_current, own.frame_subframe = scene.frame_current, scene.frame_subframe
        own.camera = scene.camera
        return look_as_render(own, look)
    finally:
        journal.restore()
        bpy.data.scenes.remove(own)


def bare(curves: Sequence[bpy.types.Object], journal: Journal, only_bending: bool) -> None:
    """Leave of curves the line alone: no bevel, no extrusion, no filling; `only_bending` also no modifier that makes
    something new."""
    for item in curves:
        data = item.data
        journal.keep(data)
        data.bevel_depth, data.extrude, data.bevel_object = 0.0, 0.0, None
        if data.dimensions == "2D":
            data.fill_mode = "NONE"
        for spline in data.splines if data.render_resolution_u else ():  # lines without faces know no other
            journal.set(spline, "resolution_u", data.render_resolution_u)
        for modifier in item.modifiers if only_bending else ():
            if modifier.show_render and modifier.type not in BENDING:
                journal.set(modifier, "show_render", False)


@contextmanager
def mesh_of(item: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Iterator[bpy.types.Mesh | None]:
    """The mesh that an original object makes, for the moment; None where it makes none."""
    if item.type not in WITH_MESH:
        yield None
        return
    shown = item.evaluated_get(depsgraph)
    try:
        yield shown.to_mesh(preserve_all_data_layers=True, depsgraph=depsgraph)
    finally:
        shown.to_mesh_clear()
