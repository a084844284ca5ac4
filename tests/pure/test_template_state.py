"""What a template's marks let vary: within the artist's ranges, each thing by streams of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planned_scenes import planned_job

from pipeline.config.distributions import Integer
from pipeline.config.schema import Template
from pipeline.records import MarkedBone, MarkedLamp, MarkedVaried, Marks, Settings
from pipeline.sampling.colors import black_body
from pipeline.sampling.template_state import sample_template_state


def varied(name, materials_known=(), bones=(), **settings):
    """An object of two material slots; settings of two numbers are ranges, of three vectors, texts are words."""
    numbers = {key: value for key, value in settings.items() if not isinstance(value, str)}
    return MarkedVaried(
        name=name,
        object_name=name,
        slots=("Wood", "Metal"),
        materials=tuple(materials_known),
        bones=tuple(bones),
        settings=Settings(
            ranges={key: value for key, value in numbers.items() if len(value) == 2},
            vectors={key: value for key, value in numbers.items() if len(value) == 3},
            words={key: value for key, value in settings.items() if isinstance(value, str)},
        ),
    )


@pytest.fixture
def states(tmp_path):
    job = planned_job(tmp_path)

    def make(marks, count=200, frame=None, view=0, interval_s=0.0):
        config = replace(job.config, template=Template(file="a.blend", frame=frame), view_interval_s=interval_s)
        catalogue = replace(job.catalogue, marks=marks)
        scopes = [("scene", i) for i in range(count)]
        return [sample_template_state(config, catalogue, one, one, one, view) for one in scopes]

    return make


def test_what_shows_by_chance_is_hidden_as_often_as_it_is_left_out(states):
    hidden = [state.hidden for state in states(Marks(varied=(varied("Cup", visible=(0.3, 0.3)),)), 1000)]
    assert {(), ("Cup",)} == set(hidden) and abs(hidden.count(()) - 300) < 60


def test_of_a_group_exactly_one_shows_each_as_often(states):
    marks = Marks(varied=tuple(varied(name, one_of="fruit") for name in ("Apple", "Pear", "Plum")))
    hidden = [state.hidden for state in states(marks, 600)]
    assert all(len(one) == 2 for one in hidden)
    assert all(abs(hidden.count(one) - 200) < 60 for one in set(hidden)) and len(set(hidden)) == 3


def test_ranges_are_reached_and_never_left(states):
    marks = Marks(
        varied=(
            varied("A", move_m=(0.5, 0.5), turn_deg=(10.0, 20.0), scale=(0.8, 1.2)),
            varied("B", move_m=(0.1, 0.2, 0.3), turn_deg=(5.0, 0.0, 90.0)),
        )
    )
    made = states(marks, 400)
    a, b = ([state.objects[i] for state in made] for i in (0, 1))
    moves = np.array([one.motion.move_m for one in a])
    assert np.abs(moves).max(axis=0) == pytest.approx([0.5, 0.5, 0.0], abs=0.02) and np.abs(moves).max() <= 0.5
    turns = np.array([one.motion.turn_deg for one in a])
    assert (turns[:, :2] == 0).all() and 10 <= turns[:, 2].min() < 10.5 and 19.5 < turns[:, 2].max() <= 20
    scales = [one.scale for one in a]
    assert 0.8 <= min(scales) < 0.82 and 1.18 < max(scales) <= 1.2
    assert np.abs([one.motion.move_m for one in b]).max(axis=0) == pytest.approx([0.1, 0.2, 0.3], abs=0.02)
    assert np.abs([one.motion.turn_deg for one in b]).max(axis=0) == pytest.approx([5, 0, 90], abs=2)


def test_materials_are_jittered_replaced_or_of_those_named(states):
    marks = Marks(
        varied=(
            varied("J", materials="jitter"),
            varied("N", materials="Oak, Pine", materials_known=["Oak", "Pine"], slots="Wood"),
            varied("R", materials="replace", slots="M*"),
            varied("S", move_m=(1.0, 1.0)),
        )
    )
    made = states(marks, 50)
    j, n, r, s = made[0].objects
    assert [look.slot for look in j.looks] == [0, 1] and all(look.jitter for look in j.looks)
    assert {state.objects[1].looks[0].material for state in made} == {"Oak", "Pine"} and len(n.looks) == 1
    assert [(look.slot, look.made is not None) for look in r.looks] == [(1, True)] and s.looks == ()


def test_lamps_have_the_energy_and_the_colour_of_their_ranges(states):
    def lamp(name, **ranges):
        settings, color = Settings(ranges=ranges), (1.0, 0.5, 0.2)
        return MarkedLamp(name=name, object_name=name, kind="point", energy=50.0, color=color, settings=settings)

    warm = lamp("b", energy_w=(5.0, 9.0), temperature_k=(3000, 3000))
    marks = Marks(lamps=(lamp("a", energy_scale=(0.5, 2.0)), warm))
    made = states(marks, 300)
    a, b = ([state.lamps[i] for state in made] for i in (0, 1))
    assert 25 <= min(one.energy for one in a) < 27 and 95 < max(one.energy for one in a) <= 100
    assert {one.color for one in a} == {(1.0, 0.5, 0.2)} and {one.color for one in b} == {black_body(3000)}
    assert min(one.energy for one in b) >= 5 and max(one.energy for one in b) <= 9


def test_bones_bend_within_their_ranges(states):
    bones = [MarkedBone(bone="elbow", settings=Settings(vectors={"turn_deg": (0.0, 45.0, 0.0)}))]
    turns = [state.bones[0].motion.turn_deg for state in states(Marks(varied=(varied("Rig", bones=bones),)), 300)]
    assert np.abs(turns).max(axis=0) == pytest.approx([0, 45, 0], abs=2)


def test_a_frame_of_the_timeline_is_drawn_and_views_follow(states):
    made = states(Marks(), 300, Integer(low=10, high=12), view=3, interval_s=0.5)
    assert {state.frame for state in made} == {10, 11, 12} and {state.later_s for state in made} == {1.5}
    assert {state.frame for state in states(Marks(), 5)} == {None}


def test_another_mark_changes_no_number_of_the_first(states):
    a, b = varied("A", move_m=(1.0, 1.0), visible=(0.5, 0.5), materials="jitter"), varied("B", scale=(1.0, 2.0))
    alone, both = states(Marks(varied=(a,)), 20), states(Marks(varied=(a, b)), 20)
    assert [state.objects[0] for state in alone] == [state.objects[0] for state in both]
    assert [state.hidden for state in alone] == [state.hidden for state in both]
