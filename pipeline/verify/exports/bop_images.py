"""What a BOP export says of one image: camera, poses, masks, depth and counts, against what the dataset holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.codecs.rle import mask_of_counts
from pipeline.dataset.read import read_image, read_labels, read_masks_full
from pipeline.plurals import counted
from pipeline.verify.exports.expected import AGAIN, ExpectedFrame, ExpectedObject, extent
from pipeline.verify.exports.files import mismatch
from pipeline.verify.finding import Finding

NEAR = 1e-6
NEAR_OF = {"cam_t_w2c": 1e-2}  # mm; Blender's camera is rigid to float32, so its inverse depends on how it is taken

Key = tuple[str, tuple[float, ...]]  # asset and scale
Report = Callable[[str, object, object], Finding]  # (what, seen, wanted)


def check_image(
    folder: Path, scene: str, image: int, one: ExpectedFrame, dataset: Path, entries: list[Any], ids: Mapping[Key, int]
) -> Iterator[Finding]:
    """Yield what is wrong with an image. `entries` are what the files of its scene say of it, `ids` the obj_id of each
    asset at a scale."""
    camera, poses, infos = entries

    def report(what: str, seen: object, wanted: object) -> Finding:
        return mismatch(f"{scene}: image {image}", one, what, seen, wanted)

    yield from _check_camera(camera, one, dataset, report)
    if not len(poses) == len(infos) == len(one.kept):
        kind = "export-missing" if len(poses) < len(one.kept) else "export-extra"
        seen = f"{counted(len(poses), 'pose')} and {counted(len(infos), 'info')}"
        message = f"{seen} of {counted(len(one.kept), 'object')} ({AGAIN})"
        yield Finding(kind=kind, where=f"{scene}: image {image}", frame=one.frame, message=message)
        return
    depth = _pixels(folder, f"{scene}/depth/{image:06d}.png")
    yield from _check_depth(depth, float(camera.get("depth_scale", 0)), one, dataset, report)
    size, counts = read_masks_full(dataset, one.frame)
    for number, (item, pose, info) in enumerate(zip(one.kept, poses, infos, strict=True)):
        full = mask_of_counts(counts[item.label.instance_id], *size)
        yield from _check_pose(pose, item, ids, report)
        for kind, mask in (("mask", full), ("mask_visib", item.mask)):
            found = _pixels(folder, f"{scene}/{kind}/{image:06d}_{number:06d}.png")
            if found is None or not np.array_equal(found, np.where(mask, 255, 0)):
                seen = "unreadable" if found is None else f"{np.count_nonzero(found)} px"
                yield report(f"{kind} of instance {item.label.instance_id}", seen, f"{np.count_nonzero(mask)} px")
        yield from _check_info(info, item, full, depth, report)


def _check_camera(camera: Mapping[str, Any], one: ExpectedFrame, dataset: Path, report: Report) -> Iterator[Finding]:
    label = read_labels(dataset, one.frame).camera
    if label is None or label.model != "pinhole":
        yield report("the lens", "a pinhole", "no camera" if label is None else label.model)
        return
    k = np.array(label.k, dtype=np.float64)
    k[:2, 2] -= 0.5  # pixel centres on integers
    to_camera = np.linalg.inv(np.array(label.world_from_camera))
    wanted = {
        "cam_K": k.ravel(),
        "cam_R_w2c": to_camera[:3, :3].ravel(),
        "cam_t_w2c": 1000 * to_camera[:3, 3],
    }
    yield from _check_numbers(camera, wanted, "", report)


def _check_pose(
    pose: Mapping[str, Any], item: ExpectedObject, ids: Mapping[Key, int], report: Report
) -> Iterator[Finding]:
    label = item.label
    what = f" of instance {label.instance_id}"
    matrix = np.array(label.camera_from_object)
    yield from _check_numbers(
        pose, {"cam_R_m2c": matrix[:3, :3].ravel(), "cam_t_m2c": 1000 * matrix[:3, 3]}, what, report
    )
    wanted = ids.get((label.asset_id, label.scale))
    if pose.get("obj_id") != wanted:
        yield report(f"obj_id{what}", pose.get("obj_id"), wanted)


def _check_numbers(
    found: Mapping[str, Any], wanted: Mapping[str, NDArray[Any]], what: str, report: Report
) -> Iterator[Finding]:
    for key, values in wanted.items():
        seen = found.get(key)
        if not isinstance(seen, list) or len(seen) != len(values) or _apart(seen, values) > NEAR_OF.get(key, NEAR):
            yield report(f"{key}{what}", seen, values.tolist())


def _apart(seen: list[float], wanted: NDArray[Any]) -> float:
    return float(np.abs(np.subtract(seen, wanted)).max())


def _check_depth(
    depth: NDArray[Any] | None, scale: float, one: ExpectedFrame, dataset: Path, report: Report
) -> Iterator[Finding]:
    if depth is None:
        yield report("depth", "unreadable", "a 16-bit PNG")
        return
    metres = read_image(dataset, one.frame, "depth").astype(np.float64)
    far = np.isfinite(metres) & (metres > 0)
    millimetres = np.where(far, metres * 1000, 0)
    finest = 0.1 if millimetres.max(initial=0) <= 6553.5 else 1.0
    if scale != finest:
        yield report("depth_scale", scale, finest)
        return
    fits = far & (np.rint(millimetres / scale) <= 65_535)
    wrong = np.abs(depth * scale - np.where(fits, millimetres, 0)) > scale * 0.5001
    if depth.shape != metres.shape or wrong.any():
        yield report("depth", f"{np.count_nonzero(wrong)} px otherwise", "half a step at most")


def _check_info(
    info: Mapping[str, Any], item: ExpectedObject, full: NDArray[np.bool_], depth: NDArray[Any] | None, report: Report
) -> Iterator[Finding]:
    silhouette = item.label.silhouette
    whole = int(np.count_nonzero(full)) if silhouette is None else silhouette.px_beyond
    box = extent(full) if silhouette is None else silhouette.bbox_xywh_px
    wanted: dict[str, object] = {
        "bbox_obj": None if box is None else list(box),
        "bbox_visib": list(item.box),
        "px_count_all": whole,
        "px_count_visib": item.pixels,
    }
    if depth is not None and depth.shape == full.shape:
        wanted["px_count_valid"] = int(np.count_nonzero(depth[full]))
    what = f"of instance {item.label.instance_id}"
    for key, value in wanted.items():
        if info.get(key) != value:
            yield report(f"{key} {what}", info.get(key), value)
    share = info.get("visib_fract")
    if not isinstance(share, int | float) or abs(share - item.pixels / whole) > NEAR:
        yield report(f"visib_fract {what}", share, item.pixels / whole)


def _pixels(folder: Path, name: str) -> NDArray[Any] | None:
    try:
        with Image.open(folder / name) as picture:
            return np.array(picture)
    except (OSError, ValueError, SyntaxError):
        return None
