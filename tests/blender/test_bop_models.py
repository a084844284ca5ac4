"""The meshes of a BOP export: read back by Blender and by hand, measured, and those of the dataset's own assets."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest
from asset_samples import ROOF, add_roof, export

from pipeline.addresses import Places
from pipeline.codecs.ply import encode_ply
from pipeline.errors import AssetError
from pipeline.records import Asset, AssetRecipe
from pipeline.scene.assets.library import Library
from pipeline.scene.assets.model_files import diameter, model_mesh, vertex_normals

HALF = (0.1, 0.15, 0.2)


def roof(tmp_path, high_m=HALF):
    add_roof()
    export(tmp_path / "roof.obj")
    recipe = AssetRecipe(source="roof.obj", origin="center")
    low = (-0.1, -0.15, -0.2)
    asset = Asset(
        asset_id="roof.obj", recipe=recipe, sha256="0" * 64, low_m=low, high_m=high_m, radius_m=0.3, triangles=6,
        has_alpha=False, resting=(),
    )  # fmt: skip
    return Library(Places(base_dir=tmp_path)), asset


def test_a_model_is_the_asset_scaled_in_millimetres_about_its_origin(tmp_path):
    mesh = model_mesh(*roof(tmp_path), (2.0, 2.0, 2.0))
    expected = {tuple(np.round(2000 * (np.array(point) - (0, 0, 0.2)), 3).tolist()) for point in ROOF}
    assert {tuple(point) for point in np.round(mesh.vertices_mm, 3).tolist()} == expected
    # From one lower corner, 0.2 m along x and 0.3 m along y to the opposite one: the ridge end is 0.15, 0.4 away.
    assert mesh.diameter_mm == pytest.approx(2000 * math.sqrt(0.2**2 + 0.15**2 + 0.4**2), rel=1e-6)


def test_an_asset_that_has_changed_is_refused(tmp_path):
    library, asset = roof(tmp_path, high_m=(0.1, 0.15, 0.21))
    with pytest.raises(AssetError, match="roof.obj: its bounds are .* the dataset was made with another content"):
        model_mesh(library, asset, (1.0, 1.0, 1.0))


def test_normals_of_a_cube_point_along_its_diagonals():
    bpy.ops.mesh.primitive_cube_add(size=2)
    mesh = bpy.context.object.data
    mesh.calc_loop_triangles()
    points = np.array([vertex.co for vertex in mesh.vertices], dtype=np.float64)
    triangles = np.array([item.vertices for item in mesh.loop_triangles], dtype=np.int32)
    # Weighted by angle, how a face is cut into triangles does not matter.
    assert vertex_normals(points, triangles) == pytest.approx(points / math.sqrt(3), abs=1e-9)
    assert diameter(points) == pytest.approx(2 * math.sqrt(3))


def test_blender_reads_the_ply_that_we_write(tmp_path):
    library, asset = roof(tmp_path)
    mesh = model_mesh(library, asset, (1.0, 1.0, 1.0))
    (tmp_path / "obj_000001.ply").write_bytes(encode_ply(mesh.vertices_mm, mesh.normals, mesh.triangles))
    bpy.ops.wm.ply_import(filepath=str(tmp_path / "obj_000001.ply"))
    read = bpy.context.object.data
    assert np.array([vertex.co for vertex in read.vertices]) == pytest.approx(mesh.vertices_mm, abs=1e-3)
    assert [tuple(face.vertices) for face in read.polygons] == [tuple(row) for row in mesh.triangles.tolist()]


def test_the_faces_turn_outwards(tmp_path):
    mesh = model_mesh(*roof(tmp_path), (1.0, 1.0, 1.0))
    a, b, c = (mesh.vertices_mm[mesh.triangles[:, corner]] for corner in range(3))
    volume = float((a * np.cross(b, c)).sum()) / 6
    assert volume == pytest.approx(1000**3 * 0.2 * 0.3 * 0.4 / 3, rel=1e-6)  # a pyramid
