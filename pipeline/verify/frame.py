"""All checks of one frame, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.canonical import digest
from pipeline.dataset.layout import LABELS, PLAN
from pipeline.job import Job
from pipeline.records import Asset, FramePlan, InstanceLabel, InstancePlan, Labels
from pipeline.structure import unstructure
from pipeline.verify.cameras import lens_problem
from pipeline.verify.finding import Finding, sort_key
from pipeline.verify.flow import check_flow
from pipeline.verify.folder import Folder, read_folder
from pipeline.verify.keypoints import check_keypoints
from pipeline.verify.masks import check_accepted, check_categories, check_masks
from pipeline.verify.opened import Opened, frame_finding
from pipeline.verify.parts import check_parts
from pipeline.verify.pictures import check_finite, check_rgb
from pipeline.verify.plans import check_camera, check_plan, check_planned
from pipeline.verify.poses import check_poses
from pipeline.verify.reading import open_frame, read_records
from pipeline.verify.silhouettes import check_silhouettes
from pipeline.verify.surfaces import check_depth, check_normals, check_points

Check = Callable[[Opened], Iterator[Finding]]

# What needs no lens, and what does.
PLAIN: tuple[Check, ...] = (
    check_planned,
    check_camera,
    check_rgb,
    check_finite,
    check_masks,
    check_accepted,
    check_categories,
    check_parts,
)
THROUGH_THE_LENS: tuple[Check, ...] = (
    check_poses,
    check_keypoints,
    check_silhouettes,
    check_depth,
    check_points,
    check_normals,
    check_flow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameResult:
    """What came of one frame. `scene_facts` are digests of what the views of one scene share, by name."""

    frame: int
    status: Literal["accepted", "rejected", ""]
    findings: tuple[Finding, ...]
    scene: int = 0
    scene_facts: Mapping[str, str] | None = None


def check_frame(root: Path, frame: int, job: Job, assets: Mapping[str, Asset]) -> FrameResult:
    """Return all that is wrong with a frame that has a folder."""
    return check_content(read_folder(root, frame, job.digest), job, assets)


def check_content(folder: Folder, job: Job, assets: Mapping[str, Asset]) -> FrameResult:
    """Return all that is wrong with a frame as its folder was read. What stands on something broken is left out."""
    frame, findings = folder.frame, list(folder.findings)
    plan, labels = read_records(folder, findings) if folder.record else (None, None)
    if plan is None or labels is None:
        return FrameResult(frame=frame, status="", findings=tuple(sorted(findings, key=sort_key)))
    if plan.frame == frame:
        findings += check_plan(job, plan, folder.data[PLAN], labels)
    if labels.status == "accepted":
        opened = open_frame(folder, job, assets, plan, labels, findings)
        if opened is not None:
            with np.errstate(all="ignore"):  # damaged numbers give nan and infinities, which the checks take as wrong
                findings += _check_opened(opened)
    return FrameResult(
        frame=frame,
        status=labels.status,
        findings=tuple(sorted(findings, key=sort_key)),
        scene=plan.scene,
        scene_facts=scene_facts(job, plan, labels),
    )


def _check_opened(opened: Opened) -> Iterator[Finding]:
    for check in PLAIN:
        yield from check(opened)
    problem = lens_problem(opened.camera)
    if problem:
        yield frame_finding("camera-mismatch", opened.frame, LABELS, f"camera: {problem}")
        return
    if tuple(opened.camera.resolution) != tuple(opened.plan.camera.resolution):
        return  # said by check_camera
    for check in THROUGH_THE_LENS:
        yield from check(opened)


def scene_facts(job: Job, plan: FramePlan, labels: Labels) -> dict[str, str]:
    """Return digests of what all views of a scene have in common, planned and realised."""
    reroll = job.config.reroll_per_view
    instances = [_arranged(one) for one in plan.instances]
    facts: dict[str, object] = {"planned instances": instances, "physics": unstructure(plan.physics)}
    if "materials" not in reroll:
        facts["surroundings"] = unstructure(plan.surroundings)
        facts["materials"] = [[unstructure(one.material), unstructure(one.jitter)] for one in plan.instances]
    has_sun = plan.world is not None and plan.world.sky is not None
    lamps_stay = "lights" not in reroll and not (has_sun and "environment" in reroll)
    if lamps_stay:
        facts["planned lamps"] = unstructure(plan.lights)
    if "environment" not in reroll:
        facts["environment"] = unstructure(plan.world)
    if labels.status == "accepted":
        shared = ("instance_id", "asset_id", "role", "category_id", "world_from_object", "scale", "dimensions_m")
        still = [item for item in labels.instances if not _moves(plan, item)]
        facts["poses"] = [[unstructure(getattr(item, key)) for key in shared] for item in still]
        if lamps_stay and len(still) == len(labels.instances) and plan.template_state.frame is None:
            facts["lamps"] = unstructure(labels.lights)
    return {name: digest(value) for name, value in facts.items()}


def _arranged(one: InstancePlan) -> dict[str, object]:
    """Return an instance without its look, where it is in the scene's first view."""
    poses = one.poses if one.start is None else (one.start,)
    return {**unstructure(one), "material": None, "jitter": None, "poses": unstructure(poses)}


def _moves(plan: FramePlan, item: InstanceLabel) -> bool:
    """Return whether an instance moves from view to view: along a line, or with the timeline of the template."""
    if item.instance_id > len(plan.instances):
        return plan.template_state.frame is not None
    return plan.instances[item.instance_id - 1].start is not None
