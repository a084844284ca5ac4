"""Cameras that ride on marks, against poses computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from furnished import job_of, spline, straight
from structured_samples import box_mesh

from pipeline.geometry import look_at, matrix_from_quaternion, quaternion_from_matrix
from pipeline.records import MarkedCamera, MarkedSurface, Marks, Settings
from pipeline.sampling.plan import plan_frame

HALL = look_at((1.0, 2.0, 1.5), (3.0, 5.0, 1.0), math.radians(12))


def camera_mark(pose=HALL, **settings) -> MarkedCamera:
    rotation = quaternion_from_matrix(pose[:3, :3])
    location = tuple(float(v) for v in pose[:3, 3])
    return MarkedCamera(
        name="hall", object_name="hall", location_m=location, rotation=rotation, focal_length_mm=28.0,
        sensor_width_mm=24.0, settings=Settings(**settings),
    )  # fmt: skip


def planned(marks: Marks, ride: dict, frame: int = 0, job: dict | None = None, **camera):
    riding = {"ride": {"marks": ["*"], **ride}, "retries": 0, **camera}
    return plan_frame(job_of({}, marks, **{"camera": riding, **(job or {})}), frame).camera


def pose_of(candidate, targets=(0.0, 0.0, 0.0)) -> np.ndarray:
    aim = np.array(candidate.look_at_offset_m) + (0.0 if candidate.look_at == "point" else np.array(targets))
    turns = (candidate.roll_deg, candidate.yaw_deg, candidate.pitch_deg)
    return look_at(candidate.offset_m, aim, *map(math.radians, turns))


def one(marks: Marks, ride: dict, **changes):
    (candidate,) = planned(marks, ride, **changes).candidates
    return candidate


LANE = Marks(splines=(straight(100.0),))


def test_along_a_line_the_camera_looks_where_the_line_goes():
    pose = pose_of(one(LANE, {"at": 0.25, "height_m": 1.4, "lateral_m": 2}))
    assert pose[:3, 3] == pytest.approx((25, 2, 1.4))
    right, down, forward = pose[:3, :3].T
    assert forward == pytest.approx((1, 0, 0)) and down == pytest.approx((0, 0, -1))
    assert right == pytest.approx((0, -1, 0))


@pytest.mark.parametrize(
    ("turn", "forward"),
    [
        ({"yaw_deg": 90}, (0, 1, 0)),
        ({"yaw_deg": -30}, (math.sqrt(0.75), -0.5, 0)),
        ({"pitch_deg": 30}, (math.sqrt(0.75), 0, 0.5)),
        ({"yaw_deg": 180, "pitch_deg": -45}, (-math.sqrt(0.5), 0, -math.sqrt(0.5))),
    ],
)
def test_yaw_goes_left_and_pitch_up_and_the_horizon_stays_level(turn, forward):
    pose = pose_of(one(LANE, {"at": 0.5, **turn}))
    assert pose[:3, 2] == pytest.approx(forward) and pose[2, 0] == pytest.approx(0, abs=1e-12)


def test_uphill_the_camera_looks_uphill():
    pose = pose_of(one(Marks(splines=(spline([(0, 0, 0), (4, 0, 3)]),)), {"at": 0.2}))
    assert pose[:3, 2] == pytest.approx((0.8, 0, 0.6)) and pose[:3, 3] == pytest.approx((0.8, 0, 0.6))


def test_a_ride_may_look_at_the_aim_of_the_camera():
    candidate = one(LANE, {"at": 0.5, "look": "aim"}, look_at=[50, 10, 0])
    assert pose_of(candidate)[:3, 2] == pytest.approx((0, 1, 0))
    assert one(LANE, {"at": 0.5, "look": "aim"}).look_at == "targets"


def test_what_the_artist_set_on_a_line_holds_unless_the_scene_file_says_otherwise():
    line = straight(100.0, height_m=(2.0, 2.0))
    words = Settings(ranges=line.settings.ranges, words={"look_at": "target"})
    marks = Marks(splines=(replace(line, settings=words),))
    candidate = one(marks, {"at": 0.5})
    assert candidate.offset_m == (50, 0, 2) and candidate.look_at == "target"
    assert candidate.look_at_offset_m == (0, 0, 0)
    candidate = one(marks, {"at": 0.5, "height_m": 1, "look": "ahead"})
    assert candidate.offset_m == (50, 0, 1) and candidate.look_at_offset_m == (51, 0, 1)


def test_a_marked_camera_gives_its_pose_and_its_lens():
    candidate = one(Marks(cameras=(camera_mark(),)), {})
    assert pose_of(candidate) == pytest.approx(HALL, abs=1e-8)
    assert (candidate.focal_length_mm, candidate.sensor_width_mm) == (28.0, 24.0)


@pytest.mark.parametrize("up", [-1.0, 1.0])
def test_a_marked_camera_may_look_straight_down_or_up(up):
    pose = look_at((1.0, 1.0, 5.0), (1.0, 1.0, 5.0 + up), math.radians(75))
    assert pose_of(one(Marks(cameras=(camera_mark(pose),)), {})) == pytest.approx(pose, abs=1e-8)


def test_the_lens_of_the_scene_file_comes_before_the_artists():
    candidate = one(Marks(cameras=(camera_mark(),)), {}, focal_length_mm=85)
    assert (candidate.focal_length_mm, candidate.sensor_width_mm) == (85.0, 36.0)


def test_a_marked_camera_moves_and_turns_within_its_ranges():
    settings = {"vectors": {"move_m": (0.1, 0.0, 0.4)}, "ranges": {"turn_deg": (5.0, 5.0), "focal_length_mm": (20, 30)}}
    marks = Marks(cameras=(camera_mark(**settings),))
    made = [one(marks, {}, frame=i) for i in range(200)]
    poses = np.array([pose_of(candidate) for candidate in made])
    moved = (poses[:, :3, 3] - HALL[:3, 3]) @ HALL[:3, :3]
    assert np.abs(moved).max(axis=0) == pytest.approx((0.1, 0.0, 0.4), abs=0.01)
    assert np.abs(moved.mean(axis=0)).max() < 0.06
    for name in ("yaw_deg", "pitch_deg"):
        turns = [getattr(candidate, name) for candidate in made]
        assert -5 <= min(turns) < -4.7 and 4.7 < max(turns) <= 5
    lenses = [candidate.focal_length_mm for candidate in made]
    assert 20 <= min(lenses) < 20.5 and 29.5 < max(lenses) <= 30


def test_a_marked_camera_may_aim_at_the_targets():
    candidate = one(Marks(cameras=(camera_mark(),)), {"look": "aim"})
    assert candidate.look_at == "targets" and candidate.roll_deg == 0
    candidate = one(Marks(cameras=(camera_mark(words={"look_at": "targets"}),)), {})
    assert candidate.look_at == "targets" and candidate.look_at_offset_m == (0, 0, 0)


def test_rides_are_shared_by_all_marks_that_are_named():
    lines = tuple(spline([(0, y, 0), (9, y, 0)], f"lane.{y}") for y in (0, 5, 10))
    seen = [one(Marks(splines=lines), {}, frame=i).offset_m[1] for i in range(60)]
    assert set(seen) == {0.0, 5.0, 10.0}
    assert {one(Marks(splines=lines), {"marks": ["lane.5"]}, frame=i).offset_m[1] for i in range(5)} == {5.0}


def test_a_riding_camera_goes_on_from_view_to_view():
    views = {"views_per_scene": 4, "view_interval_s": 0.5, "outputs": ["rgb", "flow"]}
    ride = {"at": {"uniform": [0, 0.5]}, "speed_m_s": 8, "yaw_deg": {"normal": [0, 5]}}
    for scene in (0, 1):
        plans = [planned(LANE, ride, 4 * scene + i, views) for i in range(4)]
        x = [plan.candidates[0].offset_m[0] for plan in plans]
        assert np.diff(x) == pytest.approx(4.0)
        assert len({plan.candidates[0].yaw_deg for plan in plans}) == 1
    assert planned(LANE, ride, 0, views) != planned(LANE, ride, 4, views)
    riding = {"ride": {"marks": ["*"], **ride}, "retries": 0}
    job = job_of({}, LANE, camera=riding, **views)
    assert plan_frame(job, 1).next_view.camera == plan_frame(job, 2).camera


def test_a_scene_without_the_place_is_rejected():
    job = job_of({}, LANE, camera={"ride": {"marks": ["rail"]}})
    assert plan_frame(job, 0).rejected == "camera.ride: none of its marks is in this scene"


def test_look_at_turns_its_axes_by_the_right_hand():
    pose = look_at((0, 0, 0), (1, 0, 0), yaw_rad=0.3, pitch_rad=0.2)
    wanted = (math.cos(0.3) * math.cos(0.2), math.sin(0.3) * math.cos(0.2), math.sin(0.2))
    assert pose[:3, 2] == pytest.approx(wanted)
    assert pose[:3, :3].T @ pose[:3, :3] == pytest.approx(np.eye(3), abs=1e-12)
    assert matrix_from_quaternion(quaternion_from_matrix(pose[:3, :3])) == pytest.approx(pose[:3, :3])


BOX = box_mesh("Room", (1.0, 2.0, 3.0), (2.0, 4.0, 6.0))
YARD = MarkedSurface(
    name="Yard", object_name="Yard", vertices_m=((0, 0, 1), (4, 0, 1), (0, 4, 1)), triangles=((0, 1, 2),)
)


def eyes(marks: Marks, ride: dict, count: int = 40) -> np.ndarray:
    return np.array([planned(marks, ride, frame).candidates[0].offset_m for frame in range(count)])


def test_in_a_volume_the_camera_is_anywhere():
    found = eyes(Marks(volumes=(BOX,)), {})
    assert (found >= (1, 2, 3)).all() and (found <= (2, 4, 6)).all()
    assert (np.ptp(found, axis=0) > 0.7 * np.array([1, 2, 3])).all()


def test_over_a_surface_the_camera_keeps_its_height():
    found = eyes(Marks(surfaces=(YARD,)), {"height_m": 1.5})
    assert found[:, 2] == pytest.approx(2.5)
    assert (found[:, :2] >= 0).all() and (found[:, :2].sum(axis=1) <= 4 + 1e-6).all()
    assert (np.ptp(found[:, :2], axis=0) > 2).all()


@pytest.mark.parametrize("look", [None, "aim"])
def test_about_a_volume_the_camera_looks_at_its_aim(look):
    candidate = one(Marks(volumes=(BOX,)), {"look": look} if look else {}, look_at="origin")
    assert (candidate.look_at, candidate.look_at_offset_m) == ("origin", (0.0, 0.0, 0.0))


def test_in_a_volume_the_camera_looks_ahead_any_way_but_level():
    forwards = []
    for frame in range(40):
        (candidate,) = planned(Marks(volumes=(BOX,)), {"look": "ahead"}, frame).candidates
        forwards.append(pose_of(candidate)[:3, 2])
    assert np.array(forwards)[:, 2] == pytest.approx(0, abs=1e-6)
    assert {(x > 0, y > 0) for x, y, _ in forwards} == {(True, True), (True, False), (False, True), (False, False)}


def test_over_faces_where_nothing_is_painted_there_is_no_ride():
    plan = plan_frame(
        job_of({}, Marks(surfaces=(replace(YARD, weights=(0.0, 0.0, 0.0)),)), camera={"ride": {"marks": ["*"]}}), 0
    )
    assert plan.camera.candidates == ()
