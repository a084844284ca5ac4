"""Files: a solid as one mesh object in a GLB, and its entry of the catalogue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from goods.materials import add_material
from goods.solids import Solid, area_normals, standing

LICENCE = "CC0-1.0"
COPYRIGHT = "CC0-1.0 Variegate"
SMOOTH_DEG = 40.0  # polygons that meet at less are shaded as one surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """One asset: what it is called, what it is, and the function that makes its solid."""

    asset_id: str
    category: str
    build: Callable[[], Solid]


def write_goods(goods: Sequence[Good], out: Path) -> None:
    """Write the GLB files of a folder and its catalogue, named after the folder."""
    out.mkdir(parents=True, exist_ok=True)
    entries = [write_good(good, out / f"{good.asset_id}.glb") for good in sorted(goods, key=lambda one: one.asset_id)]
    (out / f"{out.name}.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def write_good(good: Good, path: Path) -> dict[str, object]:
    """Write one GLB; returns its entry of the catalogue."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    shape = standing(good.build())
    obj = bpy.data.objects.new(good.asset_id, add_mesh(good.asset_id, shape))
    bpy.context.scene.collection.objects.link(obj)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        export_copyright=COPYRIGHT,
        export_yup=True,
        export_normals=True,
        export_texcoords=is_textured(shape),
        export_image_format="JPEG",
        export_jpeg_quality=85,
        export_animations=False,
        export_extras=False,
        export_cameras=False,
        export_lights=False,
        export_draco_mesh_compression_enable=False,
    )
    return {
        "id": good.asset_id,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "category": good.category,
        "licence": LICENCE,
        "bounds_m": [round(float(size), 6) for size in np.ptp(shape.points.astype(np.float32), axis=0)],
    }


def is_textured(shape: Solid) -> bool:
    return any(material.image is not None for material in shape.materials)


def add_mesh(name: str, shape: Solid) -> bpy.types.Mesh:
    """Blender's mesh of a solid: a material slot per material, in the order in which they first appear."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(shape.points.tolist(), [], shape.polygons, shade_flat=False)
    worn = list(dict.fromkeys(shape.materials))
    for material in worn:
        mesh.materials.append(add_material(material))
    mesh.polygons.foreach_set("material_index", [worn.index(material) for material in shape.materials])
    # A float vector attribute of this name is taken as the normal as is (bpy 4.5 on);
    # normals_split_custom_set would round it to 16 bits.
    normals = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "CORNER")
    normals.data.foreach_set("vector", corner_normals(shape).ravel())
    if is_textured(shape):
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.concatenate(shape.uvs).ravel())
    return mesh


def corner_normals(shape: Solid) -> np.ndarray:
    """(C, 3) unit normals: of the polygons that meet at a corner nearly flat, weighted by area.

    So the large sides of a box stay flat to the eye, and its round edges take all of the turn.
    """
    areas = area_normals(shape)
    units = areas / np.maximum(np.linalg.norm(areas, axis=1, keepdims=True), 1e-18)
    around: dict[int, list[int]] = {}
    for index, polygon in enumerate(shape.polygons):
        for corner in polygon:
            around.setdefault(corner, []).append(index)
    limit = np.cos(np.radians(SMOOTH_DEG))
    found = []
    for index, polygon in enumerate(shape.polygons):
        for corner in polygon:
            near = np.array(around[corner])
            normal = areas[near[units[near] @ units[index] >= limit]].sum(axis=0)
            found.append(normal / max(np.linalg.norm(normal), 1e-18))
    return np.array(found)
