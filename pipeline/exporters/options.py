"""What every export shares: which frames and instances go in, how they are split, and what the export says of itself.

The policy is one for all formats. An instance is *kept* when it has a category, at least `min_pixels` visible pixels
and at least `min_visibility` visible; one that has a category and a visible pixel but falls short is *ignored*: formats
that can say so mark it (COCO `iscrowd` 1, KITTI DontCare, VOC `difficult` 1), the others leave it out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import remove, replace_file, storing
from pipeline.dataset.layout import DATASET, frame_folder
from pipeline.dataset.outputs import RGB
from pipeline.dataset.read import iter_frames, read_commit, read_dataset, read_labels
from pipeline.errors import ExportError, StoreError
from pipeline.frames import show_frames
from pipeline.records import InstanceLabel, Labels

Images = Literal["reference", "copy", "link"]
Split = Literal["train", "val"]
Progress = Callable[[int, int], None]

EXPORT = "export.json"  # in the folder of every export: its format, options and dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How to export. `images` None is the format's own way; `partial` exports what is there although frames are
    missing; `val_fraction` 0..1 of the scenes goes to the split "val", 0 leaves everything in "train".

    Raises ExportError for a value out of its range.
    """

    images: Images | None = None
    partial: bool = False
    min_visibility: float = 0.0
    min_pixels: int = 1
    val_fraction: float = 0.0

    def __post_init__(self) -> None:
        for name in ("min_visibility", "val_fraction"):
            if not 0 <= getattr(self, name) <= 1:  # also true of NaN
                raise ExportError(f"--{name.replace('_', '-')} is {getattr(self, name)}, expected 0 to 1")
        if self.min_pixels < 1:
            raise ExportError(f"--min-pixels is {self.min_pixels}, expected 1 or more")


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
    """Return the dataset to export. Raises StoreError when frames are missing, unless `options.partial`."""
    header = read_dataset(dataset)
    frames = tuple(iter_frames(dataset))
    absent = sorted(set(range(int(header["frames"]))) - set(frames))
    if absent and not options.partial:
        raise StoreError(
            f"{dataset} lacks {len(absent)} of {header['frames']} frames: {show_frames(absent)} "
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


def plain_rgb_name(dataset: Path, frame: int, form: str) -> str:
    """Return the file name of a frame's 8-bit picture. Raises StoreError when it has none or only an EXR, which readers
    of the format do not open."""
    name = rgb_name(dataset, frame)
    if name == RGB["exr"]:
        raise StoreError(
            f"{frame_folder(dataset, frame)} has its picture as {name}, which readers of {form} do not open "
            "(set formats: {rgb: png} or jpeg and render to another --out)"
        )
    return name


def with_images(options: ExportOptions, form: str, ways: tuple[Images, ...]) -> ExportOptions:
    """Return the options with the way pictures go: as asked, else the first of the `ways` that the format has.

    Raises ExportError for another way. Without ways (pictures lie in the export's own files) `images` stays None.
    """
    if options.images is None:
        return replace(options, images=ways[0]) if ways else options
    if options.images not in ways:
        remedy = f"use {' or '.join(ways)}, or leave it out for {ways[0]}" if ways else "leave it out"
        raise ExportError(f"--images is {options.images}, which {form} does not know ({remedy})")
    return options


def begin_export(out: Path, form: str, source: Source, options: ExportOptions) -> None:
    """Make the folder `out` ready to be written: what export.json says of itself holds again once the export is done.

    The same export is made again in place. Raises ExportError when `out` holds another one, whose files would stay.
    """
    path = out / EXPORT
    if (out / DATASET).exists():
        raise ExportError(f"{out} holds a dataset, which an export would litter (choose another --out)")
    with storing(path):
        out.mkdir(parents=True, exist_ok=True)
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return
        except ValueError:
            found = None
    if _identity(found) != _identity(json.loads(json_bytes(_export_json(form, source, options)))):
        raise ExportError(
            f"{out} holds another export: its {EXPORT} is of another format, dataset or options "
            "(choose another --out, or remove that folder)"
        )
    remove(path)


def _identity(data: Any) -> Any:
    """Return what of export.json says which export it is; a partial one may be completed."""
    try:
        return data["format"], data["job_digest"], {**data["options"], "partial": None}
    except (KeyError, TypeError):
        return None


def end_export(
    out: Path,
    form: str,
    source: Source,
    options: ExportOptions,
    file: Path,
    *,
    images: int,
    annotations: int,
    ignored: int,
) -> ExportSummary:
    """Write export.json, which `verify --format` reads, last of all, and return what the export wrote.

    It holds the format, the options and the dataset's job. `file` is what a user looks at first.
    """
    with storing(out / EXPORT):
        replace_file(out / EXPORT, json_bytes(_export_json(form, source, options), indent=1))
    return ExportSummary(
        file=file,
        images=images,
        annotations=annotations,
        rejected=len(source.frames) - images,
        missing=source.missing,
        ignored=ignored,
    )


def _export_json(form: str, source: Source, options: ExportOptions) -> dict[str, Any]:
    return {
        "format": form,
        "options": asdict(options),
        "job_digest": source.header["job_digest"],
        "versions": source.header["versions"],
    }
