"""What a render of the scene shows, geometry by geometry, from the render's own evaluated depsgraph.

Scripts evaluate the viewport: other subdivision levels, other visibility, other particle counts than the render. A
render engine is handed what is rendered, so a reader that renders nothing stands in as one for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.scene.assets import baking
from pipeline.scene.template.idle import empty_context
from pipeline.scene.template.strands import rough_mesh

Result = TypeVar("Result")

READER = "VARIEGATE_READER"
END = 2**31 - 1  # fills the rest of a persistent_id
GEOMETRY = frozenset({"MESH", "CURVES", "POINTCLOUD"})  # text, curves and metaballs come as the mesh they make


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One geometry that is rendered. `owner` is the object of the scene that shows it: itself, or the outermost one
    that instances it; `source` the object it belongs to (both `session_uid`). `copy` tells the copies of an owner
    apart and stays the same from frame to frame; () for what is no copy. `path` orders the parts of one copy."""

    number: int
    owner: int
    source: int
    path: tuple[int, ...]
    copy: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Geometry:
    """`vertices` (V, 3) in its own coordinates, which `matrix` (4, 4) takes to the world; `triangles` (T, 3).
    `is_mesh` tells whether the triangles are all that shows (hair is no mesh). `block` is a copy of the datablock."""

    vertices: Array
    triangles: NDArray[np.int32]
    matrix: Array
    materials: tuple[bpy.types.Material, ...]
    is_mesh: bool
    block: bpy.types.ID | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """`shown` in Blender's order; `frames` maps the objects of the scene to their world matrices (4, 4). `others` are
    what owners show that nobody watches, themselves too: (owner, source) to numbers."""

    shown: tuple[Shown, ...]
    frames: Mapping[int, Array]
    others: Mapping[tuple[int, int], Sequence[int]]


Wanted = Callable[[Picture], Mapping[int, bool]]
"""From what is shown to the numbers of those whose geometry is needed, and whether as a datablock too."""


def read_shown(scene: bpy.types.Scene, watched: Collection[int], wanted: Wanted) -> tuple[Picture, dict[int, Geometry]]:
    """Return what the first rendered view layer of `scene` shows, and the geometry of what is `wanted`.

    Copies are told apart for the owners `watched` (`session_uid`) alone: a lawn has a million blades.
    """

    def look(depsgraph: bpy.types.Depsgraph) -> tuple[Picture, dict[int, Geometry]]:
        picture = _outline(depsgraph, watched)
        return picture, _geometries(depsgraph, wanted(picture))

    return look_as_render(scene, look)


def look_as_render(scene: bpy.types.Scene, look: Callable[[bpy.types.Depsgraph], Result]) -> Result:
    """Return what `look` makes of the evaluated depsgraph of a render of the first rendered view layer of `scene`."""
    found: list[Result] = []
    raised: list[Exception] = []

    class Reader(bpy.types.RenderEngine):
        bl_idname, bl_label = READER, "Variegate's reader"

        def render(self, depsgraph: bpy.types.Depsgraph) -> None:
            if found or raised:
                return
            try:
                found.append(look(depsgraph))
            except Exception as error:  # Blender would print it and go on
                raised.append(error)

    bpy.utils.register_class(Reader)
    try:
        with _reading(scene), empty_context(scene):
            bpy.ops.render.render(scene=scene.name)
    finally:
        bpy.utils.unregister_class(Reader)
    if raised:
        raise raised[0]
    return found[0]


@contextmanager
def _reading(scene: bpy.types.Scene) -> Iterator[None]:
    render, camera = scene.render, scene.camera
    before = (render.engine, render.use_compositing, render.use_sequencer)
    stand_in = None
    if camera is None:  # Blender does not begin without one
        stand_in = bpy.data.objects.new("reader", bpy.data.cameras.new("reader"))
        scene.collection.objects.link(stand_in)
        scene.camera = stand_in
    render.engine, render.use_compositing, render.use_sequencer = READER, False, False
    try:
        yield
    finally:
        render.engine, render.use_compositing, render.use_sequencer = before
        scene.camera = camera
        if stand_in is not None:
            data = stand_in.data
            bpy.data.objects.remove(stand_in)
            bpy.data.cameras.remove(data)


# --- first look: who shows what -------------------------------------------------------------------------------------


