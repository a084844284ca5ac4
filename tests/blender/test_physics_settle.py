"""Bodies that are dropped come to rest on what is there, or are dropped anew, or the frame is rejected."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, box_corners, quaternion_about, quaternion_from_uniforms, transform_points
from pipeline.records import DropPlan, PhysicsPlan, Pose
from pipeline.scene.physics.hulls import even_directions
from pipeline.scene.physics.settle import Body, Obstacle, Settled, settle

FLOOR = Obstacle(center_m=(0.0, 0.0, -0.05), half_extents_m=(30.0, 30.0, 0.05))
UPRIGHT = (1.0, 0.0, 0.0, 0.0)


def cube(edge_m: float) -> Array:
    return box_corners((-edge_m / 2,) * 3, (edge_m / 2,) * 3)


def plan(area_m: float = 0.3, fence: bool = True, max_time_s: float = 6.0) -> PhysicsPlan:
    zone = DropPlan(center_m=(0.0, 0.0, 0.0), area_m=(area_m, area_m), fence=fence)
    return PhysicsPlan(friction=0.5, restitution=0.1, max_time_s=max_time_s, zones=(zone,))


def body(instance_id: int, points: Array, *poses: Pose, collision: str = "convex_hull") -> Body:
    return Body(
        instance_id=instance_id,
        parts=(points,),
        collision=collision,
        scale=(1.0, 1.0, 1.0),
        density_kg_m3=1000.0,
        poses=poses,
    )


def at(x: float, y: float, z: float, rotation: tuple[float, float, float, float] = UPRIGHT) -> Pose:
    return Pose(location_m=(x, y, z), rotation=rotation)


def random_rotation(rng: np.random.Generator) -> tuple[float, float, float, float]:
    return quaternion_from_uniforms(*(float(v) for v in rng.random(3)))


def dice(seed: int, count: int = 25) -> tuple[Body, ...]:
    """Dice of 12 to 19 mm above a tray of 0.3 m, in layers of nine so that none touch when released."""
    rng = np.random.default_rng(seed)
    bodies = []
    for i in range(count):
        column, layer = i % 9, i // 9
        x, y = (float(0.08 * (k - 1) + rng.uniform(-0.02, 0.02)) for k in (column % 3, column // 3))
        pose = at(x, y, 0.08 + 0.05 * layer, random_rotation(rng))
        bodies.append(body(i + 1, cube(float(rng.uniform(0.012, 0.019))), pose, pose, pose))
    return tuple(bodies)


def tray(inner_m: float = 0.3, rim_m: float = 0.02, thickness_m: float = 0.01) -> tuple[Obstacle, ...]:
    edge = inner_m / 2 + thickness_m / 2
    along, across = inner_m / 2 + thickness_m, thickness_m / 2
    return (
        *(Obstacle(center_m=(s * edge, 0, rim_m / 2), half_extents_m=(across, along, rim_m / 2)) for s in (-1, 1)),
        *(Obstacle(center_m=(0, s * edge, rim_m / 2), half_extents_m=(along, across, rim_m / 2)) for s in (-1, 1)),
    )


def tilt_deg(pose: Array) -> float:
    """Return the angle between the vertical and the object axis nearest to it."""
    return math.degrees(math.acos(min(1.0, float(np.abs(pose[2, :3]).max()))))


def lowest_m(pose: Array, points: Array) -> float:
    return float(transform_points(pose, points)[:, 2].min())


def digest(settled: Settled) -> str:
    return hashlib.sha256(b"".join(settled.poses[key].tobytes() for key in sorted(settled.poses))).hexdigest()


# --- resting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge_m", [0.012, 0.1, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_cube_of_any_size_ends_flat_on_the_floor(edge_m: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = body(1, cube(edge_m), at(0, 0, 3 * edge_m, random_rotation(rng)))
    pose = settle((one,), (FLOOR,), plan(20 * edge_m)).poses[1]
    assert tilt_deg(pose) < 1.0
    assert abs(lowest_m(pose, one.parts[0])) < 0.01 * edge_m


def test_sizes_may_differ_a_hundredfold() -> None:
    small, large = cube(0.012), cube(1.0)
    bodies = (body(1, small, at(-1.5, 0, 0.1)), body(2, small, at(-1.5, 1, 0.2)), body(3, large, at(0.5, 0, 0.7)))
    poses = settle(bodies, (FLOOR,), plan(4.0)).poses
    assert abs(lowest_m(poses[1], small)) < 0.01 * 0.012
    assert abs(lowest_m(poses[2], small)) < 0.01 * 0.012
    assert abs(lowest_m(poses[3], large)) < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_dice_in_a_tray_lie_flat_unless_they_lean_on_something(seed: int) -> None:
    bodies = dice(seed)
    poses = settle(bodies, (FLOOR, *tray()), plan()).poses
    centers = {one.instance_id: poses[one.instance_id][:3, 3] for one in bodies}
    leaning = [one for one in bodies if tilt_deg(poses[one.instance_id]) > 1.0]
    assert len(leaning) <= 1
    for one in leaning:
        here = centers[one.instance_id]
        others = [np.linalg.norm(here - there) for key, there in centers.items() if key != one.instance_id]
        assert min(others) < 0.034 or np.abs(here[:2]).max() > 0.13
    for one in bodies:
        lowest = lowest_m(poses[one.instance_id], one.parts[0])
        assert lowest > -0.01 * 0.012
        assert np.abs(centers[one.instance_id][:2]).max() < 0.15


def test_a_ball_rests_on_the_floor() -> None:
    ball = np.asarray(even_directions(200)) * 0.03
    one = body(1, ball, at(0, 0, 0.2), collision="sphere")
    assert settle((one,), (FLOOR,), plan()).poses[1][2, 3] == pytest.approx(0.03, abs=0.0003)


def test_a_flat_sheet_rests_on_the_floor() -> None:
    sheet = box_corners((-0.1, -0.07, 0.0), (0.1, 0.07, 0.0))
    pose = settle((body(1, sheet, at(0, 0, 0.2, quaternion_about((1, 0, 0), 0.4))),), (FLOOR,), plan(0.6)).poses[1]
    assert tilt_deg(pose) < 1.0
    assert 0 <= lowest_m(pose, sheet) < 0.01 * 0.2


def test_the_pose_is_of_the_objects_origin_and_not_of_its_centre_of_mass() -> None:
    points = cube(0.1) + (0.3, 0.0, 0.2)
    pose = settle((body(1, points, at(-0.3, 0, 0.0)),), (FLOOR,), plan(1.0)).poses[1]
    assert transform_points(pose, points).mean(axis=0) == pytest.approx((0.0, 0.0, 0.05), abs=0.005)


def test_scale_stretches_the_body() -> None:
    one = replace(body(1, cube(0.1), at(0, 0, 0.3)), scale=(1.0, 2.0, 3.0))
    pose = settle((one,), (FLOOR,), plan(1.0)).poses[1]
    assert lowest_m(pose, one.parts[0] * one.scale) == pytest.approx(0.0, abs=0.003)
    assert pose[2, 3] == pytest.approx(0.15, abs=0.003)


def test_poses_are_rigid() -> None:
    pose = settle(dice(0, 1), (FLOOR,), plan()).poses[1]
    assert np.abs(pose[:3, :3] @ pose[:3, :3].T - np.eye(3)).max() < 1e-12
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)


def test_boxes_stack_on_each_other() -> None:
    bodies = tuple(body(i + 1, cube(0.1), at(0, 0, 0.06 + 0.12 * i)) for i in range(3))
    poses = settle(bodies, (FLOOR,), plan(1.0)).poses
    assert [poses[i][2, 3] for i in (1, 2, 3)] == pytest.approx([0.05, 0.15, 0.25], abs=0.002)


def test_a_mesh_carries_what_falls_on_it() -> None:
    table = box_corners((-0.5, -0.5, 0.70), (0.5, 0.5, 0.75))
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.int32)
    zone = DropPlan(center_m=(0.0, 0.0, 0.75), area_m=(0.4, 0.4), fence=True)
    bodies = tuple(body(i + 1, cube(0.05), at(0.12 * (i - 1), 0, 1.0)) for i in range(3))
    mesh = Obstacle(vertices_m=table, triangles=triangles)
    poses = settle(bodies, (FLOOR, mesh), replace(plan(), zones=(zone,))).poses
    assert [pose[2, 3] for pose in poses.values()] == pytest.approx([0.775] * 3, abs=0.0005)


def test_things_fall_on_a_turned_box() -> None:
    ramp = Obstacle(
        center_m=(0.0, 0.0, 0.1),
        rotation=quaternion_about((0, 1, 0), math.radians(12)),
        half_extents_m=(0.4, 0.4, 0.05),
    )
    pose = settle((body(1, cube(0.1), at(0, 0, 0.3)),), (FLOOR, ramp), plan(1.0)).poses[1]
    assert tilt_deg(pose) == pytest.approx(12, abs=1)


# --- fences and failures --------------------------------------------------------------------------------------------


def test_a_ball_that_rolls_out_of_an_unfenced_zone_is_released_anew() -> None:
    ramp = Obstacle(
        center_m=(0.0, 0.0, 0.0),
        rotation=quaternion_about((0, 1, 0), math.radians(25)),
        half_extents_m=(0.3, 0.3, 0.05),
    )
    ball = body(1, np.asarray(even_directions(200)) * 0.02, at(0, 0, 0.2), collision="sphere")
    with pytest.raises(RejectedFrame, match="instance 1 left its drop zone, 1 times released"):
        settle((ball,), (FLOOR, ramp), plan(0.1, fence=False))


def test_a_fence_keeps_a_collapsing_heap_together() -> None:
    points = np.asarray(even_directions(100)) * 0.02
    heap = tuple(
        body(i + 1, points, at(0.004 * (i % 3 - 1), 0.004 * (i % 2), 0.03 + 0.045 * i), collision="sphere")
        for i in range(12)
    )
    poses = settle(heap, (FLOOR,), plan(0.16)).poses.values()
    assert max(np.abs(pose[:2, 3]).max() for pose in poses) < 0.08 + 0.04
    with pytest.raises(RejectedFrame, match="left its drop zone"):
        settle(heap, (FLOOR,), plan(0.16, fence=False))


def test_nothing_leans_on_the_invisible_fence() -> None:
    plank = box_corners((-0.15, -0.03, -0.005), (0.15, 0.03, 0.005))
    lean = quaternion_about((0, 1, 0), math.radians(-65))
    one = body(1, plank, at(0.12, 0, 0.2, lean))
    poses = settle((one, body(2, cube(0.05), at(-0.1, 0, 0.1))), (FLOOR,), plan(0.4)).poses
    assert tilt_deg(poses[1]) < 1.0


def test_an_escaped_body_is_released_anew_and_the_round_counted() -> None:
    bodies = (body(1, cube(0.05), at(0, 0, 0.1), at(0, 0, 0.1)), body(2, cube(0.05), at(2, 0, 0.1), at(0.1, 0, 0.4)))
    settled = settle(bodies, (FLOOR,), plan(0.4))
    assert settled.attempts == 1
    assert abs(settled.poses[2][0, 3]) < 0.2
    assert abs(lowest_m(settled.poses[2], bodies[1].parts[0])) < 0.0005


def test_settled_bodies_stay_where_they_lie_in_the_next_round() -> None:
    still = body(1, cube(0.05), at(-0.1, 0, 0.1), at(0.1, 0.1, 1.0))
    alone = settle((still, body(2, cube(0.05), at(0.1, 0, 0.4))), (FLOOR,), plan(0.4)).poses[1]
    again = settle((still, body(2, cube(0.05), at(2, 0, 0.1), at(0.1, 0, 0.4))), (FLOOR,), plan(0.4)).poses[1]
    assert np.abs(again - alone).max() < 0.002  # contacts creep; the second release would be 0.2 m off


def test_what_lay_on_an_escaped_body_does_not_hang_in_the_air() -> None:
    plank = box_corners((-0.2, -0.03, -0.01), (0.2, 0.03, 0.01))
    bodies = (
        body(1, cube(0.1), at(0.22, 0, 0.05), at(-0.05, 0.15, 0.06)),  # outside of its zone, and taken away
        body(2, cube(0.1), at(-0.05, 0, 0.05), at(0, 0, 1)),
        body(3, plank, at(0.08, 0, 0.11), at(0, 0, 1)),  # a bridge from one to the other
    )
    settled = settle(bodies, (FLOOR,), plan(0.02, fence=False))
    assert settled.attempts == 1
    assert lowest_m(settled.poses[3], plank) == pytest.approx(0.0, abs=0.001)


def test_a_frame_is_rejected_once_the_releases_are_used_up() -> None:
    outside = at(5, 0, 0.1)
    with pytest.raises(RejectedFrame, match=r"instance 7 left its drop zone, 3 times released; .*retries"):
        settle((body(7, cube(0.05), outside, outside, outside),), (FLOOR,), plan(0.4))


def test_without_a_floor_everything_falls_and_the_frame_is_rejected() -> None:
    with pytest.raises(RejectedFrame, match="fell below center_m"):
        settle((body(1, cube(0.05), at(0, 0, 0.1)),), (), plan(0.4))


def test_a_body_still_moving_at_the_end_of_the_time_is_no_settled_body() -> None:
    with pytest.raises(RejectedFrame, match="did not come to rest"):
        settle((body(1, cube(0.05), at(0, 0, 0.3)),), (FLOOR,), plan(0.4, max_time_s=0.15))


def test_a_body_at_the_top_of_its_bounce_is_not_at_rest() -> None:
    bouncy = replace(plan(0.6), restitution=0.9)
    pose = settle((body(1, cube(0.05), at(0, 0, 0.3)),), (FLOOR,), bouncy).poses[1]
    assert lowest_m(pose, cube(0.05)) == pytest.approx(0.0, abs=0.0005)


def test_a_body_stuck_in_an_obstacle_is_released_anew() -> None:
    ceiling = Obstacle(center_m=(0.0, 0.0, 0.16), half_extents_m=(5.0, 5.0, 0.1))  # 6 cm above the floor
    one = body(1, cube(0.1), at(0, 0, 0.05))
    with pytest.raises(RejectedFrame, match="sank into an obstacle"):
        settle((one,), (FLOOR, ceiling), plan(1.0))
    settled = settle((replace(one, poses=(at(0, 0, 0.05), at(0, 0, 0.4))),), (FLOOR, ceiling), plan(1.0))
    assert settled.attempts == 1
    assert lowest_m(settled.poses[1], cube(0.1)) == pytest.approx(0.26, abs=0.001)


def test_no_bodies_settle_at_once() -> None:
    assert settle((), (FLOOR,), plan()).poses == {}


# --- purity ---------------------------------------------------------------------------------------------------------


def test_the_same_fall_gives_the_same_bits_after_other_falls() -> None:
    first = digest(settle(dice(1), (FLOOR, *tray()), plan()))
    settle(dice(2), (FLOOR,), plan())
    assert digest(settle(dice(1), (FLOOR, *tray()), plan())) == first


def test_the_same_fall_gives_the_same_bits_in_a_fresh_process() -> None:
    here = Path(__file__)
    code = (
        f"import sys; sys.path[:0] = [{str(here.parents[2])!r}, {str(here.parent)!r}]; "
        "import bpy, test_physics_settle as t; "
        "print('bits', t.digest(t.settle(t.dice(1, 9), (t.FLOOR, *t.tray()), t.plan())))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert f"bits {digest(settle(dice(1, 9), (FLOOR, *tray()), plan()))}" in shown


def datablocks() -> dict[str, list[str]]:
    collections = [prop.identifier for prop in bpy.data.bl_rna.properties if prop.type == "COLLECTION"]
    return {name: sorted(item.name for item in getattr(bpy.data, name)) for name in collections}


def test_the_open_file_is_left_as_it_was() -> None:
    scene = bpy.context.scene
    scene.frame_set(7)
    before = datablocks()
    settle(dice(1, 5), (FLOOR,), plan())
    assert datablocks() == before
    assert bpy.context.scene == scene
    assert scene.frame_current == 7


def test_the_open_file_is_left_as_it_was_when_the_frame_is_rejected() -> None:
    before = datablocks()
    with pytest.raises(RejectedFrame):
        settle((body(1, cube(0.05), at(5, 0, 0.1)),), (FLOOR,), plan(0.4))
    assert datablocks() == before


def test_a_rigid_body_world_of_the_open_file_is_not_touched() -> None:
    scene = bpy.context.scene
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        bpy.ops.rigidbody.world_add()
    own = bpy.data.collections.new("own bodies")
    scene.rigidbody_world.collection = own
    mesh = bpy.data.meshes.new("own")
    mesh.from_pydata([tuple(v) for v in cube(1.0)], [], [])
    thing = bpy.data.objects.new("own", mesh)
    thing.location = (0, 0, 5)
    scene.collection.objects.link(thing)
    own.objects.link(thing)
    settle(dice(1, 3), (FLOOR,), plan())
    bpy.context.view_layer.update()
    assert scene.rigidbody_world.collection == own
    assert list(own.objects) == [thing]
    assert tuple(thing.matrix_world.translation) == (0, 0, 5)
