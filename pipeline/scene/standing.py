"""What stands in the scene as evaluated, in one look: the boxes that a camera must keep clear of, and what is worn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from pipeline.geometry import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """Meshes that renders show: their `numbers` (N,) among the depsgraph's instances and their world boxes `low_m`,
    `high_m` (N, 3). `materials` are those of everything shown, by objects, by instances or by Geometry Nodes."""

    numbers: NDArray[np.intp]
    low_m: Array
    high_m: Array
    materials: tuple[bpy.types.Material, ...]


def look_around(depsgraph: bpy.types.Depsgraph) -> Standing:
    """Return what stands there. Everything is asked for once: a template may have thousands of objects."""
    numbers, boxes, matrices = [], [], []
    box_of: dict[tuple[int, int], tuple[list[float], list[float]] | None] = {}
    materials: dict[int, bpy.types.Material] = {}
    for number, instance in enumerate(depsgraph.object_instances):
        shown = instance.object
        key = (shown.as_pointer(), shown.data.as_pointer() if shown.data else 0)
        if key not in box_of:
            box_of[key] = _own_box(shown) if shown.type == "MESH" and shown.data.polygons else None
            collect_materials(materials, [slot.material for slot in shown.material_slots])
            collect_materials(materials, getattr(shown.data, "materials", ()))  # Geometry Nodes set these and no slot
        box = box_of[key]
        if box is not None and not (instance.parent if instance.is_instance else shown).original.hide_render:
            numbers.append(number)
            boxes.append(box)
            matrices.append([tuple(row) for row in instance.matrix_world])
    low, high = np.array(boxes, dtype=np.float64).reshape(-1, 2, 3).transpose(1, 0, 2)
    matrix = np.array(matrices, dtype=np.float64).reshape(-1, 4, 4)
    center = ((low + high)[:, None] @ matrix[:, :3, :3].transpose(0, 2, 1))[:, 0] / 2 + matrix[:, :3, 3]
    half = ((high - low)[:, None] @ np.abs(matrix[:, :3, :3]).transpose(0, 2, 1))[:, 0] / 2
    return Standing(
        numbers=np.array(numbers, dtype=np.intp),
        low_m=center - half,
        high_m=center + half,
        materials=tuple(materials.values()),
    )


def _own_box(item: bpy.types.Object) -> tuple[list[float], list[float]]:
    corners = item.bound_box
    return list(corners[0]), list(corners[6])  # the lowest and the highest


def collect_materials(found: dict[int, bpy.types.Material], materials: Iterable[bpy.types.Material | None]) -> None:
    """Add the original materials to `found`, by `session_uid`."""
    for material in materials:
        if material is not None:
            found.setdefault(material.original.session_uid, material.original)


def is_too_near(
    depsgraph: bpy.types.Depsgraph,
    standing: Standing,
    eye_m: Array,
    clearance_m: float,
    names: frozenset[str] | None = None,
) -> bool:
    """Return whether a point (3,) is nearer than `clearance_m` to a mesh that renders show, or inside one; where
    `names` are given, of those objects alone."""
    meets = (eye_m >= standing.low_m - clearance_m) & (eye_m <= standing.high_m + clearance_m)
    near = set(standing.numbers[meets.all(axis=1)].tolist())
    if not near:
        return False
    eye = Vector(eye_m)
    return any(
        number in near
        and (names is None or (instance.parent if instance.is_instance else instance.object).name in names)
        and _near_or_inside(instance.object, instance.matrix_world, eye, clearance_m)
        for number, instance in enumerate(depsgraph.object_instances)
    )


def _near_or_inside(mesh_object: bpy.types.Object, matrix: Matrix, eye: Vector, clearance_m: float) -> bool:
    inverse = matrix.inverted_safe()
    found, point, normal, _ = mesh_object.closest_point_on_mesh(inverse @ eye)
    if not found:
        return False
    offset = eye - matrix @ point
    if offset.length < clearance_m:
        return True
    outward = inverse.to_3x3().transposed() @ normal
    return _is_closed(mesh_object.data) and outward.dot(offset) < 0


def _is_closed(mesh: bpy.types.Mesh) -> bool:
    """A mesh whose every edge has two faces has an inside (Euler's count of edge sides, no edge walk needed)."""
    return len(mesh.loops) == 2 * len(mesh.edges)
