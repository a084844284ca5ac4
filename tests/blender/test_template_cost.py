"""A frame's work does not grow with the objects of a template that it leaves alone: counted, not timed.

What Blender does in its own render, and C loops over a file's objects, are not counted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import bpy
import pytest
from scene_samples import workshop_and_job
from template_samples import card, named, save, settings

from pipeline.records import ObjectChange, PartMotion, TemplateState
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene

FEW, MANY = 15, 120
MOVED = TemplateState(objects=(ObjectChange(object_name="Card", motion=PartMotion(move_m=(0.1, 0.0, 0.0))),))


def counted(folder, many: int, state: TemplateState, until: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Lines of ours that the third frame in a state takes, and evaluations of the template meanwhile."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    card("Card", 0.0, 0.0, 0.1)
    card("Floor", half=(3.0, 3.0))
    paints = [bpy.data.materials.new("paint") for _ in range(5)]
    for number in range(many):
        other = card("Other", 0.4 + 0.1 * (number % 10), 0.3 * (number // 10) - 1.5, 0.01, half=(0.04, 0.1))
        other.data.materials.append(paints[number % 5])
    save(folder)
    changes = settings(named("Card"), targets=[{"shapes": "cube", "category": "block", "size_m": 0.1}])
    changes |= {"camera": {"shell": {"distance_m": 1.5}, "resolution": [16, 12]}, "outputs": ["rgb", "normal"]}
    workshop, job = workshop_and_job(folder, folder / "room.blend", **changes)
    device = choose_device("cpu")
    for frame in range(3):
        plan = replace(plan_frame(job, 0), template_state=state)
        with lines_run(frame == 2) as count, evaluations(workshop.session.scene) as evaluated:
            render_frame(build_scene(plan, workshop), plan, device, folder)
            until()
            close_scene(workshop)
    return {"lines": count[0], "evaluations": evaluated[0]}


@contextmanager
def lines_run(counting: bool) -> Iterator[list[int]]:
    count = [0]

    def trace(frame, event, _):
        if "/pipeline/" not in frame.f_code.co_filename:
            return None
        count[0] += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace if counting else before)
    try:
        yield count
    finally:
        sys.settrace(before)


@contextmanager
def evaluations(scene: bpy.types.Scene) -> Iterator[list[int]]:
    count = [0]

    def note(evaluated, *_):
        count[0] += evaluated.name == scene.name

    bpy.app.handlers.depsgraph_update_post.append(note)
    try:
        yield count
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(note)


@pytest.mark.parametrize("state", [TemplateState(), MOVED], ids=["as it is", "one thing moved"])
def test_a_frame_takes_as_many_steps_in_a_full_room_as_in_an_empty_one(state, tmp_path):
    few, many = counted(tmp_path, FEW, state), counted(tmp_path, MANY, state)
    assert few == many
    assert few["evaluations"] == 0 and few["lines"] > 1000


def test_a_loop_over_all_objects_would_be_seen(tmp_path):
    """The count is one that grows where something is done with each object."""
    from pipeline.scene.template.look import read_objects

    def walk() -> None:
        read_objects(bpy.context.scene)

    few, many = (counted(tmp_path, number, TemplateState(), walk)["lines"] for number in (FEW, MANY))
    assert many > few + MANY - FEW
