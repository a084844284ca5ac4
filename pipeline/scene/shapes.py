"""Built-in shapes: the longest side 1 m, centred, with UVs, made from numbers alone and the same in every process."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable

import bpy
import numpy as np

from pipeline.geometry import Array
from pipeline.scene.hulls import convex_hull

SHAPES_VERSION = 1  # part of the content hash of every shape: raise it when one changes
CONVEX_SHAPES = tuple(f"convex_{number:02d}" for number in range(16))

SEGMENTS = 64  # around an axis
RINGS = 32  # from pole to pole of a sphere
BEVEL = 0.015  # radius of the rounding that catches the light along the edges of cube, cylinder and cone
SMOOTH_BELOW_RAD = math.radians(35)  # edges flatter than this are shaded smooth

Face = tuple[int, ...]
Solid = tuple[Array, list[Face], list[tuple[float, float]]]  # vertices (N, 3), faces, a UV for each corner


def shape_names(name: str) -> tuple[str, ...]:
    """Return the shapes that a scene file's `name` stands for: itself, or all of `convex`."""
    return CONVEX_SHAPES if name == "convex" else (name,)


def shape_mesh(name: str, datablock: str) -> bpy.types.Mesh:
    """Return a new mesh of a shape, named `datablock`, with one empty material slot."""
    vertices, faces, uvs = _SHAPES[name]() if name in _SHAPES else _convex(name)
    vertices = _fitted(vertices)
    flat = name in CONVEX_SHAPES
    mesh = bpy.data.meshes.new(datablock)
    mesh.from_pydata(vertices.tolist(), [], faces)
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", np.array(uvs, dtype=np.float32).ravel())
    mesh.polygons.foreach_set("use_smooth", np.full(len(faces), not flat))
    if not flat:
        mesh.set_sharp_from_angle(angle=SMOOTH_BELOW_RAD)
    mesh.materials.append(None)
    mesh.update()
    return mesh


