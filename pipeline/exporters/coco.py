"""COCO instance annotations: RLE masks, exact boxes, ids that never depend on how the frames were made.

The image id is the frame, the annotation id `frame * 65536 + instance_id`, the category id that of the class map.
Frames are read one at a time and annotations spooled to a file, so memory does not grow with the dataset.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import encode_counts
from pipeline.dataset.disk import remove, storing, sync, temporary_name
from pipeline.dataset.layout import LABELS, frame_folder
from pipeline.dataset.read import read_instance
from pipeline.errors import StoreError
from pipeline.exporters.images import place_image
from pipeline.exporters.options import (
    DEFAULTS,
    ExportFrame,
    ExportOptions,
    ExportSummary,
    Progress,
    Source,
    begin_export,
    export_frames,
    open_source,
    rgb_name,
    with_images,
    write_export_json,
)
from pipeline.exporters.rle import run_lengths

ANNOTATIONS = "annotations.json"
IDS_PER_IMAGE = 65_536  # instance.png holds 16 bits


def export_coco(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write OUT/annotations.json for a dataset and, with "copy" or "link", its pictures to OUT/images/.

    File names are relative to the dataset with "reference" ("frames/000012/rgb.png"), else to `out`
    ("images/000012.png"). Raises StoreError when frames are missing, unless partial, or have no rgb.
    """
    options = with_images(options, "coco", ("reference", "copy", "link"))
    source = open_source(dataset, options)
    begin_export(out, "coco", source, options)
    target = out / ANNOTATIONS
    body, spool = (out / temporary_name(name) for name in (ANNOTATIONS, "annotations.part"))
    with storing(target):
        try:
            with open(body, "w", encoding="utf-8", newline="\n") as file, open(spool, "w+", encoding="utf-8") as part:
                file.write(_head(source.header))
                written, annotated, ignored = _write_frames(source, out, options, file, part, progress)
                _append(file, part)
                file.flush()
                os.fsync(file.fileno())
            os.replace(body, target)
            sync(out)
        finally:
            remove(body)
            remove(spool)
    write_export_json(out, "coco", source, options)
    return ExportSummary(
        file=target,
        images=written,
        annotations=annotated,
        rejected=len(source.frames) - written,
        missing=source.missing,
        ignored=ignored,
    )


def _head(header: dict[str, Any]) -> str:
    """Return the start of the file, up to the list of images.

    The licences are those of the assets the pictures may show; what licence the pictures have is for their maker to
    say, so no image names one.
    """
    by_licence: dict[str, list[str]] = {}
    for asset in header["assets"]:
        by_licence.setdefault(asset["licence"], []).append(asset["asset_id"])
    info = {
        "description": header["title"] or "Made with Variegate",
        "version": f"variegate {header['versions']['variegate']}",
        "job_digest": header["job_digest"],
        "seed": header["seed"],
    }
    licences = [
        {"id": number, "name": name, "url": "", "assets": by_licence[name]}
        for number, name in enumerate(sorted(by_licence), start=1)
    ]
    categories = [{key: item[key] for key in ("id", "name", "supercategory")} for item in header["categories"]]
    return f'{{"info":{_json(info)},\n"licenses":{_json(licences)},\n"categories":{_json(categories)},\n"images":['


def _write_frames(
    source: Source, out: Path, options: ExportOptions, file: IO[str], part: IO[str], progress: Progress | None
) -> tuple[int, int, int]:
    """Write the images to `file` and the annotations to `part`; return how many of each, and how many are ignored."""
    written, annotated, ignored = 0, 0, 0
    for one in export_frames(source, options, progress):
        instance = read_instance(source.root, one.frame)
        name = place_image(source.root, one.frame, rgb_name(source.root, one.frame), out, options.images)
        height, width = instance.shape
        _item(file, written, {"id": one.frame, "file_name": name, "width": width, "height": height})
        written += 1
        for annotation in _annotations(source.root, one, instance):
            _item(part, annotated, annotation)
            annotated += 1
        ignored += len(one.ignored)
    return written, annotated, ignored


def _annotations(dataset: Path, one: ExportFrame, instance: NDArray[np.uint16]) -> Iterator[dict[str, Any]]:
    height, width = instance.shape
    counts = run_lengths(instance)
    for item in sorted((*one.kept, *one.ignored), key=lambda item: item.instance_id):
        pixels = sum(counts.get(item.instance_id, [])[1::2])
        if pixels != item.visible_px:
            raise StoreError(
                f"{frame_folder(dataset, one.frame)}: instance {item.instance_id} has {pixels} px in instance.png "
                f"and {item.visible_px} px in {LABELS} (one was changed: remove the folder and run render again)"
            )
        assert item.bbox_xywh_px is not None
        yield {
            "id": one.frame * IDS_PER_IMAGE + item.instance_id,
            "image_id": one.frame,
            "category_id": item.category_id,
            "segmentation": {"size": [height, width], "counts": encode_counts(counts[item.instance_id])},
            "bbox": [float(value) for value in item.bbox_xywh_px],
            "area": pixels,
            "iscrowd": int(item in one.ignored),
            "instance_id": item.instance_id,
            "visible_px": item.visible_px,
        }


def _append(file: IO[str], part: IO[str]) -> None:
    file.write('\n],\n"annotations":[')
    part.seek(0)
    shutil.copyfileobj(part, file, 1 << 20)
    file.write("\n]}\n")


def _item(file: IO[str], number: int, value: dict[str, Any]) -> None:
    file.write((",\n" if number else "\n") + _json(value))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
