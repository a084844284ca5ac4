"""The KITTI export, judged by hand-known boxes and by a reader after KITTI's own devkit."""

import json
import math

import numpy as np
import pytest
from export_samples import bytes_of
from traced_scenes import LENS, box, camera_at, staged_dataset, surface_of, traced_dataset

from pipeline.codecs.png import decode_png
from pipeline.codecs.rle import decode_counts, mask_of_counts
from pipeline.errors import StoreError
from pipeline.exporters.kitti import OCCLUDED, export_kitti, type_names, yaw_box
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.source import Source
from pipeline.geometry import inverse_rigid, quaternion_about, quaternion_from_uniforms, transform_points
from pipeline.lenses import pinhole

LEVEL = camera_at((0.0, -2.0, 0.0), (0.0, 1.0, 0.0))
UP = (0.0, 0.0, 1.0)
SIZES = ("h", "w", "l", "x", "y", "z", "rotation_y")
FIELDS = ("type", "truncated", "occluded", "alpha", "left", "top", "right", "bottom", *SIZES)


def rows_of(out, frame=0):
    """The rows of a label file as the devkit's readLabels reads them."""
    rows = []
    for line in (out / "training" / "label_2" / f"{frame:06d}.txt").read_text().splitlines():
        words = line.split(" ")
        assert len(words) == len(FIELDS)
        rows.append({name: word if name == "type" else float(word) for name, word in zip(FIELDS, words, strict=True)})
    return rows


def calibration_of(out, frame=0):
    lines = (out / "training" / "calib" / f"{frame:06d}.txt").read_text().splitlines()
    return {line.split(": ")[0]: np.array(line.split(": ")[1].split(), dtype=float) for line in lines}


def devkit_corners(row):
    """The corners (8, 3), metres, as computeBox3D of KITTI's devkit makes them."""
    c, s = math.cos(row["rotation_y"]), math.sin(row["rotation_y"])
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    x = np.array([1, 1, -1, -1, 1, 1, -1, -1]) * row["l"] / 2
    y = np.array([0, 0, 0, 0, -1, -1, -1, -1]) * row["h"]
    z = np.array([1, -1, -1, 1, 1, -1, -1, 1]) * row["w"] / 2
    return (turn @ np.stack([x, y, z])).T + (row["x"], row["y"], row["z"])


def devkit_project(points, p2):
    pixels = np.hstack([points, np.ones((len(points), 1))]) @ p2.reshape(3, 4).T
    return pixels[:, :2] / pixels[:, 2:]


def export_one(tmp_path, instances, camera=LEVEL, options=None):
    staged_dataset(tmp_path / "ds", [(camera, instances)])
    export_kitti(tmp_path / "ds", tmp_path / "out", options or ExportOptions())
    return tmp_path / "out"


@pytest.mark.parametrize("yaw_deg", [0, 30, 90, 150, -120])
def test_an_upright_object_has_the_box_known_by_hand(yaw_deg, tmp_path):
    turn = quaternion_about(UP, math.radians(yaw_deg))
    (row,) = rows_of(export_one(tmp_path, [box(1, (0.3, 1.0, 0.1), (0.4, 0.2, 0.3), turn)]))
    assert row["type"] == "mug"
    assert (row["h"], row["w"], row["l"]) == pytest.approx((0.3, 0.2, 0.4), abs=1e-6)
    # The camera looks along world y from y = -2: right is x, down is -z. The bottom lies half the height lower.
    assert (row["x"], row["y"], row["z"]) == pytest.approx((0.3, -0.1 + 0.15, 3.0), abs=1e-6)
    # World yaw counts anticlockwise from above, rotation_y clockwise: it turns about an axis that points down.
    assert math.remainder(row["rotation_y"] - math.radians(-yaw_deg), math.tau) == pytest.approx(0, abs=1e-6)
    alpha = math.radians(-yaw_deg) - math.atan2(0.3, 3.0)
    assert math.remainder(row["alpha"] - alpha, math.tau) == pytest.approx(0, abs=1e-6)
    assert -math.pi <= row["alpha"] <= math.pi and -math.pi <= row["rotation_y"] <= math.pi


