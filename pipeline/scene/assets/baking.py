"""From an evaluated scene to plain meshes: modifiers, shape keys, armatures and instances become geometry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from pipeline.errors import AssetError, Problem
from pipeline.geometry import Array, product

_WITH_SURFACE = frozenset({"MESH", "CURVE", "SURFACE", "FONT", "META"})
_NOT_CONTENT = frozenset({"window_managers", "screens", "workspaces", "libraries", "all_ids"})
_LOOKS = (bpy.types.Material, bpy.types.Image, bpy.types.NodeTree, bpy.types.Texture, bpy.types.Text)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawPart:
    """One mesh as evaluated, in its own coordinates; `matrix` (4, 4) takes them to the file's. `owner` is the
    `session_uid` of the object in the file that shows it, `name` what the object that the mesh comes from is called,
    `slots` what its materials are, "" where a slot has none."""

    mesh: bpy.types.Mesh
    matrix: Array
    owner: int
    name: str
    slots: tuple[str, ...]


def datablocks() -> Iterator[bpy.types.ID]:
    """Yield every datablock but Blender's windows and libraries."""
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in _NOT_CONTENT:
            yield from getattr(bpy.data, prop.identifier)


def newer_than(uid: int) -> list[bpy.types.ID]:
    """Return the datablocks made after the one with `session_uid` `uid`, in the order they were made."""
    found: list[bpy.types.ID] = []
    for prop in bpy.data.bl_rna.properties:
        if prop.type != "COLLECTION" or prop.identifier in _NOT_CONTENT:
            continue
        items = getattr(bpy.data, prop.identifier)
        uids = np.empty(len(items), dtype=np.int32)
        items.foreach_get("session_uid", uids)
        found.extend(items[int(index)] for index in np.flatnonzero(uids > uid))
    return sorted(found, key=lambda item: item.session_uid)


def check_meshes(added: list[bpy.types.ID]) -> None:
    """Refuse coordinates that are no numbers, then mend damaged faces. Raises AssetError."""
    for item in added:
        if isinstance(item, bpy.types.Mesh):
            bad = int((~np.isfinite(positions(item)).all(axis=1)).sum())
            if bad:
                text = f"{bad} of {len(item.vertices)} vertices have coordinates that are NaN or infinite"
                raise AssetError([Problem(message=text, remedy="export it again, or leave it out")])
            item.validate(clean_customdata=False)


def as_rendered(added: list[bpy.types.ID]) -> None:
    """Make the viewport, which scripts evaluate, show what a render would: same objects, same modifiers."""
    for item in added:
        if isinstance(item, bpy.types.Collection):
            item.hide_viewport = item.hide_render
        elif isinstance(item, bpy.types.Object):
            item.hide_viewport = item.hide_render
            item.show_instancer_for_viewport = item.show_instancer_for_render
            for modifier in item.modifiers:
                modifier.show_viewport = modifier.show_render
                if modifier.type in ("SUBSURF", "MULTIRES"):
                    modifier.levels = modifier.render_levels


def bake(scene: bpy.types.Scene) -> list[RawPart]:
    """Return every surface that `scene` shows, as meshes of their own, each evaluated mesh once."""
    layer = scene.view_layers[0]
    layer.update()
    depsgraph = layer.depsgraph
    made: dict[tuple[object, ...], bpy.types.Mesh] = {}
    parts = []
    for instance in depsgraph.object_instances:
        item = instance.object
        if item.type not in _WITH_SURFACE or not instance.show_self:
            continue
        own = tuple((index, material.session_uid) for index, material in own_materials(item))
        key = (item.data.as_pointer() if item.type == "MESH" else item.original.session_uid, own)
        if key not in made:
            made[key] = _to_mesh(item, instance.is_instance, depsgraph)
        owner = instance.parent if instance.is_instance else item
        matrix = np.array(instance.matrix_world, dtype=np.float64)
        parts.append(
            RawPart(
                mesh=made[key],
                matrix=matrix,
                owner=owner.original.session_uid,
                name=item.original.name,
                slots=tuple("" if material is None else material.name for material in made[key].materials),
            )
        )
    return [part for part in parts if len(part.mesh.polygons)]


def own_materials(item: bpy.types.Object) -> list[tuple[int, bpy.types.Material]]:
    """Return (slot, material) where an object's own material outranks its mesh's."""
    slots = [(index, slot.material) for index, slot in enumerate(item.material_slots) if slot.link == "OBJECT"]
    return [(index, material.original) for index, material in slots if material is not None]


