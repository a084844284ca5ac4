"""Hollow things in convex parts stay hollow."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.geometry import Array, box_corners, transform_points
from pipeline.records import DropPlan, PhysicsPlan, Pose
from pipeline.scene.physics.convex_parts import convex_parts
from pipeline.scene.physics.hulls import convex_hull, even_directions, volume_and_centroid
from pipeline.scene.physics.settle import Body, Obstacle, settle
from pipeline.scene.physics.voxels import surface_points, voxelise

FLOOR = Obstacle(center_m=(0.0, 0.0, -0.05), half_extents_m=(5.0, 5.0, 0.05))
PLAN = PhysicsPlan(
    friction=0.5,
    restitution=0.1,
    max_time_s=6.0,
    zones=(DropPlan(center_m=(0.0, 0.0, 0.0), area_m=(0.4, 0.4), fence=True),),
)
YCB_MUG = Path(__file__).parents[3] / "shared/assets/models/ycb/025_mug/textured.obj"


def turned_profile(profile: list[tuple[float, float]], sides: int = 40) -> tuple[Array, Array]:
    """Return a surface of revolution through (radius, height) points."""
    angles = 2 * np.pi * np.arange(sides) / sides
    vertices = np.array([(r * math.cos(a), r * math.sin(a), z) for r, z in profile for a in angles])
    triangles = []
    for row in range(len(profile) - 1):
        for k in range(sides):
            a, b = row * sides + k, row * sides + (k + 1) % sides
            triangles += [(a, b, b + sides), (a, b + sides, a + sides)]
    return vertices, np.array(triangles, dtype=np.int32)


def cup(radius: float, height: float, wall: float) -> tuple[Array, Array]:
    inner = radius - wall
    return turned_profile([(0, 0), (radius, 0), (radius, height), (inner, height), (inner, wall), (0, wall)])


def bowl(radius: float, wall: float) -> tuple[Array, Array]:
    angles = [math.radians(a) for a in (20, 30, 40, 50, 60, 70, 80, 90)]
    foot = radius - radius * math.cos(angles[0])
    outside = [(radius * math.sin(a), radius - radius * math.cos(a) - foot) for a in angles]
    inner = radius - wall
    inside = [(inner * math.sin(a), radius - inner * math.cos(a) - foot) for a in reversed(angles)]
    return turned_profile([(0, 0), *outside, *inside, (0, inside[-1][1])])


def tray(size: float, height: float, wall: float) -> tuple[Array, Array]:
    outer, inner = size / 2, size / 2 - wall
    rings = [(outer, 0.0), (outer, height), (inner, height), (inner, wall)]
    corners = [(s * h, t * h, z) for h, z in rings for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    triangles = [(0, 2, 1), (0, 3, 2), (12, 13, 14), (12, 14, 15)]
    for ring in range(3):
        for k in range(4):
            a, b = 4 * ring + k, 4 * ring + (k + 1) % 4
            triangles += [(a, b, b + 4), (a, b + 4, a + 4)]
    return np.array(corners), np.array(triangles, dtype=np.int32)


def read_obj(path: Path) -> tuple[Array, Array]:
    vertices, triangles = [], []
    for line in path.read_text().splitlines():
        if line.startswith("v "):
            vertices.append([float(v) for v in line.split()[1:4]])
        elif line.startswith("f "):
            face = [int(word.split("/")[0]) - 1 for word in line.split()[1:]]
            triangles += [(face[0], face[i], face[i + 1]) for i in range(1, len(face) - 1)]
    return np.array(vertices), np.array(triangles, dtype=np.int32)


def drop_ball_into(vertices: Array, triangles: Array, ball_m: float, x: float = 0.0, y: float = 0.0) -> None:
    """Set the thing on the floor, drop a ball in, and check that it stays inside, below the rim."""
    top = float(vertices[:, 2].max())
    thing = Body(
        instance_id=1,
        parts=convex_parts(vertices, triangles),
        collision="convex_parts",
        scale=(1.0, 1.0, 1.0),
        density_kg_m3=2500.0,
        poses=(Pose(location_m=(0.0, 0.0, 0.002 - float(vertices[:, 2].min())), rotation=(1.0, 0.0, 0.0, 0.0)),),
    )
    ball = Body(
        instance_id=2,
        parts=(np.asarray(even_directions(64)) * ball_m,),
        collision="sphere",
        scale=(1.0, 1.0, 1.0),
        density_kg_m3=300.0,
        poses=(Pose(location_m=(x, y, top - float(vertices[:, 2].min()) + 0.04), rotation=(1.0, 0.0, 0.0, 0.0)),),
    )
    settled = settle((thing, ball), (FLOOR,), PLAN)
    placed = transform_points(settled.poses[1], vertices)
    height = float(np.ptp(vertices[:, 2]))
    assert settled.attempts == 0
    assert abs(placed[:, 2].min()) < 0.01 * max(np.ptp(vertices, axis=0))
    assert ball_m * 0.9 < settled.poses[2][2, 3] < placed[:, 2].min() + 0.6 * height
    inside = np.ptp(vertices[:, :2], axis=0).max() / 2
    assert np.abs(settled.poses[2][:2, 3] - settled.poses[1][:2, 3] - (x, y)).max() < inside - ball_m


def test_a_ball_dropped_into_a_cup_stays_in_it() -> None:
    drop_ball_into(*cup(0.04, 0.09, 0.004), ball_m=0.012, x=0.005)


def test_a_ball_dropped_into_a_bowl_stays_in_it() -> None:
    drop_ball_into(*bowl(0.08, 0.005), ball_m=0.012, x=0.01)


def test_a_ball_dropped_into_a_tray_stays_in_it() -> None:
    drop_ball_into(*tray(0.3, 0.05, 0.008), ball_m=0.012, x=0.03)


@pytest.mark.skipif(not YCB_MUG.is_file(), reason="the YCB models are not beside the checkout")
def test_a_ball_dropped_into_a_scanned_mug_stays_in_it() -> None:
    vertices, triangles = read_obj(YCB_MUG)
    foot = vertices[vertices[:, 2] < vertices[:, 2].min() + 0.005]
    x, y = (float(v) for v in (foot.min(axis=0) + foot.max(axis=0))[:2] / 2)
    drop_ball_into(vertices, triangles, ball_m=0.012, x=x, y=y)


def test_the_parts_of_a_cup_leave_most_of_its_inside_empty() -> None:
    vertices, triangles = cup(0.04, 0.09, 0.004)
    whole = volume_and_centroid(convex_hull(vertices))[0]
    parts = convex_parts(vertices, triangles)
    assert 2 < len(parts) <= 24
    assert sum(volume_and_centroid(convex_hull(part))[0] for part in parts) < 0.5 * whole


def test_a_solid_box_is_one_part() -> None:
    corners = box_corners((-0.1, -0.2, -0.3), (0.1, 0.2, 0.3))
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.int32)
    parts = convex_parts(corners, triangles)
    assert len(parts) == 1
    assert volume_and_centroid(convex_hull(parts[0]))[0] == pytest.approx(0.2 * 0.4 * 0.6, rel=0.01)


def test_parts_are_the_same_every_time_and_no_more_than_asked_for() -> None:
    surface = cup(0.04, 0.09, 0.004)
    first, again = convex_parts(*surface, max_parts=10), convex_parts(*surface, max_parts=10)
    assert len(first) <= 10
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_surface_without_triangles_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one triangle"):
        convex_parts(np.zeros((3, 3)), np.zeros((0, 3), dtype=np.int32))


def test_twenty_thousand_triangles_take_seconds_at_most() -> None:
    surface = turned_profile([(0.05 * math.sin(a), 0.05 * math.cos(a)) for a in np.linspace(0, math.pi / 2, 130)], 80)
    assert len(surface[1]) > 20_000
    start = time.process_time()
    convex_parts(*surface)
    assert time.process_time() - start < 20  # 2 s on a free core; a mistake costs minutes


def test_the_inside_of_a_closed_box_is_filled_and_that_of_a_cup_is_not() -> None:
    closed = cup(0.05, 0.1, 0.049)
    opened = cup(0.05, 0.1, 0.004)
    filled, hollow = (len(voxelise(*surface, 30).cells) for surface in (closed, opened))
    assert hollow < 0.5 * filled


def test_points_on_a_triangle_leave_no_gap() -> None:
    points = surface_points(np.array([[(0.0, 0, 0), (1.0, 0, 0), (0.0, 1, 0)]]), 0.15)
    assert len(points) == 66  # ten steps along the longest side
    assert points.sum(axis=1).max() == pytest.approx(1.0)
