"""Keypoints: where the lens shows their points, and visible only where their own object is seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.layout import LABELS
from pipeline.geometry import inverse_rigid, transform_points
from pipeline.records import InstanceLabel
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance
from pipeline.verify.poses import METRES, pixels_problem

AROUND_PX = 1  # a keypoint on an outline may fall on the pixel beside its object


def check_keypoints(opened: Opened) -> Iterator[Finding]:
    """Every instance's keypoints, where they are asked for."""
    if "keypoints" not in opened.plan.outputs:
        return
    for item, name in each_instance(opened):
        if item.keypoints is None:
            yield opened.found("keypoint-mismatch", LABELS, f"{name}: no keypoints, though the plan asks for them")
        elif item.keypoints:
            for text in (*_places(opened, item), *_visibility(opened, item)):
                yield opened.found("keypoint-mismatch", LABELS, f"{name}: {text}")


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


def _visibility(opened: Opened, item: InstanceLabel) -> Iterator[str]:
    height, width = opened.shape
    for point in item.keypoints or ():
        x, y = (-1.0, -1.0) if point.position_px is None else point.position_px
        inside = 0 <= x < width and 0 <= y < height
        if inside != (point.visibility > 0):
            where = "in" if inside else "not in"
            yield f"keypoint {point.name!r}: visibility {point.visibility}, and it is {where} the picture"
        elif point.visibility == 2 and not _is_beside(opened, item.instance_id, int(x), int(y)):
            yield f"keypoint {point.name!r}: visible, and its object is not seen at ({x:.1f}, {y:.1f})"


def _is_beside(opened: Opened, instance_id: int, x: int, y: int) -> bool:
    rows = slice(max(0, y - AROUND_PX), y + AROUND_PX + 1)
    columns = slice(max(0, x - AROUND_PX), x + AROUND_PX + 1)
    return bool((opened.instance[rows, columns] == instance_id).any())
