"""What stands in the way of things that fall, besides the surroundings."""

from __future__ import annotations

import bpy
import numpy as np

from pipeline.geometry import compose, transform_points
from pipeline.records import FramePlan, InstancePlan, Pose
from pipeline.scene.library import Library
from pipeline.scene.physics import Obstacle
from pipeline.scene.session import Session
from pipeline.scene.template_memory import TemplateMemory


def placed_obstacles(plan: FramePlan, library: Library) -> tuple[Obstacle, ...]:
    """Resting and flying instances stand in the way of what is dropped; what moves does so where it began."""
    still = [one for one in plan.instances if one.placement != "drop"]
    return tuple(_mesh_obstacle(one, one.start or one.poses[0], library) for one in still)


def _mesh_obstacle(plan: InstancePlan, pose: Pose, library: Library) -> Obstacle:
    asset = library.load(plan.recipe)
    matrix = compose(pose.location_m, pose.rotation, plan.scale)
    return Obstacle(vertices_m=transform_points(matrix, asset.vertices), triangles=asset.triangles)


def template_obstacles(session: Session, memory: TemplateMemory, shape: str) -> tuple[Obstacle, ...]:
    """Everything an artist's template shows is solid: things dropped land on its tables. Nothing else may have been
    added yet; `shape` is its `shape_state`."""
    if session.template is None:
        return ()
    return memory.recall("obstacles", shape, lambda: (_solids(), ()))


def _solids() -> tuple[Obstacle, ...]:
    obstacles = []
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for instance in depsgraph.object_instances:
        if instance.object.type != "MESH" or not instance.show_self or instance.object.original.hide_render:
            continue
        mesh = instance.object.data
        mesh.calc_loop_triangles()
        vertices = np.empty(len(mesh.vertices) * 3)
        mesh.vertices.foreach_get("co", vertices)
        triangles = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles)
        if len(triangles):
            world = transform_points(np.array(instance.matrix_world), vertices.reshape(-1, 3))
            obstacles.append(Obstacle(vertices_m=world, triangles=triangles.reshape(-1, 3)))
    return tuple(obstacles)
