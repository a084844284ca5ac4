"""Every seeded corruption is found, as what it is, and nothing else is accused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from corruptions import (
    FRAME,
    edit_json,
    exr,
    folder_of,
    instance,
    labels,
    longer_lens,
    nudge,
    png,
    scale_depth,
    seal,
    shift_masks,
    shift_silhouette,
    shrink_silhouette,
    swap_ids,
)
from planned_scenes import planned_dataset, planned_job

from pipeline.verify.finding import KINDS
from pipeline.verify.report import Report
from pipeline.verify.run import verify_dataset


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    planned_dataset(folder / "ds", planned_job(folder))
    return folder / "ds"


@pytest.fixture
def root(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "ds"))


def kinds_of(root: Path) -> set[str]:
    return set(report_of(root).counts)


def report_of(root: Path) -> Report:
    report = verify_dataset(root, workers=1)
    assert all("(" in finding.message for finding in report.findings)  # each says what to do
    return report


def flip_bit(name: str):
    def change(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(bytes(data))

    return change


def cut(name: str):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-20])


def blank(value):
    def change(image: np.ndarray) -> np.ndarray:
        return np.zeros_like(image) + np.array(value, dtype=image.dtype)

    return change


def set_id(image: np.ndarray) -> np.ndarray:
    image[0, 0] = 99
    return image


def bad_pixel(image: np.ndarray) -> np.ndarray:
    image[3, 3] = np.nan
    return image


def swap_two(image: np.ndarray) -> np.ndarray:
    table = np.array([0, 2, 1, 3, 4, 5], dtype=np.uint16)
    return table[image]


def add_one(image: np.ndarray) -> np.ndarray:
    return image + (image > 0)


def rename_category(data: dict) -> None:
    data["instances"][0]["category"] = "plate"


def turn_light(data: dict) -> None:
    data["lights"][0]["energy"] *= 1.1


def edit_plan(data: dict) -> None:
    data["lights"][0]["energy_w"] += 0.5


# --- what the hashes find -------------------------------------------------------------------------------------------

RAW = {
    "an edited labels.json": (instance("visible_px", lambda n: n + 1), "hash-mismatch"),
    "a cut PNG": (cut("instance.png"), "hash-mismatch"),
    "a flipped bit in an EXR": (flip_bit("depth.exr"), "hash-mismatch"),
    "a flipped bit in a PNG": (flip_bit("rgb.png"), "hash-mismatch"),
    "a missing file": (lambda folder: (folder / "depth.exr").unlink(), "incomplete-frame"),
    "a missing frame.json": (lambda folder: (folder / "frame.json").unlink(), "incomplete-frame"),
    "a broken frame.json": (cut("frame.json"), "unreadable-json"),
    "an extra file": (lambda folder: (folder / "notes.txt").write_text("mine"), "stray-file"),
    "a missing frame": (shutil.rmtree, "missing-frame"),
    "a plan edited": (lambda folder: edit_json(folder / "plan.json", edit_plan), "hash-mismatch"),
}


@pytest.mark.parametrize("name", RAW)
def test_a_raw_corruption_is_found(name, root):
    change, kind = RAW[name]
    change(folder_of(root))
    report = report_of(root)
    assert kind in report.counts
    assert {finding.frame for finding in report.findings} == {FRAME}


# --- what only the content can tell ---------------------------------------------------------------------------------

FORGED = {
    "swapped ids": (swap_ids, {"surface-mismatch"}),
    "ids swapped in the picture alone": (
        png("instance.png", swap_two),
        {"mask-mismatch", "box-mismatch", "surface-mismatch"},
    ),
    "an unknown id": (png("instance.png", set_id), {"id-unknown"}),
    "shifted masks": (shift_masks, {"depth-mismatch"}),
    "a cut PNG": (cut("category.png"), {"unreadable-picture"}),
    "a PNG of another size": (png("category.png", lambda image: image[1:]), {"unreadable-picture"}),
    "a PNG of another type": (png("instance.png", lambda image: image.astype(np.uint8)), {"unreadable-picture"}),
    "a wrong focal length": (longer_lens, {"camera-mismatch", "surface-mismatch"}),
    "a focal length below 0": (labels(lambda data: data["camera"]["k"][0].__setitem__(0, -50.0)), {"camera-mismatch"}),
    "skew": (labels(lambda data: data["camera"]["k"][0].__setitem__(1, 0.5)), {"camera-mismatch"}),
    "another camera pose": (
        labels(lambda data: data["camera"]["world_from_camera"][0].__setitem__(3, 0.5)),
        {"camera-mismatch", "pose-mismatch"},
    ),
    "a wrong category id": (instance("category_id", lambda n: {3: 7, 7: 3, 0: 3}[n]), {"category-mismatch"}),
    "a wrong category name": (labels(rename_category), {"category-mismatch"}),
    "a category picture of its own": (png("category.png", add_one), {"category-mismatch"}),
    "a panoptic picture of its own": (png("panoptic.png", add_one), {"panoptic-mismatch"}),
    "a box off by one": (instance("bbox_xywh_px", lambda box: [box[0] + 1, *box[1:]]), {"box-mismatch"}),
    "a count off by one": (instance("visible_px", lambda n: n - 1), {"mask-mismatch"}),
    "a silhouette smaller than its mask": (shrink_silhouette, {"silhouette-mismatch"}),
    "a silhouette beside its object": (shift_silhouette, {"silhouette-mismatch"}),
    "a silhouette's box off by one": (
        instance("silhouette.bbox_xywh_px", lambda b: [b[0], b[1], b[2] - 1, b[3]]),
        {"silhouette-mismatch"},
    ),
    "an edited visibility": (instance("silhouette.visibility", lambda value: value * 0.9), {"visibility-mismatch"}),
    "an edited occlusion": (instance("silhouette.occlusion", lambda value: value + 0.1), {"visibility-mismatch"}),
    "a pose nudged by 5 % of the size": (nudge(0.05), {"pose-mismatch", "surface-mismatch"}),
    "a pose stretched": (
        instance("world_from_object", lambda m: [[v * 1.01 for v in m[0]], *m[1:]]),
        {"pose-mismatch"},
    ),
    "another distance": (instance("distance_m", lambda value: value * 1.001), {"pose-mismatch"}),
    "another size": (instance("dimensions_m", lambda size: [size[0] * 1.01, *size[1:]]), {"pose-mismatch"}),
    "a 3D corner moved": (
        instance("box_3d.corners_px", lambda c: [[c[0][0] + 0.5, c[0][1]], *c[1:]]),
        {"box-3d-mismatch"},
    ),
    "a 3D box moved": (instance("box_3d.center_world_m", lambda c: [c[0] + 0.001, *c[1:]]), {"box-3d-mismatch"}),
    "depths scaled by 1.01": (scale_depth(1.01), {"surface-mismatch"}),
    "one depth scaled": (exr("depth.exr", lambda image: image * np.float32(1.0001)), {"depth-mismatch"}),
    "a depth that is none": (exr("distance.exr", lambda image: -image), {"depth-mismatch"}),
    "all black rgb": (png("rgb.png", blank(0)), {"black-picture"}),
    "constant rgb": (png("rgb.png", blank((90, 120, 60))), {"constant-picture"}),
    "nan in a picture": (exr("linear.exr", bad_pixel), {"broken-pixels"}),
    "normals flipped": (exr("normal.exr", np.negative), {"normal-mismatch"}),
    "both normals flipped": (
        lambda folder: [exr(f"{name}.exr", np.negative)(folder) for name in ("normal", "normal_world")],
        {"normal-mismatch"},
    ),
    "normals too long": (exr("normal_world.exr", lambda image: image * 2), {"normal-mismatch"}),
    "object coordinates moved": (
        exr("object_coordinates.exr", lambda image: image + (image != 0) * np.float32(1e-3)),
        {"coordinates-mismatch"},
    ),
    "NOCS scaled": (exr("nocs.exr", lambda image: image * np.float32(0.99)), {"coordinates-mismatch"}),
    "an edited plan": (lambda folder: edit_json(folder / "plan.json", edit_plan), {"plan-mismatch", "light-mismatch"}),
    "another lamp": (labels(turn_light), {"light-mismatch"}),
    "another HDRI": (labels(lambda data: data["environment"].update(sha256="2" * 64)), {"light-mismatch"}),
    "another asset": (instance("asset_id", lambda name: "shape:box9"), {"record-mismatch"}),
    "an instance left out": (labels(lambda data: data["instances"].pop()), {"record-mismatch"}),
    "a reason for nothing": (labels(lambda data: data.update(reason="why not")), {"record-mismatch"}),
    "flow to another scene": (labels(lambda data: data.update(flow_to=2)), {"flow-mismatch"}),
    "a number as text": (labels(lambda data: data.update(frame="1")), {"unreadable-json"}),
    "an unlisted output": (
        lambda folder: edit_json(folder / "frame.json", lambda data: data["files"].pop("nocs.exr")),
        {"incomplete-frame", "stray-file"},
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_corruption_is_found_by_what_the_files_say(name, root):
    change, kinds = FORGED[name]
    folder = folder_of(root)
    change(folder)
    seal(folder)
    report = report_of(root)
    assert kinds <= set(report.counts), report.findings
    assert "hash-mismatch" not in report.counts
    assert {finding.frame for finding in report.findings} == {FRAME}


# --- with fewer files to tell by, and through bent lenses -----------------------------------------------------------

STRONG = {
    "swapped ids": swap_ids,
    "shifted masks": shift_masks,
    "a wrong focal length": longer_lens,
    "a nudged pose": nudge(0.05),
}


@pytest.mark.parametrize("lens", ["opencv", "fisheye", "equirectangular"])
@pytest.mark.parametrize("name", STRONG)
def test_geometry_alone_tells_through_every_lens(lens, name, tmp_path):
    root = planned_dataset(tmp_path / "ds", planned_job(tmp_path, lens)).root
    STRONG[name](folder_of(root))
    seal(folder_of(root))
    assert {"surface-mismatch", "depth-mismatch"} & kinds_of(root)


def test_a_depth_on_its_own_that_is_scaled_lies_outside_the_3d_boxes(tmp_path):
    root = planned_dataset(tmp_path / "ds", planned_job(tmp_path, outputs="rgb depth instance")).root
    exr("depth.exr", lambda image: image * np.float32(1.01))(folder_of(root))
    seal(folder_of(root))
    assert kinds_of(root) == {"surface-mismatch"}


def test_a_depth_in_millimetres_that_is_scaled_lies_outside_the_3d_boxes(tmp_path):
    job = planned_job(tmp_path, outputs="rgb depth instance", more="formats: {depth: png}")
    root = planned_dataset(tmp_path / "ds", job).root
    assert kinds_of(root) == set()
    png("depth.png", lambda image: (image * 1.02).astype(np.uint16))(folder_of(root))
    seal(folder_of(root))
    assert kinds_of(root) == {"surface-mismatch"}


def test_object_coordinates_without_a_depth_lie_on_the_rays(tmp_path):
    root = planned_dataset(tmp_path / "ds", planned_job(tmp_path, outputs="instance nocs object_coordinates")).root
    assert kinds_of(root) == set()
    exr("nocs.exr", lambda image: image * np.float32(0.97))(folder_of(root))
    seal(folder_of(root))
    assert kinds_of(root) == {"surface-mismatch"}


# --- the dataset as a whole -----------------------------------------------------------------------------------------


def test_a_frame_in_the_place_of_another_is_doubled(root):
    shutil.rmtree(folder_of(root))
    shutil.copytree(folder_of(root, 2), folder_of(root))
    assert report_of(root).counts == {"doubled-frame": 1}


def test_a_renamed_frame_is_missing_and_foreign(root):
    os.rename(folder_of(root), root / "frames" / "1")
    assert report_of(root).counts == {"missing-frame": 1, "foreign-folder": 1}


def test_frames_exchanged_with_their_numbers_forged_are_still_found(root):
    """All three records of frame 3 say 1: only the plan tells."""
    shutil.rmtree(folder_of(root))
    folder = Path(shutil.copytree(folder_of(root, 3), folder_of(root)))
    for name in ("plan.json", "labels.json", "frame.json"):
        edit_json(folder / name, lambda data: data.update(frame=FRAME))
    seal(folder)
    assert "plan-mismatch" in kinds_of(root)


def test_a_frame_of_another_job_is_foreign(root, tmp_path):
    other = planned_job(tmp_path, more="title: other")
    planned_dataset(tmp_path / "other", other)
    shutil.rmtree(folder_of(root))
    shutil.copytree(folder_of(tmp_path / "other"), folder_of(root))
    assert report_of(root).counts == {"foreign-job": 1}


def test_a_folder_that_is_no_frame_and_one_beyond_the_job_are_foreign(root):
    (root / "frames" / "notes").mkdir()
    shutil.copytree(folder_of(root), folder_of(root, 900))
    assert report_of(root).counts == {"foreign-folder": 2}


def test_an_unfinished_folder_is_a_notice_and_no_finding(root):
    (root / "frames" / ".tmp-000007-elsewhere-1-ab").mkdir()
    report = report_of(root)
    assert report.is_clean and "a render seems to be under way" in report.notices[0]


@pytest.mark.parametrize("key", ["categories", "seed", "title", "assets", "frames", "job_digest"])
def test_a_dataset_json_that_says_something_else_is_found(key, root):
    edit_json(root / "dataset.json", lambda data: data.update({key: "changed"}))
    report = report_of(root)
    assert report.counts == {"dataset-mismatch": 1} and key in report.findings[0].message


def test_an_edited_job_json_is_found_and_nothing_is_concluded_from_it(root):
    edit_json(root / "job.json", lambda data: data["config"].update(seed=6))
    report = report_of(root)
    assert report.counts == {"dataset-mismatch": 1} and report.frames["checked"] == 0


def test_views_of_one_scene_with_different_poses_are_found(root):
    instance("world_from_object", lambda m: [[*m[0][:3], m[0][3] + 0.001], *m[1:]])(folder_of(root))
    seal(folder_of(root))
    found = [finding for finding in report_of(root).findings if finding.kind == "view-mismatch"]
    assert [finding.frame for finding in found] == [FRAME] and "poses" in found[0].message


def test_every_kind_that_a_dataset_can_have_is_seeded_somewhere():
    seeded = {kind for _, kind in RAW.values()} | {kind for _, kinds in FORGED.values() for kind in kinds}
    whole = {"doubled-frame", "foreign-folder", "foreign-job", "dataset-mismatch", "view-mismatch"}  # in this file
    direct = {"accept-mismatch", "part-mismatch", "keypoint-mismatch"}  # in test_verify_labels.py
    others = {kind for kind in KINDS if kind.startswith("export-")} | {"replay-mismatch"}
    assert set(KINDS) - seeded - whole - direct - others == set()
