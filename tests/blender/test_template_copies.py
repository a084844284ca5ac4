"""Each copy of an instancer in the template has labels of its own. Blender 4.5 and 5.2."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from template_samples import (
    HALF,
    PLACES,
    card,
    check,
    end,
    expected_ids,
    frame_of,
    full_masks,
    hidden_source,
    link,
    make,
    named,
    names,
    node_group,
    points,
    scatter,
)


@pytest.mark.parametrize("keep", [False, True])
def test_each_copy_of_geometry_nodes_has_its_own_id(keep, tmp_path):
    item = points("Scatter", PLACES)
    scatter(item, hidden_source(), keep)
    frame = frame_of(tmp_path, named("Scatter"))
    check(frame)
    assert names(frame) == [f"template#Scatter[{n}]" for n in range(4)]
    assert frame.rendered.id_reason == "copies of an instancer"


def test_the_instancers_own_mesh_is_an_instance_too(tmp_path):
    item = card("Scatter", 0.0, -0.7)
    item.data.clear_geometry()
    x, y = HALF
    corners = [(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)]
    loose = [(px, py + 0.7, 0.0) for px, py in PLACES]
    item.data.from_pydata(corners + loose, [], [(0, 1, 2, 3)])
    group = scatter(item, hidden_source(), keep=True)
    on_points = next(node for node in group.nodes if node.type == "INSTANCE_ON_POINTS")
    compare, index = group.nodes.new("FunctionNodeCompare"), group.nodes.new("GeometryNodeInputIndex")
    compare.data_type, compare.operation = "INT", "GREATER_THAN"
    a, b = [socket for socket in compare.inputs if socket.enabled][:2]  # 5.x has no others
    group.links.new(index.outputs[0], a)
    b.default_value = 3
    group.links.new(compare.outputs[0], on_points.inputs["Selection"])
    frame = frame_of(tmp_path, named("Scatter"))
    assert names(frame) == ["template#Scatter", *(f"template#Scatter[{n}]" for n in range(4))]
    assert np.array_equal(frame.rendered.instance, expected_ids(frame, [(0.0, -0.7), *PLACES]))


def test_copies_of_a_mesh_that_no_object_has(tmp_path):
    item = points("Scatter", PLACES)
    group, enter, leave = node_group()
    on_points, grid = group.nodes.new("GeometryNodeInstanceOnPoints"), group.nodes.new("GeometryNodeMeshGrid")
    for name, value in (("Size X", 2 * HALF[0]), ("Size Y", 2 * HALF[1]), ("Vertices X", 2), ("Vertices Y", 2)):
        grid.inputs[name].default_value = value
    group.links.new(enter, on_points.inputs["Points"])
    group.links.new(grid.outputs[0], on_points.inputs["Instance"])
    group.links.new(on_points.outputs[0], leave)
    item.modifiers.new("nodes", "NODES").node_group = group
    check(frame_of(tmp_path, named("Scatter")))


def test_nested_copies_are_told_apart_by_the_outermost(tmp_path):
    inner = points("Inner", [(0.0, 0.0), (0.0, 0.3001)])
    scatter(inner, hidden_source())
    inner.location.z = 50.0  # behind the camera; what is copied is the object in its own place
    outer = points("Outer", [PLACES[0], PLACES[2]])
    scatter(outer, inner)
    frame = frame_of(tmp_path, named("Outer"))
    (a, b), (c, d) = PLACES[0], PLACES[2]
    ids = expected_ids(frame, [(a, b), (a, b + 0.3001), (c, d), (c, d + 0.3001)])
    assert len(frame.instances) == 2
    assert np.array_equal(frame.rendered.instance, (ids + 1) // 2)


@pytest.mark.parametrize("kind", ["VERTS", "FACES"])
def test_each_copy_on_vertices_and_faces_has_its_own_id(kind, tmp_path):
    parent = points("Parent", PLACES)
    if kind == "FACES":  # one small face about each place
        parent.data.clear_geometry()
        corners = [(x + dx, y + dy, 0.0) for x, y in PLACES for dx, dy in ((-1e-3, -1e-3), (1e-3, -1e-3), (0, 2e-3))]
        parent.data.from_pydata(corners, [], [(3 * i, 3 * i + 1, 3 * i + 2) for i in range(4)])
        parent.show_instancer_for_render = False
    parent.instance_type = kind
    child = card("Child")
    child.parent = parent
    if kind == "FACES":  # a face turns its copy
        child.rotation_euler = (0, 0, 0)
    frame = frame_of(tmp_path, named("Parent"))
    assert names(frame) == [f"template#Parent[{n}]" for n in range(4)]
    if kind == "VERTS":
        check(frame)
        return
    assert set(np.unique(frame.rendered.instance)) == {0, 1, 2, 3, 4}
    for one, (x, y) in zip(frame.instances, PLACES, strict=True):
        assert np.allclose(one.box_3d.center_world_m, (x, y, 0), atol=2e-3)
        assert np.array_equal(full_masks(frame)[one.instance_id], frame.rendered.instance == one.instance_id)


def test_each_particle_that_shows_an_object_has_its_own_id(tmp_path):
    emitter = card("Emitter", half=(0.8, 0.5))
    emitter.modifiers.new("particles", "PARTICLE_SYSTEM")
    system = emitter.particle_systems[0].settings
    system.type, system.count, system.render_type = "HAIR", 5, "OBJECT"
    system.use_advanced_hair, system.particle_size, system.hair_length = True, 1.0, 1.0
    bpy.ops.mesh.primitive_cube_add(size=0.15)
    source = system.instance_object = bpy.context.object
    source.hide_render = True
    emitter.show_instancer_for_render = False
    frame = frame_of(tmp_path, named("Emitter"))
    assert names(frame) == [f"template#Emitter[{n}]" for n in range(5)]
    seen, masks = frame.rendered.instance, full_masks(frame)
    assert set(np.unique(seen)) == {0, 1, 2, 3, 4, 5}
    assert np.array_equal(np.any(list(masks.values()), axis=0), seen > 0)
    assert all(masks[one.instance_id][seen == one.instance_id].all() for one in frame.instances)
    assert all(np.allclose(one.dimensions_m, 0.15, atol=1e-6) for one in frame.instances)


def test_unlabelled_copies_of_something_labelled_are_background(tmp_path):
    source = card("Card", *PLACES[0])
    scatter(points("Scatter", PLACES[1:]), source)
    frame = frame_of(tmp_path, named("Card"))
    check(frame, PLACES[:1])
    assert frame.rendered.id_reason == "copies of an instancer"


def test_ids_of_the_template_follow_those_of_what_is_placed(tmp_path):
    scatter(points("Scatter", PLACES), hidden_source())
    frame = frame_of(
        tmp_path,
        named("Scatter"),
        targets=[{"shapes": "cube", "category": "block", "size_m": 0.1}],
        placement={"resting": {"area_m": [0.2, 0.2], "center_m": [0, 0, 0.5]}},
    )
    assert names(frame) == ["shape:cube", *(f"template#Scatter[{n}]" for n in range(4))]
    labelled = expected_ids(frame, PLACES)
    seen = frame.rendered.instance
    assert np.array_equal(seen[seen != 1], np.where(labelled, labelled + 1, 0)[seen != 1]) and (seen == 1).any()


def test_copies_keep_their_shear_in_the_exact_pass(tmp_path):
    source = hidden_source()
    item = points("Scatter", PLACES)
    scatter(item, source)
    item.parent = link(bpy.data.objects.new("Stretched", None))
    item.parent.scale, item.rotation_euler = (1.0, 0.5, 1.0), (0, 0, 0.5)
    frame = frame_of(tmp_path, named("Scatter"))
    assert len(np.unique(frame.rendered.instance)) == 5
    for one in frame.instances:
        assert np.array_equal(full_masks(frame)[one.instance_id], frame.rendered.instance == one.instance_id)
    matrix = np.array(Matrix.Diagonal((1.0, 0.5, 1.0, 1.0)) @ Matrix.Rotation(0.5, 4, "Z"))
    for one, (x, y) in zip(frame.instances, PLACES, strict=True):
        assert np.allclose(one.box_3d.center_world_m, (matrix @ (x, y, 0, 1))[:3], atol=1e-6)


def test_the_next_frame_is_untouched(tmp_path):
    card("Real", 0.0, -0.7).pass_index = 12
    scatter(points("Scatter", PLACES), hidden_source())
    first = frame_of(tmp_path, named("Scatter", "Real"))
    picture = first.rendered.rgb_file.read_bytes()
    end(first)
    held = sorted((type(item).__name__, item.name) for item in bpy.data.user_map())
    assert bpy.data.objects["Real"].pass_index == 12
    assert not bpy.data.objects["Scatter"].hide_render and bpy.data.objects["Source"].hide_render
    second = make(tmp_path, first.workshop, first.plan)
    assert second.rendered.rgb_file.read_bytes() == picture
    assert np.array_equal(first.rendered.instance, second.rendered.instance)
    assert first.annotation.labels == second.annotation.labels
    end(second)
    assert sorted((type(item).__name__, item.name) for item in bpy.data.user_map()) == held


def test_the_mesh_of_an_instancer_that_is_replaced_stays_where_it_is(tmp_path):
    """An unlabelled scatter of a labelled card keeps its own mesh, which hides what is below it."""
    source = card("Card", *PLACES[0])
    scatter(card("Scatter", *PLACES[1], 0.01), source, keep=True)
    card("Below", *PLACES[1])
    frame = frame_of(tmp_path, named("Below", "Card"))
    assert frame.rendered.id_reason == "copies of an instancer"
    below, _ = frame.instances
    assert below.visible_px == 0 and below.silhouette.px > 10
    assert np.array_equal(frame.rendered.instance == 2, expected_ids(frame, [PLACES[0]]) == 1)
