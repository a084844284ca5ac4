"""YOLO's folders as ultralytics reads them: images/train, labels/train, images/val, labels/val and data.yaml.

YOLO finds a picture's labels by its path, so pictures are linked or copied and never left in the dataset. Classes are
numbered from 0 in the order of the category ids. A picture without objects has an empty label file. What the policy
ignores is left out: YOLO has no mark for it. data.yaml names no `path`, so that the folder can be moved.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.dataset.disk import storing
from pipeline.dataset.read import read_instance
from pipeline.exporters.files import put_file
from pipeline.exporters.images import place_image
from pipeline.exporters.keypoints import Names, keypoint_names
from pipeline.exporters.masks import mask_in_box
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import plain_rgb_name
from pipeline.exporters.source import ExportFrame, Progress, Source, Split, export_frames, open_source
from pipeline.exporters.yolo.rows import Mask, Size, box_row, polygon_row, pose_row, rectangle_row, show_row
from pipeline.records import InstanceLabel

DATA = "data.yaml"

Row = Callable[[InstanceLabel, Mask, Size], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a kind of YOLO labels writes of an object, of which categories (None for all), and adds to data.yaml."""

    row: Row
    only: frozenset[int] | None = None
    lines: Sequence[str] = field(default=())


def export_yolo(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write boxes; see `write_yolo`."""
    return write_yolo("yolo", dataset, out, options, progress, lambda _: Task(row=box_row))


def export_yolo_segment(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write polygons; see `write_yolo`."""
    return write_yolo("yolo-segment", dataset, out, options, progress, lambda _: Task(row=polygon_row))


def export_yolo_obb(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write turned rectangles around what is visible; see `write_yolo`."""
    return write_yolo("yolo-obb", dataset, out, options, progress, lambda _: Task(row=rectangle_row))


def export_yolo_pose(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write boxes and keypoints of the objects whose category has any; see `write_yolo`. Raises ExportError when there
    are no keypoints."""
    return write_yolo("yolo-pose", dataset, out, options, progress, _pose)


def write_yolo(
    form: str,
    dataset: Path,
    out: Path,
    options: ExportOptions,
    progress: Progress | None,
    prepare: Callable[[Source], Task],
) -> ExportSummary:
    """Write pictures, labels and data.yaml to `out`. Without a split, data.yaml names images/train for validation too.

    Raises StoreError when frames are missing, unless partial, or have no rgb that YOLO reads.
    """
    options = with_images(options, form, ("link", "copy"))
    source = open_source(dataset, options)
    task = prepare(source)
    begin_export(out, form, source, options)
    classes = class_indices(source.header)
    folders: tuple[Split, ...] = ("train", "val") if options.val_fraction > 0 else ("train",)
    for kind in ("images", "labels"):
        for split in folders:
            with storing(out / kind / split):
                os.makedirs(out / kind / split, exist_ok=True)
    images, annotations, ignored = 0, 0, 0
    for one in export_frames(source, options, progress):
        name = plain_rgb_name(dataset, one.frame, form)
        place_image(dataset, one.frame, name, out, options.images, f"images/{one.split}")
        rows = [show_row(classes[item.category_id], row) for item, row in _rows(source, one, task)]
        put_file(out / "labels" / one.split / f"{one.frame:06d}.txt", "".join(rows).encode())
        images += 1
        annotations += len(rows)
        ignored += len(one.ignored)
    put_file(out / DATA, _data_yaml(source, folders, task.lines).encode())
    return end_export(out, form, source, options, out / DATA, images=images, annotations=annotations, ignored=ignored)


def class_indices(header: Mapping[str, Any]) -> dict[int, int]:
    """Return the class of each category id: 0, 1, ... in the order of the ids."""
    return {number: index for index, number in enumerate(sorted(item["id"] for item in header["categories"]))}


def _rows(source: Source, one: ExportFrame, task: Task) -> Iterator[tuple[InstanceLabel, list[float]]]:
    instance = read_instance(source.root, one.frame)
    size = (instance.shape[1], instance.shape[0])
    for item in one.kept:
        if task.only is None or item.category_id in task.only:
            yield item, task.row(item, mask_in_box(source.root, one.frame, instance, item), size)


def _data_yaml(source: Source, folders: Sequence[Split], lines: Sequence[str]) -> str:
    names = {item["id"]: item["name"] for item in source.header["categories"]}
    text = [
        f"# Made with Variegate from job {source.header['job_digest']}.",
        "# Without `path` the folders are those beside this file.",
        "train: images/train",
        "val: images/val" if "val" in folders else "val: images/train  # no split was asked for: --val-fraction",
        "names:",
        *(f"  {index}: {_text(names[number])}" for number, index in class_indices(source.header).items()),
        *lines,
    ]
    return "\n".join(text) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # a JSON string is a YAML string


# --- pose -----------------------------------------------------------------------------------------------------------


def _pose(source: Source) -> Task:
    names = keypoint_names(source)
    count = max(map(len, names.values()))
    classes = class_indices(source.header)
    lines = [f"kpt_shape: [{count}, 3]"]
    flip = flip_indices(names, count, declared_mirrors(source.header))
    if flip is None:
        lines.append("# No flip_idx: left and right keypoints are numbered otherwise from class to class.")
    else:
        lines.append(f"flip_idx: {flip}")
    lines.append("kpt_names:")
    for number, index in classes.items():
        listed = names.get(number, ())
        padded = [*listed, *(f"none_{slot}" for slot in range(len(listed), count))]
        lines.append(f"  {index}: [{', '.join(map(_text, padded))}]")
    return Task(row=partial(pose_row, names=names, count=count), only=frozenset(names), lines=lines)


def declared_mirrors(header: Mapping[str, Any]) -> dict[int, dict[str, str]]:
    """Return what becomes of a keypoint's name in a mirrored picture, by category, for those that dataset.json says."""
    pairs = {item["id"]: item.get("flip") or [] for item in header["categories"]}
    return {
        number: {name: other for a, b in flips for name, other in ((a, b), (b, a))}
        for number, flips in pairs.items()
        if flips
    }


def flip_indices(names: Names, count: int, mirrors: Mapping[int, Mapping[str, str]]) -> list[int] | None:
    """Return for each slot the slot whose keypoint it shows in a mirrored picture: that of `mirrors` for a category
    that is there, else that of the name with left and right exchanged, else itself. None when the categories disagree.
    """
    flip: dict[int, int] = {}
    for number, listed in names.items():
        for slot, name in enumerate(listed):
            mirrored = mirrors[number].get(name, name) if number in mirrors else mirrored_name(name)
            other = listed.index(mirrored) if mirrored in listed else slot
            if flip.setdefault(slot, other) != other:
                return None
    return [flip.get(slot, slot) for slot in range(count)]


def mirrored_name(name: str) -> str:
    """Return a keypoint's name with the words left and right exchanged, in the case they are written in."""
    for left, right in (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT")):
        if left in name:
            return name.replace(left, right)
        if right in name:
            return name.replace(right, left)
    return name
