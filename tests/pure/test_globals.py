"""Globals: drawn once a scene, the same wherever they stand, by scenario; wrong names and ranges are found before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planned_scenes import planned_job

from pipeline.config.global_reference import Global
from pipeline.config.load import load_config
from pipeline.errors import ConfigError
from pipeline.job import make_job
from pipeline.sampling.globals import sample_globals
from pipeline.sampling.plan import plan_frame
from pipeline.structure import Reader, structure, unstructure

SCENE = """
categories: [{id: 1, name: mug}]
targets: [{shapes: [cube], category: mug}]
camera: {shell: {distance_m: 1}}
"""


def load(tmp_path, text):
    path = tmp_path / "s.yaml"
    path.write_text(SCENE + text)
    return load_config(path)


def problems(tmp_path, text):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return [f"{one.path}: {one.message}" for one in caught.value.problems]


def plans_of(tmp_path, text, count=1, views=1):
    """Plans of a scene that has no assets to be found: its catalogue is that of the planned scenes."""
    job = planned_job(tmp_path)
    config = load(tmp_path, text)
    data = {**unstructure(job.config), "globals": unstructure(config.globals), "views_per_scene": views}
    data |= {"scenarios": unstructure(config.scenarios), "render": unstructure(config.render)}
    reader = Reader()
    changed = structure(data, type(job.config), reader)
    assert not reader.problems
    changed_job = make_job(changed, job.catalogue)
    return [plan_frame(changed_job, frame) for frame in range(count)]


def test_a_global_is_the_same_wherever_it_stands(tmp_path):
    text = """
globals: {x: {uniform: [0, 1]}, y: {global: {name: $x, scale: 2, offset: 1}}}
render: {exposure_ev: {global: {name: $y, at: [1, 3], gives: [-1, 1]}}}
"""
    seen = set()
    for plan in plans_of(tmp_path, text, 20):
        x, y = plan.globals["x"], plan.globals["y"]
        assert y == pytest.approx(2 * x + 1, abs=1e-8)
        assert plan.render.exposure_ev == pytest.approx(2 * x - 1, abs=1e-8)
        seen.add(x)
    assert len(seen) == 20


def test_views_of_a_scene_share_its_globals(tmp_path):
    a, b, c = plans_of(tmp_path, "globals: {x: {uniform: [0, 1]}}", 3, views=2)
    assert a.globals == b.globals != c.globals


def test_another_global_changes_no_number_of_the_plan(tmp_path):
    text = "globals: {x: {uniform: [0, 1]}%s}\nrender: {exposure_ev: $x}"
    one, two = (plans_of(tmp_path, text % more)[0] for more in ("", ", a: {normal: [0, 1]}"))
    assert two.globals["x"] == one.globals["x"] == one.render.exposure_ev
    assert (one.instances, one.camera, one.world) == (two.instances, two.camera, two.world)


def test_a_scenario_brings_its_globals_as_often_as_its_weight_says(tmp_path):
    text = """
