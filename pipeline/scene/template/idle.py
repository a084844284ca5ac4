"""Operators without an evaluation of the scene."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy


@contextmanager
def empty_context(scene: bpy.types.Scene) -> Iterator[None]:
    """Inside the block the scene of the context is an empty one; operators are told theirs by name, which is to be
    `scene`.

    Before and after each operator Blender (4.5, 5.2) evaluates the view layer of the context, which takes long with
    thousands of objects, and which a render, that evaluates for itself, has no use for.
    """
    empty = bpy.data.scenes.new("empty")
    empty.frame_current, empty.frame_subframe = scene.frame_current, scene.frame_subframe  # a render takes it from here
    try:
        with bpy.context.temp_override(scene=empty, view_layer=empty.view_layers[0]):
            yield
    finally:
        bpy.data.scenes.remove(empty)
