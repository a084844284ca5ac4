"""The plan is what job, seed and number give; the labels are of what was planned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.canonical import json_bytes
from pipeline.conventions import AXES, SUN_W_PER_M2_PER_W
from pipeline.dataset.layout import LABELS, PLAN
from pipeline.geometry import Array, compose, look_at, unit
from pipeline.job import Job
from pipeline.lenses import Lens, make_lens
from pipeline.plurals import counted
from pipeline.records import (
    CameraCandidate,
    FramePlan,
    InstanceLabel,
    InstancePlan,
    Labels,
    LightLabel,
    LightPlan,
)
from pipeline.sampling.plan import plan_frame
from pipeline.structure import unstructure
from pipeline.verify.boxes_3d import center_world_m, is_of_template
from pipeline.verify.cameras import FLOAT32, is_rigid
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance, frame_finding

TIE = 1e-6  # axes so equally upward that rounding decides between them


def check_plan(job: Job, plan: FramePlan, data: bytes, labels: Labels) -> Iterator[Finding]:
    """Plan the frame again: not one byte may differ."""
    again = plan_frame(job, plan.frame)
    if json_bytes(unstructure(again)) != data:
        before, after = unstructure(plan), unstructure(again)
        keys = ", ".join(sorted(key for key in after if before[key] != after[key])) or "only its spelling"
        text = f"its job, seed and number give another plan; what differs: {keys}"
        yield frame_finding("plan-mismatch", plan.frame, PLAN, text)
    if plan.rejected and labels.reason != plan.rejected:
        text = f"{labels.status} for the reason {labels.reason!r}, {PLAN} is rejected for {plan.rejected!r}"
        yield frame_finding("record-mismatch", plan.frame, LABELS, text)
    if labels.status == "rejected" and not labels.reason:
        yield frame_finding("record-mismatch", plan.frame, LABELS, "rejected without a reason")
    if labels.status == "rejected" and labels.instances:
        yield frame_finding("record-mismatch", plan.frame, LABELS, "rejected, and yet it labels instances")


def check_planned(opened: Opened) -> Iterator[Finding]:
    """Instances, lamps and HDRI of the labels are the plan's."""
    planned = {one.instance_id: one for one in opened.plan.instances}
    ids = [item.instance_id for item in opened.labels.instances]
    held = [item for item in opened.labels.instances if is_of_template(item)] if opened.plan.template_targets else []
    following = range(len(planned) + 1, len(planned) + len(held) + 1)
    if ids != [*sorted(planned), *following] or [item.instance_id for item in held] != [*following]:
        text = f"instances {_short(ids)}, {PLAN} has {_short(sorted(planned))}"
        yield opened.found("record-mismatch", LABELS, text)
    for item, name in each_instance(opened):
        if item.instance_id in planned:
            for kind, text in _against_plan(item, planned[item.instance_id]):
                yield opened.found(kind, LABELS, f"{name}: {text}")
    known = {one.category_id for one in opened.plan.template_targets}
    for item in held:
        if item.category_id not in known:
            text = f"instance {item.instance_id}: category {item.category_id} is none that {PLAN} gives the template"
            yield opened.found("category-mismatch", LABELS, text)
    for key in ("scenario", "globals"):
        if getattr(opened.labels, key) != getattr(opened.plan, key):
            text = f"{key} is {getattr(opened.labels, key)!r}, {PLAN} says {getattr(opened.plan, key)!r}"
            yield opened.found("record-mismatch", LABELS, text)
    yield from _check_environment(opened)
    yield from _check_lights(opened)


def _short(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids)) if len(ids) <= 12 else f"{ids[0]}..{ids[-1]} ({len(ids)} of them)"


def _against_plan(item: InstanceLabel, plan: InstancePlan) -> Iterator[tuple[str, str]]:
    for key in ("asset_id", "role", "scale", "context"):
        if getattr(item, key) != getattr(plan, key):
            yield "record-mismatch", f"{key} is {getattr(item, key)}, {PLAN} says {getattr(plan, key)}"
    wanted = _categories(item, plan)
    if item.category_id not in wanted:
        yield (
            "category-mismatch",
            f"category {item.category_id}, its plan gives {' or '.join(map(str, sorted(wanted)))}",
        )
    if plan.placement != "drop":
        pose = compose(plan.poses[0].location_m, plan.poses[0].rotation)
        off = float(np.abs(np.asarray(item.world_from_object) - pose).max())
        if off > FLOAT32 * (1 + float(np.abs(pose).max())):
            yield "pose-mismatch", f"world_from_object is {off:.2g} off the planned pose"


def _categories(item: InstanceLabel, plan: InstancePlan) -> set[int]:
    """Return the category planned; where the axis on top decides, that of the pose, of all axes in a tie."""
    if not plan.category_by_up_axis:
        return {plan.category_id}
    up = np.asarray(item.world_from_object)[2, :3]
    heights = np.concatenate([up, -up])
    return {plan.category_by_up_axis[AXES[i]] for i in np.flatnonzero(heights >= heights.max() - TIE)}


