"""What is kept of a template between frames is measured anew as soon as a frame changes its shape."""

from __future__ import annotations

from dataclasses import replace

from scene_samples import workshop_and_job
from template_samples import PLACES, card, end, frame_of, make, named, names, save, settings

from pipeline.records import LampChange, ObjectChange, PartMotion, TemplateState
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.template.memory import TemplateMemory, shape_state
from pipeline.scene.workshop import close_scene

MOVED = TemplateState(objects=(ObjectChange(object_name="Card.0", motion=PartMotion(move_m=(0.0, 0.0, 0.4))),))


def test_labels_follow_what_a_frame_hides_and_moves(tmp_path):
    for number, place in enumerate(PLACES):
        card(f"Card.{number}", *place)
    first = frame_of(tmp_path, named("Card*"))
    end(first)
    hidden = make(tmp_path, first.workshop, replace(first.plan, template_state=TemplateState(hidden=("Card.1",))))
    assert names(hidden) == [f"template#Card.{n}" for n in (0, 2, 3)]
    end(hidden)
    moved = make(tmp_path, first.workshop, replace(first.plan, template_state=MOVED))
    assert [one.center_m[2] for one in moved.rendered.realised.instances] == [0.4000000059604645, 0.0, 0.0, 0.0]
    end(moved)
    again = make(tmp_path, first.workshop, first.plan)
    assert again.annotation.labels == first.annotation.labels
    end(again)


def test_things_fall_on_what_stands_there_in_their_frame(tmp_path):
    card("Floor", half=(3.0, 3.0))
    card("Card.0", 0.0, 0.0, 0.1, half=(1.0, 1.0))
    save(tmp_path)
    changes = settings(
        targets=[{"shapes": "cube", "category": "block", "size_m": 0.1}],
        placement={"drop": {"area_m": [0.3, 0.3]}},
    )
    workshop, job = workshop_and_job(tmp_path, tmp_path / "room.blend", **changes)
    plan = plan_frame(job, 0)
    away = TemplateState(objects=(ObjectChange(object_name="Card.0", motion=PartMotion(move_m=(2.5, 0.0, 0.0))),))

    def height(state: TemplateState) -> float:
        (item,) = build_scene(replace(plan, template_state=state), workshop).realised.instances
        close_scene(workshop)
        return round(item.center_m[2], 2)

    assert [height(state) for state in (TemplateState(), away, TemplateState(), away)] == [0.15, 0.05, 0.15, 0.05]


def test_a_measurement_is_made_once_a_state_and_light_changes_no_shape():
    memory, calls = TemplateMemory(), []

    def look(state: TemplateState) -> int:
        return memory.recall("sight", shape_state(state), lambda: (calls.append(state) or len(calls), ()))

    assert [look(TemplateState()), look(TemplateState()), look(MOVED), look(MOVED), look(TemplateState())] == [
        *(1, 1, 2, 2, 3)
    ]
    lit = replace(MOVED, lamps=(LampChange(object_name="Lamp", energy=3.0, color=(1.0, 0.5, 0.2)),))
    assert shape_state(lit) == shape_state(MOVED)
    assert shape_state(replace(MOVED, later_s=0.5)) != shape_state(MOVED) != shape_state(TemplateState())
    hung = replace(lit, lamps=(replace(lit.lamps[0], motion=PartMotion(move_m=(0.0, 0.0, 0.1))),))
    assert shape_state(hung) != shape_state(lit)