def _outline(depsgraph: bpy.types.Depsgraph, watched: Collection[int]) -> Picture:
    raw: list[tuple[Shown, bool]] = []
    frames: dict[int, Array] = {}
    others: dict[tuple[int, int], list[int]] = {}
    for number, item in enumerate(depsgraph.object_instances):
        source = item.object.original.session_uid
        if not item.is_instance:
            frames[source] = np.array(item.matrix_world, dtype=np.float64)
            if source not in watched:
                others.setdefault((source, source), []).append(number)
            elif _is_rendered(item):
                raw.append((Shown(number=number, owner=source, source=source, path=(), copy=()), False))
            continue
        owner = item.parent.original.session_uid
        if owner not in watched:
            others.setdefault((owner, source), []).append(number)
        elif _is_rendered(item):
            path = tuple(reversed([index for index in item.persistent_id if index != END]))
            entry = Shown(number=number, owner=owner, source=source, path=path, copy=())
            raw.append((entry, item.particle_system is not None and len(path) == 2))
    return Picture(shown=tuple(_told_apart(raw)), frames=frames, others=others)


def _is_rendered(item: bpy.types.DepsgraphObjectInstance) -> bool:
    """Return whether camera rays meet it, as a surface or as strands."""
    shown = item.object
    if shown.type not in GEOMETRY or not shown.visible_camera:
        return False
    if item.is_instance and not item.parent.visible_camera:
        return False
    if _has_hair(item):
        return True
    return bool(item.show_self and (shown.type != "MESH" or shown.data.polygons))


def _has_hair(item: bpy.types.DepsgraphObjectInstance) -> bool:
    """Return whether particles of the object are rendered as strands, which are no mesh."""
    if not item.show_particles or not item.object.particle_systems:
        return False
    kinds = [(system.settings.type, system.settings.render_type) for system in item.object.particle_systems]
    return ("HAIR", "PATH") in kinds


def _told_apart(raw: list[tuple[Shown, bool]]) -> Iterator[Shown]:
    """Yield the geometries with their `copy`, from where in the persistent id the generator of copies counts.

    Outermost first, the id holds the copy's own number; before it, particles put the number of their system, and an
    object with geometry that is no mesh beside its copies (text, or a curve among geometry nodes) the number of that.
    """
    own = {one.owner for one, _ in raw if one.owner == one.source and len(one.path) == 1}
    particles = {one.owner for one, is_particle in raw if is_particle}
    for one, _ in raw:
        path = one.path
        if one.owner == one.source and len(path) == 1:
            path = ()  # the owner's own text, metaball or curve
        elif one.owner in particles:
            path = path[:2]
        elif one.owner in own:
            path = path[1:2]
        else:
            path = path[:1]
        yield Shown(number=one.number, owner=one.owner, source=one.source, path=one.path, copy=path)


# --- second look: geometry ------------------------------------------------------------------------------------------


def _geometries(depsgraph: bpy.types.Depsgraph, wanted: Mapping[int, bool]) -> dict[int, Geometry]:
    made: dict[object, Geometry] = {}
    result: dict[int, Geometry] = {}
    for number, item in enumerate(depsgraph.object_instances):
        if number not in wanted or not _is_rendered(item):
            continue
        shown, needs_block = item.object, wanted[number]
        dressed = baking.own_materials(shown)
        key = (shown.data.as_pointer(), tuple((i, material.session_uid) for i, material in dressed), needs_block)
        if key not in made:
            made[key] = _geometry(item, dressed, needs_block)
        one = made[key]
        result[number] = Geometry(
            vertices=one.vertices,
            triangles=one.triangles,
            matrix=np.array(item.matrix_world, dtype=np.float64),
            materials=one.materials,
            is_mesh=one.is_mesh and not _has_hair(item),
            block=one.block,
        )
    return result


def _geometry(
    item: bpy.types.DepsgraphObjectInstance, dressed: list[tuple[int, bpy.types.Material]], needs_block: bool
) -> Geometry:
    data = item.object.data
    materials = [material and material.original for material in data.materials]
    for index, material in dressed:
        if index < len(materials):
            materials[index] = material
    block = None
    if needs_block:
        block = data.copy()
        for index, material in enumerate(materials):
            block.materials[index] = material
    is_mesh = item.object.type == "MESH"
    vertices, triangles = (baking.positions(data), baking.triangles(data)) if is_mesh else rough_mesh(data)
    return Geometry(
        vertices=vertices,
        triangles=triangles,
        matrix=np.eye(4),
        materials=tuple(material for material in materials if material is not None),
        is_mesh=is_mesh,
        block=block,
    )
