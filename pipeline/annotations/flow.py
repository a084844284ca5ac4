"""Optical flow to the next view of the scene, and which points that view does not see. Exact, by geometry: the world
point of each pixel, projected by the next camera.

Things stand still between the views of a scene, so the point that a pixel shows now is the point to look for next; but
for those that move, whose points go with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.lens_remap import sampled_rays, source_lens
from pipeline.lenses import Lens, project_camera_points
from pipeline.records import NextView, RealisedCamera, RenderedFrame

_TURN_ALONE = np.array([[1.0, 1.0, 1.0, 0.0]] * 3 + [[0.0, 0.0, 0.0, 1.0]])
TOLERANCE = 1e-3
"""How much farther than what the next view shows a point may be, and be that very surface. The two distances are right
to 1e-4 each (tests/blender/test_render_truth.py); the rest is for surfaces that bulge between the centres of pixels,
by d / (4 f^2 R) of their distance d for a focal length of f pixels and a radius of curvature R: 5e-5 for 2 cm at 1 m
and 500 px."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """`flow_px` (H, W, 2) float32, x and y, NaN where the next lens cannot show the point or the pixel shows none;
    `occlusion` (H, W) uint8, 255 where the next view does not see the point, else 0."""

    flow_px: NDArray[np.float32]
    occlusion: NDArray[np.uint8]


def flow_between(rendered: RenderedFrame, next_view: NextView, *, has_photo: bool) -> Flow:
    """Return the flow of a frame to its next view, and its occlusion.

    The flow leads from the place in the pixel where its labels were sampled (its centre; with a distorted lens up to
    half a rendered pixel beside it) to where the next view has the same point, so a camera that stands still gives
    exactly 0. It may lead out of the picture. The background is infinitely far away: its flow is that of its direction,
    which only the camera's rotation moves; where a photo fills it (`has_photo`) it is no place in the world and has
    no flow. In an equirectangular picture the flow goes the shorter way round.

    Not seen are points beside the next picture and points behind what the next view shows there. What has no flow
    counts as not seen.
    """
    camera = rendered.realised.camera
    height, width = rendered.distance_m.shape
    distance = rendered.distance_m.reshape(-1).astype(np.float64)
    is_far = ~np.isfinite(distance)
    local = sampled_rays(camera.lens).reshape(-1, 3) * np.where(is_far, 1.0, distance)[:, None]
    if has_photo:
        local[is_far] = np.nan
    world = _world_points(camera, local, is_far)
    seen_now = _camera_points(camera, world, is_far)
    seen_next = _camera_points(next_view.camera, _world_then(rendered, next_view, world), is_far)
    target = project_camera_points(next_view.camera.lens, seen_next)
    flow = target - project_camera_points(camera.lens, seen_now)
    if next_view.camera.model == "equirectangular":
        around = next_view.camera.resolution[0]
        flow[:, 0] -= around * np.round(flow[:, 0] / around)
    has_flow = np.isfinite(flow).all(axis=1)
    is_seen = has_flow & _is_inside(target, next_view.camera.lens)
    is_seen[is_seen] = ~_is_hidden(next_view, seen_next[is_seen], is_far[is_seen])
    # One NaN for all: which of them arithmetic leaves depends on the processor.
    flow = np.where(has_flow[:, None], flow, np.nan).astype(np.float32)
    return Flow(
        flow_px=flow.reshape(height, width, 2),
        occlusion=np.where(is_seen, 0, 255).astype(np.uint8).reshape(height, width),
    )


def _world_points(camera: RealisedCamera, local: Array, is_far: NDArray[np.bool_]) -> Array:
    """Return camera points (N, 3) in the world; of far ones the direction."""
    return _moved(np.asarray(camera.world_from_camera), local, is_far)


def _world_then(rendered: RenderedFrame, next_view: NextView, world: Array) -> Array:
    """Return where world points (N, 3) of the frame's pixels are in the next view."""
    then, ids = world, rendered.instance.reshape(-1)
    for one in rendered.realised.instances:
        if one.instance_id in next_view.moved_on:
            if then is world:
                then = world.copy()
            mine = ids == one.instance_id
            in_object = transform_points(inverse_rigid(one.world_from_object), world[mine])
            then[mine] = transform_points(next_view.moved_on[one.instance_id], in_object)
    return then


def _camera_points(camera: RealisedCamera, world: Array, is_far: NDArray[np.bool_]) -> Array:
    """Return world points (N, 3) in the axes of a camera; of far ones the direction."""
    return _moved(inverse_rigid(camera.world_from_camera), world, is_far)


def _moved(matrix: Array, points: Array, is_far: NDArray[np.bool_]) -> Array:
    moved = transform_points(matrix, points)
    moved[is_far] = transform_points(matrix * _TURN_ALONE, points[is_far])
    return moved


def _is_inside(pixels: Array, lens: Lens) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(((pixels >= 0) & (pixels < lens.resolution)).all(axis=1))


def _is_hidden(next_view: NextView, points_m: Array, is_far: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (N,) whether the next view shows something nearer than the points (N, 3, its camera's axes).

    A point is compared with the four rendered pixels whose centres surround it. Over a plane, however slanted, the
    distance is quasi-convex, so nowhere between four centres is it above the largest of the four: no slant hides a
    visible point. Beyond the outermost centres half of their difference more is allowed. Within a pixel of an edge the
    answer may be wrong: where something hides, in favour of visible; in a corner or a gap narrower than a pixel, of
    hidden. Distances are compared as their inverses, 0 for the background.
    """
    source = source_lens(next_view.camera.lens)
    width, height = source.resolution
    with np.errstate(divide="ignore"):
        shown = 1.0 / next_view.distance_m.astype(np.float64)
    corner = np.floor(project_camera_points(source, points_m) - 0.5).astype(np.int64)
    x, y = (np.clip(corner[:, axis], 0, max(size - 2, 0)) for axis, size in enumerate((width, height)))
    is_beyond = (x != corner[:, 0]) | (y != corner[:, 1])
    columns = (x, np.minimum(x + 1, width - 1))
    if source.model == "equirectangular":  # its left and right edges are neighbours
        columns, is_beyond = (corner[:, 0] % width, (corner[:, 0] + 1) % width), y != corner[:, 1]
    around = np.stack([shown[row, column] for row in (y, np.minimum(y + 1, height - 1)) for column in columns])
    least, most = around.min(axis=0), around.max(axis=0)
    least = np.where(is_beyond, least - (most - least) / 2, least)
    nearness = np.where(is_far, 0.0, 1.0 / np.sqrt((points_m * points_m).sum(axis=1)))
    return np.asarray(nearness * (1 + TOLERANCE) < least)
