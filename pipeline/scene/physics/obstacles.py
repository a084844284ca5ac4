"""What stands in the way of things that fall, besides the surroundings."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from pipeline.geometry import Array, compose, transform_points
from pipeline.records import FramePlan, InstancePlan, Pose
from pipeline.scene.assets.baking import positions, triangles
from pipeline.scene.assets.library import Library
from pipeline.scene.marks.evaluated import evaluate, mesh_of
from pipeline.scene.marks.find import find_marks, marked_as
from pipeline.scene.marks.solids import not_solid
from pipeline.scene.physics.settle import Obstacle
from pipeline.scene.session import Session
from pipeline.scene.template.memory import TemplateMemory


def placed_obstacles(plan: FramePlan, library: Library) -> tuple[Obstacle, ...]:
    """Resting and flying instances stand in the way of what is dropped; what moves does so where it began."""
    still = [one for one in plan.instances if one.placement != "drop"]
    return tuple(_mesh_obstacle(one, one.start or one.poses[0], library) for one in still)


def _mesh_obstacle(plan: InstancePlan, pose: Pose, library: Library) -> Obstacle:
    asset = library.load(plan.recipe)
    matrix = compose(pose.location_m, pose.rotation, plan.scale)
    return Obstacle(vertices_m=transform_points(matrix, asset.vertices), triangles=asset.triangles)


def template_obstacles(session: Session, memory: TemplateMemory, shape: str) -> tuple[Obstacle, ...]:
    """What an artist's template shows is solid: things dropped land on its tables. Nothing else may have been added
    yet; `shape` is its `shape_state`."""
    if session.template is None:
        return ()
    return memory.recall("obstacles", shape, lambda: (_solids(session.scene), ()))


def _solids(scene: bpy.types.Scene) -> tuple[Obstacle, ...]:
    """What renders show but for what is marked as no solid thing, and colliders even where nothing shows them."""
    found = find_marks(scene, lambda *_: None)
    no_solids = {item.session_uid for item in not_solid(scene, found)}
    obstacles: list[Obstacle] = []
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for instance in depsgraph.object_instances:
        shown = instance.object.original
        owner = instance.parent.original if instance.is_instance else shown
        if instance.object.type != "MESH" or not instance.show_self or shown.hide_render or owner.hide_render:
            continue
        if not no_solids & {shown.session_uid, owner.session_uid}:
            obstacles.extend(_obstacle(instance.object.data, np.array(instance.matrix_world, dtype=np.float64)))
    hidden = [one.item for one in marked_as(found, "collider") if one.item.hide_render]

    def look(depsgraph: bpy.types.Depsgraph) -> list[Obstacle]:
        made: list[Obstacle] = []
        for item in hidden:
            with mesh_of(item, depsgraph) as mesh:
                if mesh is not None:
                    matrix = np.array(item.evaluated_get(depsgraph).matrix_world, dtype=np.float64)
                    made.extend(_obstacle(mesh, matrix))
        return made

    return (*obstacles, *(evaluate(scene, hidden, look) if hidden else ()))


def _obstacle(mesh: bpy.types.Mesh, matrix: Array) -> Iterator[Obstacle]:
    if mesh.polygons:
        yield Obstacle(vertices_m=transform_points(matrix, positions(mesh)), triangles=triangles(mesh))
