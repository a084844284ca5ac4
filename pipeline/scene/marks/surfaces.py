"""Surfaces: faces that are level enough to stand on, as densely as they are painted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.records import MarkedSurface, Settings
from pipeline.scene.marks.arrays import (
    World,
    compact,
    in_world,
    material_faces,
    material_names,
    normals_of,
    on_faces,
    on_vertices,
    painted,
    painted_names,
    round_,
    triangles_of,
    vectors_of,
)
from pipeline.scene.marks.find import Found, Report
from pipeline.structure import did_you_mean

MAX_TILT_DEG = 30.0
EVEN = 1e-6  # of a cosine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Area:
    """The triangles of a surface, marked `chosen` (T) of those of its mesh in the `world`, and its weights (V)."""

    world: World
    chosen: NDArray[np.bool_]
    weights: Array | None


def read_surface(
    one: Found, settings: Settings, mesh: bpy.types.Mesh | None, matrix: Array, report: Report
) -> Area | None:
    """Return the faces of a marked object on which things may stand, or None after reporting why there are none."""
    if mesh is None or not mesh.polygons:
        report(f"{one} is a surface without faces", "give it faces, or mark another object")
        return None
    world = in_world(mesh, matrix)
    chosen = _named_faces(one, settings, mesh, report)
    if chosen is None:
        return None
    weights = _weights(one, settings, mesh, report)
    level = _level(one, settings, world, chosen[world.faces], report)
    return None if level is None else Area(world=world, chosen=level, weights=weights)


def surface_of(one: Found, settings: Settings, area: Area, report: Report) -> MarkedSurface | None:
    """Return the record of a surface, or None after reporting that nothing can stand there."""
    vertices, triangles, used = compact(area.world.vertices, area.world.triangles[area.chosen])
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    if not float(np.abs(np.cross(b - a, c - a)).sum()) > 0:
        report(f"{one} is a surface of no area", "scale it up, or mark another object")
        return None
    weights = () if area.weights is None else tuple(round_(value) for value in area.weights[used])
    if weights and max(weights) == 0:
        name = settings.words["density"]
        report(
            f"{one} has a density, {name!r}, that is zero on all faces that are used", "paint it, or remove vg.density"
        )
        return None
    return MarkedSurface(
        name=one.name,
        object_name=one.object_name,
        vertices_m=vectors_of(vertices),
        triangles=triangles_of(triangles),
        weights=weights,
        settings=settings,
    )


def _named_faces(one: Found, settings: Settings, mesh: bpy.types.Mesh, report: Report) -> NDArray[np.bool_] | None:
    name = settings.words.get("faces")
    if name is None:
        return np.ones(len(mesh.polygons), dtype=bool)
    what = painted(one.item, mesh, name)
    faces = on_faces(mesh, what) if what is not None else material_faces(one.item, mesh, name)
    if faces is None:
        known = {*painted_names(one.item, mesh), *material_names(one.item, mesh)} - {""}
        text = f"{one} has vg.faces = {name!r}, but no vertex group, attribute or material of that name"
        report(text, did_you_mean(name, known))
    elif not faces.any():
        report(f"{one} has vg.faces = {name!r}, which holds no whole face", "assign faces to it")
        return None
    return faces


def _weights(one: Found, settings: Settings, mesh: bpy.types.Mesh, report: Report) -> Array | None:
    name = settings.words.get("density")
    if name is None:
        return None
    what = painted(one.item, mesh, name)
    if what is None:
        text = f"{one} has vg.density = {name!r}, but no vertex group or colour attribute of that name"
        report(text, did_you_mean(name, painted_names(one.item, mesh)) or "paint one")
        return None
    return np.clip(on_vertices(mesh, what), 0.0, 1.0)


def _level(
    one: Found, settings: Settings, world: World, chosen: NDArray[np.bool_], report: Report
) -> NDArray[np.bool_] | None:
    limit = settings.ranges.get("max_tilt_deg", (MAX_TILT_DEG, MAX_TILT_DEG))[1]
    up = normals_of(world)[:, 2]
    steepest = math.cos(math.radians(limit)) - EVEN
    level = chosen & (up >= max(steepest, EVEN))
    if level.any():
        return level
    if (chosen & (-up >= steepest)).any():
        report(f"all level faces of {one} point down", "flip its normals: things stand where normals point")
    elif not up[chosen].any():
        report(f"{one} is a surface of no area", "scale it up, or mark another object")
    else:
        report(f"all faces of {one} are steeper than {limit:g} degrees", "turn it, or raise vg.max_tilt_deg")
    return None
