"""Things along lines: their law of distances, where they stand, which way they point, and that none disturbs others."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from furnished import CAR, filled, job_of, ks_distance, ks_limit, middles, overlaps, plate, spline, straight

from pipeline.geometry import matrix_from_quaternion
from pipeline.records import Marks
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.structured.standing import box_at

CAR_M = CAR[1][0] - CAR[0][0]
CARS = {"allowed": {"car": 1}}
MIXED = {"allowed": {"car": 1, "post": 1}}
BEND = spline([(0, 0, 0), (9, 0, 0), (9, 9, 0)])
LONG = Marks(splines=(straight(60_000.0),))


def lane(context=CARS, **law) -> dict:
    return {"lane": {"spline": {"marks": ["lane"], **law}, **context}}


def headings_deg(placed) -> np.ndarray:
    axes = np.array([matrix_from_quaternion(one.poses[0].rotation)[:, 0] for one in placed])
    return np.degrees(np.arctan2(axes[:, 1], axes[:, 0]))


def lengths(placed) -> np.ndarray:
    return np.array([2 * box_at(one.chosen, one.poses[0])[1][0] for one in placed])


def test_gaps_follow_their_law():
    placed, (report,) = filled(lane(MIXED, gap_m={"exponential": {"mean": 6, "low": 2, "high": 40}}), LONG)
    x, half = middles(placed)[:, 0], lengths(placed) / 2
    gaps = (x[1:] - half[1:]) - (x[:-1] + half[:-1])
    assert len(placed) > 5000 and report.placed == len(placed) and not report.dropped
    whole = -math.expm1(-38 / 6)
    assert ks_distance(gaps, lambda gap: -math.expm1((2 - gap) / 6) / whole) < ks_limit(len(gaps))
    assert overlaps(placed) == 0


def test_headways_follow_their_law():
    law = {"log_normal": {"median": 11, "sigma": 0.3, "low": 5, "high": 40}}
    placed, _ = filled(lane(MIXED, headway_m=law), LONG)
    headways = np.diff(middles(placed)[:, 0])
    normal = NormalDist(math.log(11), 0.3)
    low, high = normal.cdf(math.log(5)), normal.cdf(math.log(40))
    assert len(placed) > 5000
    assert ks_distance(headways, lambda x: (normal.cdf(math.log(x)) - low) / (high - low)) < ks_limit(len(headways))
    assert overlaps(placed) == 0


def test_too_short_a_headway_moves_a_thing_on_until_it_fits():
    placed, _ = filled(lane(headway_m=1.0, clearance_m=0.5), Marks(splines=(straight(100.0),)))
    assert np.diff(middles(placed)[:, 0]) == pytest.approx(CAR_M + 0.5) and len(placed) == 22


def test_a_density_is_a_poisson_number_spread_evenly():
    marks = Marks(splines=(straight(400.0),))
    counts, places = [], []
    for scene in range(150):
        placed, (report,) = filled(lane({"allowed": {"post": 1}, "density": 0.05}), marks, scene)
        counts.append(report.placed + sum(report.dropped.values()))
        places += middles(placed)[:, 0].tolist()
    assert np.mean(counts) == pytest.approx(20, abs=4 * math.sqrt(20 / 150))
    assert np.var(counts) == pytest.approx(20, rel=0.5)
    assert ks_distance(places, lambda x: (x - 0.1) / 399.8) < ks_limit(len(places))


def test_lateral_and_heading_follow_their_laws_and_stay_within_the_width():
    law = {"lateral_m": {"normal": [0, 0.4]}, "heading_deg": {"normal": [10, 3]}, "gap_m": 3, "width_m": 3.4}
    placed, _ = filled(lane(**law), Marks(splines=(straight(10_000.0),)))
    y, heading = middles(placed)[:, 1], headings_deg(placed)
    normal = NormalDist(10, 3)
    low, high = normal.cdf(1), normal.cdf(19)
    assert ks_distance(heading, lambda x: (normal.cdf(x) - low) / (high - low)) < ks_limit(len(heading))
    wide = np.abs(y) + np.sin(np.radians(heading)) * 2 + np.cos(np.radians(heading)) * 0.9
    assert wide.max() <= 1.7 + 1e-6 and 0.15 < np.std(y) < 0.4


def test_some_are_turned_the_other_way_round():
    placed, _ = filled(lane(gap_m=1, reverse=0.3), Marks(splines=(straight(5_000.0),)))
    turned = np.abs(headings_deg(placed)) > 90
    assert turned.mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / len(placed)))


def test_a_closed_line_is_filled_all_round():
    a = np.linspace(0, 2 * np.pi, 721)[:-1]
    ring = spline(np.stack([100 * np.cos(a), 100 * np.sin(a), 0 * a], axis=1), closed=True)
    starts = []
    for scene in range(12):
        placed, _ = filled(lane(gap_m=2), Marks(splines=(ring,)), scene)
        angles = np.unwrap(np.arctan2(*middles(placed)[:, 1::-1].T))
        gaps = np.diff([*angles, angles[0] + 2 * np.pi]) * 100
        assert len(placed) == 104 and gaps[:-1] == pytest.approx(6, rel=1e-3)
        assert gaps[-1] >= 6 - 1e-3 and overlaps(placed) == 0
        starts.append(angles[0] % (2 * np.pi))
    assert np.ptp(starts) > 3


def test_things_keep_to_their_part_of_the_line_and_turn_with_it():
    line = spline([(0, 0, 0), (100, 0, 0), (100, 100, 0)])
    placed, _ = filled(lane(gap_m=1, part=[0.25, 0.75]), Marks(splines=(line,)))
    at = middles(placed)
    along = np.where(at[:, 1] > 0, 100 + at[:, 1], at[:, 0])
    assert along.min() >= 52 and along.max() <= 148
    assert headings_deg(placed)[along < 100] == pytest.approx(0)
    assert headings_deg(placed)[along > 100] == pytest.approx(90)


def test_copies_lie_side_by_side():
    marks = Marks(splines=(straight(100.0, copies=(3, 3), copy_offset_m=(3.5, 3.5), offset_m=(1, 1)),))
    placed, _ = filled(lane(gap_m=1), marks)
    assert sorted(set(middles(placed)[:, 1].round(6))) == [1.0, 4.5, 8.0]


def test_what_the_artist_set_holds_unless_the_scene_file_says_otherwise():
    marks = Marks(splines=(straight(100.0, spacing_m=(2, 2), offset_m=(1, 1), lateral_m=(0.5, 0.5)),))
    placed, _ = filled(lane(), marks)
    y = middles(placed)[:, 1]
    assert np.diff(middles(placed)[:, 0]) == pytest.approx(CAR_M + 2)
    assert np.ptp(y) > 0.3 and np.abs(y - 1).max() <= 0.5
    placed, _ = filled(lane(gap_m=5, offset_m=0, lateral_m=0), marks)
    assert np.diff(middles(placed)[:, 0]) == pytest.approx(CAR_M + 5)
    assert middles(placed)[:, 1] == pytest.approx(0)


def test_things_are_set_down_on_surfaces_and_tilt_with_them():
    marks = Marks(splines=(spline([(0, 0, 9), (50, 0, 9)]),), surfaces=(plate((-9, -9), (99, 9), 1.0, slope=0.1),))
    placed, _ = filled(lane(gap_m=3, onto=["ground"], align="normal"), marks)
    normal = np.array([-0.1, 0, 1]) / math.hypot(0.1, 1)
    for one in placed:
        pose, half = box_at(one.chosen, one.poses[0])
        corners = [pose[:3, 3] + pose[:3, :3] @ (half * (x, y, -1)) for x in (-1, 1) for y in (-1, 1)]
        assert np.abs([(corner - (0, 0, 1)) @ normal for corner in corners]).max() < 1e-6
    flat, _ = filled(lane(gap_m=3, onto=["ground"]), marks)
    assert all(matrix_from_quaternion(one.poses[0].rotation)[2, 2] == pytest.approx(1) for one in flat)
    assert middles(flat)[:, 2] == pytest.approx(1 + 0.75 + 0.1 * middles(flat)[:, 0])


def test_things_pitch_with_the_slope_of_the_line():
    placed, _ = filled(lane(gap_m=3, align="normal"), Marks(splines=(spline([(0, 0, 0), (40, 0, 30)]),)))
    assert all(
        matrix_from_quaternion(one.poses[0].rotation)[:, 0] == pytest.approx((0.8, 0, 0.6), abs=1e-9) for one in placed
    )


@pytest.mark.parametrize(
    ("law", "context", "marks", "reason"),
    [
        ({"width_m": 1.0, "gap_m": 1, "part": [0, 0.1]}, CARS, Marks(splines=(straight(60.0),)), "wider than the line"),
        ({}, CARS, Marks(splines=(straight(3.0),)), "longer than the line"),
        ({"gap_m": 1}, {**CARS, "count": 9}, Marks(splines=(straight(20.0),)), "the line is full"),
        ({"onto": ["ground"]}, CARS, Marks(splines=(straight(60.0),)), "no surface below"),
        ({}, {**CARS, "count": 99}, Marks(splines=(straight(60.0),)), "no room"),
        ({"offset_m": 9}, CARS, Marks(splines=(BEND,)), "the bend is too narrow for a parallel"),
    ],
)  # fmt: skip
def test_what_finds_no_place_is_counted_by_its_reason(law, context, marks, reason):
    _, (report,) = filled(lane(context, **law), marks)
    assert report.dropped.get(reason, 0) > 0 and set(report.dropped) == {reason}


def test_another_line_changes_nothing_on_the_first():
    one, two = straight(200.0), spline([(0, 50, 0), (200, 50, 0)], "lane.2")
    law = {"gap_m": {"uniform": [1, 9]}, "lateral_m": {"uniform": [-1, 1]}, "marks": ["lane*"]}
    before, _ = filled(lane(MIXED, **law), Marks(splines=(one,)))
    after, _ = filled(lane(MIXED, **law), Marks(splines=(one, two)))
    kept = [item for item in after if item.chosen.stream.startswith("contexts/lane/lane/")]
    assert [(item.chosen, item.poses) for item in kept] == [(item.chosen, item.poses) for item in before]
    assert len(after) > len(before)


def test_what_falls_is_let_go_over_its_place():
    placed, _ = filled(lane(gap_m=3, pose="drop"), Marks(splines=(straight(60.0),)))
    for i, one in enumerate(placed):
        assert one.placed_as == "drop" and len(one.poses) == 4
        assert one.zone.center_m == (30, 0, 0) and one.poses[0].location_m[2] > 2
        assert one.poses[0].location_m[0] == pytest.approx(placed[0].poses[0].location_m[0] + 7 * i, abs=1e-4)


def test_a_curve_of_the_scene_file_needs_no_template():
    placed, _ = filled({"lane": {"spline": {"points_m": [[0, 0, 1], [30, 0, 1]], "gap_m": 1}, **CARS}})
    assert middles(placed)[:, 2] == pytest.approx(1.75) and len(placed) == 6


MOVING = {"views_per_scene": 4, "view_interval_s": 0.5, "outputs": ["rgb", "flow"]}


def test_things_of_one_line_move_together_and_every_view_knows_the_next():
    job = job_of(lane(gap_m=3, speed_m_s={"uniform": [4, 8]}), Marks(splines=(straight(80.0),)), **MOVING)
    plans = [plan_frame(job, i) for i in range(8)]
    for scene in (plans[:4], plans[4:]):
        cars = [[one for one in plan.instances if one.context] for plan in scene]
        assert all(one.start is None for one in scene[0].instances if not one.context)
        x = np.array([[one.poses[0].location_m[0] for one in view] for view in cars])
        speed = (x[1] - x[0])[0] / 0.5
        assert 4 <= speed <= 8 and np.diff(x, axis=0) == pytest.approx(speed * 0.5)
        assert all([one.start for one in view] == [one.poses[0] for one in cars[0]] for view in cars)
        for now, after in zip(scene, cars[1:], strict=False):
            moved = [(one.instance_id, one.pose) for one in now.next_view.moved]
            assert moved == [(one.instance_id, one.poses[0]) for one in after]


def test_moving_things_turn_with_a_closed_line():
    a = np.linspace(0, 2 * np.pi, 721)[:-1]
    ring = spline(np.stack([10 * np.cos(a), 10 * np.sin(a), 0 * a], axis=1), closed=True)
    job = job_of(lane({**CARS, "count": 1}, speed_m_s=10 * math.pi), Marks(splines=(ring,)), **MOVING)
    first, second, third = (plan_frame(job, i).instances[-1].poses[0] for i in (0, 1, 2))
    axes = [matrix_from_quaternion(pose.rotation)[:, 0] for pose in (first, second, third)]
    assert abs(axes[0] @ axes[1]) < 0.02 and axes[0] @ axes[2] == pytest.approx(-1, abs=1e-3)
    assert np.add(first.location_m, third.location_m)[:2] == pytest.approx((0, 0), abs=0.01)


def test_things_that_are_alike_stand_together_and_behind_each_other():
    marks = Marks(splines=(straight(400.0, copies=(2, 2), copy_offset_m=(3, 3)),))
    context = {"spline": {"marks": ["lane"], "gap_m": 0.5, "start_m": 0, "alike": 3}, "allowed": {"car": 1, "post": 1}}
    placed, _ = filled({"row": {**context, "scale": {"uniform": [0.5, 1.0]}}}, marks)
    looks = {
        copy: [(one.chosen.asset.asset_id, one.chosen.scale) for one in placed if f"/0/{copy}/" in one.chosen.stream]
        for copy in (0, 1)
    }
    assert looks[0] == looks[1]
    runs = [looks[0][i : i + 3] for i in range(0, len(looks[0]), 3)]
    assert all(len(set(run)) == 1 for run in runs) and len({run[0] for run in runs}) == len(runs) > 20
    assert len({one.chosen.stream for one in placed}) == len(placed)


def test_how_many_are_alike_is_drawn_anew_for_each():
    marks = Marks(splines=(straight(100.0),))
    context = {
        "spline": {"marks": ["lane"], "alike": {"integer": [1, 2]}},
        "allowed": {"car": 1, "post": 1},
        "count": 9,
    }
    placed, _ = filled({"row": {**context, "scale": {"uniform": [0.2, 0.4]}}}, marks)
    assert 5 <= len({one.chosen.scale for one in placed}) <= 8
