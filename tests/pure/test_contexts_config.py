"""Contexts of a scene file: what is allowed must exist, relations must end, and each says where and how many."""

from __future__ import annotations

import pytest
from test_globals import SCENE, load, problems

from pipeline.config.load import load_config

ALLOWED = "allowed: {mug: 1}"


def test_a_group_that_a_context_allows_is_placed_by_it_alone(tmp_path):
    from pipeline.config.contexts_section import own_count

    config = load(tmp_path, f"contexts: {{desk: {{anchor: A, {ALLOWED}}}}}")
    assert own_count(config.targets[0], config.contexts.values()).value == 0
    assert own_count(config.targets[0], ()).value == 1


@pytest.mark.parametrize(
    ("context", "problem"),
    [
        ("{anchor: A, allowed: {mag: 1}}", "contexts.x.allowed.mag: no group of targets or distractors has the name"),
        (f"{{{ALLOWED}}}", "contexts.x: give exactly one of surface, spline, volume, anchor, slot, related, got none"),
        (f"{{surface: A, spline: B, {ALLOWED}, count: 1}}", "contexts.x: give exactly one of surface, spline"),
        (f"{{surface: A, {ALLOWED}}}", "contexts.x: say how many: count, or density"),
        ("{anchor: A, allowed: {}}", "contexts.x: allowed is empty"),
        (f"{{anchor: A, density: 1, {ALLOWED}}}", "contexts.x: density belongs to surfaces, splines and volumes"),
        (f"{{spline: {{marks: A, gap_m: 1, headway_m: 2}}, {ALLOWED}}}", "contexts.x.spline: give gap_m or headway_m"),
        (f"{{spline: {{part: [0.5, 0.2], marks: A}}, {ALLOWED}}}", "contexts.x.spline: part [0.5, 0.2] is no part"),
        (
            f"{{spline: {{marks: A, pose: drop, speed_m_s: 1}}, {ALLOWED}}}",
            "contexts.x.spline: speed_m_s moves no",
        ),
        (f"{{spline: {{}}, {ALLOWED}}}", "contexts.x.spline: give marks or points_m, one of the two"),
        (f"{{related: {{next_to: y}}, {ALLOWED}}}", "contexts.x.related.next_to: there is no context 'y'"),
        (f"{{related: {{next_to: x}}, {ALLOWED}}}", "contexts.x.related: contexts relate to each other in a circle"),
        (f"{{related: {{next_to: y, on: y}}, {ALLOWED}}}", "contexts.x.related: give exactly one of on, inside"),
        ("{anchor: A, allowed: {mug: 0}}", "contexts.x: every weight of allowed can be 0 at once"),
        (f"{{anchor: A, absent: 2, {ALLOWED}}}", "contexts.x: absent can be 2, above 1"),
        (f"{{anchor: A, count: 100000, {ALLOWED}}}", "contexts.x.count: every scene would have 100000 things"),
        (f"{{surface: {{marks: A, clearance_m: -1}}, {ALLOWED}, count: 1}}", "contexts.x.surface: clearance_m -1 is"),
        (f"{{anchor: {{marks: A, clearance_m: -1}}, {ALLOWED}}}", "contexts.x.anchor: clearance_m -1 is below 0"),
        (f"{{spline: {{points_m: [[0, 0, 1], [0, 0, 1]]}}, {ALLOWED}}}", "contexts.x.spline: points_m has no two"),
        (f"{{spline: {{points_m: [[0, 0, 1]]}}, {ALLOWED}}}", "contexts.x.spline: points_m has no two points apart"),
        (
            f"{{volume: {{box: {{center_m: [0, 0, 0], size_m: [1, 0, 1]}}}}, {ALLOWED}, count: 1}}",
            "contexts.x.volume: box.size_m has 0, which is not above 0",
        ),
    ],
)
def test_what_is_wrong_is_said_where(context, problem, tmp_path):
    assert any(one.startswith(problem) for one in problems(tmp_path, f"contexts: {{x: {context}}}"))


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("surface: {marks: A, pose: drop}, count: 1", "the things of 'y' fall"),
        ("spline: {marks: A, pose: drop}, count: 1", "the things of 'y' fall"),
        ("volume: {marks: A, pose: drop}, count: 1", "the things of 'y' fall"),
        ("anchor: {marks: A, pose: drop}", "the things of 'y' fall"),
        ("related: {inside: z}", "the things of 'y' fall"),
        ("spline: {marks: A, speed_m_s: 1}, count: 1", "the things of 'y' move from view to view"),
        ("surface: A, count: 1", ""),
        ("spline: A, count: 1", ""),
    ],
)
def test_nothing_is_placed_by_what_falls_or_into_what_moves(other, problem, tmp_path):
    text = f"""
contexts:
  x: {{related: {{inside: y}}, {ALLOWED}}}
  y: {{{other}, {ALLOWED}}}
  z: {{anchor: B, {ALLOWED}}}
"""
    if problem:
        assert [one for one in problems(tmp_path, text) if one.startswith(f"contexts.x.related.inside: {problem}")]
    else:
        load(tmp_path, text)


def test_flow_does_not_follow_a_timeline(tmp_path):
    animated = "template: {file: a.blend, frame: 1}\nviews_per_scene: 2\noutputs: [rgb, flow]\nview_interval_s: "
    text = "view_interval_s: flow does not follow what the timeline of a template moves from view to view"
    assert any(one.startswith(text) for one in problems(tmp_path, f"{animated}0.1"))
    assert load(tmp_path, f"{animated}0").template.frame.value == 1


def test_a_scenario_that_wants_contexts_where_there_are_none_is_told(tmp_path):
    text = "scenarios: {one: {globals: {}, contexts: [desk]}}"
    assert "scenarios.one.contexts[0]: there is no context 'desk'" in problems(tmp_path, text)


@pytest.mark.parametrize("short", ["A", "[A, B]"])
def test_keys_are_laid_over_the_short_form_of_a_place(short, tmp_path):
    (tmp_path / "base.yaml").write_text(SCENE + f"contexts: {{x: {{surface: {short}, {ALLOWED}, count: 1}}}}\n")
    (tmp_path / "top.yaml").write_text("extends: base.yaml\ncontexts: {x: {surface: {pose: resting}}}\n")
    wanted = tuple(short.strip("[]").split(", "))
    law = load_config(tmp_path / "top.yaml", ["contexts.x.surface.align=normal"]).contexts["x"].surface
    assert (law.marks, law.pose, law.align) == (wanted, "resting", "normal")
    law = load_config(tmp_path / "base.yaml", ["contexts.x.surface.align=normal"]).contexts["x"].surface
    assert (law.marks, law.pose, law.align) == (wanted, "upright", "normal")
    law = load_config(tmp_path / "base.yaml", ["contexts.x.surface.rectangle.size_m=[1, 1]"]).contexts["x"].surface
    assert law.marks == () and law.rectangle.size_m == (1.0, 1.0)


def test_a_frame_of_the_timeline_is_set_beside_the_short_form_of_a_template(tmp_path):
    (tmp_path / "s.yaml").write_text(SCENE + "template: room.blend\n")
    template = load_config(tmp_path / "s.yaml", ["template.frame=7"], tmp_path).template
    assert (template.file, template.frame.value) == ("room.blend", 7.0)
