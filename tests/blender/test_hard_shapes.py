"""Ids and silhouettes of shapes that only the evaluated scene knows, and of materials that can be seen through.

Each object of these templates is alone in the picture unless a test says so: its silhouette is its mask. Blender 4.5
and 5.2.
"""

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
    link,
    make,
    named,
    node_group,
)

(X, Y) = PLACES[0]


def box(name: str, size, at=(0.0, 0.0, 0.0)) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=1.0, location=at)
    item = bpy.context.object
    item.name, item.scale = name, size
    return item


def same_everywhere(frame) -> None:
    """Every silhouette is the mask, and something is there."""
    for one in frame.instances:
        mask = frame.rendered.instance == one.instance_id
        assert mask.sum() > 20
        assert np.array_equal(full_masks(frame)[one.instance_id], mask)
        assert one.silhouette.visibility == 1.0


def test_an_array_is_one_instance_wherever_it_repeats(tmp_path):
    item = card("Card", X, Y)
    array = item.modifiers.new("array", "ARRAY")
    array.count, array.use_relative_offset, array.use_constant_offset = 2, False, True
    array.constant_offset_displace = (0.9052, 0.3002, 0.0)
    frame = frame_of(tmp_path, named("Card"))
    ids = expected_ids(frame, [(X, Y), (X + 0.9052, Y + 0.3002)])
    assert np.array_equal(frame.rendered.instance, np.minimum(ids, 1))
    same_everywhere(frame)


def test_a_mirror_modifier_shows_both_halves(tmp_path):
    item = card("Card", X, Y)
    item.data.transform(Matrix.Translation((0.3502, 0.0, 0.0)))
    item.modifiers.new("mirror", "MIRROR")
    frame = frame_of(tmp_path, named("Card"))
    ids = expected_ids(frame, [(X - 0.3502, Y), (X + 0.3502, Y)])
    assert np.array_equal(frame.rendered.instance, np.minimum(ids, 1))
    assert frame.instances[0].dimensions_m[0] == pytest.approx(2 * 0.3502 + 2 * HALF[0], abs=1e-6)


@pytest.mark.parametrize("viewport", [0, 3])
def test_subdivision_counts_as_rendered_not_as_in_the_viewport(viewport, tmp_path):
    item = box("Box", (0.9, 0.7, 0.2))
    modifier = item.modifiers.new("subdivision", "SUBSURF")
    modifier.levels, modifier.render_levels = viewport, 2
    hidden = item.modifiers.new("off in renders", "DECIMATE")
    hidden.ratio, hidden.show_render = 0.1, False
    frame = frame_of(tmp_path, named("Box"))
    same_everywhere(frame)
    assert len(frame.rendered.surfaces[1].triangles) == 6 * 4**2 * 2


def test_a_boolean_leaves_the_box_it_leaves(tmp_path):
    item = box("Box", (0.8, 0.6, 0.2), (0.1, 0.0, -0.1))
    cutter = box("Cutter", (1.0, 1.0, 1.0), (0.6, 0.0, -0.1))
    cutter.hide_render = True
    modifier = item.modifiers.new("boolean", "BOOLEAN")
    modifier.operation, modifier.object = "DIFFERENCE", cutter
    frame = frame_of(tmp_path, named("Box"))
    same_everywhere(frame)
    (one,) = frame.instances
    assert np.allclose(one.dimensions_m, (0.4, 0.6, 0.2), atol=1e-5)
    assert np.allclose(one.box_3d.center_world_m, (-0.1, 0.0, -0.1), atol=1e-5)
    top = expected_ids(frame, [(-0.1, 0.0)], (0.2, 0.3)) == 1
    assert (frame.rendered.instance[top] == 1).all()


def test_a_shape_key_moves_what_is_labelled(tmp_path):
    item = card("Card", X, Y)
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="moved")
    for point in key.data:
        point.co.x += 1.1052
    key.value = 1.0
    check(frame_of(tmp_path, named("Card")), [(X + 1.1052, Y)])