def test_an_object_on_its_nose_has_the_heading_of_its_left_side(tmp_path):
    nose_down = quaternion_about((0.0, 1.0, 0.0), math.pi / 2)
    (row,) = rows_of(export_one(tmp_path, [box(1, (0.0, 1.0, 0.0), (0.4, 0.2, 0.3), nose_down)]))
    assert row["rotation_y"] == pytest.approx(0, abs=1e-6)
    assert (row["h"], row["w"], row["l"]) == pytest.approx((0.4, 0.2, 0.3), abs=1e-6)


def test_the_yaw_box_is_the_smallest_of_its_heading_around_the_oriented_box():
    rng = np.random.default_rng(3)
    for _ in range(50):
        item = box(1, rng.normal(size=3), rng.uniform(0.1, 0.5, 3), quaternion_from_uniforms(*rng.random(3)))
        camera = camera_at((0.3, -2.0, 0.9))
        to_camera = inverse_rigid(camera.world_from_camera)
        corners = transform_points(to_camera, surface_of(item).vertices_m)
        found = yaw_box(corners, to_camera @ np.array(item.world_from_object))
        c, s = math.cos(found.rotation_y_rad), math.sin(found.rotation_y_rad)
        x, y, z = (corners - found.location_m).T
        local = np.stack([c * x - s * z, y, s * x + c * z], axis=1)
        half = (found.length_m / 2, found.height_m / 2, found.width_m / 2)
        assert local.max(axis=0) == pytest.approx((half[0], 0.0, half[2]), abs=1e-9)
        assert local.min(axis=0) == pytest.approx((-half[0], -2 * half[1], -half[2]), abs=1e-9)


def test_the_projected_box_of_an_upright_object_fits_its_pixels(tmp_path):
    sharp = pinhole(((600.0, 0.0, 300.5), (0.0, 610.0, 240.0), (0.0, 0.0, 1.0)), (640, 480))
    camera = camera_at((0.0, -2.0, 0.0), (0.0, 1.0, 0.0), sharp)
    turn = quaternion_about(UP, 0.4)
    out = export_one(tmp_path, [box(1, (0.3, 1.0, 0.1), (0.4, 0.2, 0.3), turn)], camera)
    (row,) = rows_of(out)
    pixels = devkit_project(devkit_corners(row), calibration_of(out)["P2"])
    # The first pixel is the first whose centre, on an integer, lies within the projected box.
    assert np.ceil(pixels.min(axis=0)).tolist() == [row["left"], row["top"]]
    assert np.floor(pixels.max(axis=0)).tolist() == [row["right"], row["bottom"]]


def test_the_projected_box_of_any_object_holds_its_pixels(tmp_path):
    traced_dataset(tmp_path / "ds", 6)
    export_kitti(tmp_path / "ds", tmp_path / "out")
    for frame in range(6):
        p2 = calibration_of(tmp_path / "out", frame)["P2"]
        rows = rows_of(tmp_path / "out", frame)
        assert len(rows) == 3
        for row in rows:
            pixels = devkit_project(devkit_corners(row), p2)
            assert (pixels.min(axis=0) <= (row["left"], row["top"])).all()
            assert (pixels.max(axis=0) >= (row["right"], row["bottom"])).all()


def test_the_2d_box_is_that_of_the_silhouette_from_first_to_last_pixel(tmp_path):
    store = traced_dataset(tmp_path / "ds", 2)
    export_kitti(tmp_path / "ds", tmp_path / "out")
    for frame in range(2):
        full = json.loads((store.folder(frame) / "mask_full.json").read_text())
        for number, row in enumerate(rows_of(tmp_path / "out", frame), start=1):
            y, x = np.nonzero(mask_of_counts(decode_counts(full["counts"][str(number)]), *full["size"]))
            assert (row["left"], row["top"], row["right"], row["bottom"]) == (x.min(), y.min(), x.max(), y.max())


