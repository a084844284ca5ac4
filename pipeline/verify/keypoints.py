"""Keypoints: where the lens shows their points, and visible only where their own object is seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.layout import LABELS, PLAN
from pipeline.geometry import inverse_rigid, transform_points
from pipeline.records import InstanceLabel, InstancePlan, KeypointLabel
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance
from pipeline.verify.poses import METRES, pixels_problem

OF_OBJECT = 0.01  # of its longest side a keypoint may lie below the surface, or its own radius_m
AROUND_PX = 1  # a keypoint on an outline may fall on the pixel beside its object


def check_keypoints(opened: Opened) -> Iterator[Finding]:
    """Every instance's keypoints, where they are asked for."""
    if "keypoints" not in opened.plan.outputs:
        return
    planned = {one.instance_id: one for one in opened.plan.instances}
    for item, name in each_instance(opened):
        if item.keypoints is None:
            yield opened.found("keypoint-mismatch", LABELS, f"{name}: no keypoints, though the plan asks for them")
            continue
        texts = [*_places(opened, item)] if item.keypoints else []
        if item.instance_id in planned:
            texts += _planned(item, planned[item.instance_id])
            texts += _visibility(opened, item, planned[item.instance_id])
        for text in texts:
            yield opened.found("keypoint-mismatch", LABELS, f"{name}: {text}")


def _planned(item: InstanceLabel, plan: InstancePlan) -> Iterator[str]:
    """The keypoints are those of the plan, moved with the object."""
    points = item.keypoints or ()
    seen, wanted = [point.name for point in points], [point.name for point in plan.keypoints]
    if seen != wanted:
        yield f"keypoints {seen}, {PLAN} has {wanted}"
        return
    for point, own in zip(points, plan.keypoints, strict=True):
        place = transform_points(item.world_from_object, [np.multiply(own.point_m, item.scale)])[0]
        off = float(np.abs(place - point.world_m).max())
        if off > METRES * (1 + float(np.abs(place).max())):
            yield f"keypoint {point.name!r}: world_m is {off:.2g} m off where {PLAN} and the pose put it"


def _places(opened: Opened, item: InstanceLabel) -> Iterator[str]:
    points = item.keypoints or ()
    world = np.array([point.world_m for point in points])
    camera = np.array([point.camera_m for point in points])
    wanted = transform_points(inverse_rigid(opened.camera.world_from_camera), world)
    off = np.abs(camera - wanted).max(axis=1)
    wrong = off > METRES * (1 + np.abs(world).max(axis=1) + np.abs(camera).max(axis=1))
    for i in np.flatnonzero(wrong):
        yield f"keypoint {points[i].name!r}: camera_m is {off[i]:.2g} m off what world_m and the camera give"
    for i, point in enumerate(points):
        seen = np.array([(np.nan, np.nan) if point.position_px is None else point.position_px])
        problem = pixels_problem(opened, seen, camera[i : i + 1])
        if problem:
            yield f"keypoint {point.name!r}: position_px {point.position_px} {problem}"


def _visibility(opened: Opened, item: InstanceLabel, plan: InstancePlan) -> Iterator[str]:
    height, width = opened.shape
    radii = {own.name: own.radius_m * max(plan.scale) for own in plan.keypoints}
    for point in item.keypoints or ():
        x, y = (-1.0, -1.0) if point.position_px is None else point.position_px
        inside = 0 <= x < width and 0 <= y < height
        if inside != (point.visibility > 0):
            where = "in" if inside else "not in"
            yield f"keypoint {point.name!r}: visibility {point.visibility}, and it is {where} the picture"
        elif point.visibility == 2:
            problem = _hidden(opened, item, point, max(OF_OBJECT * max(item.dimensions_m), radii.get(point.name, 0.0)))
            if problem:
                yield f"keypoint {point.name!r}: visible, and {problem} at ({x:.1f}, {y:.1f})"


def _hidden(opened: Opened, item: InstanceLabel, point: KeypointLabel, depth_m: float) -> str:
    """Return why a point cannot be visible that lies up to `depth_m` below its object's surface, "" when it can."""
    assert point.position_px is not None
    x, y = (int(value) for value in point.position_px)
    rows = slice(max(0, y - AROUND_PX), y + AROUND_PX + 1)
    columns = slice(max(0, x - AROUND_PX), x + AROUND_PX + 1)
    own = opened.instance[rows, columns] == item.instance_id
    if not own.any():
        return "its object is not seen"
    if opened.distance_m is None:
        return ""
    distance = float(np.sqrt((np.asarray(point.camera_m) ** 2).sum()))
    before = distance - float(opened.distance_m[rows, columns][own].max())
    slack = 2 * opened.depth_step_m + METRES * (1 + distance)
    return f"{before:.2g} m below its object's surface" if before > depth_m + slack else ""