def test_a_bone_moves_what_is_labelled(tmp_path):
    rig = link(bpy.data.objects.new("Rig", bpy.data.armatures.new("rig")))
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("bone")
    bone.head, bone.tail = (0, 0, 0), (0, 1, 0)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["bone"].location = (1.1052, 0.0, 0.0)
    item = card("Card", X, Y)
    group = item.vertex_groups.new(name="bone")
    group.add(range(4), 1.0, "REPLACE")
    item.modifiers.new("armature", "ARMATURE").object = rig
    check(frame_of(tmp_path, named("Card")), [(X + 1.1052, Y)])


def test_hair_is_no_mesh_and_gets_its_silhouette_from_the_renderer(tmp_path):
    data = bpy.data.hair_curves.new("hair")
    data.add_curves([2] * 40)
    places = np.stack([np.repeat(np.linspace(-0.6, 0.6, 40), 2), np.tile([-0.4, 0.4], 40), np.zeros(80)], axis=1)
    data.attributes["position"].data.foreach_set("vector", places.astype(np.float32).ravel())
    radii = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    radii.data.foreach_set("value", np.full(80, 0.012, np.float32))
    link(bpy.data.objects.new("Hair", data))
    card("Before", 0.0, 0.0, 0.5, half=(0.3, 0.1))
    frame = frame_of(tmp_path, named("Hair"))
    mask, seen = full_masks(frame)[1], frame.rendered.instance == 1
    assert seen.sum() > 50 and mask[seen].all() and mask.sum() > seen.sum() + 20
    (one,) = frame.instances
    assert one.silhouette.px == one.silhouette.px_beyond == mask.sum()
    assert one.silhouette.visibility == pytest.approx(seen.sum() / mask.sum())
    assert np.allclose(one.dimensions_m, (1.224, 0.824, 0.024), atol=1e-5)


def test_hair_beyond_the_picture_counts_as_truncated(tmp_path):
    data = bpy.data.hair_curves.new("hair")
    data.add_curves([2])
    edge = 3.0 * np.tan(np.radians(25))
    data.attributes["position"].data.foreach_set("vector", [edge - 0.5, 0.01, 0, edge + 0.5, 0.01, 0])
    radii = data.attributes.get("radius") or data.attributes.new("radius", "FLOAT", "POINT")
    radii.data.foreach_set("value", [0.1, 0.1])
    link(bpy.data.objects.new("Hair", data))
    (one,) = frame_of(tmp_path, named("Hair")).instances
    assert one.silhouette.truncation == pytest.approx(0.5, abs=0.05)


def test_displacement_that_moves_the_surface_is_in_the_silhouette(tmp_path):
    item = card("Card", 0.0, 0.0, half=(0.5, 0.3))
    material = principled(item)
    material.displacement_method = "DISPLACEMENT"
    nodes, links = material.node_tree.nodes, material.node_tree.links
    vector = nodes.new("ShaderNodeVectorDisplacement")
    vector.inputs["Midlevel"].default_value = 0.0
    vector.inputs["Vector"].default_value[:3] = (0.4, 0.0, 0.0)
    output = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
    links.new(vector.outputs[0], output.inputs["Displacement"])
    same_everywhere(frame_of(tmp_path, named("Card")))


# --- materials ------------------------------------------------------------------------------------------------------


def principled(item: bpy.types.Object, **inputs) -> bpy.types.Material:
    material = bpy.data.materials.new("material")
    if material.node_tree is None:
        material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    for name, value in inputs.items():
        shader.inputs[name.replace("_", " ")].default_value = value
    item.data.materials.append(material)
    return material


def leaf(item: bpy.types.Object, size: int = 4) -> None:
    """A picture whose alpha is a checker of hard 0 and 1, opaque at the lower left."""
    image = bpy.data.images.new("leaf", size, size, alpha=True)
    pixels = np.ones((size, size, 4), np.float32)
    pixels[..., 3] = (np.indices((size, size)).sum(axis=0) + 1) % 2
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    material = principled(item)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image, texture.interpolation = image, "Closest"
    links.new(nodes.new("ShaderNodeTexCoord").outputs["Generated"], texture.inputs[0])
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    links.new(texture.outputs["Alpha"], shader.inputs["Alpha"])


