"""Optical flow: it leads to the next view of the scene, to where that view's own labels put the same points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.layout import LABELS
from pipeline.dataset.outputs import OUTPUTS
from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lenses import project_camera_points
from pipeline.records import CameraLabel
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
    if opened.next_camera is not None and opened.distance_m is not None:
        yield from _check_targets(opened, opened.next_camera, flow, has_flow, opened.distance_m)


def _check_targets(
    opened: Opened, after: CameraLabel, flow: NDArray[np.float32], has_flow: NDArray[np.bool_], distance_m: Array
) -> Iterator[Finding]:
    """Things stand still between the views, so the point of a pixel is the point to look for next."""
    where = np.flatnonzero(np.isfinite(distance_m) & ~np.isnan(opened.rays).any(axis=-1))
    rays = opened.rays.reshape(-1, 3)[where]
    world = transform_points(opened.camera.world_from_camera, rays * distance_m.ravel()[where][:, None])
    target = project_camera_points(after.lens, transform_points(inverse_rigid(after.world_from_camera), world))
    wanted = target - project_camera_points(opened.camera.lens, rays)
    off = np.abs(flow.reshape(-1, 2)[where] - wanted)
    if after.model == "equirectangular":
        off[:, 0] = np.minimum(off[:, 0], np.abs(off[:, 0] - after.resolution[0]))
    step = opened.depth_step_m / distance_m.ravel()[where] * max(after.k[0][0], after.k[1][1])
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
