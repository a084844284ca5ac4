"""What a .blend holds, by the names it has there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from pipeline.scene.assets.importer_words import captured, unreadable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlendContents:
    """What a .blend holds, under the names it has there. `placed` are the objects that lie in its scenes (all where it
    has none), `shown` those that they render."""

    objects: dict[str, bpy.types.Object]
    collections: dict[str, bpy.types.Collection]
    placed: tuple[str, ...]
    shown: tuple[str, ...]
    metres_per_unit: float


def read_blend(path: Path, scene: bpy.types.Scene) -> BlendContents:
    """Append everything a .blend holds and link its objects into `scene`. Raises AssetError when it cannot be read."""
    with captured():
        try:
            with bpy.data.libraries.load(str(path), link=False) as (source, target):
                names = list(source.objects), list(source.collections)
                target.scenes = list(source.scenes)
                target.objects = list(source.objects)
                target.collections = list(source.collections)
        except Exception as error:  # OSError, RuntimeError, UnicodeError: as the damage will have it
            raise unreadable(str(error)) from None
    pairs = zip(names[0], target.objects, strict=True)
    objects = {name: item for name, item in pairs if item is not None}
    collections = {name: item for name, item in zip(names[1], target.collections, strict=True) if item is not None}
    scenes = [item for item in target.scenes if item is not None]
    everything = {item.session_uid for item in objects.values()}
    shown = _rendered_objects(scenes) if scenes else everything
    placed = {item.session_uid for one in scenes for item in one.objects} if scenes else everything
    for item in objects.values():
        scene.collection.objects.link(item)
    if scenes:
        scene.frame_set(scenes[0].frame_current)
    return BlendContents(
        objects=objects,
        collections=collections,
        placed=tuple(name for name, item in objects.items() if item.session_uid in placed),
        shown=tuple(name for name, item in objects.items() if item.session_uid in shown),
        metres_per_unit=_metres_per_unit(scenes),
    )


def _metres_per_unit(scenes: list[bpy.types.Scene]) -> float:
    if not scenes or scenes[0].unit_settings.system == "NONE":
        return 1.0
    return float(f"{scenes[0].unit_settings.scale_length:.7g}")  # float32 holds 0.01 as 0.009999999776


def _rendered_objects(scenes: list[bpy.types.Scene]) -> set[int]:
    found: set[int] = set()

    def walk(layer: bpy.types.LayerCollection) -> None:
        if layer.exclude or layer.collection.hide_render:
            return
        found.update(item.session_uid for item in layer.collection.objects)
        for child in layer.children:
            walk(child)

    for scene in scenes:
        for view_layer in scene.view_layers:
            walk(view_layer.layer_collection)
    return found
