"""What stands in the scene: meshes that a camera must keep clear of and that may hide its targets, and what is worn.

A template is looked at once for each of its shapes, what a frame adds is taken as it was placed: nothing waits for an
evaluation of the whole scene, which takes long with thousands of objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Matrix, Vector

from pipeline.geometry import Array
from pipeline.scene.ray_meshes import RayMesh, is_near_or_inside, ray_mesh_of, share_of_way

SLACK_M = 1e-4  # around the boxes of meshes without thickness, for the rounding of their corners

RayMeshes = MutableMapping[int, RayMesh]
"""The meshes known to a process, by `session_uid`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thing:
    """A mesh that stands at `matrix`. `name` is that of its object, `owner` that of the object which shows it: itself
    or one that instances it."""

    mesh: RayMesh
    matrix: Matrix
    name: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Meshes that renders show, and their boxes in the world `low_m`, `high_m` (N, 3)."""

    things: tuple[Thing, ...] = ()
    low_m: Array = field(default_factory=lambda: np.zeros((0, 3)))
    high_m: Array = field(default_factory=lambda: np.zeros((0, 3)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One look at an evaluated scene: what stands there, and what everything shown wears, by the `session_uid` of its
    object. `copies` are the meshes that were made for it, of those that are there only as evaluated."""

    standing: Standing
    worn: Mapping[int, tuple[bpy.types.Material, ...]]
    copies: tuple[bpy.types.Mesh, ...]


def look_around(depsgraph: bpy.types.Depsgraph, known: RayMeshes) -> Look:
    """Return what stands there by objects, by instances or by Geometry Nodes. `known` is added to."""
    things: list[Thing] = []
    worn: dict[int, dict[int, bpy.types.Material]] = {}
    meshes: dict[tuple[int, int], RayMesh | None] = {}
    copies: list[bpy.types.Mesh] = []
    for instance in depsgraph.object_instances:
        shown = instance.object
        key = (shown.as_pointer(), shown.data.as_pointer() if shown.data else 0)
        if key not in meshes:
            is_mesh = shown.type == "MESH" and shown.data.polygons
            meshes[key] = _mesh_of(shown, known, copies) if is_mesh else None
            collect_materials(worn.setdefault(shown.original.session_uid, {}), worn_by(shown))
        owner = (instance.parent if instance.is_instance else shown).original
        mesh = meshes[key]
        if mesh is not None and not owner.hide_render:
            things.append(Thing(mesh=mesh, matrix=instance.matrix_world.copy(), name=shown.name, owner=owner.name))
    return Look(
        standing=_standing(things),
        worn={uid: tuple(materials.values()) for uid, materials in worn.items()},
        copies=tuple(copies),
    )


def stand_placed(objects: Iterable[bpy.types.Object], known: RayMeshes) -> Standing:
    """Return what stands there of objects that a frame has added and that nothing but their own pose moves; `known` are
    meshes that stay."""
    return _standing(
        Thing(
            mesh=known[item.data.session_uid] if item.data.session_uid in known else ray_mesh_of(item.data),
            matrix=item.matrix_basis.copy(),
            name=item.name,
            owner=item.name,
        )
        for item in objects
        if item.type == "MESH" and item.data.polygons and not item.hide_render
    )


def together(one: Standing, other: Standing) -> Standing:
    """Return what stands there of both."""
    return Standing(
        things=(*one.things, *other.things),
        low_m=np.concatenate([one.low_m, other.low_m]),
        high_m=np.concatenate([one.high_m, other.high_m]),
    )


def _mesh_of(shown: bpy.types.Object, known: RayMeshes, copies: list[bpy.types.Mesh]) -> RayMesh:
    """Return the mesh of an evaluated object: that of the file, or a copy where it is another, which shares its memory
    with what was evaluated."""
    if not is_plain(shown.original) or len(shown.data.vertices) != len(shown.original.data.vertices):
        copies.append(shown.data.copy())
        return ray_mesh_of(copies[-1])
    return keep_mesh(shown.original.data, known)


def keep_mesh(mesh: bpy.types.Mesh, known: RayMeshes) -> RayMesh:
    """Return what rays can meet of a mesh that stays as long as the process, and add it to those `known`."""
    if mesh.session_uid not in known:
        known[mesh.session_uid] = ray_mesh_of(mesh)
    return known[mesh.session_uid]


