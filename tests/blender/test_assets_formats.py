"""Every format comes in at its real size, upright, with nothing else."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from asset_samples import SIZE_M, add_roof, contents, empty, export, load, material, size_of

FORMATS = [".glb", ".gltf", ".obj", ".ply", ".stl", ".fbx", ".usd", ".usdc", ".usda", ".usdz", ".blend"]


@pytest.fixture
def roof_file(request, tmp_path):
    empty()
    item = add_roof()
    item.data.materials.append(material("red"))
    export(tmp_path / f"roof{request.param}")
    empty()
    return tmp_path, f"roof{request.param}"


def top_point(asset):
    return asset.vertices[asset.vertices[:, 2].argmax()]


@pytest.mark.parametrize("roof_file", FORMATS, indirect=True)
def test_a_model_has_its_real_size_and_stands_upright(roof_file):
    asset = load(*roof_file, origin="keep")
    assert size_of(asset) == pytest.approx(SIZE_M, abs=1e-6)
    assert top_point(asset) == pytest.approx([0.1, 0.0, 0.4], abs=1e-6)


@pytest.mark.parametrize("roof_file", FORMATS, indirect=True)
def test_nothing_but_the_model_is_left_in_the_file(roof_file):
    before = contents()
    load(*roof_file)
    assert contents() == before


@pytest.mark.parametrize("roof_file", [e for e in FORMATS if e not in (".ply", ".stl")], indirect=True)
def test_materials_come_along(roof_file):
    (part,) = load(*roof_file).parts
    (found,) = part.materials
    color = found.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value
    assert tuple(color)[:3] == pytest.approx((0.8, 0.1, 0.1), abs=0.01)


@pytest.mark.parametrize("roof_file", [".ply", ".stl"], indirect=True)
def test_a_mesh_without_material_still_has_a_slot(roof_file):
    (part,) = load(*roof_file).parts
    assert list(part.materials) == [None]


@pytest.mark.parametrize("roof_file", [".glb", ".obj", ".stl"], indirect=True)
@pytest.mark.parametrize("axis", ["+x", "+y", "+z", "-x", "-y", "-z"])
def test_the_axis_named_points_up(roof_file, axis):
    """File coordinates: glTF and OBJ say y is up, STL z. The roof's tip tells which way is which."""
    y_up = not roof_file[1].endswith("stl")
    tip = np.array([0.1, 0.4, 0.0] if y_up else [0.1, 0.0, 0.4])
    base = np.array([[x, 0.0, z] if y_up else [x, z, 0.0] for x in (-0.1, 0.1) for z in (-0.15, 0.15)])
    along = "xyz".index(axis[1])
    sign = 1 if axis[0] == "+" else -1
    asset = load(*roof_file, origin="keep", up_axis=axis)
    heights = sorted(sign * point[along] for point in [tip, *base])
    assert (asset.low_m[2], asset.high_m[2]) == pytest.approx((heights[0], heights[-1]), abs=1e-6)
    assert np.isclose(asset.vertices[:, 2], sign * tip[along], atol=1e-6).any()


def test_a_usd_stage_in_centimetres_is_read_in_metres(tmp_path):
    empty()
    add_roof()
    bpy.ops.wm.usd_export(filepath=str(tmp_path / "cm.usda"), convert_scene_units="CENTIMETERS")
    assert "metersPerUnit = 0.01" in (tmp_path / "cm.usda").read_text()
    empty()
    assert size_of(load(tmp_path, "cm.usda")) == pytest.approx(SIZE_M, abs=1e-6)


def test_a_usd_stage_with_y_up_stands_upright(tmp_path):
    empty()
    add_roof()
    bpy.ops.wm.usd_export(filepath=str(tmp_path / "y.usda"), convert_orientation=True, export_global_up_selection="Y")
    assert 'upAxis = "Y"' in (tmp_path / "y.usda").read_text()
    empty()
    assert size_of(load(tmp_path, "y.usda")) == pytest.approx(SIZE_M, abs=1e-6)


def test_a_blend_in_centimetres_is_read_in_metres(tmp_path):
    empty()
    add_roof()
    bpy.context.scene.unit_settings.scale_length = 0.01
    export(tmp_path / "cm.blend")
    empty()
    assert size_of(load(tmp_path, "cm.blend")) == pytest.approx([side / 100 for side in SIZE_M], abs=1e-8)


def test_an_upper_case_extension_is_known(tmp_path):
    empty()
    add_roof()
    export(tmp_path / "roof.stl").rename(tmp_path / "ROOF.STL")
    empty()
    assert size_of(load(tmp_path, "ROOF.STL")) == pytest.approx(SIZE_M, abs=1e-6)
