"""A .blend as a kit of assets: read once, its objects and collections baked on demand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from pipeline.scene.importers import bake, fault
from pipeline.scene.session import datablocks
from pipeline.structure import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlendFile:
    """`datablocks` is all that was read; `scene` is the file's first scene, None in a file without."""

    path: Path
    scene: bpy.types.Scene | None
    objects: dict[str, bpy.types.Object]
    collections: dict[str, bpy.types.Collection]
    datablocks: tuple[bpy.types.ID, ...]

    def meshes(self, object_name: str, collection_name: str) -> tuple[bpy.types.Mesh, ...]:
        """Return an object with its children, a collection, or all that the first scene shows, as baked meshes.

        Raises AssetError when the name is not in the file.
        """
        if object_name:
            root = _named(self.path, "object", object_name, self.objects)
            return _baked([root, *root.children_recursive], [])
        if collection_name:
            return _baked([], [_named(self.path, "collection", collection_name, self.collections)])
        if self.scene is None:
            raise fault(self.path, "has no scene", "name objects or collections")
        return bake(self.scene)


def open_blend(path: Path) -> BlendFile:
    """Read a .blend's scene, objects and collections. Raises AssetError when it is not one."""
    before = {item.session_uid for item in datablocks()}
    try:
        with bpy.data.libraries.load(str(path), link=False) as (source, target):
            names = list(source.objects), list(source.collections)
            target.scenes = list(source.scenes[:1])
            target.objects, target.collections = list(names[0]), list(names[1])
    except (OSError, RuntimeError) as error:
        raise fault(path, f"cannot be read: {str(error).strip()}", "save it with this version of Blender") from error
    return BlendFile(
        path=path,
        scene=target.scenes[0] if target.scenes else None,
        objects={name: item for name, item in zip(names[0], target.objects, strict=True) if item is not None},
        collections={name: item for name, item in zip(names[1], target.collections, strict=True) if item is not None},
        datablocks=tuple(item for item in datablocks() if item.session_uid not in before),
    )


def _named(path: Path, kind: str, name: str, known: dict[str, bpy.types.ID]) -> bpy.types.ID:
    if name not in known:
        raise fault(path, f"has no {kind} {name!r}", did_you_mean(name, known))
    return known[name]


def _baked(
    objects: list[bpy.types.Object], collections: list[bpy.types.Collection]
) -> tuple[bpy.types.Mesh, ...]:
    scene = bpy.data.scenes.new("variegate bake")
    try:
        for item in objects:
            scene.collection.objects.link(item)
        for collection in collections:
            scene.collection.children.link(collection)
        return bake(scene)
    finally:
        bpy.data.scenes.remove(scene)
