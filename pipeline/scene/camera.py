"""The camera: the first planned try that keeps its clearance and sees enough targets, set up and read back.

The only file that knows Blender's camera axes; `scene/camera_lens.py` knows its lenses.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from pipeline.conventions import BLENDER_CAMERA_FROM_CAMERA
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, inverse_rigid, length, look_at, product
from pipeline.lens_remap import remap_of
from pipeline.lenses import make_lens, project
from pipeline.records import CameraCandidate, CameraPlan, NextViewPlan, RealisedCamera
from pipeline.scene.camera_lens import lens_of, set_lens
from pipeline.scene.poses import own_pose, set_pose
from pipeline.scene.standing import Standing, first_hit, is_too_near

HAIR_M = 1e-4  # nothing stands between an eye and a centre as near as that
TOO_NEAR = "nearer than clearance_m or object_clearance_m to a mesh, or inside one"
TOO_FEW = "with fewer than min_targets_in_view targets in view"
NO_DIRECTION = "at the very point they look at"
FOLDED = "with a distortion that turns back within the picture (use smaller coefficients or a longer focal length)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target to look at: the centre of its box in the world, and the objects it is made of."""

    center_m: tuple[float, float, float]
    objects: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddedCamera:
    """A camera in the scene: its object, what it needs of `scene.render` (its picture's size and border), and what it
    is. The camera added last is the scene's."""

    item: bpy.types.Object
    picture: Mapping[str, Any]
    realised: RealisedCamera


def add_camera(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    plan: CameraPlan,
    targets: Sequence[Target],
    standing: Standing,
) -> AddedCamera:
    """Set up the scene's camera and return it as Blender has it. Raises RejectedFrame when no try is acceptable.

    Clearance and view are tested against what is `standing` there.
    """
    placed = (item.name for item in collection.objects if item.pass_index > 0)  # the stage has index 0
    things = frozenset(placed).union(*(target.objects for target in targets))
    refused: Counter[str] = Counter()
    for attempt, candidate in enumerate(plan.candidates):
        reason = _refusal(plan, candidate, targets, standing, things)
        if reason is None:
            item, picture = _make(scene, collection, plan, candidate, targets)
            realised = _read_back(scene, item, plan, candidate, attempt)
            return AddedCamera(item=item, picture=picture, realised=realised)
        refused[reason] += 1
    counts = ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items()))
    raise RejectedFrame(
        f"no camera: of {len(plan.candidates)} tries {counts}; widen the camera's pose or lower its limits"
    )


def add_next_camera(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    plan: NextViewPlan | None,
    targets: Sequence[Target],
    standing: Standing,
) -> AddedCamera | None:
    """Set up the camera of the next view, before that of this one; None where there is none, or where it is rejected,
    as its own frame will say."""
    try:
        return None if plan is None else add_camera(scene, collection, plan.camera, targets, standing)
    except RejectedFrame:
        return None


def anchor_point(name: str, index: int, targets: Sequence[Target]) -> Array:
    """Return the world point (3,) an anchor names; without targets every anchor is the origin."""
    if name in ("origin", "point") or not targets:
        return np.zeros(3)
    if name == "targets":
        return np.mean([target.center_m for target in targets], axis=0)
    return np.asarray(targets[index % len(targets)].center_m)


def _pose(candidate: CameraCandidate, targets: Sequence[Target]) -> Array:
    eye = anchor_point(candidate.anchor, candidate.anchor_index, targets) + candidate.offset_m
    aim = anchor_point(candidate.look_at, candidate.anchor_index, targets) + candidate.look_at_offset_m
    return look_at(eye, aim, *map(math.radians, (candidate.roll_deg, candidate.yaw_deg, candidate.pitch_deg)))


