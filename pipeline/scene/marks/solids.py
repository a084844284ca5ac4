"""What stands in the template near its marks, as boxes that nothing may be placed into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, inverse_rigid, product, rigid_and_scale, transform_points
from pipeline.records import Marks, Quaternion, Solids, Vector
from pipeline.scene.assets import baking
from pipeline.scene.marks.anchors import rotation_of
from pipeline.scene.marks.arrays import vector_of
from pipeline.scene.marks.evaluated import evaluate, mesh_of
from pipeline.scene.marks.find import Found, is_helper, marked_as
from pipeline.scene.marks.outliner import Outliner
from pipeline.scene.marks.part_boxes import NEAR_M, Boxes, boxes_of
from pipeline.scene.marks.roles import PREFIX
from pipeline.scene.marks.surfaces import Area
from pipeline.scene.template.names import ancestors, object_names
from pipeline.scene.template.shown import look_as_render

REACH_M = 5.0  # from any mark: the longest of what is placed, to its middle
LIFT_M = 0.05  # what is placed stands in the open above its mark
MOST_BOXES = 4000  # in all; the largest are kept


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Near:
    """Where marks are: boxes `lows`, `highs` (N, 3) drawn around each. `sets` are points (P, 3) in the open, of each
    mark and each camera, between `set_lows` and `set_highs` (S, 3)."""

    lows: Array
    highs: Array
    sets: tuple[Array, ...]
    set_lows: Array
    set_highs: Array

    def meets(self, low: Array, high: Array) -> bool:
        """Return whether a box comes within reach of any mark."""
        return bool(((self.lows <= high) & (self.highs >= low)).all(axis=1).any())

    def inside(self, low: Array, high: Array) -> list[Array]:
        """Return the sets that lie in a box as a whole."""
        within = (self.set_lows > low - NEAR_M) & (self.set_highs < high + NEAR_M)
        return [self.sets[i] for i in np.flatnonzero(within.all(axis=1)).tolist()]


@dataclass(slots=True)
class Boxed:
    """Boxes under way. `made` are those of meshes that many objects share, in their own axes."""

    names: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    centers: list[Vector] = field(default_factory=list)
    rotations: list[Quaternion] = field(default_factory=list)
    halves: list[Vector] = field(default_factory=list)
    made: dict[tuple[object, ...], Boxes] = field(default_factory=dict)
    coarse: set[str] = field(default_factory=set)


def solids_of(scene: bpy.types.Scene, found: Sequence[Found], marks: Marks, areas: Mapping[str, Area]) -> Solids:
    """Return the boxes of everything solid that comes within reach of `marks`.

    The faces of surfaces (`areas`, by object name) do not count, nor do helpers, slots and what is said not to be
    solid; colliders do, whether they show or not.
    """
    near = near_of(scene, marks)
    if not len(near.lows):
        return Solids()
    names = object_names(scene)
    slots = {one.item.session_uid for one in marked_as(found, "slot")}
    no_solids = {item.session_uid for item in not_solid(scene, found)}
    no_solids |= {
        item.session_uid for item in scene.objects if slots & {one.session_uid for one in (item, *ancestors(item))}
    }
    boxed = Boxed()
    seen: set[int] = set()

    def look(depsgraph: bpy.types.Depsgraph) -> None:
        for instance in depsgraph.object_instances:
            shown = instance.object
            owner = (instance.parent if instance.is_instance else shown).original
            if (
                shown.type != "MESH"
                or not instance.show_self
                or no_solids
                & {
                    owner.session_uid,
                    shown.original.session_uid,
                }
            ):
                continue
            name = names.get(owner.session_uid, owner.name)
            seen.add(owner.session_uid)
            area = None if instance.is_instance else areas.get(name)
            _box(name, shown.data, np.array(instance.matrix_world, dtype=np.float64), area, near, boxed)

    look_as_render(scene, look)
    hidden = [one for one in marked_as(found, "collider") if one.item.session_uid not in seen]

    def look_at_hidden(depsgraph: bpy.types.Depsgraph) -> None:
        for one in hidden:
            with mesh_of(one.item, depsgraph) as mesh:
                if mesh is not None:
                    matrix = np.array(one.item.evaluated_get(depsgraph).matrix_world, dtype=np.float64)
                    _box(one.object_name, mesh, matrix, areas.get(one.object_name), near, boxed)

    if hidden:
        evaluate(scene, [one.item for one in hidden], look_at_hidden)
    return _record(boxed)


def not_solid(scene: bpy.types.Scene, found: Sequence[Found]) -> Iterator[bpy.types.Object]:
    """Yield the objects that are in nobody's way: helpers but for colliders, and those that are said not to be solid,
    themselves or by a collection."""
    helpers = {one.item.session_uid for one in found if is_helper(one) and "collider" not in one.roles}
    outliner = Outliner(scene)
    for item in scene.objects:
        if item.session_uid in helpers or not _is_said_solid(item, outliner):
            yield item


def _is_said_solid(item: bpy.types.Object, outliner: Outliner) -> bool:
    key = f"{PREFIX}solid"
    if key in item:
        return _yes(item[key])
    said = (_yes(group[key]) for line in outliner.lines(item) for group in line if key in group)
    return next(said, True)


def _yes(value: object) -> bool:
    return value not in (0, False, "false", "no", "off")


def near_of(scene: bpy.types.Scene, marks: Marks) -> Near:
    """Return where the marks are at which things are placed; the cameras' places are open too."""
    lifted = [
        *(one.vertices_m for one in marks.surfaces),
        *(one.points_m for one in marks.splines),
        *((one.location_m,) for one in marks.anchors),
        *((one.location_m,) for one in marks.slots),
    ]
    places = [
        *(np.asarray(points, dtype=np.float64) + [0.0, 0.0, LIFT_M] for points in lifted),
        *(np.asarray(one.vertices_m, dtype=np.float64) for one in marks.volumes),
    ]
    eyes = [np.asarray([one.location_m], dtype=np.float64) for one in marks.cameras]
    if scene.camera is not None:
        eyes.append(np.array(scene.camera.matrix_world, dtype=np.float64)[None, :3, 3])
    sets = (*places, *eyes)
    lows = np.array([points.min(axis=0) for points in sets]).reshape(-1, 3)
    highs = np.array([points.max(axis=0) for points in sets]).reshape(-1, 3)
    return Near(
        lows=lows[: len(places)] - REACH_M,
        highs=highs[: len(places)] + REACH_M,
        sets=sets,
        set_lows=lows,
        set_highs=highs,
    )


