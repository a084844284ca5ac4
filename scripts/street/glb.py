"""Shapes as binary glTF, written by Blender; the only module here that needs it."""

from __future__ import annotations

from collections.abc import Mapping
from math import radians
from pathlib import Path

import bpy
import numpy as np

from street.finishes import FINISHES, Finish
from street.shape import Shape

COPYRIGHT = "CC0-1.0 Variegate"


def write_glb(name: str, shape: Shape, colours: Mapping[str, str], crease_deg: float, path: Path) -> None:
    """Write one mesh object called `name`. `colours` (sRGB hex) replaces those of materials; edges sharper than
    `crease_deg` are hard."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    obj = bpy.data.objects.new(name, _mesh(name, shape, colours, crease_deg))
    bpy.context.scene.collection.objects.link(obj)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        export_copyright=COPYRIGHT,
        export_yup=True,
        export_normals=True,
        export_texcoords=False,
        export_animations=False,
        export_extras=False,
        export_cameras=False,
        export_lights=False,
        export_draco_mesh_compression_enable=False,
    )


def _mesh(name: str, shape: Shape, colours: Mapping[str, str], crease_deg: float) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(shape.points.tolist(), [], shape.faces, shade_flat=False)
    slots = list(dict.fromkeys(shape.materials))
    mesh.polygons.foreach_set("material_index", [slots.index(material) for material in shape.materials])
    for slot in slots:
        mesh.materials.append(_material(slot, FINISHES[slot], colours.get(slot, FINISHES[slot].colour)))
    mesh.set_sharp_from_angle(angle=radians(crease_deg))
    return mesh


def _material(name: str, finish: Finish, colour: str) -> bpy.types.Material:
    """A Principled material with alpha 1: the label passes cannot see through blended alpha."""
    material = bpy.data.materials.new(name)
    if not material.node_tree:  # bpy 5 makes the node tree at once and warns about use_nodes
        material.use_nodes = True
    inputs = material.node_tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = (*_linear_from_hex(colour), 1.0)
    inputs["Roughness"].default_value = finish.roughness
    inputs["Metallic"].default_value = finish.metallic
    inputs["Alpha"].default_value = 1.0
    return material


def _linear_from_hex(colour: str) -> list[float]:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return [float(c) for c in np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)]