def _check_environment(opened: Opened) -> Iterator[Finding]:
    world, label = opened.plan.world, opened.labels.environment
    if world is None or label is None:
        if (world is None) != (label is None):
            text = f"environment is {'missing' if label is None else 'there'}, in {PLAN} it is not"
            yield opened.found("light-mismatch", LABELS, text)
        return
    wanted = {"hdri": "", "sha256": ""}
    if world.hdri is not None:
        wanted = {"hdri": world.hdri.source, "sha256": world.hdri.sha256}
    wanted |= {k: getattr(world, k) for k in ("strength", "yaw_deg", "tilt_deg", "tilt_azimuth_deg", "tint", "sky")}
    for key, value in wanted.items():
        if getattr(label, key) != value:
            text = f"environment.{key} is {getattr(label, key)}, {PLAN} says {value}"
            yield opened.found("light-mismatch", LABELS, text)


def _check_lights(opened: Opened) -> Iterator[Finding]:
    """Every planned lamp shines; a template may bring lamps of its own, else there are no others."""
    left = list(opened.labels.lights)
    anchors = target_centers(opened)
    for number, light in enumerate(opened.plan.lights):
        match = next((label for label in left if _is_light(label, light, anchors)), None)
        if match is None:
            text = f"no lamp of the labels is the {light.kind} lamp {number} of {PLAN}"
            yield opened.found("light-mismatch", LABELS, text)
        else:
            left.remove(match)
    if left and not opened.plan.template:
        text = f"{counted(len(left), 'lamp')} that {PLAN} does not have"
        yield opened.found("light-mismatch", LABELS, text)


def _is_light(label: LightLabel, light: LightPlan, anchors: list[Array] | None) -> bool:
    if label.kind != light.kind or not _near(label.color, light.color):
        return False
    if not _near([label.energy], [light.energy_w * (SUN_W_PER_M2_PER_W if light.kind == "sun" else 1.0)]):
        return False
    way = -unit(light.offset_m) if any(light.offset_m) else np.array([0.0, 0.0, -1.0])
    if not _near(label.direction, way):
        return False
    if anchors is None:
        return True
    return _near(label.location_m, _anchor(light.anchor, light.anchor_index, anchors) + light.offset_m)


def _near(seen: Sequence[float], wanted: Sequence[float] | Array) -> bool:
    a, b = np.asarray(seen, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    return bool((np.abs(a - b) <= FLOAT32 * (1 + np.abs(b))).all())


# --- the camera -----------------------------------------------------------------------------------------------------


def target_centers(opened: Opened) -> list[Array] | None:
    """Return the centres (3,) of the targets' boxes in the world, None when an asset is unknown."""
    targets = [item for item in opened.labels.instances if item.role == "target"]
    placed = [item for item in targets if not is_of_template(item)]
    centers = [center_world_m(opened, item) for item in placed or targets]
    known = [center for center in centers if center is not None]
    return known if len(known) == len(centers) else None


def _anchor(name: str, index: int, centers: list[Array]) -> Array:
    if name in ("origin", "point") or not centers:
        return np.zeros(3)
    return np.mean(centers, axis=0) if name == "targets" else centers[index % len(centers)]


def check_camera(opened: Opened) -> Iterator[Finding]:
    """The camera is rigid, and one of the plan's candidates."""
    camera, plan = opened.camera, opened.plan.camera
    if tuple(camera.resolution) != tuple(plan.resolution):
        text = f"camera.resolution is {camera.resolution}, {PLAN} says {plan.resolution}"
        yield opened.found("camera-mismatch", LABELS, text)
    pose = np.asarray(camera.world_from_camera)
    if not is_rigid(pose):
        yield opened.found("camera-mismatch", LABELS, "camera.world_from_camera is no rotation and translation")
        return
    fitting = [one for one in plan.candidates if _is_lens(camera.lens, one, plan.resolution)]
    if not fitting:
        text = f"camera.k {camera.k} and its distortion are those of none of the {len(plan.candidates)} planned lenses"
        yield opened.found("camera-mismatch", LABELS, text)
        return
    centers = target_centers(opened)
    if centers is not None and not any(_is_pose(pose, one, centers) for one in fitting):
        text = "camera.world_from_camera is none of the planned poses"
        yield opened.found("camera-mismatch", LABELS, text)


def _is_lens(lens: Lens, candidate: CameraCandidate, resolution: tuple[int, int]) -> bool:
    wanted = make_lens(
        candidate.model,
        resolution,
        candidate.focal_length_mm,
        candidate.sensor_width_mm,
        candidate.shift,
        candidate.pixel_aspect,
        candidate.distortion,
    )
    if lens.model != wanted.model or not np.allclose(lens.distortion, wanted.distortion, rtol=0, atol=1e-8):
        return False
    scale = max(wanted.k[0][0], wanted.k[1][1], *resolution)
    return bool(np.abs(np.asarray(lens.k) - np.asarray(wanted.k)).max() <= FLOAT32 * scale)


def _is_pose(pose: Array, candidate: CameraCandidate, centers: list[Array]) -> bool:
    eye = _anchor(candidate.anchor, candidate.anchor_index, centers) + candidate.offset_m
    aim = _anchor(candidate.look_at, candidate.anchor_index, centers) + candidate.look_at_offset_m
    try:
        wanted = look_at(eye, aim, *map(math.radians, (candidate.roll_deg, candidate.yaw_deg, candidate.pitch_deg)))
    except ValueError:
        return False
    return bool(np.abs(pose - wanted).max() <= FLOAT32 * (1 + float(np.abs(wanted).max())))
