"""Datasets whose plans are drawn from a real job, and whose pixels are traced from those plans: sound in all respects.

Boxes fly before a camera with any lens. Unlike in `traced_scenes`, planning a frame again gives its plan, and the
origins of the assets are not their middles.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from store_samples import FACTS
from traced_scenes import trace

from pipeline.annotations.annotate import annotate, rejected_labels
from pipeline.annotations.environment import environment_label
from pipeline.config.load import load_config
from pipeline.dataset.store import Store, commit, open_store
from pipeline.geometry import Array, compose, look_at, transform_points, unit
from pipeline.job import Job, make_job
from pipeline.lenses import make_lens
from pipeline.records import (
    Asset,
    AssetRecipe,
    Catalogue,
    FramePlan,
    Hdri,
    InstancePlan,
    LightLabel,
    Realised,
    RealisedCamera,
    RealisedInstance,
    RenderedFrame,
)
from pipeline.sampling.plan import plan_frame

OUTPUTS = "rgb depth distance instance category mask_full box_3d panoptic normal normal_world linear"
OUTPUTS += " object_coordinates nocs"
LENSES = {
    "pinhole": "fov_deg: 60, shift: [0.03, -0.05], resolution: [64, 48]",
    "opencv": "fov_deg: 60, lens: {opencv: {k1: -0.1, p1: 0.002}}, resolution: [64, 48]",
    "fisheye": "fov_deg: 160, lens: {fisheye: {k1: 0.02}}, resolution: [64, 64]",
    "equirectangular": "lens: {equirectangular: {}}, resolution: [96, 48]",
}
TWO_LAMPS = "lights: [{count: 2, kind: [point, sun], energy_w: {uniform: [1, 9]}}]"
SCENE = """
seed: 5
frames: FRAMES
views_per_scene: VIEWS
categories: [{id: 3, name: mug}, {id: 7, name: bowl}]
targets:
  - {shapes: cube, category: mug, count: 2, size_m: 0.2}
  - {shapes: cube, category: bowl, count: 1, size_m: 0.25}
