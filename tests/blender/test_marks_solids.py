"""Boxes of what stands near marks: thin parts thin, rooms open, nothing where things stand."""

from __future__ import annotations

import math

import bmesh
import bpy
import numpy as np
import pytest
from mark_samples import add, box, box_mesh, curve, group, mark, mesh, plane, read
from template_samples import save, scatter

from pipeline.addresses import Places
from pipeline.geometry import boxes_overlap, compose
from pipeline.sampling.structured.occupied import Occupied
from pipeline.scene.physics.obstacles import template_obstacles
from pipeline.scene.workshop import open_workshop


def boxes(solids, name):
    """The boxes of an object: (middle, half sides) of each."""
    rows = zip(solids.owners, solids.centers_m, solids.halves_m, strict=True)
    return [(center, half) for owner, center, half in rows if solids.names[owner] == name]


def is_free(solids, at, size=(0.1, 0.1, 0.1)):
    """Whether a box of `size` standing on a point has room."""
    half = np.asarray(size) / 2 - 1e-9
    return Occupied(solids).is_free(compose(np.add(at, [0, 0, size[2] / 2]), (1, 0, 0, 0)), half)


def joined(name, *parts, **place):
    """One object of boxes, (middle, size) each."""
    data = bpy.data.meshes.new(name)
    shape = bmesh.new()
    for middle, size in parts:
        made = bmesh.ops.create_cube(shape, size=1.0)["verts"]
        bmesh.ops.scale(shape, vec=size, verts=made)
        bmesh.ops.translate(shape, vec=middle, verts=made)
    shape.to_mesh(data)
    shape.free()
    return add(name, data, **place)


def test_a_compact_thing_is_one_box_a_millimetre_smaller():
    mark(plane("Floor"), "surface")
    lamp = box("Lamp", (0.2, 0.3, 0.4), at=(0.5, 0, 0.2))
    lamp.rotation_euler[2] = 0.3
    (lamp_box,) = boxes(read().solids, "Lamp")
    assert lamp_box[0] == pytest.approx((0.5, 0, 0.2)) and lamp_box[1] == pytest.approx((0.099, 0.149, 0.199))


def test_boards_and_legs_are_boxes_of_their_own_and_what_stands_on_the_board_is_free():
    legs = [((x, y, 0.35), (0.05, 0.05, 0.7)) for x in (-0.55, 0.55) for y in (-0.35, 0.35)]
    table = mark(joined("Table", ((0, 0, 0.72), (1.2, 0.8, 0.04)), *legs), "surface")
    solids = read().solids
    assert len(boxes(solids, "Table")) == 5
    assert is_free(solids, (0, 0, 0.74)) and is_free(solids, (0, 0, 0))
    assert not is_free(solids, (0, 0, 0.7)) and not is_free(solids, (0.55, 0.35, 0.3))
    table["vg.solid"] = False
    assert boxes(read().solids, "Table") == []


def test_an_extruded_table_of_one_piece_leaves_the_room_below_free():
    table = add("Table", box_mesh("Table", (1.2, 0.8, 0.04)), at=(0, 0, 0.72))
    shape = bmesh.new()
    shape.from_mesh(table.data)
    bottom = next(face for face in shape.faces if face.normal.z < -0.9)
    bmesh.ops.inset_individual(shape, faces=[bottom], thickness=0.3)
    down = bmesh.ops.extrude_face_region(shape, geom=[bottom])["geom"]
    bmesh.ops.translate(shape, vec=(0, 0, -0.7), verts=[one for one in down if isinstance(one, bmesh.types.BMVert)])
    bmesh.ops.delete(shape, geom=[bottom], context="FACES")
    shape.to_mesh(table.data)
    shape.free()
    mark(plane("Floor", 3), "surface")
    solids = read().solids
    assert len(boxes(solids, "Table")) <= 16 and solids.coarse == ()
    assert not is_free(solids, (0.387, 0, 0)) and is_free(solids, (0.5, 0.3, 0))
    assert is_free(solids, (0.5, 0.3, 0.74)) and not is_free(solids, (0.5, 0.3, 0.69))


