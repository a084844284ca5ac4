"""Frames of boxes traced by the slab method, for tests that need labels which fit together without a renderer.

Every array is what the renderer would bring: ids, distances and normals of the ray through each pixel's centre (of a
remapped lens, the ray its labels are sampled along), and the meshes of the boxes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from store_samples import FACTS, sample_job, sample_plan

from pipeline.annotations.annotate import annotate
from pipeline.codecs.png import encode_png
from pipeline.dataset.store import Store, commit, open_store
from pipeline.geometry import box_corners, compose, inverse_rigid, look_at, quaternion_from_uniforms, transform_points
from pipeline.job import Job
from pipeline.lens_remap import sampled_rays, source_lens
from pipeline.lenses import Lens, pinhole, pixel_centers, unproject
from pipeline.records import (
    EnvironmentLabel,
    Keypoint,
    LightLabel,
    NextView,
    Realised,
    RealisedCamera,
    RealisedInstance,
    RenderedFrame,
    Surface,
)

PICTURES = ("rgb", "depth", "instance", "category", "distance", "normal", "normal_world", "linear")
OUTPUTS = (*PICTURES, "mask_full", "box_3d", "panoptic", "object_coordinates", "nocs")
# Two triangles a side, wound outwards; corners in the order of box_corners (x slowest, z fastest).
TRIANGLES = np.array(
    [
        *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
        *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
    ],
    dtype=np.int32,
)
WHITE = (1.0, 1.0, 1.0)
LENS = pinhole(((60.0, 0.0, 30.5), (0.0, 62.0, 23.0), (0.0, 0.0, 1.0)), (64, 48))


def camera_at(eye_m, target_m=(0.0, 0.0, 0.0), lens: Lens = LENS, roll_rad: float = 0.0) -> RealisedCamera:
    """A camera at `eye_m` that looks at `target_m`."""
    return RealisedCamera(
        model=lens.model,
        k=lens.k,
        distortion=lens.distortion,
        world_from_camera=tuple(map(tuple, look_at(eye_m, target_m, roll_rad).tolist())),
        resolution=lens.resolution,
        clip_start_m=0.001,
        clip_end_m=1000.0,
        f_stop=None,
        attempt=0,
    )


def box(
    instance_id: int, center_m, size_m, rotation=(1.0, 0.0, 0.0, 0.0), role: str = "target", category_id: int = 3
) -> RealisedInstance:
    """A box with its origin in its middle; its keypoints are its first corner, its last one and its middle."""
    pose = compose(center_m, rotation)
    points = {"low": (-0.5, -0.5, -0.5), "high": (0.5, 0.5, 0.5), "middle": (0.0, 0.0, 0.0)}
    x, y, z = size_m
    return RealisedInstance(
        instance_id=instance_id,
        role=role,  # type: ignore[arg-type]
        asset_id="mugs/red.glb" if role == "target" else "shape:cube",
        category_id=category_id if role == "target" else 0,
        world_from_object=tuple(map(tuple, pose.tolist())),
        scale=(1.0, 1.0, 1.0),
        dimensions_m=(x, y, z),
        center_m=tuple(map(float, center_m)),
        keypoints=tuple(
            Keypoint(name=name, point_m=tuple(transform_points(pose, [np.multiply(at, size_m)])[0].tolist()))
            for name, at in points.items()
        )
        if role == "target"
        else (),
    )


def surface_of(item: RealisedInstance) -> Surface:
    """The mesh of a box."""
    half = np.array(item.dimensions_m) / 2
    return Surface(vertices_m=transform_points(item.world_from_object, box_corners(-half, half)), triangles=TRIANGLES)


def trace(camera: RealisedCamera, instances, scratch: Path | None = None) -> RenderedFrame:
    """The frame a camera sees of boxes before nothing. A picture, shaded by the normals, goes to `scratch`."""
    lens = camera.lens
    ids, distance, normal = cast(camera, instances, sampled_rays(lens))
    shade = np.clip(normal @ (0.3, -0.5, 0.8), 0.05, 1.0)[..., None] * np.array([0.9, 0.8, 0.7])
    picture = np.where((ids > 0)[..., None], shade, 0.2).astype(np.float32)
    along = sampled_rays(lens)[..., 2]
    depth = distance if lens.model == "equirectangular" else np.where(np.isfinite(distance), distance * along, np.inf)
    rgb_file = None
    if scratch is not None:
        rgb_file = scratch / "rgb.png"
        rgb_file.write_bytes(encode_png((picture * 255).astype(np.uint8)))
    return RenderedFrame(
        realised=Realised(
            instances=tuple(instances),
            camera=camera,
            drop_attempts=0,
            settle_time_s=1.0,
            lights=(
                LightLabel(
                    kind="sun", location_m=(0.0, 0.0, 2.0), direction=(0.0, 0.0, -1.0), energy=2.0, color=WHITE
                ),
            ),
            environment=EnvironmentLabel(
                hdri="bundled:a.exr", sha256="1" * 64, strength=1.0, yaw_deg=0.0, tilt_deg=0.0, tilt_azimuth_deg=0.0,
                tint=WHITE,
            ),
        ),
        instance=ids,
        depth_m=depth.astype(np.float32),
        distance_m=distance.astype(np.float32),
        linear=picture,
        rgb_file=rgb_file,
        id_source="render",
        normal_world=normal.astype(np.float32),
        surfaces={item.instance_id: surface_of(item) for item in instances},
    )  # fmt: skip


def cast(camera: RealisedCamera, instances, rays):
    """Ids, distances (inf: none) and world normals that rays (H, W, 3) from the camera, in its axes, meet."""
    pose = np.array(camera.world_from_camera)
    directions = rays @ pose[:3, :3].T
    ids = np.zeros(directions.shape[:2], dtype=np.uint16)
    distance = np.full(directions.shape[:2], np.inf)
    normal = np.zeros_like(directions)
    for item in instances:
        near, face, sign = _slabs(item, pose[:3, 3], directions)
        wins = near < distance
        ids[wins], distance[wins] = item.instance_id, near[wins]
        axes = np.array(item.world_from_object)[:3, :3]
        normal[wins] = (axes.T[face] * sign[..., None])[wins]
    return ids, distance, normal


def next_view_of(frame: int, camera: RealisedCamera, instances) -> NextView:
    """What the camera of frame `frame`, the next view, sees of the boxes."""
    source = source_lens(camera.lens)
    width, height = source.resolution
    rays = unproject(source, pixel_centers(source.resolution)).reshape(height, width, 3)
    distance = cast(camera, instances, rays)[1].astype(np.float32)
    ids = cast(camera, instances, sampled_rays(camera.lens))[0]
    return NextView(frame=frame, camera=camera, instance=ids, distance_m=distance)


def _slabs(item: RealisedInstance, eye, directions):
    """Distance (H, W), inf for a miss, the axis of the face met and the sign of its outward normal."""
    object_from_world = inverse_rigid(item.world_from_object)
    origin = transform_points(object_from_world, [eye])[0]
    ray = directions @ object_from_world[:3, :3].T
    half = np.array(item.dimensions_m) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (-half - origin) / ray, (half - origin) / ray
    low = np.minimum(a, b)
    near, far, face = low.max(axis=-1), np.maximum(a, b).min(axis=-1), low.argmax(axis=-1)
    met = np.take_along_axis(ray, face[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):
        return np.where((near < far) & (near > 0), near, np.inf), face, -np.sign(met)


def traced_frame(job: Job, frame: int, scratch: Path, lens: Lens = LENS, outputs=OUTPUTS):
    """Plan, pixels and labels of frame `frame`: two targets, a third behind them, a distractor across the border."""
    rng = np.random.default_rng(frame)

    def turned():
        return quaternion_from_uniforms(*rng.random(3))

    instances = (
        box(1, (-0.1, 0.05, 0.0), (0.14, 0.1, 0.08), turned()),
        box(2, (0.12, -0.02, 0.02), (0.1, 0.1, 0.12), turned(), category_id=7),
        box(3, (0.02, 0.22, 0.03), (0.12, 0.2, 0.06), turned()),
        box(4, (0.4, 0.02, 0.1), (0.15, 0.15, 0.15), turned(), role="distractor"),
    )
    eye = (0.1 * rng.standard_normal(), -0.7, 0.35 + 0.1 * rng.random())
    camera = camera_at(eye, (0.03, 0.0, 0.0), lens, 0.2 * rng.standard_normal())
    rendered = trace(camera, instances, scratch)
    plan = sample_plan(job, frame, outputs=tuple(sorted({*outputs, "instance"})))
    plan = replace(plan, camera=replace(plan.camera, resolution=lens.resolution))
    return plan, rendered, annotate(plan, rendered)


def traced_dataset(root: Path, frames: int = 4, lens: Lens = LENS, outputs=OUTPUTS, job: Job | None = None) -> Store:
    """A dataset of traced frames, complete and sound."""
    job = job or sample_job(frames=frames)
    store = open_store(root, job, root.parent, FACTS)
    for frame in range(frames):
        commit(store, *traced_frame(job, frame, root, lens, outputs))
    return store


def staged_dataset(root: Path, stages, outputs=OUTPUTS, first: int = 0) -> Store:
    """A dataset of frames staged by hand: one (camera, instances) for each frame from `first` on."""
    job = sample_job(frames=first + len(stages))
    store = open_store(root, job, root.parent, FACTS)
    for frame, (camera, instances) in enumerate(stages, start=first):
        plan = sample_plan(job, frame, outputs=tuple(sorted({*outputs, "instance"})))
        plan = replace(plan, camera=replace(plan.camera, resolution=camera.lens.resolution))
        rendered = trace(camera, instances, root)
        commit(store, plan, rendered, annotate(plan, rendered))
    return store
