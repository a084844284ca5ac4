"""What a camera asks of the scene, answered from kept trees, is what Blender answers from its evaluated scene."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Vector
from scene_samples import workshop_and_job
from template_samples import CAMERA, card, link, node_group, save

from pipeline.addresses import Places
from pipeline.errors import RejectedFrame
from pipeline.records import ObjectChange, PartMotion, TemplateState
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.standing import Standing, first_hit, is_too_near
from pipeline.scene.template.journal import Journal
from pipeline.scene.template.look import look_at_template, recall_objects
from pipeline.scene.template.state import apply_template_state
from pipeline.scene.workshop import close_scene, open_workshop

STATES = {
    "as the file has it": TemplateState(),
    "moved": TemplateState(
        objects=(ObjectChange(object_name="Ball", motion=PartMotion(move_m=(0.3, -0.2, 0.1), turn_deg=(20, 0, 40))),)
    ),
    "scaled": TemplateState(objects=(ObjectChange(object_name="Box", scale=1.7),)),
    "hidden": TemplateState(hidden=("Ball", "Copies")),
}


@pytest.fixture
def workshop(tmp_path):
    """A template of what Blender can show: by modifiers, shape keys, parents, mirrored, by instances, as text."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.4, location=(0.5, 0.0, 0.2), segments=12, ring_count=8)
    ball = bpy.context.object
    ball.name = "Ball"
    bpy.ops.mesh.primitive_cube_add(size=0.5, location=(-0.6, 0.3, 0.0), rotation=(0.2, 0.3, 0.4))
    bpy.context.object.name = "Box"
    bpy.ops.mesh.primitive_monkey_add(size=0.5, location=(0.0, -0.7, 0.3))
    bent = bpy.context.object
    bent.name, bent.scale = "Bent", (-1.0, 0.7, 1.3)
    bent.modifiers.new("finer", "SUBSURF").levels = 1
    hung = card("Hung", 0.3, 0.1, 0.6, half=(0.2, 0.3))
    hung.parent = ball
    keyed = card("Keyed", -0.5, -0.5, 0.4)
    keyed.shape_key_add(name="Basis")
    keyed.shape_key_add(name="Up").value = 1.0
    for point in keyed.data.shape_keys.key_blocks["Up"].data:
        point.co.z += 0.2
    lattice = link(bpy.data.objects.new("Lattice", bpy.data.lattices.new("Lattice")))
    for point in lattice.data.points:
        point.co_deform.z += 0.6
    warped = card("Warped", -0.2, 0.2, -0.4, half=(0.3, 0.2))
    warped.parent, warped.parent_type = lattice, "LATTICE"  # bends it without a modifier
    unseen = card("Unseen", 0.0, 0.0, 0.9, half=(0.6, 0.6))
    unseen.hide_render = True
    text = link(bpy.data.objects.new("Text", bpy.data.curves.new("Text", "FONT")))
    text.data.body, text.location = "text", (-0.3, 0.5, 0.5)
    group = bpy.data.collections.new("group")
    card("Member", 0.05, 0.0, 0.02, into=group, half=(0.1, 0.1))
    copies = link(bpy.data.objects.new("Copies", None))
    copies.instance_type, copies.instance_collection, copies.location = "COLLECTION", group, (0.1, 0.6, 0.3)
    nodes, enter, leave = node_group()
    move = nodes.nodes.new("GeometryNodeTransform")
    move.inputs["Translation"].default_value = (0.0, 0.0, -0.3)
    nodes.links.new(enter, move.inputs[0])
    nodes.links.new(move.outputs[0], leave)
    card("Noded", 0.7, 0.6, 0.5).modifiers.new("nodes", "NODES").node_group = nodes
    save(tmp_path)
    return open_workshop(Places(base_dir=tmp_path), tmp_path / "room.blend")


def standing_in(workshop, state) -> tuple[Standing, Journal]:
    objects, journal = recall_objects(workshop.session, workshop.memory), workshop.journal
    apply_template_state(workshop.session.scene, state, objects, journal, workshop.images, workshop.places)
    look = look_at_template(workshop.session, state, objects, workshop.memory, workshop.ray_meshes)
    return look.standing, journal


def test_lines_meet_first_what_blenders_rays_meet_however_a_frame_changes_the_template(workshop):
    rng, met = np.random.default_rng(2), set()
    for state in (*STATES.values(), STATES["moved"], TemplateState()):
        standing, journal = standing_in(workshop, state)
        bpy.context.view_layer.update()
        for start, end in rng.uniform(-1.2, 1.2, (300, 2, 3)):
            name = first_hit(standing, start, end)
            assert name == _cast(start, end)
            met.add(name)
        journal.restore()
    assert met == {None, "Ball", "Box", "Bent", "Hung", "Keyed", "Warped", "Text", "Member", "Noded"}