def _fitted(vertices: Array) -> Array:
    """Return the vertices with their box centred and its longest side 1 m."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return (vertices - (low + high) / 2) / (high - low).max()


# --- surfaces of revolution -----------------------------------------------------------------------------------------


def _lathe(profile: list[tuple[float, float]], closed: bool = False) -> Solid:
    """Return the surface that a profile of (radius, height) sweeps, from the bottom up; radius 0 is a pole."""
    if closed:
        profile = [*profile, profile[0]]
    lengths = np.cumsum([0.0, *(math.dist(a, b) for a, b in zip(profile, profile[1:], strict=False))])
    heights = [float(v) for v in lengths / lengths[-1]]
    vertices: list[tuple[float, float, float]] = []
    rings: list[list[int]] = []
    for radius, height in profile[:-1] if closed else profile:
        turns = [2 * math.pi * step / SEGMENTS for step in range(SEGMENTS if radius > 0 else 1)]
        start = len(vertices)
        vertices += [(radius * math.cos(turn), radius * math.sin(turn), height) for turn in turns]
        rings.append([start + step % len(turns) for step in range(SEGMENTS)])
    if closed:
        rings.append(rings[0])
    faces: list[Face] = []
    uvs: list[tuple[float, float]] = []
    for level, (below, above) in enumerate(zip(rings, rings[1:], strict=False)):
        for step in range(SEGMENTS):
            after = (step + 1) % SEGMENTS
            corners: list[tuple[int, float, float]] = [
                (below[step], step, heights[level]),
                (below[after], step + 1, heights[level]),
                (above[after], step + 1, heights[level + 1]),
                (above[step], step, heights[level + 1]),
            ]
            if below[step] == below[after]:
                corners = [(below[step], step + 0.5, heights[level]), *corners[2:]]
            elif above[step] == above[after]:
                corners = [*corners[:2], (above[step], step + 0.5, heights[level + 1])]
            faces.append(tuple(index for index, _, _ in corners))
            uvs += [(turn / SEGMENTS, height) for _, turn, height in corners]
    return np.array(vertices), faces, uvs


def _arc(radius: float, center: tuple[float, float], low: float, high: float, steps: int) -> list[tuple[float, float]]:
    """Return points (radius, height) on an arc; angles in radians above the horizon."""
    angles = [low + (high - low) * step / steps for step in range(steps + 1)]
    points = [(center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in angles]
    return [(0.0 if abs(r) < 1e-12 else r, z) for r, z in points]


def _sphere() -> Solid:
    return _lathe(_arc(0.5, (0.0, 0.0), -math.pi / 2, math.pi / 2, RINGS))


def _capsule() -> Solid:
    quarter = math.pi / 2
    return _lathe(
        [*_arc(0.25, (0.0, -0.25), -quarter, 0.0, RINGS // 2), *_arc(0.25, (0.0, 0.25), 0.0, quarter, RINGS // 2)]
    )


def _cylinder() -> Solid:
    inner = 0.5 - BEVEL
    low, high = ((inner, sign * inner) for sign in (-1, 1))
    return _lathe([(0.0, -0.5), *_rounded(low, -1), *_rounded(high, 1), (0.0, 0.5)])


def _cone() -> Solid:
    return _lathe([(0.0, -0.5), *_rounded((0.5 - BEVEL, BEVEL - 0.5), -1), (0.0, 0.5)])


def _rounded(center: tuple[float, float], side: int) -> list[tuple[float, float]]:
    """Two steps from a flat end to the mantle. One facet of 45 degrees would be a face to stand on; these are not."""
    quarter = math.pi / 2
    return _arc(BEVEL, center, -quarter, 0.0, 2) if side < 0 else _arc(BEVEL, center, 0.0, quarter, 2)


def _torus() -> Solid:
    return _lathe(_arc(0.15, (0.35, 0.0), -math.pi / 2, 1.5 * math.pi, RINGS)[:-1], closed=True)


# --- polyhedra ------------------------------------------------------------------------------------------------------


def _boxed(vertices: Array, faces: list[Face]) -> Solid:
    """Add UVs: each face seen along the axis it faces most."""
    uvs = []
    for face in faces:
        a, b, c = (vertices[index] for index in face[:3])
        normal = np.cross(b - a, c - a)
        axis = int(np.argmax(np.abs(normal)))
        u, v = [(1, 2), (0, 2), (0, 1)][axis]
        uvs += [(float(vertices[index][u]) + 0.5, float(vertices[index][v]) + 0.5) for index in face]
    return vertices, faces, uvs


def _cube() -> Solid:
    """A cube with rounded edges: the hull of seven points around each corner, none of them a face to stand on."""
    inset = 0.5 - BEVEL
    signs = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    ways = [way for way in itertools.product((0, 1), repeat=3) if any(way)]
    points = []
    for sign in signs:
        for way in ways:
            step = BEVEL / math.sqrt(sum(way))
            points.append([s * (inset + step * w) for s, w in zip(sign, way, strict=True)])
    return _hull(np.array(points))


def _wedge() -> Solid:
    x, y, z = 0.5, 0.35, 0.3
    low = [(-x, -y, -z), (x, -y, -z), (x, y, -z), (-x, y, -z)]
    vertices = np.array([*low, (-x, -y, z), (-x, y, z)])
    return _boxed(vertices, [(0, 3, 2, 1), (0, 4, 5, 3), (1, 2, 5, 4), (0, 1, 4), (3, 5, 2)])


def _convex(name: str) -> Solid:
    """The hull of 8 to 20 points on an ellipsoid; its numbers come from a hash of the name."""
    if name not in CONVEX_SHAPES:
        raise KeyError(name)
    count = 8 + CONVEX_SHAPES.index(name) * 12 // (len(CONVEX_SHAPES) - 1)
    points = []
    for number in range(count):
        data = hashlib.sha256(f"{name}/{number}".encode()).digest()
        turn, height = (int.from_bytes(data[at : at + 6], "big") / 2**48 for at in (0, 6))
        height = 1.8 * height - 0.9
        radius = math.sqrt(1 - height * height)
        points.append((radius * math.cos(math.tau * turn), radius * math.sin(math.tau * turn), height))
    data = hashlib.sha256(name.encode()).digest()
    sides = [0.55 + 0.45 * data[axis] / 255 for axis in range(3)]
    return _hull(_fitted(np.array(points) * sides))


def _hull(points: Array) -> Solid:
    """The hull as polygons: triangles of one plane are one face again."""
    hull = convex_hull(points)
    faces = _merged(hull.vertices, [tuple(int(index) for index in face) for face in hull.triangles])
    return _boxed(hull.vertices, faces)


def _merged(vertices: Array, faces: list[Face]) -> list[Face]:
    planes: dict[tuple[float, ...], set[int]] = {}
    for face in faces:
        a, b, c = (vertices[index] for index in face)
        normal = np.cross(b - a, c - a)
        normal = normal / np.linalg.norm(normal)
        key = tuple(round(float(v), 6) + 0.0 for v in (*normal, float(normal @ a)))
        planes.setdefault(key, set()).update(face)
    return [_ring(vertices, sorted(members), np.array(key[:3])) for key, members in planes.items()]


def _ring(vertices: Array, members: list[int], normal: Array) -> Face:
    """Return the corners of a flat convex face in order, anticlockwise seen from outside."""
    center = vertices[members].mean(axis=0)
    first = vertices[members[0]] - center
    second = np.cross(normal, first)
    ways = {index: vertices[index] - center for index in members}
    angles = {index: math.atan2(way @ second, way @ first) for index, way in ways.items()}
    return tuple(sorted(members, key=lambda index: angles[index]))


_SHAPES: dict[str, Callable[[], Solid]] = {
    "cube": _cube,
    "sphere": _sphere,
    "cylinder": _cylinder,
    "cone": _cone,
    "torus": _torus,
    "capsule": _capsule,
    "wedge": _wedge,
}
