"""Model files into Blender, each format by its own importer, every part baked into one space.

Whatever a file holds (parents, modifiers, armatures, instances, mirrored scale) comes out as plain meshes in the file's
own axes; cameras, lights, empties and scenes of the file are taken away again.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from pipeline.errors import AssetError, Problem
from pipeline.scene.session import datablocks

# The file's axes stay as they are (forward y, up z is the identity); `up_axis` turns the asset afterwards.
_AS_IT_IS = {"forward_axis": "Y", "up_axis": "Z"}
IMPORTERS: dict[str, Callable[[str], object]] = {
    ".glb": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".gltf": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".obj": lambda path: bpy.ops.wm.obj_import(filepath=path, **_AS_IT_IS),
    ".ply": lambda path: bpy.ops.wm.ply_import(filepath=path, **_AS_IT_IS),
    ".stl": lambda path: bpy.ops.wm.stl_import(filepath=path, **_AS_IT_IS),
    ".fbx": lambda path: bpy.ops.import_scene.fbx(filepath=path),
    **{suffix: lambda path: bpy.ops.wm.usd_import(filepath=path) for suffix in (".usd", ".usda", ".usdc", ".usdz")},
}
DEFAULT_UP = {".obj": "+y"}
"""The axis that points up where the format has a custom and the importer was told to leave the axes alone."""
SUFFIXES = (*IMPORTERS, ".blend")

_MESH_TYPES = frozenset({"MESH", "CURVE", "SURFACE", "FONT", "META"})


def import_meshes(path: Path) -> tuple[bpy.types.Mesh, ...]:
    """Return what a model file (not .blend) shows as baked meshes in the importer's axes.

    Raises AssetError when the importer fails or the format's option is not in this build.
    """
    _refuse_draco(path)
    before = {item.session_uid for item in datablocks()}
    with _import_scene() as scene, _cleaning(before):
        try:
            IMPORTERS[path.suffix.lower()](str(path))
        except Exception as error:  # importers raise whatever a broken file makes them trip over
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            raise fault(path, f"cannot be read: {reason}", "export the model again") from error
        return bake(scene)


def fault(path: Path, message: str, remedy: str = "") -> AssetError:
    """Return the error for one asset file."""
    return AssetError([Problem(message=message, where=str(path), remedy=remedy)])


@contextmanager
def _import_scene() -> Iterator[bpy.types.Scene]:
    """Importers add to the scene in context; an artist's scene must not be it."""
    scene = bpy.data.scenes.new("variegate import")
    try:
        view_layer = scene.view_layers[0]
        with bpy.context.temp_override(
            scene=scene, view_layer=view_layer, layer_collection=view_layer.layer_collection, collection=scene.collection
        ):
            yield scene
    finally:
        bpy.data.scenes.remove(scene)


@contextmanager
def _cleaning(before: set[int]) -> Iterator[None]:
    """Keep of what is imported only baked meshes and what their materials use."""
    try:
        yield
    finally:
        added = [item for item in datablocks() if item.session_uid not in before]
        bpy.data.batch_remove([item for item in added if not _is_kept(item)])
        bpy.data.batch_remove([item for item in _added_after(before) if _is_unused(item)])


def _added_after(before: set[int]) -> list[bpy.types.ID]:
    return [item for item in datablocks() if item.session_uid not in before]


def _is_kept(item: bpy.types.ID) -> bool:
    if isinstance(item, bpy.types.Mesh):
        return BAKED in item
    if isinstance(item, bpy.types.Material):
        return item.users > 0
    return isinstance(item, bpy.types.Image | bpy.types.NodeTree | bpy.types.Texture) or item.name == "variegate import"


def _is_unused(item: bpy.types.ID) -> bool:
    return isinstance(item, bpy.types.Material | bpy.types.Image) and item.users == 0


BAKED = "variegate_baked"


def bake(scene: bpy.types.Scene) -> tuple[bpy.types.Mesh, ...]:
    """Return everything a scene shows as meshes in world space, materials in their slots, in a fixed order."""
    view_layer = scene.view_layers[0]
    view_layer.update()
    depsgraph = view_layer.depsgraph
    depsgraph.update()
    shown = [
        (instance.object.original.name, i, instance.object.original, np.array(instance.matrix_world))
        for i, instance in enumerate(depsgraph.object_instances)
        if instance.object.type in _MESH_TYPES and instance.show_self and not instance.object.original.hide_render
    ]
    return tuple(_bake_one(item, matrix, depsgraph) for _, _, item, matrix in sorted(shown, key=lambda row: row[:2]))


def _bake_one(item: bpy.types.Object, matrix: np.ndarray, depsgraph: bpy.types.Depsgraph) -> bpy.types.Mesh:
    from mathutils import Matrix

    mesh = bpy.data.meshes.new_from_object(
        item.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
    )
    mesh[BAKED] = True
    mesh.transform(Matrix(matrix))
    if np.linalg.det(matrix[:3, :3]) < 0:  # mirrored: the faces would look inwards
        mesh.flip_normals()
    for number, slot in enumerate(item.material_slots):
        if number < len(mesh.materials) and slot.material is not None:
            mesh.materials[number] = slot.material.original
    return mesh


# --- Draco ----------------------------------------------------------------------------------------------------------


def _refuse_draco(path: Path) -> None:
    """The importer fails on Draco without its library in words that help nobody."""
    if path.suffix.lower() not in (".glb", ".gltf"):
        return
    header = gltf_header(path)
    if "KHR_draco_mesh_compression" in header.get("extensionsUsed", []) and not _has_draco():
        raise fault(
            path,
            "is compressed with Draco, which this build of Blender cannot read",
            "export it without compression, or use Python 3.11 with Blender 4.5",
        )


def gltf_header(path: Path) -> dict[str, object]:
    """Return the JSON part of a .glb or .gltf. Raises AssetError when there is none."""
    try:
        data = path.read_bytes()
        if data[:4] == b"glTF":
            (length,) = struct.unpack_from("<I", data, 12)
            data = data[20 : 20 + length]
        header = json.loads(data)
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise fault(path, f"is not glTF: {error}", "export the model again") from error
    if not isinstance(header, dict):
        raise fault(path, "is not glTF: it holds no object", "export the model again")
    return header


def _has_draco() -> bool:
    try:
        from io_scene_gltf2.io.com import draco
    except ImportError:
        return False
    exists = getattr(draco, "dll_exists", None)
    return exists is None or bool(exists(quiet=True))