@pytest.mark.parametrize("inward", [False, True])
def test_a_room_of_one_skin_is_its_walls(inward):
    room = box("Room", (4, 4, 3), at=(0, 0, 1.5))
    if inward:
        room.data.flip_normals()
    mark(plane("Floor", 4), "surface")
    solids = read().solids
    assert len(boxes(solids, "Room")) == 6
    assert is_free(solids, (0, 0, 0), (1, 1, 2)) and not is_free(solids, (2, 0, 0))
    assert is_free(solids, (1.9, 0, 0))


def test_a_closed_chest_on_the_floor_is_solid_within():
    box("Chest", (1, 1, 1), at=(0, 0, 0.5))
    mark(plane("Floor", 4), "surface")
    assert not is_free(read().solids, (0, 0, 0))


def test_ground_on_which_things_stand_is_in_nobodys_way():
    corners = [(x, y, 0.05 * math.sin(3 * x)) for x in np.linspace(-2, 2, 21) for y in (-2, 2)]
    faces = [(2 * i, 2 * i + 2, 2 * i + 3, 2 * i + 1) for i in range(20)]
    add("Ground", mesh("Ground", corners, faces=faces))
    plane("Street", 4, at=(0, 0, 0.06))
    mark(curve("Lane", [(-1, 0, 0.06), (1, 0, 0.06)]), "spline")
    solids = read().solids
    assert boxes(solids, "Ground") == [] and is_free(solids, (0, 0, 0.06))
    assert not is_free(solids, (0, 0, 0))


def test_helpers_slots_and_far_things_do_not_count_and_hidden_colliders_do():
    mark(plane("Floor"), "surface")
    mark(box("Zone", at=(0, 0, 3)), "volume")
    mark(box("Kept", at=(0, 0, 5)), "keep_out")
    seat = mark(box("Seat", (0.2, 0.2, 0.2)), "slot")
    box("Cushion", (0.1, 0.1, 0.1)).parent = seat
    box("Far", at=(50, 0, 0))
    box("Unseen", (0.1, 0.1, 0.1)).hide_render = True
    mark(box("Wall", (0.1, 1, 1), at=(1, 0, 0)), "collider").hide_render = True
    box("Ghost", into=mark(group("Ghosts"), solid=False))
    assert read().solids.names == ("Wall",)


def test_copies_of_geometry_nodes_are_solid_where_they_are():
    source = box("Stone", (0.1, 0.1, 0.1), at=(40, 0, 0))
    scatter(plane("Scatter", 1), source)
    mark(plane("Floor"), "surface")
    solids = read().solids
    assert sorted(center for center, _ in boxes(solids, "Scatter")) == [
        pytest.approx((x, y, 0), abs=1e-6) for x in (-0.5, 0.5) for y in (-0.5, 0.5)
    ]


def test_too_many_parts_are_told_and_still_cover_the_thing():
    bpy.ops.mesh.primitive_monkey_add(size=3)
    bpy.context.object.modifiers.new("fine", "SUBSURF").render_levels = 1
    mark(plane("Floor"), "surface")
    solids = read().solids
    assert solids.coarse == ("Suzanne",)
    mid = compose((0, 0, 0), (1, 0, 0, 0))
    hit = [boxes_overlap(mid, (0.01, 2, 0.01), compose(center, (1, 0, 0, 0)), half) for center, half in
           boxes(solids, "Suzanne")]  # fmt: skip
    assert any(hit)


def test_what_falls_lands_on_hidden_colliders_and_not_on_what_is_no_solid_thing(tmp_path):
    mark(plane("Floor", 2), "surface")
    mark(box("Step", (2, 2, 0.2), at=(0, 0, 0.5)), "collider")
    mark(box("Smoke", (2, 2, 0.2), at=(0, 0, 1.5)), solid=False)
    mark(box("Zone", at=(0, 0, 3)), "volume")
    save(tmp_path)
    workshop = open_workshop(Places(base_dir=tmp_path), tmp_path / "room.blend")
    assert [workshop.session.scene.objects[name].hide_render for name in ("Floor", "Step", "Smoke", "Zone")] == [
        False, True, False, True
    ]  # fmt: skip
    found = template_obstacles(workshop.session, workshop.memory, "")
    tops = sorted(round(float(one.vertices_m[:, 2].max()), 6) for one in found)
    assert tops == [0.0, 0.6]
