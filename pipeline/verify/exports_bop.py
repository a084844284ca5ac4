"""The check of a BOP export: cameras, poses, masks, depth and counts of every image, and its objects.

Poses and pixels are compared with labels.json, instance.png, mask_full.json and the depth; the counts of
scene_gt_info.json with the export's own masks and depth too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.codecs.rle import mask_of_counts
from pipeline.dataset.read import read_image, read_job, read_labels, read_masks_full
from pipeline.verify.export_expected import (
    AGAIN,
    EXPORT,
    ExpectedFrame,
    ExpectedObject,
    Progress,
    expected_frames,
    extent,
    read_about,
)
from pipeline.verify.export_files import check_files, check_picture, mismatch
from pipeline.verify.finding import Finding

SCENE_FRAMES = 1000
SCENE_FILES = ("scene_camera.json", "scene_gt.json", "scene_gt_info.json")
ASSETS, MODELS_INFO = "models/assets.json", "models/models_info.json"
MODELS = "models/obj_*.ply"
NEAR = 1e-6
NEAR_OF = {"cam_t_w2c": 1e-2}  # mm; Blender's camera is rigid to float32, so its inverse depends on how it is taken

Key = tuple[str, tuple[float, ...]]  # asset and scale
Report = Callable[[str, object, object], Finding]  # (what, seen, wanted)


def check_bop(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a BOP export. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    objects = _read(folder, ASSETS)
    if isinstance(objects, Finding):
        yield objects
        return
    ids = {(item["asset_id"], tuple(item["scale"])): int(item["obj_id"]) for item in objects}
    wanted = {EXPORT, ASSETS, MODELS_INFO, "camera.json", "dataset_info.md"}
    used: set[Key] = set()
    scenes = _Scenes(folder)
    for one in expected_frames(dataset, about, progress):
        scene = f"{one.split}_pbr/{one.frame // SCENE_FRAMES:06d}"
        wanted |= {f"{scene}/{name}" for name in SCENE_FILES}
        image = one.frame % SCENE_FRAMES
        picture = f"{scene}/rgb/{image:06d}{one.picture.suffix}"
        wanted |= {picture, f"{scene}/depth/{image:06d}.png"}
        yield from check_picture(folder, picture, one, about)
        instances = read_labels(dataset, one.frame).instances
        used |= {(item.asset_id, item.scale) for item in instances if item.role == "target"}
        entries = scenes.take(scene, image)
        if isinstance(entries, Finding):
            yield entries
            continue
        wanted |= {
            f"{scene}/{kind}/{image:06d}_{number:06d}.png"
            for kind in ("mask", "mask_visib")
            for number in range(len(one.kept))
        }
        yield from _check_image(folder, scene, image, one, dataset, entries, ids)
    yield from scenes.rest()
    yield from _check_objects(folder, dataset, ids, used)
    yield from check_files(folder, wanted, (MODELS,))


class _Scenes:
    """The JSON of the scenes at hand, one for each split, and what is left of it when all frames are taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[str, list[dict[str, Any]] | Finding]] = {}
        self._left: list[Finding] = []

    def take(self, scene: str, image: int) -> list[Any] | Finding:
        """Return what the three files say of an image, and count it as taken."""
        split = scene.split("/")[0]
        if split not in self._open or self._open[split][0] != scene:
            self._close(split)
            self._open[split] = (scene, self._load(scene))
        data = self._open[split][1]
        if isinstance(data, Finding):
            return data
        try:
            return [file.pop(str(image)) for file in data]
        except KeyError:
            return Finding(
                kind="export-missing", where=scene, message=f"image {image} is not in all of its files ({AGAIN})"
            )

    def rest(self) -> Iterator[Finding]:
        """Yield what nothing of the dataset stands for."""
        for split in tuple(self._open):
            self._close(split)
        yield from self._left

    def _load(self, scene: str) -> list[dict[str, Any]] | Finding:
        files = [_read(self._folder, f"{scene}/{name}") for name in SCENE_FILES]
        faults = [file for file in files if isinstance(file, Finding)]
        return faults[0] if faults else [dict(file) for file in files]

    def _close(self, split: str) -> None:
        scene, data = self._open.pop(split, ("", []))
        if isinstance(data, Finding):
            return
        for name, file in zip(SCENE_FILES, data, strict=False):
            if file:
                message = f"holds images {sorted(file)[:3]} that do not belong here ({AGAIN})"
                self._left.append(Finding(kind="export-extra", where=f"{scene}/{name}", message=message))