def _refusal(
    plan: CameraPlan,
    candidate: CameraCandidate,
    targets: Sequence[Target],
    standing: Standing,
    things: frozenset[str],
) -> str | None:
    try:
        pose = _pose(candidate, targets)
    except ValueError:
        return NO_DIRECTION
    if is_too_near(standing, pose[:3, 3], plan.clearance_m):
        return TOO_NEAR
    if plan.object_clearance_m > 0 and is_too_near(standing, pose[:3, 3], plan.object_clearance_m, things):
        return TOO_NEAR
    if _count_in_view(plan, candidate, pose, targets, standing) < min(plan.min_targets_in_view, len(targets)):
        return TOO_FEW
    try:
        remap_of(lens_of(plan, candidate))  # last, for it takes longest
    except ValueError:
        return FOLDED
    return None


def _count_in_view(
    plan: CameraPlan, candidate: CameraCandidate, pose: Array, targets: Sequence[Target], standing: Standing
) -> int:
    if not targets:
        return 0
    centers = np.array([target.center_m for target in targets])
    pixels, _ = project(lens_of(plan, candidate), inverse_rigid(pose), centers)
    far = ((centers - pose[:3, 3]) ** 2).sum(axis=1) > plan.clip_start_m**2
    inside = far & np.all((pixels >= 0) & (pixels < plan.resolution), axis=1)
    return sum(_sees(standing, pose[:3, 3], targets[i]) for i in np.flatnonzero(inside))


def _sees(standing: Standing, eye_m: Array, target: Target) -> bool:
    """Return whether nothing that is rendered stands between."""
    center = np.asarray(target.center_m)
    if length(center - eye_m) <= HAIR_M:
        return True
    name = first_hit(standing, eye_m, center)
    return name is None or name in target.objects


def _make(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    plan: CameraPlan,
    candidate: CameraCandidate,
    targets: Sequence[Target],
) -> tuple[bpy.types.Object, Mapping[str, Any]]:
    data = bpy.data.cameras.new("variegate camera")
    camera = bpy.data.objects.new("variegate camera", data)
    collection.objects.link(camera)
    pose = _pose(candidate, targets)
    set_pose(camera, product(pose, BLENDER_CAMERA_FROM_CAMERA))
    picture = set_lens(data, plan, candidate)
    for name, value in picture.items():
        setattr(scene.render, name, value)
    data.clip_start, data.clip_end = plan.clip_start_m, plan.clip_end_m
    data.dof.use_dof = candidate.f_stop is not None
    if candidate.f_stop is not None:
        focus = anchor_point(candidate.focus, candidate.anchor_index, targets) + candidate.focus_offset_m
        data.dof.focus_distance = max(plan.clip_start_m, float(product(inverse_rigid(pose), [*focus, 1.0])[2]))
    scene.camera = camera
    return camera, picture


def _read_back(
    scene: bpy.types.Scene, camera: bpy.types.Object, plan: CameraPlan, candidate: CameraCandidate, attempt: int
) -> RealisedCamera:
    data = camera.data
    lens = lens_of(plan, candidate)
    if candidate.model == "pinhole":
        aspect = scene.render.pixel_aspect_x / scene.render.pixel_aspect_y
        shift = (data.shift_x, data.shift_y)
        lens = make_lens("pinhole", plan.resolution, data.lens, data.sensor_width, shift, aspect, ())
    pose = product(own_pose(camera), BLENDER_CAMERA_FROM_CAMERA)
    return RealisedCamera(
        model=lens.model,
        k=lens.k,
        distortion=lens.distortion,
        world_from_camera=as_rows(pose),
        resolution=plan.resolution,
        clip_start_m=data.clip_start,
        clip_end_m=data.clip_end,
        f_stop=candidate.f_stop,
        attempt=attempt,
    )


def as_rows(matrix: Array) -> tuple[tuple[float, ...], ...]:
    """Return a matrix as nested tuples, the form records hold."""
    return tuple(tuple(float(value) for value in row) for row in matrix)


def targets_of(
    objects: Mapping[int, Sequence[bpy.types.Object]], centers_m: Mapping[int, tuple[float, float, float]]
) -> tuple[Target, ...]:
    """Return the targets of instance ids -> objects, in id order."""
    return tuple(
        Target(center_m=centers_m[key], objects=frozenset(part.name for part in objects[key]))
        for key in sorted(objects)
    )