distractors: [{shapes: cube, count: 2, size_m: 0.15}]
placement: {flying: {volume_m: [0.5, 0.5, 0.4]}}
LIGHTS
camera: {shell: {distance_m: {uniform: [0.6, 0.8]}}, clearance_m: 0.01, roll_deg: {uniform: [-20, 20]}, LENS}
outputs: [OUTPUTS]
MORE
"""


def planned_job(
    scratch: Path, lens: str = "pinhole", frames: int = 4, views: int = 2, outputs=OUTPUTS, more="", lights=TWO_LAMPS
) -> Job:
    """The job of the scene above, its assets made up."""
    words = {"FRAMES": frames, "VIEWS": views, "LENS": LENSES[lens], "MORE": more, "LIGHTS": lights}
    text = SCENE.replace("OUTPUTS", ", ".join(outputs.split()))
    for key, value in words.items():
        text = text.replace(key, str(value))
    path = scratch / "scene.yaml"
    path.write_text(text)
    sky = Hdri(source="bundled:a.exr", sha256="1" * 64, mean_radiance=1.0)
    assets = [(_asset(f"shape:box{i}", (-0.05, -0.04, 0.0), (0.05, 0.02 * i, 0.03 * i)),) for i in (1, 2, 3)]
    return make_job(
        load_config(path), Catalogue(targets=tuple(assets[:2]), distractors=(assets[2],), hdris=(sky,), textures={})
    )


def _asset(asset_id: str, low_m, high_m) -> Asset:
    return Asset(
        asset_id=asset_id,
        recipe=AssetRecipe(source=asset_id),
        sha256="00" * 32,
        low_m=low_m,
        high_m=high_m,
        radius_m=0.1,
        triangles=12,
        has_alpha=False,
        resting=(),
    )


def planned_dataset(root: Path, job: Job) -> Store:
    """The whole dataset of a job."""
    store = open_store(root, job, root.parent, FACTS)
    for frame in range(job.config.frames):
        plan = plan_frame(job, frame)
        if plan.rejected:
            commit(store, plan, None, rejected_labels(plan, plan.rejected))
        else:
            rendered = traced(job, plan, root)
            commit(store, plan, rendered, annotate(plan, rendered))
    return store


def traced(job: Job, plan: FramePlan, scratch: Path) -> RenderedFrame:
    """What a renderer would bring of a plan: the first camera tried is taken."""
    assets = {
        asset.asset_id: asset
        for group in (job.catalogue.targets, job.catalogue.distractors)
        for asset in sum(group, ())
    }
    instances = tuple(_realised(one, assets[one.asset_id]) for one in plan.instances)
    centers = [np.array(one.center_m) for one in instances if one.role == "target"]
    camera = _camera(plan, centers)
    rendered = trace(camera, [_about_its_middle(one) for one in instances], scratch)
    lights = tuple(_lamp(light, centers) for light in plan.lights)
    realised = Realised(
        instances=instances,
        camera=camera,
        drop_attempts=0,
        settle_time_s=0.0,
        lights=lights,
        environment=environment_label(plan.world),
    )
    return replace(rendered, realised=realised)


def _realised(plan: InstancePlan, asset: Asset) -> RealisedInstance:
    pose = compose(plan.poses[0].location_m, plan.poses[0].rotation)
    low, high = np.multiply(asset.low_m, plan.scale), np.multiply(asset.high_m, plan.scale)
    return RealisedInstance(
        instance_id=plan.instance_id,
        role=plan.role,
        asset_id=plan.asset_id,
        category_id=plan.category_id,
        world_from_object=tuple(map(tuple, pose.tolist())),
        scale=plan.scale,
        dimensions_m=tuple((high - low).tolist()),
        center_m=tuple(transform_points(pose, [(low + high) / 2])[0].tolist()),
    )


def _about_its_middle(item: RealisedInstance) -> RealisedInstance:
    """The tracer knows boxes about their origins alone."""
    pose = np.array(item.world_from_object)
    pose[:3, 3] = item.center_m
    return replace(item, world_from_object=tuple(map(tuple, pose.tolist())))


def _anchor(name: str, index: int, centers: list[Array]) -> Array:
    return {"origin": np.zeros(3), "point": np.zeros(3), "targets": np.mean(centers, axis=0)}.get(
        name, centers[index % len(centers)]
    )


def _camera(plan: FramePlan, centers: list[Array]) -> RealisedCamera:
    one = plan.camera.candidates[0]
    eye = _anchor(one.anchor, one.anchor_index, centers) + one.offset_m
    aim = _anchor(one.look_at, one.anchor_index, centers) + one.look_at_offset_m
    turns = (one.roll_deg, one.yaw_deg, one.pitch_deg)
    lens = make_lens(
        one.model,
        plan.camera.resolution,
        one.focal_length_mm,
        one.sensor_width_mm,
        one.shift,
        one.pixel_aspect,
        one.distortion,
    )
    return RealisedCamera(
        model=lens.model,
        k=lens.k,
        distortion=lens.distortion,
        world_from_camera=tuple(map(tuple, look_at(eye, aim, *map(math.radians, turns)).tolist())),
        resolution=lens.resolution,
        clip_start_m=0.001,
        clip_end_m=1000.0,
        f_stop=None,
        attempt=0,
    )


def _lamp(light, centers: list[Array]) -> LightLabel:
    place = _anchor(light.anchor, light.anchor_index, centers) + light.offset_m
    return LightLabel(
        kind=light.kind,
        location_m=tuple(place.tolist()),
        direction=tuple((-unit(light.offset_m)).tolist()),
        energy=light.energy_w * (0.1 if light.kind == "sun" else 1.0),
        color=light.color,
    )
