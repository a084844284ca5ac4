"""Small models made on the spot, written in every format."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import bpy
from mathutils import Matrix

from pipeline.addresses import Places
from pipeline.records import AssetRecipe
from pipeline.scene.assets.library import Library

# A ridge roof: 0.2 m along x, 0.3 m along y, 0.4 m high, the ridge at y = 0, up to x = 0.1 only at the top's +x end.
ROOF = [(-0.1, -0.15, 0.0), (0.1, -0.15, 0.0), (0.1, 0.15, 0.0), (-0.1, 0.15, 0.0), (0.1, 0.0, 0.4)]
ROOF_FACES = [(3, 2, 1, 0), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]
SIZE_M = (0.2, 0.3, 0.4)


def empty() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def add_roof(name: str = "roof", matrix: Matrix | None = None, parent: bpy.types.Object | None = None):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(ROOF, [], ROOF_FACES)
    mesh.uv_layers.new(name="UVMap")
    item = bpy.data.objects.new(name, mesh)
    item.parent = parent
    if matrix is not None:
        item.matrix_basis = matrix
    bpy.context.scene.collection.objects.link(item)
    return item


def material(name: str, color: tuple[float, float, float] = (0.8, 0.1, 0.1), **inputs: float) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    if made.node_tree is None:  # before Blender 5
        made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1.0)
    for key, value in inputs.items():
        shader.inputs[key].default_value = value
    return made


def export(path: Path) -> Path:
    """Write the open scene in the format of the path's extension."""
    text = str(path)
    match path.suffix:
        case ".glb":
            bpy.ops.export_scene.gltf(filepath=text, export_format="GLB")
        case ".gltf":
            bpy.ops.export_scene.gltf(filepath=text, export_format="GLTF_SEPARATE")
        case ".obj":
            bpy.ops.wm.obj_export(filepath=text)
        case ".ply":
            bpy.ops.wm.ply_export(filepath=text)
        case ".stl":
            bpy.ops.wm.stl_export(filepath=text)
        case ".fbx":
            bpy.ops.export_scene.fbx(filepath=text)
        case ".blend":
            bpy.ops.wm.save_as_mainfile(filepath=text, copy=True)
        case _:
            bpy.ops.wm.usd_export(filepath=text)
    return path


def library(folder: Path) -> Library:
    return Library(Places(base_dir=folder))


def load(folder: Path, name: str, **recipe: str):
    """Load one asset into an empty file."""
    return library(folder).load(AssetRecipe(source=name, **recipe))


def size_of(asset) -> tuple[float, ...]:
    return tuple(high - low for low, high in zip(asset.low_m, asset.high_m, strict=True))


def contents() -> dict[str, int]:
    """How much of everything but meshes, materials and pictures the file holds."""
    kinds = ("scenes", "objects", "collections", "cameras", "lights", "worlds", "actions", "armatures", "curves")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}


def glb(gltf: dict, binary: bytes = b"") -> bytes:
    """A GLB file of given JSON and data."""
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<I4s", len(binary), b"BIN\0") + binary if binary else b""
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(chunk), len(text), 0x4E4F534A) + text + chunk
