"""A template of any number of objects, as artists fill rooms: shared and own meshes, children, collection instances."""

from __future__ import annotations

from pathlib import Path

import bmesh
import bpy

SHARED = 10
MATERIALS = 20
SPACING_M = 0.12


def save_crowded_template(path: Path, objects: int) -> None:
    """Save a .blend of a floor, a lamp, and `objects` mesh objects and empties about the origin.

    Of ten, five share one of ten meshes, four have a mesh of their own, of which one hangs on the object before it,
    and the tenth is an empty that shows a collection of five. Every mesh has 80 faces.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("world")
    materials = [bpy.data.materials.new(f"material {number}") for number in range(MATERIALS)]
    shared = [_ball(f"shared {number}", materials[number % MATERIALS]) for number in range(SHARED)]
    group = bpy.data.collections.new("group")
    for number in range(5):
        group.objects.link(_object(f"member {number}", shared[number], (0.02 * number, 0.0, 0.0)))
    side = int(objects**0.5) + 1
    before = None
    for number in range(objects):
        place = (SPACING_M * (number % side - side / 2), SPACING_M * (number // side - side / 2), 0.02)
        item = _one(number, place, shared, materials, group)
        if number % 10 == 6:
            item.parent, item.location = before, (0.03, 0.0, 0.0)
        scene.collection.objects.link(item)
        before = item
    floor = bpy.data.meshes.new("floor")
    reach = SPACING_M * side
    floor.from_pydata([(-reach, -reach, 0), (reach, -reach, 0), (reach, reach, 0), (-reach, reach, 0)], [], [range(4)])
    scene.collection.objects.link(bpy.data.objects.new("floor", floor))
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "SUN"))
    lamp.location = (0.0, 0.0, 5.0)
    scene.collection.objects.link(lamp)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)


def _one(number: int, place, shared, materials, group) -> bpy.types.Object:  # type: ignore[no-untyped-def]
    kind = number % 10
    if kind == 9:
        empty = _object(f"shown {number:04d}", None, place)
        empty.instance_type, empty.instance_collection = "COLLECTION", group
        return empty
    mesh = shared[number % SHARED] if kind < 5 else _ball(f"own {number}", materials[number % MATERIALS])
    return _object(f"thing {number:04d}", mesh, place)


def _object(name: str, data: bpy.types.Mesh | None, place: tuple[float, float, float]) -> bpy.types.Object:
    item = bpy.data.objects.new(name, data)
    item.location = place
    return item


def _ball(name: str, material: bpy.types.Material) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    shape = bmesh.new()
    bmesh.ops.create_icosphere(shape, subdivisions=2, radius=0.03)
    shape.to_mesh(mesh)
    shape.free()
    mesh.materials.append(material)
    return mesh
