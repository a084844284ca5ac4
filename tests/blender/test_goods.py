"""The goods that the project ships: they import as recorded, and their script makes them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import bpy
import numpy as np
import pytest

from goods import fasteners, machine
from goods.files import Good, add_mesh, write_good
from goods.solids import area_normals, standing
from pipeline.addresses import shipped_dir
from pipeline.scene.compat import IS_5

ASSETS = shipped_dir("assets")
FOLDERS = ("shop", "parts", "parcels", "household")


def entries(folder: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ASSETS / folder / f"{folder}.json").read_text(encoding="utf-8"))
    return found


def imported(folder: str, file: str) -> bpy.types.Object:
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(ASSETS / folder / file))
    (found,) = (obj for obj in bpy.data.objects if obj not in before)
    return found


def points(mesh: bpy.types.Mesh) -> np.ndarray:
    """(N, 3) places of vertices, each once, in order, micrometres."""
    flat = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", flat)
    return np.unique(np.round(flat.reshape(-1, 3).astype(np.float64) * 1e6), axis=0)


def area(mesh: bpy.types.Mesh) -> float:
    return float(sum(polygon.area for polygon in mesh.polygons))


def volume(mesh: bpy.types.Mesh) -> float:
    """What a mesh encloses, m3; less than nothing where it is inside out."""
    mesh.calc_loop_triangles()
    corners = np.empty(3 * len(mesh.loop_triangles), dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    flat = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", flat)
    a, b, c = np.moveaxis(flat.astype(np.float64).reshape(-1, 3)[corners.reshape(-1, 3)], 1, 0)
    return float((a * np.cross(b, c)).sum() / 6)


def good_of(asset_id: str) -> Good:
    return next(good for good in (*fasteners.GOODS, *machine.GOODS) if good.asset_id == asset_id)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_imports_at_its_recorded_size_and_is_not_inside_out(folder):
    for entry in entries(folder):
        obj = imported(folder, entry["file"])
        assert np.allclose(obj.dimensions, entry["bounds_m"], atol=2e-6), entry["id"]
        assert np.allclose(obj.matrix_world, np.eye(4), atol=1e-6), entry["id"]
        assert volume(obj.data) > 0.005 * np.prod(entry["bounds_m"]), entry["id"]


@pytest.mark.parametrize("asset_id", ["gear_02", "nut_t_slot_01"])
def test_a_shipped_mesh_is_what_the_script_makes(asset_id):
    made = add_mesh(asset_id, standing(good_of(asset_id).build()))
    shipped = imported("parts", f"{asset_id}.glb").data
    one, other = points(made), points(shipped)
    assert one.shape == other.shape and np.abs(one - other).max() <= 1
    assert area(made) == pytest.approx(area(shipped), rel=1e-5)


@pytest.mark.skipif(not IS_5, reason="the committed files are written by Blender 5's exporter")
def test_the_script_writes_the_shipped_bytes(tmp_path):
    path = tmp_path / "gear_02.glb"
    entry = write_good(good_of("gear_02"), path)
    assert entry in entries("parts")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("asset_id", [good.asset_id for good in (*fasteners.GOODS, *machine.GOODS)])
def test_a_part_is_closed_and_faces_outwards(asset_id):
    """The areas of a closed surface cancel, and its volume is positive."""
    shape = good_of(asset_id).build()
    normals = area_normals(shape)
    assert np.abs(normals.sum(axis=0)).max() < 1e-4 * np.linalg.norm(normals, axis=1).sum()
    centres = np.array([shape.points[list(polygon)].mean(axis=0) for polygon in shape.polygons])
    assert (centres * normals).sum() > 0
