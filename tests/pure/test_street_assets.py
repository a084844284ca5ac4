"""The street models: the catalogue tells the truth about its files, and every model is a closed thing of real size."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assets" / "street"
sys.path.insert(0, str(ROOT / "scripts"))

from street.assets import ASSETS, StreetAsset  # noqa: E402
from street.decal import laid_on  # noqa: E402
from street.shape import Shape, joined, triangles_of, volume  # noqa: E402
from street.solids import box, lathe  # noqa: E402

CATALOGUE = {entry["id"]: entry for entry in json.loads((FOLDER / "street.json").read_text())}

# Metres that things of a category have: length along x, width along y, height.
SIZES = {
    "car": ((3.6, 5.25), (1.6, 2.2), (1.35, 1.95)),
    "truck": ((6.5, 9.0), (2.4, 3.0), (2.6, 4.0)),
    "bus": ((10.8, 12.2), (2.4, 3.0), (2.9, 3.5)),
    "house": ((6.0, 12.0), (6.0, 13.0), (4.5, 11.0)),
    "building": ((9.0, 14.0), (7.0, 15.0), (11.0, 24.0)),
    "tree": ((2.0, 10.0), (2.0, 10.0), (4.5, 14.0)),
    "pedestrian": ((0.3, 1.2), (0.4, 0.8), (1.5, 1.95)),
    "cyclist": ((1.6, 1.95), (0.5, 0.8), (1.6, 2.0)),
    "lamp": ((0.2, 2.5), (0.2, 0.7), (3.0, 7.0)),
    "traffic_light": ((0.2, 0.7), (0.3, 0.7), (2.8, 4.0)),
    "sign": ((0.1, 0.4), (0.5, 1.0), (2.2, 3.0)),
    "bin": ((0.4, 0.8), (0.4, 0.8), (0.9, 1.3)),
    "bench": ((0.5, 0.8), (1.5, 2.1), (0.75, 1.0)),
    "hydrant": ((0.3, 0.5), (0.3, 0.6), (0.6, 0.9)),
    "bollard": ((0.1, 0.3), (0.1, 0.3), (0.8, 1.2)),
    "hedge": ((0.7, 1.2), (2.0, 3.0), (0.9, 1.4)),
    "cone": ((0.3, 0.5), (0.3, 0.5), (0.5, 0.9)),
}
LEAST = {
    "car": 10,
    "truck": 2,
    "bus": 1,
    "house": 8,
    "building": 4,
    "tree": 8,
    "pedestrian": 6,
    "cyclist": 2,
    "sign": 4,
}

every_asset = pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.asset_id)


@cache
def shape_of(asset_id: str) -> Shape:
    return next(asset for asset in ASSETS if asset.asset_id == asset_id).build()


def open_edges(shape: Shape) -> list[tuple[int, int]]:
    """Edges that are not walked once in each direction."""
    walked = Counter(edge for face in shape.faces for edge in zip(face, (*face[1:], face[0]), strict=True))
    return [edge for edge, times in walked.items() if times != 1 or walked[edge[::-1]] != 1]


def test_the_catalogue_lists_every_file_and_no_other():
    assert {entry["file"] for entry in CATALOGUE.values()} == {file.name for file in FOLDER.glob("*.glb")}
    assert list(CATALOGUE) == sorted(asset.asset_id for asset in ASSETS)


def test_the_catalogue_holds_the_digest_of_every_file():
    for entry in CATALOGUE.values():
        assert hashlib.sha256((FOLDER / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry["file"]
        assert entry["licence"] == "CC0-1.0"


def test_there_are_enough_of_each_kind_and_names_begin_with_it():
    counted = Counter(entry["category"] for entry in CATALOGUE.values())
    assert all(counted[category] >= least for category, least in LEAST.items())
    assert all(name.startswith(entry["category"]) for name, entry in CATALOGUE.items())


def test_the_folder_stays_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 6.5e6


@every_asset
def test_a_model_is_the_one_in_the_catalogue(asset: StreetAsset):
    shape, entry = shape_of(asset.asset_id), CATALOGUE[asset.asset_id]
    assert np.allclose(shape.high - shape.low, entry["bounds_m"], atol=1e-4)
    assert len(triangles_of(shape)) == entry["triangles"]
    assert sorted(set(shape.materials)) == entry["materials"]


@every_asset
def test_a_model_has_a_real_size_and_stands_on_the_ground_over_its_origin(asset: StreetAsset):
    shape = shape_of(asset.asset_id)
    for size, (least, most) in zip(shape.high - shape.low, SIZES[asset.category], strict=True):
        assert least <= size <= most
    assert np.allclose(shape.low + shape.high, (0, 0, shape.high[2]), atol=1e-9)


@every_asset
def test_a_model_is_closed_and_looks_outwards(asset: StreetAsset):
    shape = shape_of(asset.asset_id)
    assert open_edges(shape) == []
    assert volume(shape) > 0


@every_asset
def test_only_materials_that_a_model_has_are_recoloured(asset: StreetAsset):
    assert set(asset.colours) <= set(shape_of(asset.asset_id).materials)


@pytest.mark.parametrize(
    "asset", [a for a in ASSETS if a.category in ("car", "truck", "bus")], ids=lambda a: a.asset_id
)
def test_a_vehicle_looks_towards_positive_x_and_has_the_same_on_both_sides(asset: StreetAsset):
    shape = shape_of(asset.asset_id)
    middles = {name: [] for name in set(shape.materials)}
    for face, name in zip(shape.faces, shape.materials, strict=True):
        middles[name].append(shape.points[list(face)].mean(axis=0))
    front, rear = (np.array(middles[name]) for name in ("light_front", "light_rear"))
    half = shape.high[0]
    assert (front[:, 0] > 0.8 * half).all() and (rear[:, 0] < -0.8 * half).all()
    assert front[:, 1].max() == pytest.approx(-front[:, 1].min())
    assert {"paint", "glass", "tyre", "trim", "plate"} <= set(middles)


def test_building_twice_gives_the_same_numbers():
    for name in ("tree_oak_01", "hedge_01", "car_sedan_01"):
        again = next(asset for asset in ASSETS if asset.asset_id == name).build()
        assert np.array_equal(again.points, shape_of(name).points) and again.faces == shape_of(name).faces


def test_a_solid_wound_the_wrong_way_is_turned():
    upside_down = lathe([(0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)], 64, "metal")
    assert volume(upside_down) == pytest.approx(np.pi, rel=0.01)
    assert volume(box((0, 0, 0), (1, 2, 3), "metal")) == pytest.approx(6)


def test_the_check_for_holes_finds_one():
    whole = box((0, 0, 0), (1, 1, 1), "metal")
    assert open_edges(joined(whole, whole.at(0.5))) == []
    assert open_edges(Shape(whole.points, whole.faces[1:], whole.materials[1:])) != []


def test_a_plate_lies_on_the_body_and_one_beside_it_is_an_error():
    body = box((0, 0, 0), (1, 1, 1), "paint")
    plate = laid_on(body, [(9, 0.2, 0.2), (9, 0.8, 0.2), (9, 0.8, 0.8), (9, 0.2, 0.8)], (-1, 0, 0), "plate", 0.01)
    assert plate.high[0] == pytest.approx(1.01) and plate.low[0] == pytest.approx(0.97)
    with pytest.raises(ValueError, match="does not meet the body"):
        laid_on(body, [(9, 2, 0.2), (9, 3, 0.2), (9, 3, 0.8), (9, 2, 0.8)], (-1, 0, 0), "plate")
