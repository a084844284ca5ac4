"""Small scenes for the tests of `pipeline.render`, set up by plain bpy, and plans to render them with."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from pipeline.config.quality import resolve_render
from pipeline.config.schema import Render
from pipeline.conventions import BLENDER_CAMERA_FROM_CAMERA, FORMAT_VERSION
from pipeline.geometry import intrinsics, look_at
from pipeline.records import (
    CameraPlan,
    FramePlan,
    PhysicsPlan,
    Realised,
    RealisedCamera,
    RenderedFrame,
    SurroundingsPlan,
)
from pipeline.render.device import Device, choose_device
from pipeline.render.frame import render_frame
from pipeline.scene.build import BuiltScene


def frame_plan(outputs: tuple[str, ...] = ("rgb",), rgb_format: str = "png", **render: Any) -> FramePlan:
    """A plan whose render settings are `quality` with 2 samples and no denoiser, replaced by `render`."""
    quality = Render(quality=render.pop("quality", "standard"))
    settings = {"samples_per_pixel": 2, "denoiser": "none", **render}
    return FramePlan(
        format_version=FORMAT_VERSION,
        job_digest="0" * 64,
        seed=0,
        frame=0,
        scene=0,
        view=0,
        outputs=outputs,
        rgb_format=rgb_format,  # type: ignore[arg-type]
        depth_format="exr",
        categories={},
        template="",
        surroundings=SurroundingsPlan(floor=None, walls=(), tray=None),
        instances=(),
        physics=PhysicsPlan(friction=0.5, restitution=0.0, max_time_s=1.0, zones=()),
        world=None,
        lights=(),
        camera=CameraPlan(
            resolution=(64, 64), clip_start_m=0.01, clip_end_m=1000.0, clearance_m=0.0, object_clearance_m=0.0,
            min_targets_in_view=0, candidates=(),
        ),
        render=dataclasses.replace(resolve_render(quality, 0.0, 1, False), **settings),
        min_targets=0,
        min_pixels=1,
    )  # fmt: skip


@dataclasses.dataclass
class Stage:
    """An empty scene with a camera at (0, 0, 5) looking down, and a light; `objects` gathers the numbered ones."""

    scene: bpy.types.Scene
    camera: RealisedCamera
    objects: dict[int, tuple[bpy.types.Object, ...]]


def make_stage(
    resolution: tuple[int, int] = (64, 64),
    eye_m: tuple[float, float, float] = (0.0, 0.0, 5.0),
    target_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    shift: tuple[float, float] = (0.0, 0.0),
    pixel_aspect: float = 1.0,
    roll_rad: float = 0.0,
) -> Stage:
    """An empty file with a camera of 50 mm on a 36 mm sensor. `pixel_aspect` is fy / fx."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.lens, data.sensor_width = "HORIZONTAL", 50.0, 36.0
    data.shift_x, data.shift_y = shift
    camera = bpy.data.objects.new("camera", data)
    pose = look_at(eye_m, target_m, roll_rad)
    camera.matrix_world = Matrix(pose @ BLENDER_CAMERA_FROM_CAMERA)
    scene.collection.objects.link(camera)
    scene.camera = camera
    render = scene.render
    render.resolution_x, render.resolution_y = resolution
    render.resolution_percentage = 100
    render.pixel_aspect_x, render.pixel_aspect_y = max(1.0, pixel_aspect), max(1.0, 1.0 / pixel_aspect)
    lamp = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    lamp.data.energy = 3.0
    scene.collection.objects.link(lamp)
    k = intrinsics(resolution, 50.0, 36.0, shift, pixel_aspect)
    realised = RealisedCamera(
        model="pinhole",
        k=tuple(map(tuple, k)),
        distortion=(),
        world_from_camera=tuple(map(tuple, pose)),
        resolution=resolution,
        clip_start_m=data.clip_start,
        clip_end_m=data.clip_end,
        f_stop=None,
        attempt=0,
    )
    return Stage(scene=scene, camera=realised, objects={})


def add_mesh(stage: Stage, vertices: list[Any], faces: list[Any], instance_id: int = 0) -> bpy.types.Object:
    mesh = bpy.data.meshes.new("mesh")
    mesh.from_pydata(vertices, [], faces)
    item = bpy.data.objects.new("object", mesh)
    stage.scene.collection.objects.link(item)
    if instance_id:
        item.pass_index = instance_id
        stage.objects[instance_id] = (item,)
    return item


def add_rectangle(
    stage: Stage, low: tuple[float, float], high: tuple[float, float], z_m: float, instance_id: int = 0
) -> bpy.types.Object:
    """An upward rectangle at height `z_m`, its corners in world coordinates."""
    (x0, y0), (x1, y1) = low, high
    corners = [(x0, y0, z_m), (x1, y0, z_m), (x1, y1, z_m), (x0, y1, z_m)]
    return add_mesh(stage, corners, [(0, 1, 2, 3)], instance_id)


def add_material(item: bpy.types.Object, alpha: float = 1.0) -> bpy.types.Material:
    """A Principled material on `item`, as a new material has it."""
    material = bpy.data.materials.new("material")
    if material.node_tree is None:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    next(node for node in nodes if node.type == "BSDF_PRINCIPLED").inputs["Alpha"].default_value = alpha
    item.data.materials.clear()
    item.data.materials.append(material)
    return material


def built_of(stage: Stage) -> BuiltScene:
    realised = Realised(instances=(), camera=stage.camera, drop_attempts=0, settle_time_s=0.0)
    sources = tuple(item for item in stage.scene.objects if item.type in ("LIGHT", "VOLUME"))
    return BuiltScene(scene=stage.scene, realised=realised, objects=stage.objects, sources=sources)


def render(stage: Stage, folder: Path, plan: FramePlan | None = None, device: Device | None = None) -> RenderedFrame:
    bpy.context.view_layer.update()
    return render_frame(built_of(stage), plan or frame_plan(), device or choose_device("cpu"), folder)


def pixel_rays(camera: RealisedCamera) -> tuple[np.ndarray, np.ndarray]:
    """World origin (3,) and directions (H, W, 3) through the pixels' centres, one unit deep along the optical axis."""
    width, height = camera.resolution
    k, pose = np.array(camera.k), np.array(camera.world_from_camera)
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    local = np.stack([(u - k[0, 2]) / k[0, 0], (v - k[1, 2]) / k[1, 1], np.ones_like(u)], axis=-1)
    return pose[:3, 3], local @ pose[:3, :3].T


def rectangle_mask(camera: RealisedCamera, low: tuple[float, float], high: tuple[float, float], z_m: float) -> Any:
    """(H, W) bool: the ray through the pixel's centre meets the rectangle. No ray may graze an edge of it."""
    hit, _ = plane_hits(camera, z_m)
    beside = np.minimum(np.abs(hit - low), np.abs(hit - high))
    assert beside.min() > 2e-5, "a ray meets an edge so nearly that rounding decides: choose another rectangle"
    return np.all((hit > low) & (hit < high), axis=-1)


def plane_hits(camera: RealisedCamera, z_m: float) -> tuple[Any, Any]:
    """World xy (H, W, 2) and depth (H, W) where the rays meet the plane at height `z_m`."""
    origin, directions = pixel_rays(camera)
    depth = (z_m - origin[2]) / directions[..., 2]
    return origin[:2] + depth[..., None] * directions[..., :2], depth
