"""Silhouettes: each holds its mask, is hidden where it is not seen, lies within its object's 3D box, and is counted."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import mask_of_counts
from pipeline.dataset.layout import LABELS
from pipeline.dataset.outputs import MASK_FULL
from pipeline.geometry import Array, box_corners, inverse_rigid, transform_points
from pipeline.lenses import project, project_camera_points
from pipeline.records import InstanceLabel, Silhouette
from pipeline.verify.boxes_3d import center_world_m, local_box, meet, slack_m
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance

Pixels = NDArray[np.int64]
Box = tuple[int, int, int, int]

# A silhouette is rasterised and ids are rendered, so at an outline it may hold a pixel whose ray just passes the object
# by. So many pixels of an outline may.
EDGE_PX = 2
EDGE_SHARE = 0.02
SHARE = 2e-9  # shares are written with nine decimals


def check_silhouettes(opened: Opened) -> Iterator[Finding]:
    """Every instance's silhouette, where they are asked for."""
    if opened.masks_full is None:
        return
    height, width = opened.shape
    for key in sorted(opened.masks_full.keys() ^ opened.items.keys()):
        yield opened.found(
            "silhouette-mismatch", MASK_FULL, f"instance {key} is in only one of {MASK_FULL} and {LABELS}"
        )
    for item, name in each_instance(opened):
        if item.silhouette is None:
            yield opened.found("silhouette-mismatch", LABELS, f"{name}: no silhouette, though the plan asks for it")
            continue
        if item.instance_id not in opened.masks_full:
            continue
        try:
            mask = mask_of_counts(opened.masks_full[item.instance_id], height, width)
        except ValueError as error:
            yield opened.found("silhouette-mismatch", MASK_FULL, f"{name}: {error}")
            continue
        full = np.flatnonzero(mask)
        visible = opened.pixels_of.get(item.instance_id, np.empty(0, dtype=np.int64))
        for kind, text in (
            *_pixels(opened, item, mask, visible),
            *_geometry(opened, item, full, mask, visible),
            *_counts(opened, item, item.silhouette, full),
        ):
            yield opened.found(kind, LABELS if kind == "visibility-mismatch" else MASK_FULL, f"{name}: {text}")


def _allowed(mask: NDArray[np.bool_]) -> int:
    """Return how many pixels may differ: a share of those whose right or lower neighbour is on the other side."""
    outline = int((mask[:, 1:] != mask[:, :-1]).sum()) + int((mask[1:] != mask[:-1]).sum())
    return EDGE_PX + int(EDGE_SHARE * outline)


def _pixels(opened: Opened, item: InstanceLabel, mask: NDArray[np.bool_], visible: Pixels) -> Iterator[tuple[str, str]]:
    outside = visible[~mask.ravel()[visible]]
    if outside.size:
        y, x = divmod(int(outside[0]), opened.shape[1])
        yield "silhouette-mismatch", f"{len(outside)} px of its mask are not in it, the first at ({x}, {y})"


def _geometry(
    opened: Opened, item: InstanceLabel, full: Pixels, mask: NDArray[np.bool_], visible: Pixels
) -> Iterator[tuple[str, str]]:
    """The ray of each pixel meets the object's box; where the object is not seen, something before its far side is."""
    box = local_box(opened, item)
    if box is None or not full.size:
        return
    slack = slack_m(item)
    rays = opened.rays.reshape(-1, 3)[full]
    near, far = meet(rays, np.asarray(item.camera_from_object), box[0] - slack, box[1] + slack)
    missed = ~((near <= far) & (far > 0))
    if missed.any():
        y, x = divmod(int(full[missed][0]), opened.shape[1])
        text = f"{int(missed.sum())} px lie outside its 3D box as the camera sees it, the first at ({x}, {y})"
        yield "silhouette-mismatch", text
    if opened.distance_m is None:
        return
    is_hidden = opened.instance.ravel()[full] != item.instance_id
    step = opened.depth_step_m * 2
    behind = is_hidden & ~missed & (opened.distance_m.ravel()[full] > far + slack + step)
    if behind.sum() > _allowed(mask):
        y, x = divmod(int(full[behind][0]), opened.shape[1])
        text = f"{int(behind.sum())} px of it show what lies behind the object, the first at ({x}, {y})"
        yield "silhouette-mismatch", text


