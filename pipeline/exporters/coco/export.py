"""COCO instance annotations: exact masks and boxes, ids that never depend on how the frames were made.

The image id is the frame, the annotation id `frame * 65536 + instance_id`, the category id that of the class map.
Masks are run lengths (`coco`) or polygons (`coco-polygons`), both exact through pycocotools. What the policy ignores
has `iscrowd` 1 and run lengths, as COCO has it. Where the dataset has silhouettes each annotation also carries
`bbox_full` (may go beyond the picture), `segmentation_full`, `visibility`, `occlusion` and `truncation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import Counts, encode_counts
from pipeline.dataset.read import read_instance, read_masks_full
from pipeline.exporters.coco.file import coco_files, file_names
from pipeline.exporters.coco.rle import run_lengths
from pipeline.exporters.images import place_image
from pipeline.exporters.masks import check_pixels, mask_in_box
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.polygons import polygons_without_holes
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import rgb_name
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source
from pipeline.records import InstanceLabel

IDS_PER_IMAGE = 65_536  # instance.png holds 16 bits

Annotation = dict[str, Any]
Describe = Callable[[ExportFrame, NDArray[np.uint16]], Sequence[Annotation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What fills a COCO file: its categories, the annotations of a frame with its id image (H, W), and how many objects
    an annotation is about."""

    categories: Sequence[Mapping[str, Any]]
    describe: Describe
    count: Callable[[Annotation], int] = lambda _: 1


def export_coco(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write masks as run lengths; see `write_coco`."""
    return write_coco("coco", dataset, out, options, progress, _with_run_lengths)


def export_coco_polygons(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write masks as polygons along pixel edges, cut through their holes, which COCO's polygons cannot have: their
    union is the mask. See `write_coco`."""
    return write_coco("coco-polygons", dataset, out, options, progress, _with_polygons)


def write_coco(
    form: str,
    dataset: Path,
    out: Path,
    options: ExportOptions,
    progress: Progress | None,
    fill: Callable[[Source], Content],
) -> ExportSummary:
    """Write OUT/annotations.json, or with a split annotations_train.json and annotations_val.json; with "copy" or
    "link" the pictures go to OUT/images/.

    File names are relative to the dataset with "reference" ("frames/000012/rgb.png"), else to `out`
    ("images/000012.png"). Raises StoreError when frames are missing, unless partial, or have no rgb.
    """
    options = with_images(options, form, ("reference", "copy", "link"))
    source = open_source(dataset, options)
    content = fill(source)
    begin_export(out, form, source, options)
    images, annotations, ignored = 0, 0, 0
    with coco_files(out, source, options, content.categories) as files:
        for one in export_frames(source, options, progress):
            instance = read_instance(dataset, one.frame)
            name = place_image(dataset, one.frame, rgb_name(dataset, one.frame), out, options.images)
            height, width = instance.shape
            found = content.describe(one, instance)
            files[one.split].add({"id": one.frame, "file_name": name, "width": width, "height": height}, found)
            images += 1
            annotations += sum(map(content.count, found))
            ignored += len(one.ignored)
    names = list(file_names(options).values())
    return end_export(
        out,
        form,
        source,
        options,
        out / names[0] if len(names) == 1 else out,
        images=images,
        annotations=annotations,
        ignored=ignored,
    )


def categories_of(source: Source) -> list[dict[str, Any]]:
    """Return COCO's categories of the class map."""
    return [{key: item[key] for key in ("id", "name", "supercategory")} for item in source.header["categories"]]


def mask_annotations(dataset: Path, one: ExportFrame, instance: NDArray[np.uint16]) -> list[Annotation]:
    """Return the annotations of a frame, their masks as run lengths."""
    height, width = instance.shape
    counts = run_lengths(instance)
    full = _masks_full(dataset, one)
    ignored = one.ignored_ids
    found = []
    for item in one.objects:
        lengths = counts.get(item.instance_id, [])
        check_pixels(dataset, one.frame, item, sum(lengths[1::2]))
        assert item.bbox_xywh_px is not None
        found.append(
            {
                "id": one.frame * IDS_PER_IMAGE + item.instance_id,
                "image_id": one.frame,
                "category_id": item.category_id,
                "segmentation": {"size": [height, width], "counts": encode_counts(lengths)},
                "bbox": [float(value) for value in item.bbox_xywh_px],
                "area": item.visible_px,
                "iscrowd": int(item.instance_id in ignored),
                "instance_id": item.instance_id,
                "visible_px": item.visible_px,
                **_full(item, full, (height, width)),
            }
        )
    return found


def _with_run_lengths(source: Source) -> Content:
    return Content(categories=categories_of(source), describe=partial(mask_annotations, source.root))


def _with_polygons(source: Source) -> Content:
    def describe(one: ExportFrame, instance: NDArray[np.uint16]) -> list[Annotation]:
        items = {item.instance_id: item for item in one.kept}
        found = mask_annotations(source.root, one, instance)
        for annotation in found:
            if not annotation["iscrowd"]:
                item = items[annotation["instance_id"]]
                annotation["segmentation"] = _polygons(source.root, one.frame, instance, item)
        return found

    return Content(categories=categories_of(source), describe=describe)


def _polygons(dataset: Path, frame: int, instance: NDArray[np.uint16], item: InstanceLabel) -> list[list[float]]:
    assert item.bbox_xywh_px is not None
    mask = mask_in_box(dataset, frame, instance, item)
    loops = polygons_without_holes(mask)
    return [(loop + item.bbox_xywh_px[:2]).astype(float).ravel().tolist() for loop in loops]


def _masks_full(dataset: Path, one: ExportFrame) -> dict[int, Counts]:
    if any(item.silhouette is not None for item in one.objects):
        return read_masks_full(dataset, one.frame)[1]
    return {}


def _full(item: InstanceLabel, masks: Mapping[int, Counts], size: tuple[int, int]) -> dict[str, Any]:
    """Return what an annotation says of the silhouette, nothing when there is none."""
    silhouette = item.silhouette
    if silhouette is None or silhouette.bbox_xywh_px is None:
        return {}
    return {
        "bbox_full": [float(value) for value in silhouette.bbox_xywh_px],
        "segmentation_full": {"size": list(size), "counts": encode_counts(masks[item.instance_id])},
        "visibility": silhouette.visibility,
        "occlusion": silhouette.occlusion,
        "truncation": silhouette.truncation,
    }
