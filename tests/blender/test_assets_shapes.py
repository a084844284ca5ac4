"""The built-in shapes: one metre, centred, closed, facing outward, textured, and always the same."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import numpy as np
import pytest
from asset_samples import library

from pipeline.canonical import digest
from pipeline.config.schema import ShapeName
from pipeline.records import AssetRecipe
from pipeline.scene.assets.shapes import shape_names
from pipeline.scene.physics.resting_poses import resting_poses

NAMES = [name for shape in get_args(ShapeName) for name in shape_names(shape)]


@pytest.fixture
def shape(request, tmp_path):
    return library(tmp_path).load(AssetRecipe(source=f"shape:{request.param}"))


def volume(asset) -> float:
    a, b, c = (asset.vertices[asset.triangles[:, corner]] for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("shape", NAMES, indirect=True)
def test_the_longest_side_is_a_metre_around_the_origin(shape):
    low, high = np.array(shape.low_m), np.array(shape.high_m)
    assert (high - low).max() == pytest.approx(1.0, abs=1e-6)
    assert low == pytest.approx(-high, abs=1e-6)


@pytest.mark.parametrize("shape", NAMES, indirect=True)
def test_the_surface_is_closed_and_faces_outward(shape):
    edges = Counter()
    for a, b, c in shape.triangles.tolist():
        edges.update([(a, b), (b, c), (c, a)])
    assert all(count == 1 and edges[b, a] == 1 for (a, b), count in edges.items())
    assert volume(shape) > 0.02


@pytest.mark.parametrize("shape", NAMES, indirect=True)
def test_there_are_uvs_and_a_material_slot(shape):
    (part,) = shape.parts
    uvs = np.empty(len(part.loops) * 2, dtype=np.float32)
    part.uv_layers[0].uv.foreach_get("vector", uvs)
    uvs = uvs.reshape(-1, 2)
    assert np.ptp(uvs, axis=0).min() > 0.3
    assert uvs.min() >= -1e-6
    assert uvs.max() <= 1 + 1e-6
    assert list(part.materials) == [None]


def test_volumes_are_those_of_the_solids(tmp_path):
    shelf = library(tmp_path)
    expected = {"cube": 1.0, "sphere": np.pi / 6, "cylinder": np.pi / 4, "cone": np.pi / 12}
    expected |= {"capsule": np.pi / 16 * 0.5 + np.pi / 48, "torus": 2 * np.pi**2 * 0.35 * 0.15**2, "wedge": 0.21}
    expected |= {"pyramid": 1 / 3, "tetrahedron": 1 / 3, "prism": 0.8 * 1.5 * np.sqrt(3) * 0.25}
    expected |= {"half_torus": np.pi**2 * 0.35 * 0.15**2, "arrow": np.pi * (0.08**2 * 0.6 + 0.2**2 * 0.4 / 3)}
    for name, wanted in expected.items():
        assert volume(shelf.load(AssetRecipe(source=f"shape:{name}"))) == pytest.approx(wanted, rel=0.03), name


def test_the_sixteen_convex_shapes_differ(tmp_path):
    shelf = library(tmp_path)
    names = shape_names("convex")
    assert len(names) == 16
    seen = {digest(shelf.load(AssetRecipe(source=f"shape:{name}")).vertices.tolist()) for name in names}
    assert len(seen) == 16


def test_a_cube_stands_on_its_six_sides_only(tmp_path):
    cube = library(tmp_path).load(AssetRecipe(source="shape:cube"))
    assert [pose.probability for pose in resting_poses(cube.vertices)] == pytest.approx([1 / 6] * 6, abs=1e-3)


def test_flat_solids_are_shaded_flat_and_round_ones_smooth(tmp_path):
    shelf = library(tmp_path)

    def sharp(name: str) -> float:
        (part,) = shelf.load(AssetRecipe(source=f"shape:{name}")).parts
        if not any(polygon.use_smooth for polygon in part.polygons):
            return 1.0
        edges = part.attributes.get("sharp_edge")
        return np.mean([value.value for value in edges.data]) if edges is not None else 0.0

    assert sharp("sphere") == sharp("torus") == 0.0
    assert sharp("convex_03") == 1.0
    assert sharp("wedge") > 0
