"""Depth, normals and coordinates: points in space that must lie on the objects they are labelled with.

The strongest check there is. A wrong lens, a swapped id, a shifted mask, a moved object or a scaled depth all put the
point of some pixel outside the 3D box of its object.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.outputs import DEPTH_PNG, OUTPUTS
from pipeline.geometry import Array, inverse_rigid, transform_points
from pipeline.records import InstanceLabel
from pipeline.verify.boxes_3d import local_box, outside_m, slack_m
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened, each_instance

Pixels = NDArray[np.int64]

SAME_DEPTH = 2e-6  # of the distance: two float32 files of one number
COORDINATES = 1e-5
HALF_FLOAT = 3e-3  # normals are kept as float16, three numbers of 2^-11 each
AWAY = 0.1  # cosine from which on a normal points away; Cycles turns them to the camera, float16 rounds them
AWAY_SHARE = 0.005
DEEPEST_PNG_M = 65.0


def check_depth(opened: Opened) -> Iterator[Finding]:
    """Depth and distance are there where an object is, above 0, and differ by what the lens says."""
    for output in ("depth", "distance"):
        if output in opened.images:
            yield from _check_range(opened, output)
    if not {"depth", "distance"} <= opened.images.keys() or opened.plan.depth_format == "png":
        return
    depth, distance = (opened.images[key].astype(np.float64) for key in ("depth", "distance"))
    along = 1.0 if opened.camera.model == "equirectangular" else opened.rays[..., 2]
    with np.errstate(invalid="ignore"):
        wrong = np.abs(depth - distance * along) > SAME_DEPTH * distance
    wrong &= np.isfinite(distance)
    wrong |= np.isfinite(depth) != np.isfinite(distance)
    if wrong.any():
        text = f"{_at(wrong)} are not the distance times the ray's part along the optical axis"
        yield opened.found("depth-mismatch", OUTPUTS["depth"].file, text)


def _check_range(opened: Opened, output: str) -> Iterator[Finding]:
    image = opened.images[output]
    is_png = output == "depth" and opened.plan.depth_format == "png"
    file = DEPTH_PNG if is_png else OUTPUTS[output].file
    can_be_behind = output == "depth" and opened.camera.model == "fisheye"
    bad = np.isnan(image) | (image == -np.inf) | ((image <= 0) & (not can_be_behind))
    if bad.any():
        yield opened.found("depth-mismatch", file, f"{_at(bad)} are no depth: nan, or not above 0")
    unseen = np.isnan(opened.rays).any(axis=-1) & np.isfinite(image)
    if unseen.any():
        yield opened.found("depth-mismatch", file, f"{_at(unseen)} have a depth where the lens shows nothing")
    for item, name in each_instance(opened):
        pixels = opened.pixels_of.get(item.instance_id)
        if pixels is None or (is_png and item.distance_m + max(item.dimensions_m) > DEEPEST_PNG_M):
            continue
        without = int((~np.isfinite(image.ravel()[pixels])).sum())
        if without:
            yield opened.found("depth-mismatch", file, f"{name}: {without} of its {len(pixels)} px have no depth")


def _at(wrong: NDArray[np.bool_]) -> str:
    y, x = (int(v[0]) for v in np.nonzero(wrong))
    return f"{int(wrong.sum())} px, the first at ({x}, {y}),"


def check_points(opened: Opened) -> Iterator[Finding]:
    """The point of every pixel lies in the 3D box of its object, and object coordinates and NOCS are that point."""
    if opened.distance_m is None:
        yield from _check_coordinates_alone(opened)
        return
    distance, rays = opened.distance_m.ravel(), opened.rays.reshape(-1, 3)
    step = opened.depth_step_m
    for item, name in each_instance(opened):
        pixels = opened.pixels_of.get(item.instance_id)
        box = local_box(opened, item)
        if pixels is None or box is None:
            continue
        pixels = pixels[np.isfinite(distance[pixels])]
        camera_m = rays[pixels] * distance[pixels][:, None]
        local = transform_points(inverse_rigid(item.camera_from_object), camera_m)
        along = 1.0 if opened.camera.model == "equirectangular" else np.abs(rays[pixels, 2])
        slack = slack_m(item) + step / np.maximum(along, 1e-3)
        yield from _in_box(opened, item, name, outside_m(local, *box) - slack, pixels)
        if not step:
            yield from _coordinates(opened, item, name, local, pixels, box)


def _in_box(opened: Opened, item: InstanceLabel, name: str, excess_m: Array, pixels: Pixels) -> Iterator[Finding]:
    wrong = excess_m > 0
    if not wrong.any():
        return
    y, x = divmod(int(pixels[wrong][0]), opened.shape[1])
    text = (
        f"{name}: {int(wrong.sum())} of its {len(pixels)} px show points up to {float(excess_m.max()):.2g} m outside "
        f"its 3D box, the first at ({x}, {y}): its id, mask, pose or depth or the lens is wrong"
    )
    yield opened.found("surface-mismatch", OUTPUTS["instance"].file, text)


def _coordinates(
    opened: Opened, item: InstanceLabel, name: str, local_m: Array, pixels: Pixels, box: tuple[Array, Array]
) -> Iterator[Finding]:
    diagonal = float(np.sqrt(((box[1] - box[0]) ** 2).sum()))
    wanted = {"object_coordinates": local_m, "nocs": (local_m - (box[0] + box[1]) / 2) / diagonal + 0.5}
    scale = {"object_coordinates": 1.0, "nocs": 1.0 / diagonal}
    limit_m = COORDINATES * (item.distance_m + diagonal)
    for output, points in wanted.items():
        if output not in opened.images:
            continue
        off = np.abs(opened.images[output].reshape(-1, 3)[pixels] - points).max(axis=1, initial=0.0)
        wrong = off > limit_m * scale[output]
        if wrong.any():
            text = f"{name}: {int(wrong.sum())} px are up to {float(off.max()):.2g} off the points that they show"
            yield opened.found("coordinates-mismatch", OUTPUTS[output].file, text)


def _check_coordinates_alone(opened: Opened) -> Iterator[Finding]:
    """Without a depth, object coordinates must themselves lie on the pixels' rays, and NOCS agree with them."""
    rays = opened.rays.reshape(-1, 3)
    for item, name in each_instance(opened):
        pixels = opened.pixels_of.get(item.instance_id)
        box = local_box(opened, item)
        if pixels is None or box is None:
            continue
        diagonal = float(np.sqrt(((box[1] - box[0]) ** 2).sum()))
        for output in ("object_coordinates", "nocs"):
            if output not in opened.images:
                continue
            local = opened.images[output].reshape(-1, 3)[pixels].astype(np.float64)
            if output == "nocs":
                local = (local - 0.5) * diagonal + (box[0] + box[1]) / 2
            camera_m = transform_points(item.camera_from_object, local)
            beside = np.linalg.norm(np.cross(camera_m, rays[pixels]), axis=1)
            excess = np.maximum(outside_m(local, *box), beside) - slack_m(item)
            excess[(camera_m * rays[pixels]).sum(axis=1) <= 0] = item.distance_m
            yield from _in_box(opened, item, name, excess, pixels)


