"""Splines: the bare lines of curves, and the edges of meshes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, transform_points
from pipeline.records import MarkedSpline, Settings
from pipeline.scene.assets import baking
from pipeline.scene.marks.arrays import edges_of, vectors_of
from pipeline.scene.marks.chains import Chain, chains_of
from pipeline.scene.marks.evaluated import bare, evaluate, mesh_of
from pipeline.scene.marks.find import Found, Report
from pipeline.scene.template.journal import Journal

LINES = frozenset({"CURVE", "MESH"})
SHORTEST_M = 1e-6

Line = tuple[Array, tuple[Chain, ...], Array]
"""Vertices (V, 3) of the object, its chains, its world matrix (4, 4)."""


def read_lines(scene: bpy.types.Scene, found: Sequence[Found]) -> dict[str, Line]:
    """Return the lines of marked curves and meshes by object name, as evaluated.

    A curve that its modifiers clothe with faces is read again without those that make something new.
    """
    lines, thick = _lines(scene, [one for one in found if one.item.type in LINES], only_bending=False)
    if thick:
        again, _ = _lines(scene, thick, only_bending=True)
        lines |= again
    return lines


def _lines(scene: bpy.types.Scene, found: Sequence[Found], only_bending: bool) -> tuple[dict[str, Line], list[Found]]:
    lines: dict[str, Line] = {}
    thick: list[Found] = []

    def look(depsgraph: bpy.types.Depsgraph) -> None:
        for one in found:
            with mesh_of(one.item, depsgraph) as mesh:
                if mesh is None:
                    continue
                if one.item.type == "CURVE" and mesh.polygons:
                    thick.append(one)
                matrix = np.array(one.item.evaluated_get(depsgraph).matrix_world, dtype=np.float64)
                lines[one.object_name] = (baking.positions(mesh), tuple(chains_of(_open_edges(mesh))), matrix)

    if found:
        journal = Journal()
        bare([one.item for one in found if one.item.type == "CURVE"], journal, only_bending)
        evaluate(scene, [one.item for one in found], look, journal)
    return lines, thick


def _open_edges(mesh: bpy.types.Mesh) -> NDArray[np.int32]:
    """Return the edges without faces, or where there are none the border of the faces."""
    edges = edges_of(mesh)
    if not mesh.polygons:
        return edges
    numbers = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("edge_index", numbers)
    faces = np.bincount(numbers, minlength=len(edges))
    return edges[faces == 0] if (faces == 0).any() else edges[faces == 1]


def splines_of(one: Found, settings: Settings, lines: Mapping[str, Line], report: Report) -> Iterator[MarkedSpline]:
    """Yield the records of a marked object's lines; reports where there are none, or some without length."""
    if one.item.type not in LINES:
        report(f"{one} cannot be a spline", "mark a curve, or a mesh of edges")
        return
    vertices, chains, matrix = lines.get(one.object_name, (np.zeros((0, 3)), (), np.eye(4)))
    world = transform_points(matrix, vertices)
    part = 0
    for chain in chains:
        points = _without_repeats(world[list(chain.vertices)])
        closed = chain.closed and len(points) > 2
        if len(points) < 2:
            continue
        if closed:
            points = np.concatenate([points, points[:1]])
        yield MarkedSpline(
            name=one.name,
            object_name=one.object_name,
            part=part,
            points_m=vectors_of(points),
            closed=closed,
            settings=settings,
        )
        part += 1
    if part == 0:
        report(f"{one} has no length", "give it two points or more that lie apart")


def _without_repeats(points: Array) -> Array:
    """Return points (N, 3) without those that lie where the one before does."""
    kept = [0]
    for number in range(1, len(points)):
        step = points[number] - points[kept[-1]]
        if float((step * step).sum()) > SHORTEST_M**2:
            kept.append(number)
    return points[kept]
