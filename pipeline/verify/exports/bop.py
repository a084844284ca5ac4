"""The check of a BOP export: cameras, poses, masks, depth and counts of every image, and its objects.

Poses and pixels are compared with labels.json, instance.png, mask_full.json and the depth; the counts of
scene_gt_info.json with the export's own masks and depth too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from pipeline.dataset.read import read_job, read_labels
from pipeline.verify.exports.bop_images import NEAR, Key, check_image
from pipeline.verify.exports.bop_scenes import SCENE_FILES, Scenes, read_json
from pipeline.verify.exports.expected import AGAIN, EXPORT, Progress, expected_frames, read_about
from pipeline.verify.exports.files import check_files, check_picture
from pipeline.verify.finding import Finding

SCENE_FRAMES = 1000
ASSETS, MODELS_INFO = "models/assets.json", "models/models_info.json"
MODELS = "models/obj_*.ply"


def check_bop(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a BOP export. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    objects = read_json(folder, ASSETS)
    if isinstance(objects, Finding):
        yield objects
        return
    ids = {(item["asset_id"], tuple(item["scale"])): int(item["obj_id"]) for item in objects}
    wanted = {EXPORT, ASSETS, MODELS_INFO, "camera.json", "dataset_info.md"}
    used: set[Key] = set()
    scenes = Scenes(folder)
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
        yield from check_image(folder, scene, image, one, dataset, entries, ids)
    yield from scenes.rest()
    yield from _check_objects(folder, dataset, ids, used)
    yield from check_files(folder, wanted, (MODELS,))


def _check_objects(folder: Path, dataset: Path, ids: Mapping[Key, int], used: set[Key]) -> Iterator[Finding]:
    wanted = {key: number for number, key in enumerate(sorted(used), start=1)}
    if dict(ids) != wanted:
        message = f"maps {sorted(ids.items())[:3]} ..., the dataset has {sorted(wanted.items())[:3]} ..."
        yield Finding(kind="export-mismatch", where=ASSETS, message=f"{message} ({AGAIN})")
    infos = read_json(folder, MODELS_INFO)
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
