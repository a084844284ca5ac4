"""Built-in shapes: the longest side 1 m, centred, with UVs, made from numbers alone and the same in every process."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable

import bpy
import numpy as np

from pipeline.geometry import Array, product, unit
from pipeline.scene.assets import lathe
from pipeline.scene.assets.lathe import BEVEL, Face, Solid
from pipeline.scene.physics.hulls import convex_hull

SHAPES_VERSION = 1  # part of the content hash of every shape: raise it when one changes
CONVEX_SHAPES = tuple(f"convex_{number:02d}" for number in range(16))

SMOOTH_BELOW_RAD = math.radians(35)  # edges flatter than this are shaded smooth


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


def _pyramid() -> Solid:
    """Of the Egyptian kind, as high as its base is wide."""
    return _hull(np.array([(-0.5, -0.5, -0.5), (0.5, -0.5, -0.5), (0.5, 0.5, -0.5), (-0.5, 0.5, -0.5), (0, 0, 0.5)]))


def _tetrahedron() -> Solid:
    return _hull(np.array([(0.5, 0.5, 0.5), (0.5, -0.5, -0.5), (-0.5, 0.5, -0.5), (-0.5, -0.5, 0.5)]))


def _prism() -> Solid:
    """On a hexagon."""
    turns = [math.tau * step / 6 for step in range(6)]
    return _hull(np.array([(0.5 * math.cos(turn), 0.5 * math.sin(turn), z) for z in (-0.4, 0.4) for turn in turns]))


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
        normal = unit(normal)
        key = tuple(round(float(v), 6) + 0.0 for v in (*normal, float(product(normal, a))))
        planes.setdefault(key, set()).update(face)
    return [_ring(vertices, sorted(members), np.array(key[:3])) for key, members in planes.items()]


def _ring(vertices: Array, members: list[int], normal: Array) -> Face:
    """Return the corners of a flat convex face in order, anticlockwise seen from outside."""
    center = vertices[members].mean(axis=0)
    first = vertices[members[0]] - center
    second = np.cross(normal, first)
    ways = {index: vertices[index] - center for index in members}
    angles = {index: math.atan2(product(way, second), product(way, first)) for index, way in ways.items()}
    return tuple(sorted(members, key=lambda index: angles[index]))


_SHAPES: dict[str, Callable[[], Solid]] = {
    "cube": _cube,
    "sphere": lathe.sphere,
    "cylinder": lathe.cylinder,
    "cone": lathe.cone,
    "torus": lathe.torus,
    "half_torus": lathe.half_torus,
    "capsule": lathe.capsule,
    "arrow": lathe.arrow,
    "wedge": _wedge,
    "pyramid": _pyramid,
    "tetrahedron": _tetrahedron,
    "prism": _prism,
}