def _read(folder: Path, name: str) -> Any:
    try:
        return json.loads((folder / name).read_bytes())
    except (OSError, ValueError) as error:
        return Finding(kind="export-unreadable", where=name, message=f"cannot be read: {error} ({AGAIN})")


def _pixels(folder: Path, name: str) -> NDArray[Any] | None:
    try:
        with Image.open(folder / name) as picture:
            return np.array(picture)
    except (OSError, ValueError, SyntaxError):
        return None


# --- objects --------------------------------------------------------------------------------------------------------


def _check_objects(folder: Path, dataset: Path, ids: Mapping[Key, int], used: set[Key]) -> Iterator[Finding]:
    wanted = {key: number for number, key in enumerate(sorted(used), start=1)}
    if dict(ids) != wanted:
        message = f"maps {sorted(ids.items())[:3]} ..., the dataset has {sorted(wanted.items())[:3]} ..."
        yield Finding(kind="export-mismatch", where=ASSETS, message=f"{message} ({AGAIN})")
    infos = _read(folder, MODELS_INFO)
    if isinstance(infos, Finding):
        yield infos
        return
    if sorted(infos, key=int) != [str(number) for number in sorted(ids.values())]:
        message = f"has the objects {list(infos)[:5]}, {ASSETS} has {sorted(ids.values())[:5]}"
        yield Finding(kind="export-mismatch", where=MODELS_INFO, message=f"{message} ({AGAIN})")
        return
    assets = {asset.asset_id: asset for group in read_job(dataset).catalogue.targets for asset in group}
    for (asset_id, scale), obj_id in ids.items():
        if asset_id not in assets:
            continue
        low, high = (np.multiply(bound, scale) * 1000 for bound in (assets[asset_id].low_m, assets[asset_id].high_m))
        names = [f"{kind}_{axis}" for kind in ("min", "size") for axis in "xyz"]
        box = dict(zip(names, (*low, *(high - low)), strict=True))
        info = infos[str(obj_id)]
        extra = {"diameter"} & set(info)
        if set(info) - extra != set(box) or any(abs(info[key] - value) > NEAR for key, value in box.items()):
            message = f"object {obj_id} is {info}, its asset's box is {box} ({AGAIN})"
            yield Finding(kind="export-mismatch", where=MODELS_INFO, message=message)
        if extra and not max(high - low) - NEAR <= info["diameter"] <= np.linalg.norm(high - low) + NEAR:
            message = f"object {obj_id} has a diameter of {info['diameter']}, which its box cannot have ({AGAIN})"
            yield Finding(kind="export-mismatch", where=MODELS_INFO, message=message)


# --- images ---------------------------------------------------------------------------------------------------------


def _check_image(
    folder: Path, scene: str, image: int, one: ExpectedFrame, dataset: Path, entries: list[Any], ids: Mapping[Key, int]
) -> Iterator[Finding]:
    camera, poses, infos = entries

    def report(what: str, seen: object, wanted: object) -> Finding:
        return mismatch(f"{scene}: image {image}", one, what, seen, wanted)

    yield from _check_camera(camera, one, dataset, report)
    if not len(poses) == len(infos) == len(one.kept):
        kind = "export-missing" if len(poses) < len(one.kept) else "export-extra"
        message = f"{len(poses)} poses and {len(infos)} infos of {len(one.kept)} objects ({AGAIN})"
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
