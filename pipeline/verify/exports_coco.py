"""The check of the COCO exports: every picture once, every object with its mask by pycocotools, and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO

from pipeline.codecs.rle import Counts, decode_counts
from pipeline.dataset.create import read_dataset
from pipeline.dataset.read import read_masks_full
from pipeline.verify.export_expected import (
    AGAIN,
    EXPORT,
    About,
    ExpectedFrame,
    ExpectedObject,
    Progress,
    categories,
    expected_frames,
    keypoints_by_category,
    read_about,
)
from pipeline.verify.export_files import check_files, check_picture, mismatch
from pipeline.verify.exports_coco_panoptic import check_panoptic
from pipeline.verify.finding import Finding

IDS_PER_IMAGE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _File:
    """A COCO file: its images and annotations by image id. It is held in memory whole."""

    name: str
    data: Mapping[str, Any]
    images: Mapping[int, list[dict[str, Any]]]
    annotations: Mapping[int, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Context:
    folder: Path
    dataset: Path
    about: About
    keypoints: Mapping[int, list[str]]


def check_coco(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a COCO export of any kind. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    files: dict[str, _File] = {}
    for split in about.splits:
        name = f"annotations_{split}.json" if len(about.splits) > 1 else "annotations.json"
        try:
            files[split] = _read(folder, name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            yield Finding(kind="export-unreadable", where=name, message=f"cannot be read: {error} ({AGAIN})")
    if len(files) < len(about.splits):
        return
    keypoints = keypoints_by_category(dataset) if about.form == "coco-keypoints" else {}
    context = _Context(folder=folder, dataset=dataset, about=about, keypoints=keypoints)
    for file in files.values():
        yield from _check_head(file, dataset, context)
    wanted = {EXPORT, *(file.name for file in files.values())}
    seen: dict[str, set[int]] = {split: set() for split in files}
    for one in expected_frames(dataset, about, progress):
        seen[one.split].add(one.frame)
        file = files[one.split]
        yield from _check_image(file, one, context, wanted)
        yield from _check_objects(file, one, context, wanted)
    for split, file in files.items():
        yield from _check_rest(file, seen[split])
    yield from check_files(folder, wanted)


def _read(folder: Path, name: str) -> _File:
    data = json.loads((folder / name).read_bytes())
    images: dict[int, list[dict[str, Any]]] = defaultdict(list)
    annotations: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for image in data["images"]:
        images[int(image["id"])].append(image)
    for annotation in data["annotations"]:
        annotations[int(annotation["image_id"])].append(annotation)
    return _File(name=name, data=data, images=images, annotations=annotations)


def _check_head(file: _File, dataset: Path, context: _Context) -> Iterator[Finding]:
    """The class map and the job."""
    wanted = []
    for item in categories(dataset):
        row = {"id": item["id"], "name": item["name"], "supercategory": item["supercategory"]}
        if context.about.form == "coco-panoptic":
            row["isthing"] = 1
        if context.about.form == "coco-keypoints":
            if item["id"] not in context.keypoints:
                continue
            names = context.keypoints[item["id"]]
            pairs = [[names.index(name) + 1 for name in pair] for pair in item.get("skeleton") or []]
            row |= {"keypoints": names, "skeleton": pairs}
        wanted.append(row)
    found = file.data.get("categories")
    if not isinstance(found, list) or sorted(found, key=lambda item: int(item["id"])) != wanted:
        yield Finding(
            kind="export-mismatch", where=file.name,
            message=f"the categories are {found}, the dataset says {wanted} ({AGAIN})",
        )  # fmt: skip
    digest = read_dataset(dataset)["job_digest"]
    if file.data.get("info", {}).get("job_digest") != digest:
        yield Finding(
            kind="export-foreign", where=file.name, message=f"info does not name the dataset's job {digest} ({AGAIN})"
        )


def _check_image(file: _File, one: ExpectedFrame, context: _Context, wanted: set[str]) -> Iterator[Finding]:
    images = file.images.get(one.frame, [])
    if len(images) != 1:
        kind = "export-extra" if images else "export-missing"
        yield Finding(
            kind=kind, where=file.name, frame=one.frame, message=f"the picture is listed {len(images)} times ({AGAIN})"
        )
        return
    image = images[0]
    name = f"images/{one.frame:06d}{one.picture.suffix}"
    if context.about.images == "reference":
        name = f"frames/{one.frame:06d}/{one.picture.name}"
    else:
        wanted.add(name)
        yield from check_picture(context.folder, name, one, context.about)
    for key, value in (("file_name", name), ("width", one.width), ("height", one.height)):
        if image.get(key) != value:
            yield mismatch(file.name, one, f"{key} of image {one.frame}", image.get(key), value)


def _check_rest(file: _File, frames: set[int]) -> Iterator[Finding]:
    for what, listed in (("image", file.images), ("annotation", file.annotations)):
        for number in sorted(set(listed) - frames):
            yield Finding(
                kind="export-extra", where=file.name, frame=number,
                message=f"{len(listed[number])} {what}s of a frame that does not belong here ({AGAIN})",
            )  # fmt: skip


# --- objects --------------------------------------------------------------------------------------------------------


def _check_objects(file: _File, one: ExpectedFrame, context: _Context, wanted: set[str]) -> Iterator[Finding]:
    if context.about.form == "coco-panoptic":
        found = file.annotations.get(one.frame, [])
        yield from check_panoptic(context.folder, file.name, found, one, wanted)
        return
    objects = {
        one.frame * IDS_PER_IMAGE + item.label.instance_id: item
        for item in one.objects
        if context.about.form != "coco-keypoints" or item.label.category_id in context.keypoints
    }
    by_id: dict[Any, dict[str, Any]] = {}
    for annotation in file.annotations.get(one.frame, []):
        number = annotation.get("id")
        if number in by_id or number not in objects:
            yield Finding(
                kind="export-extra", where=file.name, frame=one.frame,
                message=f"annotation {number} is doubled or of no object of this frame ({AGAIN})",
            )  # fmt: skip
        by_id[number] = annotation
    has_silhouettes = any(item.label.silhouette is not None for item in objects.values())
    full = read_masks_full(context.dataset, one.frame)[1] if has_silhouettes else {}
    for number, item in objects.items():
        if number in by_id:
            yield from _check_annotation(file, one, item, by_id[number], context)
            yield from _check_silhouette(file, one, item, by_id[number], full)
        else:
            yield _missing(file, one, item)


def _missing(file: _File, one: ExpectedFrame, item: ExpectedObject) -> Finding:
    return Finding(
        kind="export-missing", where=file.name, frame=one.frame,
        message=f"instance {item.label.instance_id} ({item.pixels} px) has no annotation ({AGAIN})",
    )  # fmt: skip


def _check_annotation(
    file: _File, one: ExpectedFrame, item: ExpectedObject, annotation: Mapping[str, Any], context: _Context
) -> Iterator[Finding]:
    wanted: dict[str, Any] = {
        "category_id": item.label.category_id,
        "bbox": list(item.box),
        "area": item.pixels,
        "iscrowd": int(item.is_ignored),
    }
    if context.about.form == "coco-keypoints":
        wanted["keypoints"] = _keypoints(item, context.keypoints)
        wanted["num_keypoints"] = sum(v > 0 for v in wanted["keypoints"][2::3])
    for key, value in wanted.items():
        if annotation.get(key) != value:
            yield mismatch(file.name, one, f"{key} of annotation {annotation['id']}", annotation.get(key), value)
    segmentation = annotation.get("segmentation")
    wants_polygons = context.about.form == "coco-polygons" and not item.is_ignored
    if isinstance(segmentation, list) != wants_polygons:
        kind = "polygons" if wants_polygons else "run lengths"
        yield mismatch(file.name, one, f"segmentation of annotation {annotation['id']}", segmentation, kind)
    mask = _mask(segmentation, one)
    if mask is None or not np.array_equal(mask, item.mask):
        seen = "unreadable" if mask is None else f"{int((mask ^ item.mask).sum())} px otherwise"
        yield mismatch(file.name, one, f"mask of annotation {annotation['id']}", seen, f"{item.pixels} px")


def _check_silhouette(
    file: _File, one: ExpectedFrame, item: ExpectedObject, annotation: Mapping[str, Any], full: Mapping[int, Counts]
) -> Iterator[Finding]:
    wanted: dict[str, Any] = dict.fromkeys(("bbox_full", "visibility", "occlusion", "truncation"))
    silhouette = item.label.silhouette
    if silhouette is not None and silhouette.bbox_xywh_px is not None:
        wanted = {key: getattr(silhouette, key) for key in ("visibility", "occlusion", "truncation")}
        wanted["bbox_full"] = list(silhouette.bbox_xywh_px)
    for key, value in wanted.items():
        if annotation.get(key) != value:
            yield mismatch(file.name, one, f"{key} of annotation {annotation['id']}", annotation.get(key), value)
    try:
        segmentation = annotation.get("segmentation_full")
        found = None if segmentation is None else decode_counts(segmentation["counts"])
    except (KeyError, TypeError, ValueError, AttributeError):
        found = ()
    if found != full.get(item.label.instance_id):
        yield mismatch(file.name, one, f"segmentation_full of annotation {annotation['id']}", found, "mask_full.json")


def _mask(segmentation: Any, one: ExpectedFrame) -> NDArray[np.bool_] | None:
    """Return the mask (H, W) that pycocotools makes of a segmentation, None when it is not a sound one."""
    try:
        if isinstance(segmentation, list):
            if not segmentation or any(len(polygon) < 6 or len(polygon) % 2 for polygon in segmentation):
                return None
        elif list(segmentation["size"]) != [one.height, one.width] or (
            sum(decode_counts(segmentation["counts"])) != one.height * one.width  # pycocotools would not notice
        ):
            return None
        coco = COCO()
        coco.imgs = {0: {"height": one.height, "width": one.width}}
        return np.asarray(coco.annToMask({"image_id": 0, "segmentation": segmentation})).astype(bool)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _keypoints(item: ExpectedObject, names: Mapping[int, list[str]]) -> list[float]:
    """Return x, y, v of the category's keypoints, counted from the middle of the first pixel."""
    values: list[float] = []
    for name in names[item.label.category_id]:
        point = next((point for point in item.label.keypoints or () if point.name == name), None)
        if point is None or point.visibility == 0 or point.position_px is None:
            values += [0, 0, 0]
        else:
            x, y = point.position_px
            values += [round(x - 0.5, 9), round(y - 0.5, 9), point.visibility]
    return values