@pytest.mark.parametrize("hidden", [False, True])
def test_a_leaf_cards_silhouette_is_where_it_is_opaque_even_behind_something(hidden, tmp_path):
    half = (0.7013, 0.5017)
    leaf(card("Leaf", half=half))
    if hidden:
        card("Before", 0.2, 0.1, 0.7, half=(0.4, 0.4))
    frame = frame_of(tmp_path, named("Leaf"))
    cells = [(i, j) for i in range(4) for j in range(4) if (i + j) % 2 == 0]
    quarter = (half[0] / 4, half[1] / 4)
    places = [((2 * i - 3) * quarter[0], (2 * j - 3) * quarter[1]) for i, j in cells]
    opaque = expected_ids(frame, places, quarter) > 0
    assert opaque.sum() > 100 and np.array_equal(full_masks(frame)[1], opaque)
    seen = frame.rendered.instance == 1
    assert np.array_equal(seen, opaque) != hidden and opaque[seen].all()


@pytest.mark.parametrize(("alpha", "visibility"), [(0.45, 0.0), (0.55, 1.0)])
def test_half_opaque_decides_for_the_silhouette_too(alpha, visibility, tmp_path):
    principled(card("Veil", *PLACES[0]), Alpha=alpha)
    frame = frame_of(tmp_path, named("Veil"))
    (one,) = frame.instances
    expected = expected_ids(frame, PLACES[:1]) * int(visibility)
    assert np.array_equal(frame.rendered.instance, expected)
    assert np.array_equal(full_masks(frame)[1], expected > 0) and one.silhouette.visibility == visibility


def test_glass_is_labelled_and_what_is_behind_it_is_not(tmp_path):
    principled(card("Glass", *PLACES[0], 0.3, half=(0.3, 0.25)), Transmission_Weight=1.0, Roughness=0.0)
    card("Behind", *PLACES[0], -0.2)
    frame = frame_of(tmp_path, named("Glass", "Behind"))
    behind, glass = frame.instances
    assert (behind.asset_id, behind.visible_px, behind.silhouette.visibility) == ("template#Behind", 0, 0.0)
    assert behind.silhouette.px > 10 and behind.silhouette.occlusion == 1.0
    assert np.array_equal(full_masks(frame)[2], frame.rendered.instance == 2) and glass.visible_px > 30


def test_out_of_focus_ids_and_silhouettes_are_those_of_a_pinhole(tmp_path):
    for number, place in enumerate(PLACES):
        card(f"Card.{number}", *place)
    camera = {
        "box": {"center_m": [0, 0, 3], "size_m": [0, 0, 0]}, "look_at": "origin", "fov_deg": 50,
        "resolution": [64, 48], "f_stop": 0.2, "focus": [0, 0, 1.5],
    }  # fmt: skip
    frame = frame_of(tmp_path, named("Card*"), camera=camera)
    assert frame.rendered.id_reason == "depth of field"
    check(frame)


def test_materials_that_geometry_nodes_set_are_seen(tmp_path):
    """A veil that only the evaluated mesh wears."""
    item = card("Card", *PLACES[0])
    donor = card("Donor", 0.0, 5.0)
    group, enter, leave = node_group()
    dress = group.nodes.new("GeometryNodeSetMaterial")
    dress.inputs["Material"].default_value = principled(donor, Alpha=0.3)
    group.links.new(enter, dress.inputs[0])
    group.links.new(dress.outputs[0], leave)
    item.modifiers.new("nodes", "NODES").node_group = group
    frame = frame_of(tmp_path, named("Card"))
    assert not frame.rendered.instance.any() and not full_masks(frame)[1].any()
    picture = frame.rendered.rgb_file.read_bytes()
    end(frame)
    assert make(tmp_path, frame.workshop, frame.plan).rendered.rgb_file.read_bytes() == picture
