"""A template as a file: an empty scene to begin with, and how it is saved."""

from __future__ import annotations

from pathlib import Path

import bpy

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def begin() -> None:
    """Open an empty scene in metres, as a picture of it should look."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.unit_settings.system = "METRIC"
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = 960, 720
    scene.cycles.samples = 64
    scene.view_settings.view_transform = "AgX"


def save(path: Path) -> None:
    """Write the scene, packed and small, without an earlier version beside it."""
    bpy.data.orphans_purge(do_recursive=True)
    bpy.context.preferences.filepaths.save_version = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), compress=True)


def collection(name: str, parent: bpy.types.Collection | None = None) -> bpy.types.Collection:
    """Add a collection to the scene, or to another collection."""
    new = bpy.data.collections.new(name)
    (parent or bpy.context.scene.collection).children.link(new)
    return new


def asset(file: str, into: bpy.types.Collection, name: str) -> bpy.types.Object:
    """Add an asset of this project ("household/book_01.glb") as one mesh object, standing at the origin."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(ASSETS / file))
    added = sorted(set(bpy.data.objects) - before, key=lambda item: item.name)
    item = next(one for one in added if one.type == "MESH")
    item.parent = None
    for one in added:
        if one is not item:
            bpy.data.objects.remove(one)
    for other in list(item.users_collection):
        other.objects.unlink(item)
    into.objects.link(item)
    item.name = item.data.name = name
    item.rotation_mode = "XYZ"
    return item
