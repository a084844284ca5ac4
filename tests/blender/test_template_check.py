"""What `check` says of the template's labelled things: unknown names, hidden ones, too many, and their count."""

from __future__ import annotations

import bpy
import pytest
from scene_samples import SCENE
from template_samples import card, named, points, save, scatter, settings

from pipeline.addresses import Places
from pipeline.check import describe_job
from pipeline.config.schema import Config
from pipeline.errors import AssetError
from pipeline.job import make_job
from pipeline.sampling.plan import plan_frame
from pipeline.scene.survey.catalogue import survey
from pipeline.scene.workshop import open_workshop
from pipeline.structure import Reader, structure


def job_of(folder, *targets, **changes):
    """The job of the open file as template, and what survey said on the way."""
    save(folder)
    workshop = open_workshop(Places(base_dir=folder), folder / "room.blend")
    config = structure({**SCENE, **settings(*targets, **changes)}, Config, Reader())
    said: list[str] = []
    return make_job(config, survey(config, workshop.places, workshop.library, said.append, workshop.session)), said


def test_unknown_names_are_errors_with_the_nearest_known(tmp_path):
    card("Mug")
    bpy.data.collections.new("Cups")
    bpy.context.scene.collection.children.link(bpy.data.collections["Cups"])
    wrong = {"collections": ["Cpus"], "category": "block"}
    with pytest.raises(AssetError) as caught:
        job_of(tmp_path, named("Mog", "Bowl*"), wrong)
    text = str(caught.value)
    assert "template.targets[0].objects[0]: the template has no object 'Mog' (did you mean 'Mug'?)" in text
    assert "template.targets[0].objects[1]: the template has no object 'Bowl*'" in text
    assert "template.targets[1].collections[0]: the template has no collection 'Cpus' (did you mean 'Cups'?)" in text


def test_what_only_hidden_objects_match_is_an_error(tmp_path):
    card("Mug").hide_render = True
    with pytest.raises(AssetError, match="'Mug' shows nothing in renders .give it a surface, and let it show"):
        job_of(tmp_path, named("Mug"))


def test_a_hidden_object_among_shown_ones_is_said(tmp_path):
    card("Mug.1")
    card("Mug.2").hide_render = True
    job, said = job_of(tmp_path, named("Mug*"))
    assert said == ["template.targets[0]: 'Mug.2' is not shown in renders and gets no label"]
    assert [one.name for one in job.catalogue.template_objects] == ["Mug.1"]


def test_one_object_of_two_categories_is_an_error(tmp_path):
    card("Mug")
    categories = [{"id": 1, "name": "block"}, {"id": 2, "name": "mug"}]
    with pytest.raises(AssetError, match=r"'Mug' is 'mug' here, and 'block' in template.targets\[0\] .name it once"):
        job_of(tmp_path, named("*"), {"objects": ["Mug"], "category": "mug"}, categories=categories)


def test_check_counts_objects_and_copies(tmp_path):
    source = card("Source")
    scatter(points("Scatter", [(0.1 * i, 0.0) for i in range(7)]), source)
    job, _ = job_of(tmp_path, named("Scatter", "Source"))
    assert dict(describe_job(job))["category 1"] == "block: 2 objects of the template (8 a frame)"


def test_more_copies_than_blender_can_number_are_one_error(tmp_path):
    scatter(points("Scatter", [(0.0, 0.0)] * 32_768), card("Source"))
    with pytest.raises(AssetError) as caught:
        job_of(tmp_path, named("Scatter"))
    (problem,) = caught.value.problems
    assert problem.path == "template.targets"
    assert "32768 instances (32768 of them in the template); Blender numbers at most 32767" in problem.message


def test_frames_without_room_for_the_templates_instances_are_rejected_before_they_are_built(tmp_path):
    scatter(points("Scatter", [(0.0, 0.0)] * 32_766), card("Source"))
    placed = {"targets": [{"shapes": "cube", "category": "block", "count": {"integer": [1, 2]}}]}
    job, _ = job_of(tmp_path, named("Scatter"), **placed)
    reasons = {plan_frame(job, frame).rejected for frame in range(12)}
    assert reasons == {"", "32768 instances (32766 of them in the template); Blender numbers at most 32767 (15 bits)"}
