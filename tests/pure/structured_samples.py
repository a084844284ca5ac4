"""Scenes with marks and contexts, without Blender: boxes of known sizes on surfaces of known shapes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

import numpy as np

from pipeline.config.schema import Config
from pipeline.geometry import compose, transform_points
from pipeline.job import Job, make_job
from pipeline.records import (
    Asset,
    AssetRecipe,
    Catalogue,
    FramePlan,
    Hdri,
    MarkedSlot,
    MarkedSurface,
    MarkedVolume,
    Marks,
    RestingPose,
    Settings,
    Solids,
)
from pipeline.structure import Reader, structure

NO_MARKS = Marks()
SIZES = {"mug": (0.1, 0.08, 0.12), "book": (0.2, 0.15, 0.03), "crumb": (0.01, 0.01, 0.01), "bowl": (0.3, 0.3, 0.1)}
SCENE = {
    "seed": 11,
    "frames": 50,
    "categories": [{"id": i, "name": name} for i, name in enumerate(SIZES, start=1)],
    "targets": [{"files": f"{name}.glb", "category": name, "collision": "convex_parts", "count": 0} for name in SIZES],
    "camera": {"shell": {"distance_m": 1}},
    "accept": {"min_targets": 0},
}


def asset(name: str) -> Asset:
    """A box whose origin is not its middle, lying on one of two faces."""
    x, y, z = SIZES[name]
    low, high = (-0.3 * x, -0.5 * y, -0.25 * z), (0.7 * x, 0.5 * y, 0.75 * z)
    half = math.sqrt(0.5)
    return Asset(
        asset_id=f"{name}.glb",
        recipe=AssetRecipe(source=f"{name}.glb"),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        low_m=low,
        high_m=high,
        radius_m=float(np.linalg.norm(np.maximum(np.abs(low), high))),
        triangles=12,
        has_alpha=False,
        resting=(
            RestingPose(rotation=(1.0, 0.0, 0.0, 0.0), height_m=0.25 * z, probability=0.5),
            RestingPose(rotation=(half, 0.0, half, 0.0), height_m=0.7 * x, probability=0.5),  # +x down
        ),
    )


def job_of(contexts: dict, marks: Marks = NO_MARKS, **changes) -> Job:
    reader = Reader()
    config = structure({**SCENE, "contexts": contexts, **changes}, Config, reader)
    assert not reader.problems, [str(one) for one in reader.problems]
    catalogue = Catalogue(
        targets=tuple((asset(name),) for name in SIZES),
        distractors=(),
        hdris=(Hdri(source="bundled:a.exr", sha256="0", mean_radiance=0.5),),
        textures={},
        marks=marks,
    )
    return make_job(config, catalogue)


def table(
    name: str = "Table",
    size: tuple[float, float] = (1.0, 1.0),
    cells: int = 8,
    height=lambda x, y: 0.7,
    weight=None,
    at: tuple[float, float] = (0.0, 0.0),
    **ranges,
) -> MarkedSurface:
    """A grid of triangles over a rectangle about `at`, `height` and `weight` functions of x and y there."""
    xs, ys = (np.linspace(-side / 2, side / 2, cells + 1) for side in size)
    points = [(x, y) for y in ys.tolist() for x in xs.tolist()]
    quads = [(j * (cells + 1) + i) for j in range(cells) for i in range(cells)]
    triangles = [t for q in quads for t in ((q, q + 1, q + cells + 2), (q, q + cells + 2, q + cells + 1))]
    return MarkedSurface(
        name=name,
        object_name=name,
        vertices_m=tuple((at[0] + x, at[1] + y, float(height(x, y))) for x, y in points),
        triangles=tuple(triangles),
        weights=() if weight is None else tuple(float(weight(x, y)) for x, y in points),
        settings=Settings(ranges={key: (value, value) for key, value in ranges.items()}),
    )


def box_mesh(name: str, low, high) -> MarkedVolume:
    """A closed box with outward normals."""
    corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = tuple(t for a, b, c, d in quads for t in ((a, b, c), (a, c, d)))
    return MarkedVolume(name=name, object_name=name, vertices_m=tuple(corners), triangles=triangles)


def slot(name: str, low, high, at=(0.0, 0.0, 0.0), rotation=(1.0, 0.0, 0.0, 0.0), **words) -> MarkedSlot:
    return MarkedSlot(
        name=name,
        object_name=name,
        location_m=at,
        rotation=rotation,
        low_m=low,
        high_m=high,
        settings=Settings(words=words),
    )


def solid(name: str, center, half) -> Solids:
    return Solids(names=(name,), owners=(0,), centers_m=(center,), rotations=((1.0, 0.0, 0.0, 0.0),), halves_m=(half,))


def boxes_of(plan: FramePlan, context: str | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """The oriented box of each instance that was placed: the pose of its middle, and half sides."""
    found = []
    for one in plan.instances:
        if context is None or one.context == context:
            thing = asset(one.asset_id.removesuffix(".glb"))
            low, high = np.multiply(thing.low_m, one.scale), np.multiply(thing.high_m, one.scale)
            pose = compose(one.poses[0].location_m, one.poses[0].rotation)
            pose[:3, 3] = transform_points(pose, [(low + high) / 2])[0]
            found.append((pose, (high - low) / 2))
    return found


def overlapping(boxes: list[tuple[np.ndarray, np.ndarray]], gap: float = 0.0) -> list[tuple[int, int]]:
    """Pairs of boxes nearer than `gap`, by all fifteen separating axes of those whose spheres meet."""
    centers = np.array([pose[:3, 3] for pose, _ in boxes])
    radii = np.array([np.linalg.norm(half) for _, half in boxes])
    order = np.argsort(centers[:, 0])
    pairs = []
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            if centers[j, 0] - centers[i, 0] > radii[i] + radii.max() + gap:
                break
            if (
                np.linalg.norm(centers[i] - centers[j]) < radii[i] + radii[j] + gap
                and separation(boxes[i], boxes[j]) < gap - 2e-8
            ):
                pairs.append((int(i), int(j)))
    return pairs


def separation(a, b) -> float:
    """The widest gap between two boxes along any of their fifteen axes, below 0 where they overlap."""
    (pose_a, half_a), (pose_b, half_b) = a, b
    axes = [*pose_a[:3, :3].T, *pose_b[:3, :3].T]
    axes += [np.cross(p, q) for p in pose_a[:3, :3].T for q in pose_b[:3, :3].T]
    gaps = []
    for axis in axes:
        size = np.linalg.norm(axis)
        if size > 1e-9:
            axis = axis / size
            reach = np.abs(axis @ pose_a[:3, :3]) @ half_a + np.abs(axis @ pose_b[:3, :3]) @ half_b
            gaps.append(abs(axis @ (pose_b[:3, 3] - pose_a[:3, 3])) - reach)
    return max(gaps)


def height_below(surface: MarkedSurface, x: float, y: float, z: float) -> float:
    """How far straight below (or, negative, above) a point the surface is, by a ray; the nearest hit, NaN without."""
    corners = np.array(surface.vertices_m)[np.array(surface.triangles)]
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    det = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    p = np.array([x, y]) - a[:, :2]
    s = (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]) / det
    t = (u[:, 0] * p[:, 1] - u[:, 1] * p[:, 0]) / det
    hit = (s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9)
    gaps = z - (a[:, 2] + s * u[:, 2] + t * v[:, 2])[hit]
    return float(gaps[np.argmin(np.abs(gaps))]) if len(gaps) else math.nan


def chi_square(observed: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """The statistic, and the bound that it stays below 999 times in 1000 (Wilson and Hilferty)."""
    freedom = observed.size - 1
    statistic = float(((observed - expected) ** 2 / expected).sum())
    return statistic, freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3


def without(plan: FramePlan, *contexts: str) -> FramePlan:
    """The plan as it would be without some contexts: what they placed and reported left out, ids closed up."""
    kept = [one for one in plan.instances if one.context not in contexts]
    return replace(
        plan,
        job_digest="",
        contexts=tuple(one for one in plan.contexts if one.name not in contexts),
        instances=tuple(replace(one, instance_id=i) for i, one in enumerate(kept, start=1)),
    )