def _counts(opened: Opened, item: InstanceLabel, label: Silhouette, full: Pixels) -> Iterator[tuple[str, str]]:
    if label.px != len(full):
        yield "silhouette-mismatch", f"px is {label.px}, its mask has {len(full)}"
    if label.px_beyond < label.px:
        yield "silhouette-mismatch", f"px_beyond {label.px_beyond} is below px {label.px}"
    problem = _box_problem(opened, label, full) or _beyond_3d_box(opened, item, label)
    if problem:
        yield "silhouette-mismatch", f"bbox_xywh_px {label.bbox_xywh_px}: {problem}"
    visible, beyond = item.visible_px, label.px_beyond
    truncation = 1.0 - label.px / beyond if beyond else _truncation_unseen(opened, item)
    wanted = {
        "visibility": visible / beyond if beyond else 0.0,
        "occlusion": 1.0 - visible / label.px if label.px else 0.0,
        "truncation": truncation,
    }
    for key, value in wanted.items():
        seen = getattr(label, key)
        if value is not None and abs(seen - value) > SHARE:
            yield "visibility-mismatch", f"{key} is {seen:g}, its pixel counts give {value:g}"
        elif not 0.0 <= seen <= 1.0:
            yield "visibility-mismatch", f"{key} {seen:g} is not between 0 and 1"


def _truncation_unseen(opened: Opened, item: InstanceLabel) -> float | None:
    """Return the truncation of an instance without a pixel: 1 unless its centre is in the picture."""
    center = center_world_m(opened, item)
    if center is None:
        return None
    camera = opened.camera
    pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), [center])
    width, height = camera.resolution
    x, y = (float(v) for v in pixels[0])
    if math.isnan(x) or math.isnan(y):
        return 1.0
    margin = min(abs(x), abs(x - width), abs(y), abs(y - height))
    return None if margin < 1e-3 else float(not (0 <= x < width and 0 <= y < height))


def _box_problem(opened: Opened, label: Silhouette, full: Pixels) -> str:
    """Return what is wrong with the box of the whole silhouette, "" when it fits what is in the picture."""
    height, width = opened.shape
    if label.bbox_xywh_px is None:
        return "missing" if label.px_beyond else ""
    x, y, w, h = label.bbox_xywh_px
    if w < 1 or h < 1 or w * h < label.px_beyond:
        return f"too small for {label.px_beyond} px"
    if min(x + width, y + height, 2 * width - x - w, 2 * height - y - h) < 0:
        return "beyond three by three pictures"
    if not full.size:
        return ""
    columns, rows = full % width, full // width
    seen = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    clipped = (max(x, 0), max(y, 0), min(x + w, width), min(y + h, height))
    holds = clipped[0] <= seen[0] and clipped[1] <= seen[1] and clipped[2] >= seen[2] and clipped[3] >= seen[3]
    if not holds:
        return f"does not hold its mask, which spans {seen}"
    # Beyond one pair of borders alone, the extent between the other two can be seen.
    if y >= 0 and y + h <= height and (clipped[0], clipped[2]) != (seen[0], seen[2]):
        return f"wider than its mask, which spans {seen}"
    if x >= 0 and x + w <= width and (clipped[1], clipped[3]) != (seen[1], seen[3]):
        return f"higher than its mask, which spans {seen}"
    return ""


def _beyond_3d_box(opened: Opened, item: InstanceLabel, label: Silhouette) -> str:
    """Return whether a silhouette's box leaves that of its 3D box, where straight edges stay straight."""
    box = local_box(opened, item)
    if box is None or label.bbox_xywh_px is None or opened.camera.model != "pinhole":
        return ""
    corners = transform_points(item.camera_from_object, box_corners(*box))
    if corners[:, 2].min() <= opened.plan.camera.clip_start_m:
        return ""
    pixels = project_camera_points(opened.camera.lens, corners)
    x, y, w, h = label.bbox_xywh_px
    low, high = np.floor(pixels.min(axis=0) - 0.5), np.ceil(pixels.max(axis=0) + 0.5)
    if x < low[0] or y < low[1] or x + w > high[0] or y + h > high[1]:
        return f"beyond its 3D box, which spans {_show(low)} to {_show(high)}"
    return ""


def _show(pixel: Array) -> str:
    return f"({pixel[0]:g}, {pixel[1]:g})"