def _box(name: str, mesh: bpy.types.Mesh, matrix: Array, area: Area | None, near: Near, boxed: Boxed) -> None:
    """Add the boxes of one mesh shown at `matrix`."""
    local = baking.positions(mesh)
    if not len(local) or not mesh.polygons:
        return
    world = transform_points(matrix, local)
    low, high = world.min(axis=0), world.max(axis=0)
    if not near.meets(low, high):
        return
    rigid, scale = rigid_and_scale(matrix)
    object_from_world = inverse_rigid(rigid)
    inside = near.inside(low, high)
    whole = area is None and not inside
    turned = tuple(product(matrix[:3, :3].T, rigid[:3, :3]).round(9).ravel())
    key = (mesh.as_pointer(), turned, vector_of(rigid[2, :3]))
    if not whole or key not in boxed.made:
        triangles = baking.triangles(mesh)
        if np.linalg.det(matrix[:3, :3]) < 0:
            triangles = triangles[:, ::-1]
        used = np.ones(len(triangles), dtype=bool)
        if area is not None and len(area.chosen) == len(triangles):
            used = ~area.chosen
        shape = transform_points(object_from_world, world)
        open_sets = [transform_points(object_from_world, points) for points in inside]
        made = boxes_of(shape, triangles, used, rigid[2, :3], open_sets)
        if whole:
            boxed.made[key] = made
    else:
        made = boxed.made[key]
    _add(name, made, rigid, boxed)


def _add(name: str, made: Boxes, rigid: Array, boxed: Boxed) -> None:
    if not len(made.lows):
        return
    if name not in boxed.names:
        boxed.names.append(name)
    owner, rotation = boxed.names.index(name), rotation_of(rigid)
    if not made.is_whole:
        boxed.coarse.add(name)
    for center in transform_points(rigid, (made.lows + made.highs) / 2):
        boxed.owners.append(owner)
        boxed.centers.append(vector_of(center))
        boxed.rotations.append(rotation)
    boxed.halves.extend(vector_of(half) for half in (made.highs - made.lows) / 2)


def _record(boxed: Boxed) -> Solids:
    """Return the record of all boxes, the largest where there are too many, in the order they were found."""
    sizes = np.array([[x * x + y * y + z * z] for x, y, z in boxed.halves]).reshape(-1)
    kept: NDArray[np.int64] = np.sort(np.argsort(-sizes, kind="stable")[:MOST_BOXES])
    chosen = kept.tolist()
    return Solids(
        names=tuple(boxed.names),
        owners=tuple(boxed.owners[i] for i in chosen),
        centers_m=tuple(boxed.centers[i] for i in chosen),
        rotations=tuple(boxed.rotations[i] for i in chosen),
        halves_m=tuple(boxed.halves[i] for i in chosen),
        coarse=tuple(sorted(boxed.coarse)),
        left_out=len(sizes) - len(chosen),
    )