globals: {lanes: 2}
scenarios: {town: {weight: 3, globals: {lanes: {integer: [3, 4]}}}, country: {globals: {}}}
"""
    config = replace(load(tmp_path, text), seed=planned_job(tmp_path).config.seed)
    drawn = [sample_globals(config, ("scene", scene))[1:] for scene in range(400)]
    town = [values for scenario, values in drawn if scenario == "town"]
    assert {values["lanes"] for values in town} == {3.0, 4.0}
    assert {values["lanes"] for scenario, values in drawn if scenario == "country"} == {2.0}
    assert abs(len(town) - 300) < 40
    plans = plans_of(tmp_path, text, 10)
    assert [(plan.scenario, plan.globals) for plan in plans] == drawn[:10]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("render: {exposure_ev: $wetnes}\nglobals: {wetness: 1}", "render.exposure_ev: there is no global $wetnes"),
        (
            "globals: {clutter: 1}\nscenarios: {one: {globals: {cluter: 3}}}\nrender: {exposure_ev: $clutter}",
            "scenarios.one.globals.cluter: nothing uses the global 'cluter'",
        ),
        ("globals: {a: $b, b: $a}", "globals: globals depend on each other in a circle: $a -> $b -> $a"),
        ("globals: {a: $a}", "globals: globals depend on each other in a circle: $a -> $a"),
        ("globals: {a-b: 1}", "scene: 'a-b' is no name for a global"),
        (
            "globals: {f: {uniform: [0.5, 1.2]}}\nphysics: {friction: $f}",
            "physics: friction can be 1.2, above 1",
        ),
        (
            "scenarios: {one: {globals: {f: 1}}, two: {globals: {}}}\nphysics: {friction: $f}",
            "physics.friction: there is no global $f in every scenario",
        ),
        (
            "globals: {x: 1}\nrender: {exposure_ev: {global: {name: $x, at: [1, 0], gives: [1, 2]}}}",
            "render.exposure_ev.global: the points of at do not rise",
        ),
    ],
)
def test_what_is_wrong_is_said_where(text, problem, tmp_path):
    assert problem.removeprefix("scene") in [one.removeprefix("scene") for one in problems(tmp_path, text)]


def test_what_is_wrong_without_any_global_is_said_once(tmp_path):
    found = problems(tmp_path, "globals: {x: 1}\nrender: {samples_per_pixel: 1.5, exposure_ev: $x}")
    assert [one for one in found if one.startswith("render")] == [
        "render.samples_per_pixel: expected a whole number, got 1.5"
    ]


def test_a_global_of_0_is_no_wrong_headway(tmp_path):
    lane = "{spline: {points_m: [[0, 0, 0], [1, 0, 0]], headway_m: $gap}, allowed: {mug: 1}}"
    catalogue = replace(planned_job(tmp_path).catalogue, distractors=())
    config = load(tmp_path, f"globals: {{gap: {{choice: [0, 0.5]}}}}\ncontexts: {{lane: {lane}}}")
    job = make_job(config, replace(catalogue, targets=catalogue.targets[:1]))
    counts = {plan.globals["gap"]: len(plan.instances) for plan in (plan_frame(job, frame) for frame in range(8))}
    assert counts[0.0] > counts[0.5] >= 1


def test_extended_globals_and_contexts_merge_by_name(tmp_path):
    (tmp_path / "base.yaml").write_text(
        SCENE
        + "globals: {x: 1, y: 2}\n"
        + "contexts:\n  a: {anchor: {marks: A, move_m: 0.5}, allowed: {mug: 1}}\n  b: {anchor: B, allowed: {mug: 1}}\n"
    )
    (tmp_path / "top.yaml").write_text(
        "extends: base.yaml\nglobals: {y: 3}\ncontexts: {a: {anchor: {marks: Z}}, b: null}\n"
    )
    config = load_config(tmp_path / "top.yaml")
    assert {key: one.value for key, one in config.globals.items()} == {"x": 1.0, "y": 3.0}
    assert list(config.contexts) == ["a"]
    assert config.contexts["a"].anchor.marks == ("Z",) and config.contexts["a"].anchor.move_m.value == 0.5


def test_what_only_another_scenario_holds_is_not_placed(tmp_path):
    text = """
contexts: {air: {volume: {box: {center_m: [0, 0, 1], size_m: [1, 1, 1]}}, allowed: {mug: 1}, count: 2}}
scenarios: {some: {globals: {}}, none: {globals: {}, contexts: []}}
"""
    catalogue = replace(planned_job(tmp_path).catalogue, distractors=())
    job = make_job(load(tmp_path, text), replace(catalogue, targets=catalogue.targets[:1]))
    plans = [plan_frame(job, frame) for frame in range(20)]
    assert {(plan.scenario, len(plan.instances)) for plan in plans} == {("some", 2), ("none", 0)}


def test_between_points_a_global_goes_straight_and_beyond_them_stays():
    day = Global(name="$time_h", at=(6, 12, 18), gives=(0.1, 1, 0.3))
    assert [day.of(hour) for hour in (0, 6, 9, 12, 18, 24)] == pytest.approx([0.1, 0.1, 0.55, 1, 0.3, 0.3])
    assert day.range_of(0, 24) == (0.1, 1) and day.range_of(6, 9) == pytest.approx((0.1, 0.55))


def test_one_global_is_set_from_the_command_line_beside_the_others(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(SCENE + "globals: {x: 1, y: 2}\nrender: {exposure_ev: $x}\n")
    config = load_config(path, ["globals.y={uniform: [3, 4]}", "globals.z=5"])
    assert sorted(config.globals) == ["x", "y", "z"]
    assert (config.globals["x"].value, config.globals["y"].high, config.globals["z"].value) == (1, 4, 5)


def test_a_weight_is_set_beside_the_others(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        SCENE.replace("category: mug}", "category: mug}, {shapes: [cone], name: hat, category: mug}")
        + "contexts: {a: {anchor: A, allowed: {mug: 1, hat: 2}}}\n"
    )
    allowed = load_config(path, ["contexts.a.allowed.hat=5"]).contexts["a"].allowed
    assert {name: weight.value for name, weight in allowed.items()} == {"mug": 1, "hat": 5}
