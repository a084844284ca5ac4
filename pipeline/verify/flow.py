"""Optical flow: it leads to the next view of the scene, to where that view's own labels put the same points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.layout import LABELS
from pipeline.dataset.outputs import OUTPUTS
from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lenses import project_camera_points
from pipeline.records import CameraLabel, Labels
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened

PIXELS = 2e-3  # float32 distances and flow, nine decimals of poses; of the flow's length besides
OF_FLOW = 1e-4
SEEN = (0, 255)


def check_flow(opened: Opened) -> Iterator[Finding]:
    """Flow and its occlusion, where they are."""
    flow_to = opened.labels.flow_to
    if flow_to is not None and (
        flow_to != opened.frame + 1 or opened.labels.view + 1 >= opened.job.config.views_per_scene
    ):
        text = f"flow_to is {flow_to}, which is not the next view of scene {opened.labels.scene}"
        yield opened.found("flow-mismatch", LABELS, text)
        return
    occlusion, flow = opened.images.get("flow_occlusion"), opened.images.get("flow")
    if occlusion is not None and not np.isin(occlusion, SEEN).all():
        yield opened.found("flow-mismatch", OUTPUTS["flow_occlusion"].file, "holds values other than 0 and 255")
    if flow is None:
        return
    has_flow = np.isfinite(flow).all(axis=-1)
    if occlusion is not None:
        wrong = ~has_flow & (occlusion == 0)
        if wrong.any():
            text = f"{int(wrong.sum())} px have no flow, and {OUTPUTS['flow_occlusion'].file} says they are seen"
            yield opened.found("flow-mismatch", OUTPUTS["flow"].file, text)
    after = opened.next_labels
    if after is not None and after.camera is not None and opened.distance_m is not None:
        yield from _check_targets(opened, after, after.camera, flow, has_flow, opened.distance_m)


def _check_targets(
    opened: Opened,
    after: Labels,
    camera: CameraLabel,
    flow: NDArray[np.float32],
    has_flow: NDArray[np.bool_],
    distance_m: Array,
) -> Iterator[Finding]:
    """Things stand still between the views, so the point of a pixel is the point to look for next; or move with all
    their points."""
    where = np.flatnonzero(np.isfinite(distance_m) & ~np.isnan(opened.rays).any(axis=-1))
    rays = opened.rays.reshape(-1, 3)[where]
    world = transform_points(opened.camera.world_from_camera, rays * distance_m.ravel()[where][:, None])
    world = _moved_on(opened, after, opened.instance.ravel()[where], world)
    target = project_camera_points(camera.lens, transform_points(inverse_rigid(camera.world_from_camera), world))
    wanted = target - project_camera_points(opened.camera.lens, rays)
    off = np.abs(flow.reshape(-1, 2)[where] - wanted)
    if camera.model == "equirectangular":
        off[:, 0] = np.minimum(off[:, 0], np.abs(off[:, 0] - camera.resolution[0]))
    step = opened.depth_step_m / distance_m.ravel()[where] * max(camera.k[0][0], camera.k[1][1])
    shown = np.isfinite(wanted).all(axis=1)
    wrong = shown & (off.max(axis=1) > PIXELS + step + OF_FLOW * np.abs(np.nan_to_num(wanted)).max(axis=1))
    wrong |= shown & ~has_flow.ravel()[where]
    if wrong.any():
        y, x = divmod(int(where[wrong][0]), opened.shape[1])
        text = (
            f"{int(wrong.sum())} px do not lead to where frame {opened.labels.flow_to} shows their points, "
            f"the first at ({x}, {y})"
        )
        yield opened.found("flow-mismatch", OUTPUTS["flow"].file, text)


def _moved_on(opened: Opened, after: Labels, ids: NDArray[np.uint16], world: Array) -> Array:
    """Return world points (N, 3), of the instances `ids` (N,), where the next view has them."""
    then = {item.instance_id: item.world_from_object for item in after.instances}
    for key, item in opened.items.items():
        if then.get(key, item.world_from_object) != item.world_from_object:
            mine = ids == key
            world[mine] = transform_points(
                then[key], transform_points(inverse_rigid(item.world_from_object), world[mine])
            )
    return world
