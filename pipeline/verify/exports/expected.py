"""What an export of a dataset must hold, derived from instance.png and labels.json and nothing of the exporters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.create import read_dataset
from pipeline.dataset.layout import FRAMES
from pipeline.dataset.read import iter_frames, read_instance, read_labels
from pipeline.errors import StoreError
from pipeline.records import InstanceLabel

Progress = Callable[[int, int], None]
Box = tuple[int, int, int, int]

EXPORT = "export.json"
PICTURES = ("rgb.png", "rgb.jpg", "rgb.exr")
AGAIN = "export again"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """export.json: the format and the options that were in force."""

    form: str
    images: str
    min_visibility: float
    min_pixels: int
    val_fraction: float

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the export has files of."""
        return ("train", "val") if self.val_fraction > 0 else ("train",)


@dataclass(frozen=True, kw_only=True, eq=False)
class ExpectedObject:
    """An object that the export knows of: where instance.png shows its id."""

    label: InstanceLabel
    mask: NDArray[np.bool_]
    box: Box
    pixels: int
    is_ignored: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class ExpectedFrame:
    """An accepted frame: its split, its picture in the dataset, its size, and its objects in the order of their ids."""

    frame: int
    split: str
    picture: Path
    width: int
    height: int
    objects: tuple[ExpectedObject, ...]

    @property
    def kept(self) -> tuple[ExpectedObject, ...]:
        """The objects that are not ignored."""
        return tuple(item for item in self.objects if not item.is_ignored)


def read_about(folder: Path) -> About:
    """Return what export.json says. Raises StoreError when it is not there or damaged."""
    path = folder / EXPORT
    try:
        data = json.loads(path.read_bytes())
        options = data["options"]
        return About(
            form=str(data["format"]),
            images=str(options["images"]),
            min_visibility=float(options["min_visibility"]),
            min_pixels=int(options["min_pixels"]),
            val_fraction=float(options["val_fraction"]),
        )
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror} (is {folder} a finished export?)") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} is damaged: {error!r} ({AGAIN})") from error


def categories(dataset: Path) -> list[Mapping[str, Any]]:
    """Return the class map in the order of its ids."""
    found: list[Mapping[str, Any]] = sorted(read_dataset(dataset)["categories"], key=lambda item: int(item["id"]))
    return found


def keypoints_by_category(dataset: Path) -> dict[int, list[str]]:
    """Return the keypoint names of the categories that have any, in the order in which labels.json first names them."""
    names: dict[int, list[str]] = {}
    for category in categories(dataset):
        if category.get("keypoints"):
            names[int(category["id"])] = list(category["keypoints"])
    if names:
        return names
    for frame in iter_frames(dataset):
        for item in read_labels(dataset, frame).instances:
            if item.category_id and item.keypoints:
                known = names.setdefault(item.category_id, [])
                known += [point.name for point in item.keypoints if point.name not in known]
    return dict(sorted(names.items()))


def expected_frames(dataset: Path, about: About, progress: Progress | None) -> Iterator[ExpectedFrame]:
    """Yield what the export must hold of every accepted frame, in their order."""
    digest = str(read_dataset(dataset)["job_digest"])
    frames = list(iter_frames(dataset))
    for done, frame in enumerate(frames, start=1):
        labels = read_labels(dataset, frame)
        if labels.status == "accepted":
            instance = read_instance(dataset, frame)
            folder = dataset / FRAMES / f"{frame:06d}"
            yield ExpectedFrame(
                frame=frame,
                split="val" if _share(digest, labels.scene) < about.val_fraction else "train",
                picture=next((folder / name for name in PICTURES if (folder / name).exists()), folder / PICTURES[0]),
                width=instance.shape[1],
                height=instance.shape[0],
                objects=tuple(_objects(labels.instances, instance, about)),
            )
        if progress is not None:
            progress(done, len(frames))


def _share(digest: str, scene: int) -> float:
    """Return the number in [0, 1) by which a scene falls to a split: the first 64 bits of a hash."""
    first = hashlib.sha256(f"{digest}/split/{scene}".encode()).hexdigest()[:16]
    return int(first, 16) / 2**64


def _objects(
    instances: tuple[InstanceLabel, ...], instance: NDArray[np.uint16], about: About
) -> Iterator[ExpectedObject]:
    for label in sorted(instances, key=lambda item: item.instance_id):
        mask = instance == label.instance_id
        pixels = int(mask.sum())
        if not label.category_id or not pixels:
            continue
        visibility = label.silhouette.visibility if label.silhouette is not None else 1.0
        yield ExpectedObject(
            label=label,
            mask=mask,
            box=extent(mask),
            pixels=pixels,
            is_ignored=pixels < about.min_pixels or visibility < about.min_visibility,
        )


def extent(mask: NDArray[np.bool_]) -> Box:
    """Return x, y, width, height of the pixels of a mask (H, W) that has any."""
    rows, columns = np.nonzero(mask)
    x, y = int(columns.min()), int(rows.min())
    return x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1
