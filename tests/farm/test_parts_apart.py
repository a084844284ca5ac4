"""Parts of one job, made on machines that share no folder, become the dataset of one machine."""

from __future__ import annotations

import json

import pytest
from conftest import variegate
from store_samples import contents

FRAMES = 12


@pytest.fixture(scope="module")
def whole(job, tmp_path_factory):
    """The dataset of one process."""
    out = tmp_path_factory.mktemp("whole") / "ds"
    variegate("render", job, "--out", out, "--frames", f"0-{FRAMES - 1}", "--device", "cpu")
    return out


def part(job, out, frames, *args):
    variegate("render", job, "--out", out, "--frames", frames, "--device", "cpu", *args)
    return out


def test_two_machines_folders_merged_are_the_dataset_of_one(job, whole, tmp_path):
    first = part(job, tmp_path / "first/ds", "0-4,8")
    second = part(job, tmp_path / "second/ds", "4-7,9-11", "--workers", "2")
    merged = whole.parent / "merged"
    variegate("merge", first, second, "--out", merged)
    assert contents(merged) == contents(whole)
    assert variegate("verify", merged, "--frames", f"0-{FRAMES - 1}")


def test_a_damaged_frame_comes_from_the_machine_that_has_it_whole_or_is_made_again(job, whole):
    merged = whole.parent / "mended"
    variegate("merge", whole, "--out", merged, "--copy", "--frames", "0-5")
    for name, keep in (("000001/rgb.png", 40), ("000002/labels.json", 0)):
        path = merged / "frames" / name
        path.write_bytes(path.read_bytes()[:keep])
    said = variegate("repair", merged)
    assert "000001" in said or "1-2" in said
    kept = sorted(path.name for path in (merged / "damaged").iterdir())
    assert [name[:6] for name in kept] == ["000001", "000002"]
    assert "rgb.png" in json.loads((merged / "damaged" / kept[0] / "reason.json").read_text())["reason"]
    variegate("render", job, "--out", merged, "--frames", f"0-{FRAMES - 1}", "--device", "cpu")
    assert contents(merged) == contents(whole)
