"""A sound dataset has no finding: through every lens, with every kind of file, in any number of processes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from corruptions import edit_png, folder_of, seal
from planned_scenes import LENSES, planned_dataset, planned_job

from pipeline.cli import main
from pipeline.dataset.read import read_labels
from pipeline.verify.report import report_json
from pipeline.verify.run import verify_dataset


@pytest.mark.parametrize("lens", LENSES)
def test_a_sound_dataset_has_no_finding(lens, tmp_path):
    job = planned_job(tmp_path, lens)
    planned_dataset(tmp_path / "ds", job)
    report = verify_dataset(tmp_path / "ds", workers=1)
    assert [str(finding) for finding in report.findings] == []
    assert report.frames == {"expected": 4, "checked": 4, "accepted": 4, "rejected": 0}


def test_what_is_checked_is_worth_checking(tmp_path):
    """Every frame shows several instances, hides and cuts some, and hides none of its kinds of files."""
    job = planned_job(tmp_path)
    root = planned_dataset(tmp_path / "ds", job).root
    items = [item for frame in range(4) for item in read_labels(root, frame).instances]
    assert sum(item.visible_px > 50 for item in items) >= 12
    assert any(item.silhouette.occlusion > 0.1 for item in items)
    assert any(item.silhouette.truncation > 0.1 for item in items)


@pytest.mark.parametrize(
    ("outputs", "more"),
    [
        ("rgb", ""),
        ("depth", "formats: {depth: png}"),
        ("instance mask_full", ""),
        ("normal", ""),
        ("nocs", ""),
        ("category panoptic box_3d", ""),
    ],
)
def test_a_dataset_of_few_outputs_has_no_finding(outputs, more, tmp_path):
    root = planned_dataset(tmp_path / "ds", planned_job(tmp_path, outputs=outputs, more=more)).root
    assert [str(finding) for finding in verify_dataset(root, workers=1).findings] == []


def test_a_rejected_frame_is_in_order_and_counted(tmp_path):
    root = planned_dataset(tmp_path / "ds", planned_job(tmp_path, more="accept: {min_pixels: 100000}")).root
    report = verify_dataset(root, workers=1)
    assert report.is_clean and report.frames["rejected"] == 4


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Twelve frames: one missing, one black, one with an edited label, so that several kinds come up."""
    folder = tmp_path_factory.mktemp("broken")
    root = planned_dataset(folder / "ds", planned_job(folder, frames=12)).root
    shutil.rmtree(folder_of(root, 3))
    edit_png(folder_of(root, 5) / "rgb.png", np.zeros_like)
    seal(folder_of(root, 5))
    (folder_of(root, 8) / "notes.txt").write_text("mine")
    return root


def test_the_report_is_the_same_for_any_number_of_processes(broken):
    alone, many = (report_json(verify_dataset(broken, workers=count)) for count in (1, 2))
    assert alone == many and alone["counts"] == {"missing-frame": 1, "stray-file": 1, "black-picture": 1}


def test_progress_counts_the_frames_that_are_there(broken):
    told: list[tuple[int, int]] = []
    verify_dataset(broken, workers=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 11) for i in range(1, 12)]


def test_only_the_frames_asked_for_are_checked(broken):
    assert verify_dataset(broken, frames=(0, 1, 2), workers=1).is_clean
    assert verify_dataset(broken, frames=(3, 4), workers=1).counts == {"missing-frame": 1}


# --- the command line -----------------------------------------------------------------------------------------------


def test_a_clean_dataset_gives_exit_code_0_and_one_line(broken, capfd):
    assert main(["verify", str(broken), "--frames", "0-2"]) == 0
    assert capfd.readouterr().out == "3 of 3 frames checked, 0 of them rejected: nothing is wrong\n"


def test_findings_give_exit_code_1_are_grouped_and_are_all_in_the_report(broken, tmp_path, capfd):
    assert main(["verify", str(broken), "--workers", "2", "--report", str(tmp_path / "out/r.json")]) == 1
    out = capfd.readouterr().out
    assert "missing-frame (1): a frame that the job asks for is not there; frames 3\n" in out
    assert "  frames/000005/rgb.png: nothing in it is brighter than 0, though light is planned (" in out
    assert out.splitlines()[-1] == "11 of 12 frames checked, 0 of them rejected: 3 findings of 3 kinds"
    data = json.loads((tmp_path / "out/r.json").read_bytes())
    assert data["clean"] is False and data["counts"] == {"black-picture": 1, "missing-frame": 1, "stray-file": 1}
    assert [(item["frame"], item["kind"], item["where"]) for item in data["findings"]] == [
        (3, "missing-frame", "frames/000003"),
        (5, "black-picture", "frames/000005/rgb.png"),
        (8, "stray-file", "frames/000008/notes.txt"),
    ]


def test_more_than_twenty_of_a_kind_are_cut_on_the_terminal_alone(broken, tmp_path, capfd):
    for number in range(30):
        (folder_of(broken, 7) / f"{number}.txt").write_text("x")
    try:
        assert main(["verify", str(broken), "--frames", "7", "--report", str(tmp_path / "r.json")]) == 1
    finally:
        for number in range(30):
            (folder_of(broken, 7) / f"{number}.txt").unlink()
    out = capfd.readouterr().out
    assert out.count("does not list it") == 20 and "... and 10 more" in out
    assert len(json.loads((tmp_path / "r.json").read_bytes())["findings"]) == 30


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere"], "is not a dataset"),
        (["DS", "--frames", "99"], "outside 0-11"),
        (["DS", "--dataset", "DS"], "--dataset goes with --format"),
        (["DS", "--format", "coco", "--replay", "1"], "are for datasets"),
        (["DS", "--replay", "1"], "this Python has no Blender"),
        (["DS", "--report", "DS/dataset.json/r.json", "--frames", "0"], "choose another --report"),
    ],
)
def test_what_cannot_be_checked_gives_exit_code_2_and_one_sentence(args, words, broken, capfd):
    assert main(["verify", *(arg.replace("DS", str(broken)) for arg in args)]) == 2
    error = capfd.readouterr().err
    assert words in error and "Traceback" not in error


def test_a_dataset_without_its_frames_folder_is_unusable(tmp_path, capfd):
    root = planned_dataset(tmp_path / "ds", planned_job(tmp_path)).root
    shutil.rmtree(root / "frames")
    assert main(["verify", str(root)]) == 2
    assert "frames: cannot be read" in capfd.readouterr().err
