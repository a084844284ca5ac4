"""A dataset under a sky: sound as it is, and what is changed of sky or sun is found."""

from __future__ import annotations

import shutil

import pytest
from corruptions import edit_json, folder_of, seal
from planned_scenes import planned_dataset, planned_job

from pipeline.verify.run import verify_dataset

SKY = "environment: {sky: {time_h: {uniform: [9, 15]}, cloudiness: {uniform: [0, 0.8]}}}"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sky")
    return planned_dataset(folder / "ds", planned_job(folder, more=SKY)).root


def test_a_sound_dataset_under_a_sky_has_no_finding(sound):
    assert [str(one) for one in verify_dataset(sound, workers=1).findings] == []


def test_a_sun_of_each_view_is_no_finding(tmp_path):
    job = planned_job(tmp_path, more=f"{SKY}\nreroll_per_view: [environment]")
    root = planned_dataset(tmp_path / "ds", job).root
    assert [str(one) for one in verify_dataset(root, workers=1).findings] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["environment"]["sky"].update(cloudiness=0.99),
        lambda data: data["environment"].update(sky=None),
        lambda data: data["environment"].update(hdri="a.hdr"),
        lambda data: data["lights"].pop(),
        lambda data: data["lights"][-1].update(direction=[0.0, 0.6, -0.8]),
    ],
)
def test_another_sky_or_sun_is_found(sound, tmp_path, change):
    root = shutil.copytree(sound, tmp_path / "ds")
    edit_json(folder_of(root, 1) / "labels.json", change)
    seal(folder_of(root, 1))
    assert {one.kind for one in verify_dataset(root, workers=1).findings} >= {"light-mismatch"}
