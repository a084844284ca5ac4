"""Structured domain randomization as the preset declares it: scenario, globals, contexts, things, camera."""

from __future__ import annotations

import math
from functools import cache

import pytest
from laws import p_shares, p_uniform

from pipeline.config.load import load_config, presets
from pipeline.config.schema import Config
from pipeline.geometry import matrix_from_quaternion
from pipeline.job import make_job
from pipeline.records import Asset, AssetRecipe, Catalogue, FramePlan, InstancePlan
from pipeline.sampling.globals import sample_globals
from pipeline.sampling.plan import plan_frame

LEAST_P = 1e-3
SCENES = 1000
SIZES_M = {"car": (4.5, 1.9, 1.5), "house": (9.0, 10.0, 7.0), "building": (11.0, 11.0, 15.0), "tree": (4.0, 4.0, 8.0)}
MEDIAN_M, SIGMA, LEAST_M, MOST_M = 14.0, 0.5, 14.0 * math.exp(-1.5), 45.0  # of headways
PART = 0.32  # of the road lies behind the first of the traffic


def asset(group: str) -> Asset:
    x, y, z = SIZES_M.get(group, (0.6, 0.6, 1.7))
    return Asset(
        asset_id=group,
        recipe=AssetRecipe(source=group),
        sha256=group,
        low_m=(-x / 2, -y / 2, 0.0),
        high_m=(x / 2, y / 2, z),
        radius_m=math.hypot(x, y, z) / 2,
        triangles=12,
        has_alpha=False,
        resting=(),
    )


def config_of(folder, text: str = "") -> Config:
    file = folder / "mine.yaml"
    file.write_text(f"extends: preset:sdr_prakash2018\n{text}")
    return load_config(file)


def catalogue(config: Config) -> Catalogue:
    return Catalogue(
        targets=tuple((asset(one.category or ""),) for one in config.targets),
        distractors=tuple((asset(one.name or ""),) for one in config.distractors),
        textures={},
        hdris=(),
    )


def drawn(config: Config, count: int) -> list[FramePlan]:
    job = make_job(config, catalogue(config))
    return [plan_frame(job, frame) for frame in range(count)]


def of(plan: FramePlan, context: str) -> list[InstancePlan]:
    return [one for one in plan.instances if one.context == context]


def heading_deg(one: InstancePlan) -> float:
    x, y, _ = matrix_from_quaternion(one.poses[0].rotation)[:, 0]
    return math.degrees(math.atan2(float(y), float(x)))


@cache
def scenes() -> tuple[tuple[str, dict[str, float]], ...]:
    """The scenario and the globals of many scenes."""
    config = load_config(presets()["sdr_prakash2018"])
    return tuple(sample_globals(config, ("scene", i))[1:] for i in range(SCENES))


def test_scenarios_come_as_often_as_their_weights_say():
    assert p_shares([name for name, _ in scenes()], {"rural": 0.2, "suburban": 0.4, "urban": 0.4}) > LEAST_P


def test_the_scenario_sets_the_lanes_and_their_traffic():
    lanes = {
        name: {values["lanes"] for scenario, values in scenes() if scenario == name} for name in ("rural", "urban")
    }
    assert lanes == {"rural": {1}, "urban": {1, 2, 3}}
    assert p_uniform([values["traffic"] for name, values in scenes() if name == "rural"], 0.1, 0.5) > LEAST_P
    assert p_uniform([values["traffic"] for name, values in scenes() if name == "urban"], 0.4, 1.0) > LEAST_P


def test_hour_and_clouds_are_even_whatever_the_scenario():
    for name in ("rural", "suburban", "urban"):
        assert p_uniform([values["time_h"] for scenario, values in scenes() if scenario == name], 6.5, 19.5) > LEAST_P
        assert p_uniform([values["cloudiness"] for scenario, values in scenes() if scenario == name], 0, 1) > LEAST_P


STRAIGHT = """
globals: {curvature: 0}
camera: {retries: 0}
scenarios:
  rural: null
  suburban: null
  urban: {contexts: [traffic], globals: {lanes: 1, oncoming: 1, traffic: %g}}
"""


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> list[FramePlan]:
    """Scenes of a straight road on which every place of the traffic is taken, and nothing else is there."""
    folder = tmp_path_factory.mktemp("straight")
    return drawn(config_of(folder, STRAIGHT % 1), 150)


def along(plan: FramePlan, way: int) -> list[tuple[float, float]]:
    """How far the traffic of a lane has come, and how far it is to the left of the road's middle, both its own way."""
    cars = [
        one.poses[0].location_m for one in of(plan, "traffic") if way * math.cos(math.radians(heading_deg(one))) > 0
    ]
    return sorted((way * x, way * y) for x, y, _ in cars)