def test_the_calibration_has_pixel_centres_on_integers_and_no_other_frame(tmp_path):
    found = calibration_of(export_one(tmp_path, [box(1, (0.0, 1.0, 0.0), (0.3, 0.3, 0.3))]))
    assert [key for key in found] == ["P0", "P1", "P2", "P3", "R0_rect", "Tr_velo_to_cam", "Tr_imu_to_velo"]
    assert found["P2"].tolist() == [60.0, 0, 30.0, 0, 0, 62.0, 22.5, 0, 0, 0, 1, 0]
    assert found["R0_rect"].reshape(3, 3).tolist() == np.eye(3).tolist()
    forward, left, up = found["Tr_velo_to_cam"].reshape(3, 4)[:, :3].T
    assert (forward.tolist(), left.tolist(), up.tolist()) == ([0, 0, 1], [-1, 0, 0], [0, -1, 0])


def test_half_hidden_is_partly_or_largely_occluded_and_beyond_the_border_is_truncated(tmp_path):
    hidden = box(1, (0.0, 1.0, 0.0), (0.4, 0.1, 0.4))
    # Half as far and half as wide a box before it hides the right 60 %.
    screen = box(2, (0.06, -0.5, 0.0), (0.16, 0.01, 0.4), role="distractor")
    beside = box(3, (1.7, 1.0, 0.0), (0.4, 0.1, 0.4))
    first, second = rows_of(export_one(tmp_path, [hidden, screen, beside]))
    assert (first["occluded"], first["truncated"]) == (2, 0)
    assert second["occluded"] == 0 and 0.3 < second["truncated"] < 0.7
    assert second["right"] == LENS.resolution[0] - 1
    assert OCCLUDED == ((0.1, 0), (0.5, 1))


def test_what_the_policy_ignores_is_dont_care(tmp_path):
    instances = [box(1, (0.0, 1.0, 0.0), (0.4, 0.4, 0.4)), box(2, (0.6, 1.0, 0.2), (0.1, 0.1, 0.1))]
    kept, ignored = rows_of(export_one(tmp_path, instances, options=ExportOptions(min_pixels=20)))
    assert kept["type"] == "mug" and ignored["type"] == "DontCare"
    assert [ignored[name] for name in FIELDS[1:4]] == [-1, -1, -10]
    assert [ignored[name] for name in FIELDS[8:]] == [-1, -1, -1, -1000, -1000, -1000, -10]
    assert 0 < ignored["right"] - ignored["left"] < 5


def test_the_splits_list_every_frame_once(tmp_path):
    traced_dataset(tmp_path / "ds", 12)
    export_kitti(tmp_path / "ds", tmp_path / "out", ExportOptions(val_fraction=0.4))
    lists = [(tmp_path / "out" / "ImageSets" / f"{split}.txt").read_text().split() for split in ("train", "val")]
    assert all(lists) and sorted(sum(lists, [])) == [f"{frame:06d}" for frame in range(12)]
    names = bytes_of(tmp_path / "out")
    for frame in range(12):
        assert {f"training/{kind}" for kind in (f"image_2/{frame:06d}.png", f"calib/{frame:06d}.txt")} <= set(names)
    assert decode_png(names["training/image_2/000003.png"]).shape == (48, 64, 3)


@pytest.mark.parametrize("names", [["coffee mug", "coffee_mug"], ["mug", "DontCare"]])
def test_categories_that_a_row_cannot_tell_apart_are_refused(names, tmp_path):
    header = {"categories": [{"id": number, "name": name} for number, name in enumerate(names, start=1)]}
    with pytest.raises(StoreError, match="KITTI cannot tell these categories apart"):
        type_names(Source(root=tmp_path, header=header, frames=(), missing=0))


def test_blanks_in_a_category_become_underscores(tmp_path):
    header = {"categories": [{"id": 4, "name": "coffee mug"}]}
    assert type_names(Source(root=tmp_path, header=header, frames=(), missing=0)) == {4: "coffee_mug"}
