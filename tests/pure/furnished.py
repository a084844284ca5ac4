"""Scenes furnished by contexts, without Blender: boxes of known size, marks made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.built.places import build_places
from pipeline.config.schema import Config
from pipeline.geometry import boxes_overlap
from pipeline.job import Job, make_job
from pipeline.records import Asset, AssetRecipe, Catalogue, Hdri, MarkedSpline, MarkedSurface, Marks, RestingPose
from pipeline.sampling.globals import sample_globals
from pipeline.sampling.structured.contexts import fill_contexts
from pipeline.sampling.structured.occupied import Occupied
from pipeline.sampling.structured.places import places_of, solids_with
from pipeline.sampling.structured.site import Placed, Site
from pipeline.sampling.structured.standing import box_at
from pipeline.sampling.surroundings import sample_surroundings
from pipeline.structure import Reader, structure

SCENE = {
    "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "post"}],
    "targets": [{"files": "car.glb", "category": "car"}, {"files": "post.glb", "category": "post"}],
    "camera": {"shell": {"distance_m": 3}},
}
CAR = ((-2.0, -0.9, 0.0), (2.0, 0.9, 1.5))  # low and high corners, metres
POST = ((-0.1, -0.1, -0.5), (0.1, 0.1, 0.5))


def box_asset(name: str, low_m, high_m) -> Asset:
    height = -low_m[2]
    return Asset(
        asset_id=name,
        recipe=AssetRecipe(source=name),
        sha256="0" * 64,
        low_m=low_m,
        high_m=high_m,
        radius_m=float(np.linalg.norm(np.maximum(np.abs(low_m), np.abs(high_m)))),
        triangles=12,
        has_alpha=False,
        resting=(RestingPose(rotation=(1.0, 0.0, 0.0, 0.0), height_m=height, probability=1.0),),
    )


def job_of(contexts: dict, marks: Marks | None = None, **changes) -> Job:
    reader = Reader()
    config = structure({**SCENE, "contexts": contexts, **changes}, Config, reader)
    assert not reader.problems, reader.problems
    catalogue = Catalogue(
        targets=((box_asset("car.glb", *CAR),), (box_asset("post.glb", *POST),)),
        distractors=(),
        hdris=(Hdri(source="bundled:a.exr", sha256="0", mean_radiance=0.5),),
        textures={},
        marks=marks or Marks(),
    )
    return make_job(config, catalogue)


def filled(contexts: dict, marks: Marks | None = None, scene: int = 0, **changes):
    """What the contexts place in a scene, and their reports."""
    site = site_of(job_of(contexts, marks, **changes), scene)
    return fill_contexts(site)


def site_of(job: Job, scene: int = 0) -> Site:
    config, _, _ = sample_globals(job.config, ("scene", scene))
    built = build_places(sample_surroundings(config, job.catalogue, ("scene", scene), ("scene", scene)))
    return Site(
        config=config,
        catalogue=job.catalogue,
        places=places_of(job.catalogue.marks, built),
        scene=("scene", scene),
        looks=("scene", scene),
        occupied=Occupied(solids_with(job.catalogue.marks.solids, built.blocks)),
    )


def straight(length_m: float, name: str = "lane", **settings) -> MarkedSpline:
    return spline(((0.0, 0.0, 0.0), (length_m, 0.0, 0.0)), name, **settings)


def spline(points_m, name: str = "lane", closed: bool = False, **settings) -> MarkedSpline:
    points = tuple(tuple(float(v) for v in point) for point in points_m)
    made = MarkedSpline(name=name, object_name=name, points_m=points, closed=closed)
    return replace(made, settings=replace(made.settings, ranges=settings))


def plate(low, high, z, name: str = "ground", slope: float = 0.0) -> MarkedSurface:
    """A rectangle that rises by `slope` along +x, its height at x = 0 `z`."""
    (x0, y0), (x1, y1) = low, high
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    vertices = tuple((float(x), float(y), z + slope * x) for x, y in corners)
    return MarkedSurface(name=name, object_name=name, vertices_m=vertices, triangles=((0, 1, 2), (0, 2, 3)))


def middles(placed) -> np.ndarray:
    """The middles (N, 3) of the boxes of things."""
    return np.array([box_at(one.chosen, one.poses[0])[0][:3, 3] for one in placed])


def overlaps(placed: tuple[Placed, ...]) -> int:
    boxes = [box_at(one.chosen, one.poses[0]) for one in placed]
    centers = np.array([pose[:3, 3] for pose, _ in boxes])
    radii = np.array([np.linalg.norm(half) for _, half in boxes])
    count = 0
    for i, one in enumerate(boxes):
        near = np.flatnonzero(np.linalg.norm(centers[:i] - centers[i], axis=1) < radii[:i] + radii[i])
        count += sum(boxes_overlap(*one, *boxes[j]) for j in near)
    return count


def ks_distance(values, cumulative) -> float:
    """The Kolmogorov-Smirnov distance of values to a law given by its cumulative function."""
    ordered = np.sort(values)
    ranks = np.arange(len(ordered) + 1) / len(ordered)
    law = np.array([cumulative(value) for value in ordered])
    return float(max((ranks[1:] - law).max(), (law - ranks[:-1]).max()))


def ks_limit(count: int) -> float:
    """What the distance exceeds once in a thousand times by chance."""
    return 1.95 / count**0.5