def _cast(start, end) -> str | None:
    scene, depsgraph = bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    begin, end = Vector(start), Vector(end)
    while True:
        way = end - begin
        hit, place, _, _, item, matrix = scene.ray_cast(depsgraph, begin, way.normalized(), distance=way.length)
        if not hit or not item.hide_render or matrix != item.matrix_world:
            owners = {"Member": "Copies"}
            hidden = hit and bpy.data.objects[owners.get(item.name, item.name)].hide_render
            if not hidden:
                return item.name if hit else None
        begin = place + way.normalized() * 1e-5


def test_a_point_is_near_or_inside_where_blenders_meshes_are(workshop):
    rng, seen = np.random.default_rng(4), set()
    for state in (*STATES.values(), TemplateState()):
        standing, journal = standing_in(workshop, state)
        bpy.context.view_layer.update()
        for point in rng.uniform(-1.0, 1.0, (150, 3)):
            for clearance in (0.0, 0.1):
                near = is_too_near(standing, point, clearance)
                assert near == _near(point, clearance)
                seen.add((near, clearance))
            assert is_too_near(standing, point, 0.1, frozenset({"Box"})) == _near(point, 0.1, "Box")
        journal.restore()
    assert len(seen) == 4


def _near(point, clearance: float, only: str = "") -> bool:
    """The same by Blender's own search on every evaluated mesh."""
    for instance in bpy.context.evaluated_depsgraph_get().object_instances:
        shown = instance.object
        owner = instance.parent if instance.is_instance else shown
        if shown.type != "MESH" or owner.original.hide_render or (only and owner.name != only):
            continue
        matrix = instance.matrix_world
        found, place, normal, _ = shown.closest_point_on_mesh(matrix.inverted() @ Vector(point))
        away = Vector(point) - matrix @ place
        closed = len(shown.data.loops) == 2 * len(shown.data.edges)
        outward = matrix.inverted().to_3x3().transposed() @ normal
        if found and (away.length < clearance or (closed and outward.dot(away) < 0)):
            return True
    return False


def test_a_mesh_of_many_trees_answers_as_one(workshop, monkeypatch):
    standing, journal = standing_in(workshop, TemplateState())
    lines = np.random.default_rng(6).uniform(-1.2, 1.2, (200, 2, 3))
    before = [(first_hit(standing, a, b), is_too_near(standing, a, 0.1)) for a, b in lines]
    monkeypatch.setattr("pipeline.scene.ray_meshes.PER_TREE", 7)
    for one in standing.things:
        one.mesh.trees = None
    assert [(first_hit(standing, a, b), is_too_near(standing, a, 0.1)) for a, b in lines] == before
    assert max(len(one.mesh.trees or ()) for one in standing.things) > 10
    journal.restore()


def test_a_camera_sees_past_what_its_own_frame_has_moved_or_hidden(tmp_path):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    card("Lid", 0.0, 0.0, 1.0, half=(1.0, 1.0))
    save(tmp_path)
    camera = {**CAMERA, "look_at": "targets", "min_targets_in_view": 1}
    things = [{"shapes": ["cube"], "category": "block", "count": 1, "size_m": 0.1}]
    workshop, job = workshop_and_job(
        tmp_path,
        tmp_path / "room.blend",
        template={"file": "room.blend"},
        categories=[{"id": 1, "name": "block"}],
        targets=things,
        distractors=[],
        camera=camera,
    )
    away = ObjectChange(object_name="Lid", motion=PartMotion(move_m=(3.0, 0.0, 0.0)))
    small = ObjectChange(object_name="Lid", scale=0.001, motion=PartMotion(move_m=(0.9, 0.0, 0.0)))
    states = [
        TemplateState(),
        TemplateState(objects=(away,)),
        TemplateState(),
        TemplateState(hidden=("Lid",)),
        TemplateState(objects=(small,)),
        TemplateState(),
    ]
    plan = plan_frame(job, 0)
    assert [_is_seen(replace(plan, template_state=state), workshop) for state in states] == [
        *(False, True, False, True, True, False)
    ]


def _is_seen(plan, workshop) -> bool:
    try:
        build_scene(plan, workshop)
    except RejectedFrame as error:
        assert "fewer than min_targets_in_view" in str(error)
        return False
    else:
        return True
    finally:
        close_scene(workshop)
