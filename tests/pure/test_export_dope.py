"""The DOPE export: corners known by hand, and a loader after DOPE's own."""

import json

import numpy as np
import pytest
from traced_scenes import box, camera_at, staged_dataset, traced_dataset

from pipeline.exporters.dope import export_dope
from pipeline.geometry import matrix_from_quaternion, quaternion_about

# The camera looks along world x: an unturned object has its x axis away from it, y to the left and z up, as in the
# sketch of DOPE's readme.
BEHIND = camera_at((-2.0, 0.0, 0.0), (1.0, 0.0, 0.0))


def loaded(folder):
    """What DOPE's loadimages finds: pictures with a JSON of the same name."""
    for picture in sorted(folder.glob("*.png")):
        yield json.loads((folder / picture.name.replace("png", "json")).read_text())


def only_object(tmp_path, item, camera=BEHIND):
    staged_dataset(tmp_path / "ds", [(camera, [item])])
    export_dope(tmp_path / "ds", tmp_path / "out")
    (data,) = loaded(tmp_path / "out" / "train")
    (found,) = data["objects"]
    return data, found


def test_the_corners_of_a_cube_are_in_the_order_of_the_readme(tmp_path):
    data, found = only_object(tmp_path, box(1, (0.0, 0.0, 0.0), (0.2, 0.2, 0.2)))
    near, far, right, left, top, bottom = 1.9, 2.1, 0.1, -0.1, -0.1, 0.1
    expected = [
        (right, top, far), (right, top, near), (left, top, near), (left, top, far),
        (right, bottom, far), (right, bottom, near), (left, bottom, near), (left, bottom, far),
    ]  # fmt: skip
    assert np.array(found["cuboid"]) == pytest.approx(np.array(expected), abs=1e-9)
    pixels = [(60 * x / z + 30.0, 62 * y / z + 22.5) for x, y, z in [*expected, (0.0, 0.0, 2.0)]]
    assert np.array(found["projected_cuboid"]) == pytest.approx(np.array(pixels), abs=1e-6)
    assert data["cuboid_order"][:2] == ["+x-y+z", "-x-y+z"] and len(data["cuboid_order"]) == 8


def test_the_corners_are_those_of_the_cuboid_that_the_solver_fits(tmp_path):
    turned = quaternion_about((0.3, -0.5, 0.8), 1.1)
    _, found = only_object(tmp_path, box(1, (0.1, 0.05, -0.1), (0.2, 0.3, 0.4), turned))
    width, height, depth = found["dimensions_m"]
    # Cuboid3d of DOPE's inference without a coordinate system: right/left, top (low)/bottom (high), front/rear.
    right, left, top, low, front, rear = width / 2, -width / 2, -height / 2, height / 2, depth / 2, -depth / 2
    model = [(right, top, front), (left, top, front), (left, low, front), (right, low, front)]
    model += [(right, top, rear), (left, top, rear), (left, low, rear), (right, low, rear)]
    x, y, z, w = found["quaternion_xyzw"]
    placed = np.array(model) @ matrix_from_quaternion((w, x, y, z)).T + found["location"]
    assert np.array(found["cuboid"]) == pytest.approx(placed, abs=1e-6)


def test_the_pose_of_a_cube_before_the_camera_is_known_by_hand(tmp_path):
    data, found = only_object(tmp_path, box(1, (0.0, 0.0, 0.0), (0.2, 0.2, 0.2)))
    assert found["location"] == pytest.approx((0, 0, 2), abs=1e-9) and found["class"] == "mug"
    x, y, z, w = found["quaternion_xyzw"]
    # Object x (away) is camera z, y (left) is camera -x, z (up) is camera -y.
    assert matrix_from_quaternion((w, x, y, z)) == pytest.approx(
        np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0]]), abs=1e-6
    )
    assert data["camera_data"]["intrinsics"] == {"fx": 60.0, "fy": 62.0, "cx": 30.0, "cy": 22.5}
    view = np.array(data["camera_data"]["camera_view_matrix"])
    assert view @ (0, 0, 0, 1) == pytest.approx((0, 0, 2, 1))


def test_visibility_is_the_visible_share_of_the_silhouette(tmp_path):
    hidden = box(1, (1.0, 0.0, 0.0), (0.1, 0.4, 0.4))
    screen = box(2, (-0.5, 0.1, 0.0), (0.01, 0.2, 0.4), role="distractor")
    staged_dataset(tmp_path / "ds", [(BEHIND, [hidden, screen])])
    export_dope(tmp_path / "ds", tmp_path / "out")
    (data,) = loaded(tmp_path / "out" / "train")
    assert 0.35 < data["objects"][0]["visibility"] < 0.65


def test_an_object_around_the_camera_is_left_out_and_counted(tmp_path):
    around = box(1, (-1.0, -0.4, 0.0), (3.0, 0.5, 0.5))  # beside the camera, from behind it to far before it
    staged_dataset(tmp_path / "ds", [(BEHIND, [around, box(2, (0.0, 0.4, 0.0), (0.2, 0.2, 0.2))])])
    summary = export_dope(tmp_path / "ds", tmp_path / "out")
    assert (summary.annotations, summary.ignored) == (1, 1)


def test_every_frame_has_a_picture_and_nine_points_an_object(tmp_path):
    traced_dataset(tmp_path / "ds", 3)
    export_dope(tmp_path / "ds", tmp_path / "out")
    frames = list(loaded(tmp_path / "out" / "train"))
    assert [len(data["objects"]) for data in frames] == [3, 3, 3]
    assert all(len(item["projected_cuboid"]) == 9 for data in frames for item in data["objects"])