def is_plain(item: bpy.types.Object) -> bool:
    """Return whether an object shows the mesh that the file holds, and no other as evaluated."""
    is_bent = bool(item.modifiers) or item.parent_type in ("ARMATURE", "LATTICE")  # parents of these kinds bend too
    return item.type == "MESH" and not is_bent and item.data.shape_keys is None


def _standing(things: Iterable[Thing]) -> Standing:
    things = tuple(things)
    low = np.array([one.mesh.low_m for one in things]).reshape(-1, 3)
    high = np.array([one.mesh.high_m for one in things]).reshape(-1, 3)
    matrix = np.array([[tuple(row) for row in one.matrix] for one in things], dtype=np.float64).reshape(-1, 4, 4)
    center = (matrix[:, :3, :3] * (low + high)[:, None]).sum(axis=2) / 2 + matrix[:, :3, 3]
    half = (np.abs(matrix[:, :3, :3]) * (high - low)[:, None]).sum(axis=2) / 2
    return Standing(things=things, low_m=center - half, high_m=center + half)


# --- what is worn ---------------------------------------------------------------------------------------------------


def worn_by(item: bpy.types.Object) -> Iterator[bpy.types.Material | None]:
    """Yield what an object wears, by its slots and by its mesh."""
    yield from (slot.material for slot in item.material_slots)
    yield from getattr(item.data, "materials", ())  # Geometry Nodes set these and no slot


def materials_shown(depsgraph: bpy.types.Depsgraph) -> tuple[bpy.types.Material, ...]:
    """Return what everything wears that is shown by objects, by instances or by Geometry Nodes."""
    found: dict[int, bpy.types.Material] = {}
    for instance in depsgraph.object_instances:
        collect_materials(found, worn_by(instance.object))
    return tuple(found.values())


def collect_materials(found: dict[int, bpy.types.Material], materials: Iterable[bpy.types.Material | None]) -> None:
    """Add the original materials to `found`, by `session_uid`."""
    for material in materials:
        if material is not None:
            found.setdefault(material.original.session_uid, material.original)


# --- what a camera asks ---------------------------------------------------------------------------------------------


def is_too_near(standing: Standing, eye_m: Array, clearance_m: float, names: frozenset[str] | None = None) -> bool:
    """Return whether a point (3,) is nearer than `clearance_m` to what stands there, or inside it; where `names` are
    given, of those objects alone."""
    meets = (eye_m >= standing.low_m - clearance_m) & (eye_m <= standing.high_m + clearance_m)
    near = [standing.things[i] for i in np.flatnonzero(meets.all(axis=1))]
    eye = Vector(eye_m)
    return any(
        is_near_or_inside(one.mesh, one.matrix, eye, clearance_m) for one in near if names is None or one.owner in names
    )


def first_hit(standing: Standing, start_m: Array, end_m: Array) -> str | None:
    """Return the name of the object whose mesh a straight line meets first between two points (3,), or None."""
    start, end = Vector(start_m), Vector(end_m)
    nearest, name = np.inf, None
    for i in np.flatnonzero(_crossed(standing, start_m, end_m)):
        one = standing.things[i]
        share = share_of_way(one.mesh, one.matrix, start, end)
        if share is not None and share < nearest:
            nearest, name = share, one.name
    return name


def _crossed(standing: Standing, start_m: Array, end_m: Array) -> Array:
    """Return the boxes (N,) bool that a line between two points comes through."""
    way = end_m - start_m
    safe = np.where(way == 0, 1.0, way)
    low, high = standing.low_m - SLACK_M, standing.high_m + SLACK_M
    one, other = (low - start_m) / safe, (high - start_m) / safe
    enter, leave = np.minimum(one, other), np.maximum(one, other)
    beside = (way == 0) & ((start_m < low) | (start_m > high))
    enter, leave = np.where(way == 0, -np.inf, enter), np.where(way == 0, np.inf, leave)
    begin = np.maximum(enter.max(axis=1), 0.0)
    crossed: Array = ~beside.any(axis=1) & (begin <= np.minimum(leave.min(axis=1), 1.0))
    return crossed