def _to_mesh(item: bpy.types.Object, is_instance: bool, depsgraph: bpy.types.Depsgraph) -> bpy.types.Mesh:
    if is_instance and item.type == "MESH":
        mesh = item.data.copy()  # what geometry nodes instance is no object's mesh: new_from_object gives nothing
    else:
        mesh = bpy.data.meshes.new_from_object(item, preserve_all_data_layers=True, depsgraph=depsgraph)
    for index, material in enumerate(mesh.materials):
        if material is not None:
            mesh.materials[index] = material.original
    for index, material in own_materials(item):
        if index < len(mesh.materials):
            mesh.materials[index] = material
    if not mesh.materials:
        mesh.materials.append(None)  # so that an instance can carry a material of its own
    return mesh


def keep_only(meshes: list[bpy.types.Mesh], added: list[bpy.types.ID]) -> list[bpy.types.ID]:
    """Remove the datablocks of `added` that `meshes` do not need, and return the ones they do, meshes included.

    Materials stop moving: their actions and drivers go, so that a frame number cannot change them.
    """
    looks = [item for item in added if isinstance(item, _LOOKS)]
    users = bpy.data.user_map(subset={*looks, *meshes})
    needed: set[bpy.types.ID] = set(meshes)
    while more := [item for item in looks if item not in needed and users.get(item, set()) & needed]:
        needed.update(more)
    for item in needed:
        for owner in (item, getattr(item, "node_tree", None)):
            if owner is not None and getattr(owner, "animation_data", None) is not None:
                owner.animation_data_clear()
    kept = [item for item in added if item in needed]
    bpy.data.batch_remove([item for item in added if item not in needed])
    return kept


def positions(mesh: bpy.types.Mesh) -> Array:
    """Return the vertices (N, 3) float64 of a mesh, in its own coordinates."""
    flat = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def triangles(mesh: bpy.types.Mesh) -> np.ndarray:
    """Return the triangles (M, 3) int32 of a mesh, as vertex indices."""
    mesh.calc_loop_triangles()
    flat = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", flat)
    return flat.reshape(-1, 3)


def moved(points: Array, matrix: Array) -> Array:
    """Return `points` (N, 3) through an affine `matrix` (4, 4), written out: BLAS differs in the last bit."""
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    return np.stack([row[0] * x + row[1] * y + row[2] * z + row[3] for row in matrix[:3]], axis=1)


def reshaped(part: RawPart, points: Array, linear: Array, name: str) -> bpy.types.Mesh:
    """Return a copy of a part's mesh with its vertices at `points` (N, 3); `linear` (3, 3) is what moved them.

    A mirrored part is turned inside out again; normals given by the file follow.
    """
    mesh = part.mesh.copy()
    mesh.name = name
    normals = _file_normals(mesh) if mesh.has_custom_normals and not _keeps_normals(mesh, linear) else None
    corners = _corner_vertices(mesh)
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    is_mirrored = np.linalg.det(linear) < 0
    if is_mirrored:
        mesh.flip_normals()
    mesh.update()
    if normals is not None:
        a, b, c = linear
        upright = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)])  # the inverse transposed, but for its size
        turned = moved(normals, _affine(-upright if is_mirrored else upright))
        turned /= np.maximum(np.linalg.norm(turned, axis=1), 1e-30)[:, None]
        mesh.normals_split_custom_set(turned[_new_corners(mesh, corners)])
    return mesh


def _keeps_normals(mesh: bpy.types.Mesh, linear: Array) -> bool:
    """Normals stored relative to the surface survive turning and even scaling by themselves."""
    stored = mesh.attributes.get("custom_normal")
    gram = product(linear.T, linear)
    even = np.allclose(gram, np.eye(3) * gram[0, 0], rtol=1e-4, atol=1e-6 * gram[0, 0])
    return even and np.linalg.det(linear) > 0 and (stored is None or stored.data_type != "FLOAT_VECTOR")


def _affine(linear: Array) -> Array:
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    return matrix


def _file_normals(mesh: bpy.types.Mesh) -> Array:
    flat = np.empty(len(mesh.loops) * 3, dtype=np.float32)
    mesh.corner_normals.foreach_get("vector", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def _corner_vertices(mesh: bpy.types.Mesh) -> np.ndarray:
    flat = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", flat)
    return flat


def _new_corners(mesh: bpy.types.Mesh, before: np.ndarray) -> np.ndarray:
    """Return for each corner the index it had before its face was turned over (first corner kept, rest reversed)."""
    now = _corner_vertices(mesh)
    order = np.arange(len(now))
    if np.array_equal(now, before):
        return order
    starts = np.empty(len(mesh.polygons), dtype=np.int32)
    totals = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    mesh.polygons.foreach_get("loop_total", totals)
    face = np.repeat(np.arange(len(starts)), totals)
    step = order - starts[face]
    return starts[face] + (totals[face] - step) % totals[face]
