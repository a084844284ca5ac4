"""What every export shares: which frames and instances go in, how they are split, and what the export says of itself.

The policy is one for all formats. An instance is *kept* when it has a category, at least `min_pixels` visible pixels
and at least `min_visibility` visible; one that has a category and a visible pixel but falls short is *ignored*: formats
that can say so mark it (COCO `iscrowd` 1, KITTI DontCare, VOC `difficult` 1), the others leave it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import replace_file, storing
from pipeline.dataset.layout import frame_folder
from pipeline.dataset.outputs import RGB
from pipeline.dataset.read import iter_frames, read_commit, read_dataset, read_labels
from pipeline.errors import StoreError
from pipeline.frames import show_frames
from pipeline.records import InstanceLabel, Labels

Images = Literal["reference", "copy", "link"]
Split = Literal["train", "val"]
Progress = Callable[[int, int], None]

EXPORT = "export.json"  # in the folder of every export: its format, options and dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How to export. `val_fraction` 0..1 of the scenes goes to the split "val"; 0 leaves everything in "train"."""

    images: Images = "reference"
    partial: bool = False
    """Export what is there although frames are missing."""
    min_visibility: float = 0.0
    min_pixels: int = 1
    val_fraction: float = 0.0


DEFAULTS = ExportOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSummary:
    """What an export wrote; `rejected` and `missing` count the frames that are not in it, `ignored` the instances that
    fell short of `min_pixels` or `min_visibility`."""

    file: Path
    images: int
    annotations: int
    rejected: int
    missing: int
    ignored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFrame:
    """One accepted frame to export. `kept` and `ignored` are in the order of their ids."""

    frame: int
    labels: Labels
    split: Split
    kept: tuple[InstanceLabel, ...]
    ignored: tuple[InstanceLabel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A dataset about to be exported: its dataset.json, its complete frames, and how many are missing."""

    root: Path
    header: dict[str, Any]
    frames: tuple[int, ...]
    missing: int


def open_source(dataset: Path, options: ExportOptions) -> Source:
    """Return the dataset to export. Raises StoreError when frames are missing, unless `options.partial`."""
    header = read_dataset(dataset)
    frames = tuple(iter_frames(dataset))
    absent = sorted(set(range(int(header["frames"]))) - set(frames))
    if absent and not options.partial:
        raise StoreError(
            f"{dataset} lacks {len(absent)} of {header['frames']} frames: {show_frames(absent)} "
            "(render them, or ask for a partial export)"
        )
    return Source(root=dataset, header=header, frames=frames, missing=len(absent))


def export_frames(source: Source, options: ExportOptions, progress: Progress | None = None) -> Iterator[ExportFrame]:
    """Yield the accepted frames in order, one at a time. Raises StoreError when the options need silhouettes that the
    dataset does not have."""
    for done, frame in enumerate(source.frames, start=1):
        labels = read_labels(source.root, frame)
        if labels.status == "accepted":
            yield _export_frame(source, labels, options)
        if progress is not None:
            progress(done, len(source.frames))


def _export_frame(source: Source, labels: Labels, options: ExportOptions) -> ExportFrame:
    kept: list[InstanceLabel] = []
    ignored: list[InstanceLabel] = []
    for item in labels.instances:
        if item.category_id and item.visible_px:
            (kept if _is_kept(source, labels.frame, item, options) else ignored).append(item)
    return ExportFrame(
        frame=labels.frame,
        labels=labels,
        split=split_of(source.header["job_digest"], labels.scene, options.val_fraction),
        kept=tuple(kept),
        ignored=tuple(ignored),
    )


def _is_kept(source: Source, frame: int, item: InstanceLabel, options: ExportOptions) -> bool:
    if item.visible_px < options.min_pixels:
        return False
    if options.min_visibility <= 0:
        return True
    if item.silhouette is None:
        raise StoreError(
            f"{frame_folder(source.root, frame)} has no silhouettes, which --min-visibility needs "
            "(add mask_full to outputs and render to another --out)"
        )
    return item.silhouette.visibility >= options.min_visibility


def split_of(job_digest: str, scene: int, val_fraction: float) -> Split:
    """Return the split of a scene: decided by a hash of the job and the scene's index, so that it never changes when a
    dataset grows and the views of one scene stay together."""
    number = int.from_bytes(hashlib.sha256(f"{job_digest}/split/{scene}".encode()).digest()[:8], "big")
    return "val" if number < val_fraction * 2**64 else "train"


def rgb_name(dataset: Path, frame: int) -> str:
    """Return the file name of a frame's picture. Raises StoreError when it has none."""
    files = read_commit(dataset, frame)["files"]
    for name in RGB.values():
        if name in files:
            return name
    raise StoreError(
        f"{frame_folder(dataset, frame)} has no rgb, which an export needs "
        "(add rgb to outputs and render to another --out)"
    )


def write_export_json(out: Path, form: str, source: Source, options: ExportOptions) -> None:
    """Write export.json, which `verify --format` reads: the format, the options and the dataset's job."""
    data = {
        "format": form,
        "options": asdict(options),
        "job_digest": source.header["job_digest"],
        "versions": source.header["versions"],
    }
    with storing(out / EXPORT):
        replace_file(out / EXPORT, json_bytes(data, indent=1))