def test_cars_follow_each_other_by_a_log_normal_headway(straight):
    gaps = [lane[1][0] - lane[0][0] for plan in straight for lane in (along(plan, 1), along(plan, -1))]
    assert min(gaps) >= LEAST_M - 1e-6 and max(gaps) <= MOST_M + 1e-6
    ends = [_phi(math.log(end / MEDIAN_M) / SIGMA) for end in (LEAST_M, MOST_M)]
    shares = [(_phi(math.log(gap / MEDIAN_M) / SIGMA) - ends[0]) / (ends[1] - ends[0]) for gap in gaps]
    assert p_uniform(shares, 0, 1) > LEAST_P


def _phi(value: float) -> float:
    return (1 + math.erf(value / math.sqrt(2))) / 2


def test_cars_keep_to_their_lanes(straight):
    for plan in straight:
        lane_m = plan.surroundings.road.lane_m
        for way in (1, -1):
            for x, y in along(plan, way):
                assert abs(y + lane_m / 2) <= 0.36 + 1e-6 and x >= (PART - 0.5) * 160
    spread = [y + plan.surroundings.road.lane_m / 2 for plan in straight for y in (along(plan, 1)[0][1],)]
    shares = [(_phi(one / 0.12) - _phi(-3)) / (_phi(3) - _phi(-3)) for one in spread]
    assert p_uniform(shares, 0, 1) > LEAST_P


def test_three_of_four_things_in_the_lanes_are_left_out_where_traffic_is_a_quarter(tmp_path):
    reports = [plan.contexts[0] for plan in drawn(config_of(tmp_path, STRAIGHT % 0.25), 40)]
    fates = ["placed"] * sum(one.placed for one in reports) + ["absent"] * sum(one.absent for one in reports)
    assert p_shares(fates, {"placed": 0.25, "absent": 0.75}) > LEAST_P


def test_cars_are_eight_times_as_many_as_trucks_in_the_lanes(straight):
    kinds = [one.asset_id for plan in straight for one in of(plan, "traffic")]
    assert p_shares(kinds, {"car": 8 / 9, "truck": 1 / 9}) > LEAST_P


def test_houses_face_the_road_and_parked_cars_stand_at_the_kerb(tmp_path):
    plans = drawn(config_of(tmp_path, "globals: {curvature: 0}"), 12)
    houses = [one for plan in plans for one in of(plan, "houses")]
    assert len(houses) > 40
    for one in houses:
        assert abs(heading_deg(one) + math.copysign(90, one.poses[0].location_m[1])) <= 5 + 1e-6
    cars = [(plan, one) for plan in plans for one in of(plan, "parked")]
    assert len(cars) > 40
    for plan, one in cars:
        road = plan.surroundings.road
        edge = ((road.lanes + road.oncoming) * road.lane_m + 2 * road.shoulder_m) / 2
        assert abs(edge - abs(one.poses[0].location_m[1]) - 1.2) <= 0.15 + 1e-6


def test_the_camera_rides_in_a_lane_behind_the_traffic(straight):
    for plan in straight:
        x, y, z = plan.camera.candidates[0].offset_m
        assert -72 - 1e-6 <= x <= -40 + 1e-6 and 1.3 <= z <= 1.9
        assert abs(y + plan.surroundings.road.lane_m / 2) <= 0.6 + 1e-6
        assert all(ahead > x for ahead, _ in along(plan, 1))


def test_without_structure_the_same_things_are_anywhere(tmp_path):
    structured, plain = drawn(config_of(tmp_path), 3), drawn(config_of(tmp_path, "structure: 0"), 3)
    for one, other in zip(structured, plain, strict=True):
        assert {(item.context, item.asset_id) for item in of(other, "traffic")} <= {
            (item.context, item.asset_id) for item in one.instances
        }
        ups = [matrix_from_quaternion(item.poses[0].rotation)[2, 2] for item in other.instances]
        assert len(ups) > 10 and min(ups) < -0.5 < 0.5 < max(ups)
        assert all(matrix_from_quaternion(item.poses[0].rotation)[2, 2] == pytest.approx(1.0) for item in one.instances)


def test_own_cars_are_all_that_need_be_given(tmp_path):
    config = config_of(tmp_path, "categories: [{id: 1, name: car}]\ntargets: [{files: models/, category: car}]")
    assert [group.files for group in config.targets] == [("models",)]
    (plan, *_) = drawn(config, 1)
    assert any(one.role == "target" for one in plan.instances)
