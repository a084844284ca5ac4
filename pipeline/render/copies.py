"""Copies of instancers as real objects, each with its own index, while ids are rendered.

What a material reads from an instancer (attributes of instances, a copy's random number) is not there on the real
object; where that decides what can be seen through, the ids of that surface follow the object's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import bpy
import numpy as np
from mathutils import Matrix

from pipeline.render.changes import change
from pipeline.scene.build import BuiltScene
from pipeline.scene.template.targets import Copies

Objects = Mapping[int, tuple[bpy.types.Object, ...]]


@contextmanager
def copies_as_objects(built: BuiltScene) -> Iterator[Objects]:
    """Yield the objects of every instance, copies included; afterwards the scene is as it was."""
    with ExitStack() as until:
        made = _add(built.scene, built.copies, until)
        for item in built.copies.hidden:
            change(until, item, hide_render=True)
        for key, parts in built.copies.unnumbered.items():
            for part in parts:
                change(until, part, pass_index=key)
        yield {key: (*built.objects.get(key, ()), *made.get(key, ())) for key in sorted({*built.objects, *made} - {0})}


def _add(scene: bpy.types.Scene, copies: Copies, until: ExitStack) -> dict[int, tuple[bpy.types.Object, ...]]:
    made: dict[int, list[bpy.types.Object]] = {}
    if not copies.parts:
        return {}
    collection = bpy.data.collections.new("copies")
    until.callback(bpy.data.collections.remove, collection)
    anchor = bpy.data.objects.new("copies", None)
    added = [anchor]
    until.callback(bpy.data.batch_remove, added)
    collection.objects.link(anchor)
    for one in copies.parts:
        item = bpy.data.objects.new("copy", one.block)
        # Object.matrix_world would take shear out; the inverse of a parent that does not move is any matrix.
        item.parent = anchor
        item.matrix_parent_inverse = Matrix(np.asarray(one.matrix))
        item.pass_index = one.instance_id
        collection.objects.link(item)
        added.append(item)
        made.setdefault(one.instance_id, []).append(item)
    scene.collection.children.link(collection)
    return {key: tuple(items) for key, items in made.items()}
