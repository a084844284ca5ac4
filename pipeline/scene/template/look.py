"""A template as it stands in a frame: looked at once for each shape that frames give it, and asked as often as need be.

What is kept between frames is of three kinds: what no frame changes (`TemplateObjects`), what its shape decides
(`Look`), and what is worn, where frames dress objects anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import bpy
from mathutils import Matrix

from pipeline.canonical import digest
from pipeline.records import TemplateState
from pipeline.scene.looks.lights import rendered_lamps
from pipeline.scene.session import Session
from pipeline.scene.standing import Look, RayMeshes, Standing, collect_materials, is_plain, look_around, worn_by
from pipeline.scene.template.memory import TemplateMemory, shape_state
from pipeline.scene.template.names import object_names
from pipeline.structure import unstructure

Materials = tuple[bpy.types.Material, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TemplateObjects:
    """The objects of the file: `by_name` as scene files name them, `children` by the `session_uid` of their parent, the
    materials `slots` of each, by its `session_uid`, as the file has them, and `sources`, its lamps and volumes."""

    by_name: Mapping[str, bpy.types.Object]
    children: Mapping[int, Sequence[bpy.types.Object]]
    slots: Mapping[int, Materials]
    sources: tuple[bpy.types.Object, ...]

    def family(self, name: str) -> Iterator[bpy.types.Object]:
        """Yield an object and all that hang on it."""
        waiting = [self.by_name[name]]
        while waiting:
            item = waiting.pop()
            yield item
            waiting.extend(self.children.get(item.session_uid, ()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TemplateLook:
    """What stands there of a template and is worn, and where its lamps are, by `session_uid`, all as evaluated. `worn`
    is all that objects of the file wear, shown or not."""

    standing: Standing = Standing()
    worn: Materials = ()
    lamps: Mapping[int, tuple[bpy.types.Object, Matrix]]


def recall_objects(session: Session, memory: TemplateMemory) -> TemplateObjects:
    """Return the objects of the file, which is as it was opened when this is asked for the first time."""
    return memory.recall("objects", "", lambda: (read_objects(session.scene), ()))


def read_objects(scene: bpy.types.Scene) -> TemplateObjects:
    """Return the objects of a scene as they are now."""
    names = object_names(scene)
    items = list(scene.objects)
    children: dict[int, list[bpy.types.Object]] = {}
    for item in items:
        if item.parent is not None:
            children.setdefault(item.parent.session_uid, []).append(item)
    return TemplateObjects(
        by_name={names[item.session_uid]: item for item in items},
        children=children,
        slots={item.session_uid: _materials(slot.material for slot in item.material_slots) for item in items},
        sources=tuple(item for item in items if item.type in ("LIGHT", "VOLUME")),
    )


def _materials(some: Iterable[bpy.types.Material | None]) -> Materials:
    found: dict[int, bpy.types.Material] = {}
    collect_materials(found, some)
    return tuple(found.values())


def look_at_template(
    session: Session, state: TemplateState, objects: TemplateObjects, memory: TemplateMemory, known: RayMeshes
) -> TemplateLook:
    """Return how the template stands in this `state`, which it is in; nothing of the frame may have been added yet."""
    if session.template is None:
        return TemplateLook(lamps={})
    dressed = {objects.by_name[one.object_name]: unstructure(one.looks) for one in state.objects if one.looks}
    plain = [item for item in dressed if is_plain(item)]
    shape = digest([shape_state(state), [[item.name_full, dressed[item]] for item in dressed if item not in plain]])
    look, lamps = memory.recall("look", shape, lambda: _look(session.scene, known))
    changed = sorted(item.session_uid for item in dressed)
    others = memory.recall("worn", digest([shape, changed]), lambda: (_worn(objects, look, dressed, plain), ()))
    worn = _materials((*others, *(one for item in dressed for one in worn_by(item))))
    return TemplateLook(standing=look.standing, worn=worn, lamps=lamps)


def _look(
    scene: bpy.types.Scene, known: RayMeshes
) -> tuple[tuple[Look, dict[int, tuple[bpy.types.Object, Matrix]]], tuple[bpy.types.ID, ...]]:
    layer = bpy.context.view_layer
    layer.update()
    look = look_around(layer.depsgraph, known)
    lamps = {item.session_uid: (item, item.matrix_world.copy()) for item in rendered_lamps(scene)}
    return (look, lamps), look.copies


def _worn(
    objects: TemplateObjects, look: Look, dressed: Iterable[bpy.types.Object], plain: Iterable[bpy.types.Object]
) -> Materials:
    """Return what all others wear than the `dressed` objects, and what those show as evaluated that are not `plain`."""
    anew, settled = {item.session_uid for item in dressed}, {item.session_uid for item in plain}
    found: dict[int, bpy.types.Material] = {}
    for uid, materials in objects.slots.items():
        if uid not in anew:
            collect_materials(found, materials)
    for uid, materials in look.worn.items():
        if uid not in settled:
            collect_materials(found, materials)
    return tuple(found.values())
