"""The check of COCO panoptic: the picture of ids and the list of its segments, each against the dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.codecs.png import decode_png
from pipeline.verify.exports.expected import AGAIN, ExpectedFrame
from pipeline.verify.exports.files import mismatch
from pipeline.verify.finding import Finding


def check_panoptic(
    folder: Path, json_name: str, found: Sequence[Mapping[str, Any]], one: ExpectedFrame, wanted: set[str]
) -> Iterator[Finding]:
    """Yield what is wrong with the annotations `found` of a frame and with its picture, which is added to `wanted`."""
    name = f"{Path(json_name).stem}/{one.frame:06d}.png"
    wanted.add(name)
    if len(found) != 1:
        yield Finding(
            kind="export-extra" if found else "export-missing",
            where=json_name,
            frame=one.frame,
            message=f"the picture has {len(found)} panoptic annotations, expected one ({AGAIN})",
        )
        return
    if found[0].get("file_name") != Path(name).name:
        yield mismatch(json_name, one, "file_name", found[0].get("file_name"), Path(name).name)
    segments = [
        {
            "id": item.label.instance_id,
            "category_id": item.label.category_id,
            "area": item.pixels,
            "bbox": list(item.box),
            "iscrowd": int(item.is_ignored),
        }
        for item in one.objects
    ]
    if found[0].get("segments_info") != segments:
        yield mismatch(json_name, one, "segments_info", found[0].get("segments_info"), segments)
    yield from _check_picture(folder, name, one)


def _check_picture(folder: Path, name: str, one: ExpectedFrame) -> Iterator[Finding]:
    try:
        picture = decode_png((folder / name).read_bytes()).astype(np.int64)
        ids = picture @ np.array([1, 256, 65_536])
    except (OSError, ValueError) as error:
        yield Finding(kind="export-unreadable", where=name, frame=one.frame, message=f"{error} ({AGAIN})")
        return
    wanted = np.zeros((one.height, one.width), dtype=np.int64)
    for item in one.objects:
        wanted[item.mask] = item.label.instance_id
    if not np.array_equal(ids, wanted):
        yield mismatch(name, one, "the picture of ids", "another", "instance.png where there is a category")
