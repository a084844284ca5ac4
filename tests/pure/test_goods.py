"""The catalogues of the goods that the project ships: every entry tells the truth about its file."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.addresses import shipped_dir

LEAST = {"shop": 16, "parts": 10, "parcels": 8, "household": 14}
ASSETS = shipped_dir("assets")
MOST_TRIANGLES = 8000
MOST_BYTES = 8_000_000


def catalogue(folder: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ASSETS / folder / f"{folder}.json").read_text(encoding="utf-8"))
    return found


def gltf(path: Path) -> dict[str, Any]:
    """The JSON chunk of a GLB."""
    data = path.read_bytes()
    magic, _, length, size, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, length, kind) == (b"glTF", len(data), b"JSON")
    document: dict[str, Any] = json.loads(data[20 : 20 + size])
    return document


def extent(document: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the bounding box in Blender's axes, metres, of a file whose node stands still."""
    assert [set(node) - {"mesh", "name"} for node in document["nodes"]] == [set()]
    used = [document["accessors"][one["attributes"]["POSITION"]] for one in document["meshes"][0]["primitives"]]
    low, high = np.min([one["min"] for one in used], axis=0), np.max([one["max"] for one in used], axis=0)
    return np.array((low[0], -high[2], low[1])), np.array((high[0], -low[2], high[1]))


ENTRIES = [(folder, entry) for folder in LEAST for entry in catalogue(folder)]
each_entry = pytest.mark.parametrize(("folder", "entry"), ENTRIES, ids=[entry["id"] for _, entry in ENTRIES])


@pytest.mark.parametrize("folder", LEAST)
def test_a_catalogue_lists_the_files_of_its_folder_sorted(folder):
    listed = [entry["file"] for entry in catalogue(folder)]
    assert listed == sorted(path.name for path in (ASSETS / folder).glob("*.glb"))
    assert len(listed) >= LEAST[folder]


@each_entry
def test_an_entry_is_true_of_its_file(folder, entry):
    path = ASSETS / folder / entry["file"]
    low, high = extent(gltf(path))
    assert entry["id"] == path.stem and entry["licence"] == "CC0-1.0" and entry["category"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert np.allclose(high - low, entry["bounds_m"], atol=2e-6)


@each_entry
def test_a_thing_stands_on_its_origin(folder, entry):
    low, high = extent(gltf(ASSETS / folder / entry["file"]))
    assert np.allclose([*(low + high)[:2], low[2]], 0, atol=1e-6)


@each_entry
def test_a_thing_is_light_and_its_materials_are_named_once_and_opaque(folder, entry):
    document = gltf(ASSETS / folder / entry["file"])
    primitives = document["meshes"][0]["primitives"]
    assert sum(document["accessors"][one["indices"]]["count"] for one in primitives) <= 3 * MOST_TRIANGLES
    names = [material["name"] for material in document["materials"]]
    assert len(names) == len(set(names)) and not any("." in name for name in names)
    assert all(material.get("alphaMode", "OPAQUE") == "OPAQUE" for material in document["materials"])


def test_names_start_with_what_a_glob_picks():
    for kind in ("mug", "bowl", "plate", "book", "box_cereal", "can_food", "bottle_wine", "carton", "gear", "nut_hex"):
        assert any(entry["id"].startswith(f"{kind}_") for _, entry in ENTRIES), kind


def test_all_goods_together_are_small():
    assert sum((ASSETS / folder / entry["file"]).stat().st_size for folder, entry in ENTRIES) < MOST_BYTES
