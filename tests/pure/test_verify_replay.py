"""Frames rendered again and compared; here another dataset stands in for the renderer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from corruptions import edit_json, edit_png, exr, folder_of, instance, seal
from planned_scenes import planned_dataset, planned_job

from pipeline import cli
from pipeline.commands import datasets
from pipeline.errors import PipelineError
from pipeline.verify.replay import compare_replayed, sample_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return planned_dataset(tmp_path / "ds", planned_job(tmp_path)).root


@pytest.fixture
def again(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root, tmp_path / "again"))


def differing(root: Path, again: Path, frame: int = 1) -> list[str]:
    found = compare_replayed(root, again, frame).findings
    assert {finding.kind for finding in found} <= {"replay-mismatch"}
    return [finding.where.split("/")[-1] for finding in found]


def test_the_sample_is_stable_without_order_and_part_of_a_larger_one():
    few = sample_of("abc", range(100), 5)
    assert few == sample_of("abc", list(range(100))[::-1], 5) and len(few) == 5 and list(few) == sorted(few)
    assert set(few) < set(sample_of("abc", range(100), 9))
    assert few != sample_of("abd", range(100), 5) and sample_of("abc", range(3), 9) == (0, 1, 2)


def test_a_frame_that_comes_out_the_same_gives_no_finding(root, again):
    assert differing(root, again) == []


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (instance("distance_m", lambda value: value + 1e-6), ["labels.json"]),
        (lambda folder: edit_png(folder / "instance.png", np.flipud), ["instance.png"]),
        (lambda folder: edit_png(folder / "rgb.png", np.flipud), ["rgb.png"]),
        (exr("depth.exr", lambda image: image * np.float32(1.001)), ["depth.exr"]),
        (lambda folder: (folder / "nocs.exr").unlink(), ["nocs.exr"]),
    ],
)
def test_a_frame_that_comes_out_otherwise_is_found_file_by_file(change, names, root, again):
    change(folder_of(root))
    seal(folder_of(root))
    assert differing(root, again) == names


@pytest.mark.parametrize("key", ["build_hash", "device", "blender"])
def test_light_may_differ_from_another_build_or_device_and_labels_may_not(key, root, again):
    edit_json(folder_of(again) / "frame.json", lambda data: data["renderer"].update({key: "other"}))
    for name in ("rgb.png", "instance.png"):
        edit_png(folder_of(again) / name, np.flipud)
    assert differing(root, again) == ["instance.png"]


def brighter(folder: Path, steps: int, pixels: int) -> None:
    """Make so many pixels of the picture brighter, or darker where they are bright, and seal the frame."""

    def change(image: np.ndarray) -> np.ndarray:
        row = image.reshape(-1, 3)[:pixels].astype(int)
        image.reshape(-1, 3)[:pixels] = np.where(row > 127, row - steps, row + steps)
        return image

    edit_png(folder / "rgb.png", change)
    seal(folder)


def made_with(folder: Path, library: str) -> None:
    edit_json(folder / "frame.json", lambda data: data["renderer"].update(c_library=library))


def test_pictures_that_another_c_library_explains_are_told_and_no_finding(root, again):
    made_with(folder_of(root), "glibc 2.36")
    made_with(folder_of(again), "glibc 2.41")
    brighter(folder_of(again), 1, 1)
    made = compare_replayed(root, again, 1)
    assert made.findings == () and len(made.notices) == 1
    assert "frame 1: rgb.png comes out otherwise, up to 1 of 255 in 0." in made.notices[0]
    assert made.notices[0].endswith("glibc 2.36 made it, here is glibc 2.41")


@pytest.mark.parametrize(("steps", "pixels"), [(9, 1), (1, 100)])
def test_more_than_a_c_library_does_is_found_and_the_libraries_are_named(steps, pixels, root, again):
    made_with(folder_of(root), "glibc 2.36")
    made_with(folder_of(again), "glibc 2.41")
    brighter(folder_of(again), steps, pixels)
    (finding,) = compare_replayed(root, again, 1).findings
    assert f"up to {steps} of 255" in finding.message
    assert "; glibc 2.36 made it, here is glibc 2.41, and that alone does less (run" in finding.message


def test_where_the_c_library_was_not_told_it_is_a_finding_that_says_so(root, again):
    facts = {"blender": "5.2.3", "build_hash": "abc123", "device": "cpu", "engine": "cycles"}
    edit_json(folder_of(root) / "frame.json", lambda data: data.update(renderer=facts))
    made_with(folder_of(again), "glibc 2.41")
    brighter(folder_of(again), 1, 1)
    (finding,) = compare_replayed(root, again, 1).findings
    assert "; which C library made it is not known, and another than glibc 2.41 does that much (run" in finding.message


def test_with_the_same_c_library_nothing_is_little(root, again):
    for folder in (folder_of(root), folder_of(again)):
        made_with(folder, "glibc 2.41")
    brighter(folder_of(again), 1, 1)
    (finding,) = compare_replayed(root, again, 1).findings
    assert "glibc" not in finding.message and "of the pixels (run" in finding.message


def test_labels_are_the_same_with_any_c_library(root, again):
    made_with(folder_of(root), "glibc 2.36")
    made_with(folder_of(again), "glibc 2.41")
    edit_png(folder_of(again) / "instance.png", np.flipud)
    assert differing(root, again) == ["instance.png"]


@pytest.mark.parametrize(
    ("factor", "key", "is_told"),
    [(1 + 1e-6, "blender", True), (1 + 1e-6, "c_library", True), (1 + 1e-6, None, False), (1 + 1e-5, "blender", False)],
)
def test_numbers_that_another_renderer_rounds_otherwise_are_told_and_no_finding(factor, key, is_told, root, again):
    for folder, value in ((folder_of(root), "5.2.2"), (folder_of(again), "5.2.3")):
        if key:
            edit_json(folder / "frame.json", lambda data, value=value: data["renderer"].update({key: value}))
    exr("depth.exr", lambda image: image * np.float32(factor))(folder_of(again))
    seal(folder_of(again))
    made = compare_replayed(root, again, 1)
    assert (len(made.findings), len(made.notices)) == ((0, 1) if is_told else (1, 0))
    said = made.notices[0] if is_told else made.findings[0].message
    assert ("by rounding alone" in said) == is_told
    assert ("5.2.2 made it, here is " in said and "5.2.3" in said) == (key is not None)


def test_the_command_tells_what_a_c_library_explains_and_ends_with_0(root, again, monkeypatch, capfd):
    for frame in range(4):
        made_with(root / f"frames/{frame:06d}", "glibc 2.36")
        made_with(again / f"frames/{frame:06d}", "glibc 2.41")
    brighter(folder_of(again), 1, 1)
    monkeypatch.setattr(datasets, "load_blender", lambda: None)
    monkeypatch.setattr(datasets, "render_again", lambda folder, frames, out: shutil.copytree(again, out))
    assert cli.main(["verify", str(root), "--replay", "4"]) == 0
    told = capfd.readouterr().out
    assert "note: frame 1: rgb.png comes out otherwise, up to 1 of 255" in told and "nothing is wrong" in told


def test_the_command_renders_the_sample_again_and_compares(root, again, monkeypatch, capfd):
    monkeypatch.setattr(datasets, "load_blender", lambda: None)
    monkeypatch.setattr(datasets, "render_again", lambda folder, frames, out: shutil.copytree(again, out))
    assert cli.main(["verify", str(root), "--replay", "4"]) == 0
    edit_png(folder_of(again) / "rgb.png", np.flipud)
    assert cli.main(["verify", str(root), "--replay", "4"]) == 1
    assert "replay-mismatch (1)" in capfd.readouterr().out


def test_where_no_frame_can_be_rendered_again_the_rest_is_told_all_the_same(root, tmp_path, monkeypatch, capfd):
    def refuse(*args: object) -> None:
        raise PipelineError("frame 1 was made by Blender 4.5.1, this is 5.2.0: replay it with that series")

    monkeypatch.setattr(datasets, "load_blender", lambda: None)
    monkeypatch.setattr(datasets, "render_again", refuse)
    assert cli.main(["verify", str(root), "--replay", "1", "--report", str(tmp_path / "r.json")]) == 2
    captured = capfd.readouterr()
    assert "4 of 4 frames checked" in captured.out and "replay it with that series" in captured.err
    assert json.loads((tmp_path / "r.json").read_bytes())["clean"] is True
