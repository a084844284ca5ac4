"""The objects of a COCO export, each once with its mask by pycocotools, its box, silhouette and keypoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO

from pipeline.codecs.rle import Counts, decode_counts
from pipeline.dataset.read import read_masks_full
from pipeline.verify.exports.coco_file import CocoExport, CocoFile
from pipeline.verify.exports.coco_panoptic import check_panoptic
from pipeline.verify.exports.expected import AGAIN, ExpectedFrame, ExpectedObject
from pipeline.verify.exports.files import mismatch
from pipeline.verify.finding import Finding

IDS_PER_IMAGE = 65_536


def check_objects(file: CocoFile, one: ExpectedFrame, export: CocoExport, wanted: set[str]) -> Iterator[Finding]:
    """Yield what is wrong with the objects of a frame; files that they need are added to `wanted`."""
    if export.about.form == "coco-panoptic":
        found = file.annotations.get(one.frame, [])
        yield from check_panoptic(export.folder, file.name, found, one, wanted)
        return
    objects = {
        one.frame * IDS_PER_IMAGE + item.label.instance_id: item
        for item in one.objects
        if export.about.form != "coco-keypoints" or item.label.category_id in export.keypoints
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
    full = read_masks_full(export.dataset, one.frame)[1] if has_silhouettes else {}
    for number, item in objects.items():
        if number in by_id:
            yield from _check_annotation(file, one, item, by_id[number], export)
            yield from _check_silhouette(file, one, item, by_id[number], full)
        else:
            yield _missing(file, one, item)


def _missing(file: CocoFile, one: ExpectedFrame, item: ExpectedObject) -> Finding:
    return Finding(
        kind="export-missing", where=file.name, frame=one.frame,
        message=f"instance {item.label.instance_id} ({item.pixels} px) has no annotation ({AGAIN})",
    )  # fmt: skip


def _check_annotation(
    file: CocoFile, one: ExpectedFrame, item: ExpectedObject, annotation: Mapping[str, Any], export: CocoExport
) -> Iterator[Finding]:
    wanted: dict[str, Any] = {
        "category_id": item.label.category_id,
        "bbox": list(item.box),
        "area": item.pixels,
        "iscrowd": int(item.is_ignored),
    }
    if export.about.form == "coco-keypoints":
        wanted["keypoints"] = _keypoints(item, export.keypoints)
        wanted["num_keypoints"] = sum(v > 0 for v in wanted["keypoints"][2::3])
    for key, value in wanted.items():
        if annotation.get(key) != value:
            yield mismatch(file.name, one, f"{key} of annotation {annotation['id']}", annotation.get(key), value)
    segmentation = annotation.get("segmentation")
    wants_polygons = export.about.form == "coco-polygons" and not item.is_ignored
    if isinstance(segmentation, list) != wants_polygons:
        kind = "polygons" if wants_polygons else "run lengths"
        yield mismatch(file.name, one, f"segmentation of annotation {annotation['id']}", segmentation, kind)
    mask = _mask(segmentation, one)
    if mask is None or not np.array_equal(mask, item.mask):
        seen = "unreadable" if mask is None else f"{int((mask ^ item.mask).sum())} px otherwise"
        yield mismatch(file.name, one, f"mask of annotation {annotation['id']}", seen, f"{item.pixels} px")


def _check_silhouette(
    file: CocoFile, one: ExpectedFrame, item: ExpectedObject, annotation: Mapping[str, Any], full: Mapping[int, Counts]
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
