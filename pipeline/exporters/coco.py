"""COCO instance annotations: RLE masks, exact boxes, ids that never depend on how the frames were made.

The image id is the frame, the annotation id `frame * 65536 + instance_id`, the category id that of the class map.
Frames are read one at a time and annotations spooled to a file, so memory does not grow with the dataset.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.disk import remove, storing, sync, temporary_name
from pipeline.dataset.layout import LABELS, RGB, frame_folder
from pipeline.dataset.read import iter_frames, read_commit, read_dataset, read_instance, read_labels
from pipeline.errors import StoreError
from pipeline.exporters.images import Images, place_image
from pipeline.exporters.rle import compress, run_lengths
from pipeline.frames import show_frames
from pipeline.records import Labels

ANNOTATIONS = "annotations.json"
IDS_PER_IMAGE = 65_536  # instance.png holds 16 bits

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSummary:
    """What an export wrote; `rejected` and `missing` count the frames that are not in it."""

    file: Path
    images: int
    annotations: int
    rejected: int
    missing: int


def export_coco(
    dataset: Path,
    out: Path,
    images: Images = "reference",
    progress: Progress | None = None,
    *,
    partial: bool = False,
) -> ExportSummary:
    """Write OUT/annotations.json for a dataset and, with "copy" or "link", its pictures to OUT/images/.

    File names are relative to the dataset with "reference" ("frames/000012/rgb.png"), else to `out`
    ("images/000012.png"). Every instance with a category and a visible pixel is annotated; rejected frames are left
    out and counted. Raises StoreError when frames are missing, unless `partial`, or have no rgb.
    """
    header = read_dataset(dataset)
    frames = list(iter_frames(dataset))
    absent = _absent(dataset, frames, int(header["frames"]), partial)
    target = out / ANNOTATIONS
    body, spool = (out / temporary_name(name) for name in (ANNOTATIONS, "annotations.part"))
    with storing(target):
        out.mkdir(parents=True, exist_ok=True)
        try:
            with open(body, "w", encoding="utf-8", newline="\n") as file, open(spool, "w+", encoding="utf-8") as part:
                file.write(_head(header))
                counts = _write_frames(dataset, frames, out, images, file, part, progress)
                _append(file, part)
                file.flush()
                os.fsync(file.fileno())
            os.replace(body, target)
            sync(out)
        finally:
            remove(body)
            remove(spool)
    written, annotated = counts
    return ExportSummary(
        file=target, images=written, annotations=annotated, rejected=len(frames) - written, missing=absent
    )


def _absent(dataset: Path, frames: list[int], total: int, partial: bool) -> int:
    absent = sorted(set(range(total)) - set(frames))
    if absent and not partial:
        raise StoreError(
            f"{dataset} lacks {len(absent)} of {total} frames: {show_frames(absent)} "
            "(render them, or ask for a partial export)"
        )
    return len(absent)


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
    dataset: Path,
    frames: list[int],
    out: Path,
    images: Images,
    file: IO[str],
    part: IO[str],
    progress: Progress | None,
) -> tuple[int, int]:
    """Write the images to `file` and the annotations to `part`; return how many of each."""
    written, annotated = 0, 0
    for done, frame in enumerate(frames, start=1):
        labels = read_labels(dataset, frame)
        if labels.status == "accepted":
            instance = read_instance(dataset, frame)
            name = place_image(dataset, frame, _rgb_name(dataset, frame), out, images)
            height, width = instance.shape
            _item(file, written, {"id": frame, "file_name": name, "width": width, "height": height})
            written += 1
            for annotation in _annotations(dataset, labels, instance):
                _item(part, annotated, annotation)
                annotated += 1
        if progress is not None:
            progress(done, len(frames))
    return written, annotated


def _annotations(dataset: Path, labels: Labels, instance: NDArray[np.uint16]) -> Iterator[dict[str, Any]]:
    height, width = instance.shape
    counts = run_lengths(instance)
    for item in labels.instances:
        pixels = sum(counts.get(item.instance_id, [])[1::2])
        if pixels != item.visible_px:
            raise StoreError(
                f"{frame_folder(dataset, labels.frame)}: instance {item.instance_id} has {pixels} px in instance.png "
                f"and {item.visible_px} px in {LABELS} (one was changed: remove the folder and run render again)"
            )
        if item.category_id == 0 or item.bbox_xywh_px is None:
            continue
        yield {
            "id": labels.frame * IDS_PER_IMAGE + item.instance_id,
            "image_id": labels.frame,
            "category_id": item.category_id,
            "segmentation": compress(counts[item.instance_id], height, width),
            "bbox": [float(value) for value in item.bbox_xywh_px],
            "area": pixels,
            "iscrowd": 0,
            "instance_id": item.instance_id,
            "visible_px": item.visible_px,
        }


def _rgb_name(dataset: Path, frame: int) -> str:
    files: Iterable[str] = read_commit(dataset, frame)["files"]
    for name in RGB.values():
        if name in files:
            return name
    raise StoreError(
        f"{frame_folder(dataset, frame)} has no rgb, which COCO's images need "
        "(add rgb to outputs and render to another --out)"
    )


def _append(file: IO[str], part: IO[str]) -> None:
    file.write('\n],\n"annotations":[')
    part.seek(0)
    shutil.copyfileobj(part, file, 1 << 20)
    file.write("\n]}\n")


def _item(file: IO[str], number: int, value: dict[str, Any]) -> None:
    file.write((",\n" if number else "\n") + _json(value))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
