"""With a warm cache a survey imports nothing; a cache that cannot be used is as good as none."""

from __future__ import annotations

import json

import pytest
from asset_samples import add_roof, empty, export, library

from pipeline.addresses import Places
from pipeline.config.distributions import Uniform
from pipeline.config.schema import AssetGroup, Camera, Config, Environment, Shell
from pipeline.scene.assets import blend_files, catalogue_cache, importers, shapes
from pipeline.scene.assets.catalogue_cache import FactsCache, cache_folder
from pipeline.scene.survey import inspect
from pipeline.scene.survey.catalogue import survey

CAMERA = Camera(shell=Shell(distance_m=Uniform(low=1, high=2)))
HDRI = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 2\n" + bytes([128, 128, 128, 129]) * 4


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setenv("VARIEGATE_CACHE", str(tmp_path / "cache"))
    empty()
    add_roof("mug")
    for name in ("roof.glb", "roof.stl", "roof.blend"):
        export(tmp_path / name)
    empty()
    (tmp_path / "sky.hdr").write_bytes(HDRI)
    return Config(
        categories=(),
        targets=(
            AssetGroup(files=("roof.glb", "roof.stl")),
            AssetGroup(files=("roof.blend",), objects=("m*",)),
            AssetGroup(shapes=("cube",)),
        ),
        camera=CAMERA,
        environment=Environment(hdris=("sky.hdr",)),
    )


def run(folder, scene: Config):
    return survey(scene, Places(base_dir=folder), library(folder), lambda line: None)


def forbid_imports(monkeypatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("imported although the cache was warm")

    for module, name in ((importers, "read_model"), (blend_files, "read_blend"), (shapes, "shape_mesh")):
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(inspect, "_load", refuse)


def test_a_warm_cache_imports_nothing_and_says_the_same(tmp_path, scene, monkeypatch):
    first = run(tmp_path, scene)
    forbid_imports(monkeypatch)
    assert run(tmp_path, scene) == first


def test_a_changed_file_is_measured_again(tmp_path, scene):
    before = run(tmp_path, scene)
    empty()
    add_roof("mug").scale = (2, 2, 2)
    export(tmp_path / "roof.stl")
    empty()
    after = run(tmp_path, scene)
    assert after.targets[0][0] == before.targets[0][0]
    assert after.targets[0][1].radius_m == pytest.approx(2 * before.targets[0][1].radius_m)


def test_a_damaged_cache_is_not_used(tmp_path, scene):
    first = run(tmp_path, scene)
    entries = list((tmp_path / "cache").rglob("*.json"))
    assert len(entries) >= 5
    for number, entry in enumerate(entries):
        entry.write_bytes([b"", b"{", b"[]", b'{"key": 1, "facts": {}}'][number % 4])
    assert run(tmp_path, scene) == first


def test_facts_that_no_longer_fit_are_measured_again(tmp_path, scene):
    first = run(tmp_path, scene)
    for entry in (tmp_path / "cache").rglob("*.json"):
        content = json.loads(entry.read_bytes())
        entry.write_text(json.dumps(content | {"facts": {"of": "another format"}}))
    assert run(tmp_path, scene) == first


def test_a_cache_that_cannot_be_written_changes_nothing(tmp_path, scene, monkeypatch):
    first = run(tmp_path, scene)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VARIEGATE_CACHE", str(tmp_path / "file"))
    assert run(tmp_path, scene) == first


def test_another_blender_series_has_facts_of_its_own(tmp_path):
    old, new = (FactsCache(folder=tmp_path, series=series) for series in ("4.5", "5.2"))
    old.put({"a": 1}, "asset", "x")
    assert old.get("asset", "x") == {"a": 1}
    assert new.get("asset", "x") is None


def test_another_cache_format_has_facts_of_its_own(tmp_path, monkeypatch):
    cache = FactsCache(folder=tmp_path, series="5.2")
    cache.put({"a": 1}, "asset", "x")
    monkeypatch.setattr(catalogue_cache, "CACHE_FORMAT", catalogue_cache.CACHE_FORMAT + 1)
    assert cache.get("asset", "x") is None


def test_writing_leaves_no_temporary_files(tmp_path):
    cache = FactsCache(folder=tmp_path, series="5.2")
    cache.put({"a": 1}, "asset", "x")
    cache.put({"a": float("nan")}, "asset", "y")
    assert [file.suffix for file in tmp_path.rglob("*") if file.is_file()] == [".json"]


def test_the_environment_says_where_the_cache_is(monkeypatch):
    monkeypatch.setenv("VARIEGATE_CACHE", "/somewhere")
    assert str(cache_folder()) == "/somewhere"
    monkeypatch.setenv("VARIEGATE_CACHE", "")
    assert cache_folder() is None
    monkeypatch.delenv("VARIEGATE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert str(cache_folder()) == "/xdg/variegate"
