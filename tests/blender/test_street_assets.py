"""The shipped street models in Blender: what is built is what is shipped, and arrives with its size and its front."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assets" / "street"
sys.path.insert(0, str(ROOT / "scripts"))

from make_street import write_asset  # noqa: E402
from street.assets import ASSETS  # noqa: E402

ENTRIES = json.loads((FOLDER / "street.json").read_text())
MADE_WITH = (5, 2)  # the committed bytes; other versions write the same shapes


def imported(path: Path) -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(path))
    (item,) = bpy.context.scene.objects
    return item


def points_of(item: bpy.types.Object) -> np.ndarray:
    """(N, 3) world coordinates of the vertices."""
    flat = np.empty(3 * len(item.data.vertices), dtype=np.float32)
    item.data.vertices.foreach_get("co", flat)
    world = np.array(item.matrix_world)
    return flat.reshape(-1, 3).astype(np.float64) @ world[:3, :3].T + world[:3, 3]


def corners_by_material(item: bpy.types.Object) -> dict[str, np.ndarray]:
    """Sorted corner points (N, 3) of the triangles of each material, to a hundredth of a millimetre."""
    points, found = np.round(points_of(item), 5), {}
    for slot, material in enumerate(item.data.materials):
        corners = [i for face in item.data.polygons if face.material_index == slot for i in face.vertices]
        rows = points[corners] + 0.0  # no negative zero
        found[material.name] = rows[np.lexsort(rows.T)]
    return found


@pytest.mark.parametrize("name", ["car_sedan_01", "tree_young_01"])
def test_a_model_built_again_is_the_shipped_one(name: str, tmp_path: Path):
    asset = next(asset for asset in ASSETS if asset.asset_id == name)
    entry = write_asset(asset, tmp_path)
    shipped = next(entry for entry in ENTRIES if entry["id"] == name)
    if bpy.app.version[:2] == MADE_WITH:
        assert entry == shipped
    built = corners_by_material(imported(tmp_path / f"{name}.glb"))
    kept = corners_by_material(imported(FOLDER / f"{name}.glb"))
    assert sorted(built) == sorted(kept) == shipped["materials"]
    assert all(np.allclose(built[material], kept[material], atol=2e-5) for material in kept)


def test_a_changed_model_would_be_seen(tmp_path: Path):
    path = shutil.copy(FOLDER / "bollard_01.glb", tmp_path)
    item = imported(Path(path))
    before = corners_by_material(item)
    item.data.vertices[0].co.x += 0.001
    after = corners_by_material(item)
    assert any(not np.allclose(before[name], after[name], atol=2e-5) for name in before)


def test_every_file_arrives_with_its_size_on_the_ground_with_its_front_at_positive_x():
    for entry in ENTRIES:
        item = imported(FOLDER / entry["file"])
        points = points_of(item)
        assert np.allclose(np.ptp(points, axis=0), entry["bounds_m"], atol=1e-3), entry["id"]
        assert abs(points[:, 2].min()) < 1e-4 and np.abs((points.min(axis=0) + points.max(axis=0))[:2]).max() < 1e-3
        assert len(item.data.polygons) == entry["triangles"], entry["id"]
        if "light_front" in entry["materials"]:
            assert corners_by_material(item)["light_front"][:, 0].min() > 0.2 * entry["bounds_m"][0], entry["id"]
        assert all(
            material.node_tree.nodes["Principled BSDF"].inputs["Alpha"].default_value == 1
            for material in item.data.materials
        )
