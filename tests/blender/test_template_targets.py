"""Labels of what a template itself holds, against geometry known by hand. Blender 4.5 and 5.2."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from template_samples import (
    HALF,
    PLACES,
    card,
    check,
    expected_ids,
    frame_again,
    frame_of,
    full_masks,
    link,
    named,
    names,
)

PLACED = {
    "targets": [{"shapes": "cube", "category": "block", "size_m": 0.05}],
    "placement": {"resting": {"area_m": [0.1, 0.1], "upright": True}},
}


def test_objects_are_labelled_in_the_order_of_their_names(tmp_path):
    for number, place in enumerate(PLACES):
        card(f"Card.{9 - number}", *place)
    card("Other", 0.0, -0.7)
    frame = frame_of(tmp_path, named("Card*"))
    check(frame, PLACES[::-1])
    assert frame.rendered.id_source == "render"
    assert names(frame) == [f"template#Card.{n}" for n in (6, 7, 8, 9)]


def test_children_belong_to_their_parent_unless_named_themselves(tmp_path):
    parent = link(bpy.data.objects.new("Parent", None))
    for number, place in enumerate(PLACES):
        card(f"Part.{number}", *place).parent = parent
    frame = frame_of(tmp_path, named("Parent", "Part.2"))
    ids = expected_ids(frame, PLACES)
    assert names(frame) == ["template#Parent", "template#Part.2"]
    assert np.array_equal(frame.rendered.instance, np.where(ids == 3, 2, np.minimum(ids, 1)))


def test_a_collection_labels_each_object_in_it_and_each_empty_that_shows_it(tmp_path):
    inside = bpy.data.collections.new("Cups")
    bpy.context.scene.collection.children.link(inside)
    card("A", *PLACES[0], into=inside)
    card("B", *PLACES[1], into=inside)
    frame = frame_of(tmp_path, {"collections": ["Cups"], "category": "block"})
    check(frame, PLACES[:2])


def shown_collection(*offsets) -> bpy.types.Collection:
    group = bpy.data.collections.new("Group")
    for number, (x, y) in enumerate(offsets):
        card(f"Member.{number}", x, y, into=group)
    return group


@pytest.mark.parametrize("target", [named("Empty*"), {"collections": ["Group"], "category": "block"}])
def test_an_empty_that_shows_a_collection_is_one_instance(target, tmp_path):
    group = shown_collection((0.0, 0.0))
    for number, (x, y) in enumerate(PLACES):
        empty = link(bpy.data.objects.new(f"Empty.{number}", None))
        empty.instance_type, empty.instance_collection, empty.location = "COLLECTION", group, (x, y, 0)
    frame = frame_of(tmp_path, target)
    check(frame)
    assert (frame.rendered.id_source, frame.rendered.id_reason) == ("exact", "copies of an instancer")


def test_all_parts_of_a_shown_collection_are_together(tmp_path):
    empty = link(bpy.data.objects.new("Empty", None))
    empty.instance_type, empty.instance_collection = "COLLECTION", shown_collection(*PLACES)
    frame = frame_of(tmp_path, named("Empty"))
    assert names(frame) == ["template#Empty"]
    assert np.array_equal(frame.rendered.instance, np.minimum(expected_ids(frame, PLACES), 1))


def test_text_curves_and_metaballs_are_objects_like_any(tmp_path):
    text = link(bpy.data.objects.new("Text", bpy.data.curves.new("text", "FONT")))
    text.data.body, text.location, text.scale = "H", (-0.9, 0.1, 0), (0.5, 0.5, 0.5)
    ball = link(bpy.data.objects.new("Ball", bpy.data.metaballs.new("ball")))
    ball.data.elements.new().radius = 0.4
    ball.location = (0.6, 0.0, 0.0)
    frame = frame_of(tmp_path, named("Text", "Ball"))
    assert names(frame) == ["template#Ball", "template#Text"]
    for one in frame.instances:
        mask = full_masks(frame)[one.instance_id]
        assert mask.sum() > 20 and np.array_equal(mask, frame.rendered.instance == one.instance_id)


def test_a_mirrored_object_has_a_proper_rotation_and_a_negative_scale(tmp_path):
    item = card("Card", *PLACES[2])
    item.scale = (-1.0, 1.0, 1.0)
    bent = card("Sheared", *PLACES[0])
    bent.parent = link(bpy.data.objects.new("Stretched", None))
    bent.parent.scale, bent.rotation_euler = (1.0, 0.5, 1.0), (0, 0, 0.5)
    frame = frame_of(tmp_path, named("Card", "Sheared"))
    mirrored, sheared = frame.instances
    assert mirrored.scale == pytest.approx((-1, 1, 1))
    for one in frame.instances:
        rotation = np.asarray(one.world_from_object)[:3, :3]
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) and np.linalg.det(rotation) > 0
    assert np.array_equal(frame.rendered.instance == 1, expected_ids(frame, [PLACES[2]]) == 1)
    assert np.array_equal(full_masks(frame)[2], frame.rendered.instance == 2)
    assert sheared.dimensions_m[0] > 2 * HALF[0] * 0.5


def test_labels_do_not_change_the_picture(tmp_path):
    for number, place in enumerate(PLACES[:2]):
        item = card(f"Card.{number}", *place)
        material = bpy.data.materials.new("by index")
        if material.node_tree is None:
            material.use_nodes = True
        nodes, links = material.node_tree.nodes, material.node_tree.links
        emit = nodes.new("ShaderNodeEmission")
        links.new(nodes.new("ShaderNodeObjectInfo").outputs["Object Index"], emit.inputs["Strength"])
        output = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
        links.new(emit.outputs[0], output.inputs["Surface"])
        item.data.materials.append(material)
    plain = frame_of(
        tmp_path, named("Card.0"), template={"file": "room.blend"}, **PLACED
    ).rendered.rgb_file.read_bytes()
    frame = frame_again(tmp_path, named("Card*"), **PLACED)
    assert frame.rendered.rgb_file.read_bytes() == plain
    assert frame.rendered.id_reason == "the picture shows object indices"
    seen = frame.rendered.instance
    ids = expected_ids(frame, PLACES[:2])
    assert np.array_equal(seen[seen != 1], np.where(ids, ids + 1, 0)[seen != 1])
