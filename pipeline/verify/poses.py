"""Poses, sizes, distances and 3D boxes: each recomputed from the camera, the assets and the lens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.layout import LABELS
from pipeline.geometry import Array, box_corners, inverse_rigid, transform_points
from pipeline.lenses import project_camera_points
from pipeline.records import Box3d, InstanceLabel
from pipeline.verify.boxes_3d import center_world_m, is_of_template, local_box
from pipeline.verify.cameras import is_rigid
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance

METRES = 1e-6  # of a length plus one: float32 coordinates and nine decimals
PIXELS = 1e-3
NEAR_M = 1e-3  # nearer to the camera's plane, the ninth decimal of a metre is worth pixels


def check_poses(opened: Opened) -> Iterator[Finding]:
    """Every instance's pose, size and distance."""
    for item, name in each_instance(opened):
        for kind, text in (*_pose(opened, item), *_box(opened, item)):
            yield opened.found(kind, LABELS, f"{name}: {text}")


def _pose(opened: Opened, item: InstanceLabel) -> Iterator[tuple[str, str]]:
    pose = np.asarray(item.world_from_object)
    for key in ("world_from_object", "camera_from_object"):
        if not is_rigid(np.asarray(getattr(item, key))):
            yield "pose-mismatch", f"{key} is no rotation and translation"
            return
    wanted = inverse_rigid(opened.camera.world_from_camera) @ pose
    off = float(np.abs(np.asarray(item.camera_from_object) - wanted).max())
    if off > METRES * (1 + float(np.abs(pose).max()) + item.distance_m):
        yield "pose-mismatch", f"camera_from_object is {off:.2g} off what world_from_object and the camera give"
    box = local_box(opened, item)
    if box is None:
        if not is_of_template(item):
            yield "pose-mismatch", f"its asset {item.asset_id!r} is not in job.json"
        return
    size = box[1] - box[0]
    if np.abs(np.asarray(item.dimensions_m) - size).max() > METRES * (1 + size.max()):
        seen, expected = _show(item.dimensions_m), _show(size)
        yield "pose-mismatch", f"dimensions_m is {seen}, its asset at that scale measures {expected}"
    center = transform_points(pose, [(box[0] + box[1]) / 2])[0]
    eye = np.asarray(opened.camera.world_from_camera)[:3, 3]
    distance = float(np.sqrt(((center - eye) ** 2).sum()))
    if abs(item.distance_m - distance) > METRES * (1 + distance):
        yield "pose-mismatch", f"distance_m is {item.distance_m:g}, its box's centre is {distance:g} m away"


def _show(vector: object) -> str:
    return "[" + ", ".join(f"{float(v):g}" for v in np.asarray(vector)) + "]"


def _box(opened: Opened, item: InstanceLabel) -> Iterator[tuple[str, str]]:
    label = item.box_3d
    if "box_3d" not in opened.plan.outputs:
        return
    if label is None:
        yield "box-3d-mismatch", "no box_3d, though the plan asks for it"
        return
    box, center = local_box(opened, item), center_world_m(opened, item)
    if box is None or center is None:
        return
    world = transform_points(item.world_from_object, box_corners(*box))
    camera = transform_points(inverse_rigid(opened.camera.world_from_camera), world)
    limit = METRES * (1 + item.distance_m + float(np.abs(world).max()))
    for key, seen, wanted in (
        ("center_world_m", label.center_world_m, center),
        ("corners_world_m", label.corners_world_m, world),
        ("corners_camera_m", label.corners_camera_m, camera),
    ):
        array = np.asarray(seen)
        if array.shape != wanted.shape:
            yield "box-3d-mismatch", f"box_3d.{key} has the shape {array.shape}, expected {wanted.shape}"
        elif np.abs(array - wanted).max() > limit:
            off = float(np.abs(array - wanted).max())
            yield "box-3d-mismatch", f"box_3d.{key} is {off:.2g} m off what pose and dimensions give"
    yield from _corners_px(opened, label, camera)


def _corners_px(opened: Opened, label: Box3d, camera_m: Array) -> Iterator[tuple[str, str]]:
    if len(label.corners_px) != len(camera_m):
        yield "box-3d-mismatch", f"box_3d.corners_px has {len(label.corners_px)} corners, expected {len(camera_m)}"
        return
    seen = np.array([(np.nan, np.nan) if pixel is None else pixel for pixel in label.corners_px])
    problem = pixels_problem(opened, seen, camera_m)
    if problem:
        yield "box-3d-mismatch", f"box_3d.corners_px: {problem}"


def pixels_problem(opened: Opened, seen_px: Array, camera_m: Array) -> str:
    """Return how pixel positions (N, 2), NaN for none, differ from where the lens shows camera points (N, 3)."""
    wanted = project_camera_points(opened.camera.lens, camera_m)
    certain = (
        np.abs(camera_m[:, 2]) > NEAR_M if opened.camera.model in ("pinhole", "opencv") else np.ones(len(wanted), bool)
    )
    both = ~np.isnan(seen_px).any(axis=1) & ~np.isnan(wanted).any(axis=1)
    shown = np.isnan(seen_px).any(axis=1) != np.isnan(wanted).any(axis=1)
    if (shown & certain & ~_at_limit(opened, camera_m)).any():
        return "says of a point that the lens shows it, or not, and that is wrong"
    off = np.abs(seen_px - wanted).max(axis=1, initial=0.0)
    if opened.camera.model == "equirectangular":  # across the seam the picture goes on
        off = np.minimum(off, np.abs(off - opened.shape[1]))
    limit = PIXELS + 1e-5 * np.abs(np.nan_to_num(wanted)).max(axis=1)
    wrong = both & certain & (off > limit)
    return f"{float(off[wrong].max()):.2g} px off where the lens shows the point" if wrong.any() else ""


def _at_limit(opened: Opened, camera_m: Array) -> Array:
    """Return which points lie where a distorting lens ends, so that rounding decides whether it shows them."""
    lens = opened.camera.lens
    near = np.isnan(project_camera_points(lens, camera_m * (1 - 1e-6, 1 - 1e-6, 1.0)))
    far = np.isnan(project_camera_points(lens, camera_m * (1 + 1e-6, 1 + 1e-6, 1.0)))
    different: Array = (near != far).any(axis=1)
    return different
