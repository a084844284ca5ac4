"""The dataset an export is made of: which frames and instances go in, and how they are split.

The policy is one for all formats. An instance is *kept* when it has a category, at least `min_pixels` visible pixels
and at least `min_visibility` visible; one that has a category and a visible pixel but falls short is *ignored*: formats
that can say so mark it (COCO `iscrowd` 1, KITTI DontCare, VOC `difficult` 1), the others leave it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.dataset.layout import frame_folder
from pipeline.dataset.read import iter_frames, read_dataset, read_labels
from pipeline.errors import StoreError
from pipeline.exporters.options import ExportOptions
from pipeline.frames import show_frames
from pipeline.plurals import counted
from pipeline.records import InstanceLabel, Labels

Split = Literal["train", "val"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFrame:
    """One accepted frame to export. `kept` and `ignored` are in the order of their ids."""

    frame: int
    labels: Labels
    split: Split
    kept: tuple[InstanceLabel, ...]
    ignored: tuple[InstanceLabel, ...]

    @property
    def objects(self) -> list[InstanceLabel]:
        """What is kept and what is ignored, in the order of their ids."""
        return sorted((*self.kept, *self.ignored), key=lambda item: item.instance_id)

    @property
    def ignored_ids(self) -> frozenset[int]:
        """The ids of what is ignored."""
        return frozenset(item.instance_id for item in self.ignored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A dataset about to be exported: its dataset.json, its complete frames, and how many are missing."""

    root: Path
    header: dict[str, Any]
    frames: tuple[int, ...]
    missing: int


def open_source(dataset: Path, options: ExportOptions) -> Source:
    """Return the dataset to export. Raises StoreError when all frames are missing, or any unless `options.partial`."""
    header = read_dataset(dataset)
    frames = tuple(iter_frames(dataset))
    total = counted(int(header["frames"]), "frame")
    if not frames:
        raise StoreError(f"{dataset} has none of its {total}: nothing to export (render some first)")
    absent = sorted(set(range(int(header["frames"]))) - set(frames))
    if absent and not options.partial:
        raise StoreError(
            f"{dataset} lacks {len(absent)} of {total}: {show_frames(absent)} "
            "(render them, or export what is there with --partial)"
        )
    return Source(root=dataset, header=header, frames=frames, missing=len(absent))


def export_frames(source: Source, options: ExportOptions, progress: Progress | None = None) -> Iterator[ExportFrame]:
    """Yield the accepted frames in order, one at a time. Raises StoreError when the options need silhouettes that the
    dataset does not have."""
    for done, frame in enumerate(source.frames, start=1):
        labels = read_labels(source.root, frame)
        if labels.status == "accepted":
            yield export_frame(source, labels, options)
        if progress is not None:
            progress(done, len(source.frames))


def export_frame(source: Source, labels: Labels, options: ExportOptions) -> ExportFrame:
    """Return what the options make of the labels of one accepted frame; see `export_frames`."""
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