def check_normals(opened: Opened) -> Iterator[Finding]:
    """Normals are unit vectors that face the camera; those in camera axes are those in world axes, turned."""
    turn = np.asarray(opened.camera.world_from_camera)[:3, :3]
    frames = {"normal": np.eye(3), "normal_world": turn}
    given = {name: opened.images[name].astype(np.float64) for name in frames if name in opened.images}
    for output, normals in given.items():
        file = OUTPUTS[output].file
        length = np.sqrt((normals * normals).sum(axis=-1))
        bad = ~(np.abs(length - 1) < HALF_FLOAT) & ~(length == 0)
        bad |= (length == 0) & (opened.instance > 0)
        if bad.any():
            yield opened.found("normal-mismatch", file, f"{_at(bad)} are not of length 1")
        facing = (normals @ frames[output] * opened.rays).sum(axis=-1)
        with np.errstate(invalid="ignore"):
            away = facing > AWAY
        if away.sum() > AWAY_SHARE * max(1, int((length > 0).sum())):
            yield opened.found("normal-mismatch", file, f"{_at(away)} point away from the camera")
    if len(given) == 2:
        off = np.abs(given["normal_world"] @ turn - given["normal"]).max(axis=-1)
        if (off > HALF_FLOAT).any():
            text = f"{_at(off > HALF_FLOAT)} are not those of {OUTPUTS['normal_world'].file} in camera axes"
            yield opened.found("normal-mismatch", OUTPUTS["normal"].file, text)
