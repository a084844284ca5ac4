"""Reading a dataset: its job, which frames it has, and what they hold. Every failure is a StoreError with the path."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.addresses import PathMap, inverse, map_path
from pipeline.codecs.exr import decode_exr
from pipeline.codecs.png import decode_png
from pipeline.codecs.rle import Counts, decode_counts
from pipeline.dataset.create import read_dataset
from pipeline.dataset.disk import again_if_stale
from pipeline.dataset.layout import COMMIT, JOB, LABELS, frame_folder
from pipeline.dataset.outputs import DEPTH_PNG, MASK_FULL, OUTPUTS, array_of
from pipeline.dataset.presence import present
from pipeline.dataset.resume import folder_problem
from pipeline.errors import StoreError
from pipeline.job import Job, job_from_json
from pipeline.records import FramePlan, Labels
from pipeline.structure import from_json

__all__ = [
    "base_dir_there",
    "iter_frames",
    "read_base_dir",
    "read_category",
    "read_commit",
    "read_dataset",
    "read_image",
    "read_instance",
    "read_job",
    "read_labels",
    "read_masks_full",
    "read_plan",
]


T = TypeVar("T")


def iter_frames(root: Path) -> Iterator[int]:
    """Yield the index of every complete frame, rejected ones too, in ascending order.

    Each is checked when it is its turn, so a dataset that still grows can be read.
    """
    digest = read_dataset(root)["job_digest"]
    for frame in sorted(present(root)):
        if not folder_problem(frame_folder(root, frame), frame, digest):
            yield frame


def read_job(root: Path) -> Job:
    """Return the job of the dataset `root`."""
    path = root / JOB
    if not path.exists():
        read_dataset(root)  # says so where there is no dataset at all
    try:
        return job_from_json(_load(path), str(path))
    except ValueError as error:
        raise StoreError(str(error)) from error
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError | ValueError):
            raise StoreError(f"{error} (variegate repair {root} says how to mend it)") from error.__cause__
        raise


def read_base_dir(root: Path, home: Path | None = None) -> Path:
    """Return the folder where the relative addresses of the dataset's job start; `home` is where the dataset lies on
    the machine that made it, when that is another."""
    base_dir = _load(root / JOB).get("base_dir")
    if not isinstance(base_dir, str):
        raise StoreError(f"{root / JOB}: base_dir is {base_dir!r}, expected a path")
    return Path(os.path.normpath((home or root.resolve()) / base_dir))


def base_dir_there(dataset: Path, path_map: PathMap) -> Path:
    """Return where the relative addresses of a dataset's job start, on this machine.

    They are relative to where the dataset lies on the machine that submitted it, so the way leads by there.
    """
    if not path_map:
        return read_base_dir(dataset)
    home = Path(map_path(dataset.resolve().as_posix(), inverse(path_map)))
    return Path(map_path(read_base_dir(dataset, home).as_posix(), path_map))


def read_commit(root: Path, frame: int) -> dict[str, Any]:
    """Return frame.json of a committed frame: its status, renderer, and the size and sha256 of its files."""
    return _load(frame_folder(root, frame) / COMMIT)


def read_labels(root: Path, frame: int) -> Labels:
    """Return labels.json of a committed frame."""
    return _record(frame_folder(root, frame) / LABELS, Labels)


def read_plan(path: Path) -> FramePlan:
    """Return the plan in a plan.json file."""
    return _record(path, FramePlan)


def read_instance(root: Path, frame: int) -> NDArray[np.uint16]:
    """Return the id image (H, W) uint16 of an accepted frame, 0 background."""
    return read_image(root, frame, "instance")


def read_category(root: Path, frame: int) -> NDArray[np.uint16]:
    """Return the category image (H, W) uint16 of an accepted frame, 0 none."""
    return read_image(root, frame, "category")


def read_image(root: Path, frame: int, output: str) -> NDArray[Any]:
    """Return an output of an accepted frame as the array that `dataset.outputs.OUTPUTS` describes.

    Depth kept in millimetres comes back in metres, inf where it has none. Raises StoreError when the frame does not
    hold it or it is damaged.
    """
    row = OUTPUTS[output]
    folder = frame_folder(root, frame)
    if output == "depth" and not (folder / row.file).exists() and (folder / DEPTH_PNG).exists():
        millimetres = _decoded(folder / DEPTH_PNG)
        return np.where(millimetres > 0, millimetres / np.float32(1000), np.float32(np.inf)).astype(np.float32)
    array: Any = _decoded(folder / row.file)
    if isinstance(array, dict):
        try:
            array = array_of(row, array)
        except KeyError as error:
            raise StoreError(f"{folder / row.file} has no channel {error}") from error
    if array.dtype != row.dtype:
        raise StoreError(f"{folder / row.file} holds {array.dtype} {array.shape}, expected {row.what}")
    return np.asarray(array)


def read_masks_full(root: Path, frame: int) -> tuple[tuple[int, int], dict[int, Counts]]:
    """Return the picture's (height, width) and the silhouette of each instance id of an accepted frame, as COCO run
    lengths (`codecs.rle.mask_of_counts` makes a mask of them)."""
    path = frame_folder(root, frame) / MASK_FULL
    data = _load(path)
    try:
        height, width = data["size"]
        return (int(height), int(width)), {int(key): decode_counts(text) for key, text in data["counts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def _decoded(path: Path) -> Any:
    """Return a PNG's array, or an EXR's channels by name."""
    try:
        return decode_exr(_bytes(path)) if path.suffix == ".exr" else decode_png(_bytes(path))
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error} (remove its folder and run render again)") from error


def _record(path: Path, kind: type[T]) -> T:
    try:
        value: T = from_json(_load(path), kind, str(path))
        return value
    except ValueError as error:
        raise StoreError(f"{path} does not fit this version: {error}") from error


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_bytes(path))
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error}") from error
    if not isinstance(data, dict):
        raise StoreError(f"{path} is damaged: expected a JSON object")
    return data


def _bytes(path: Path) -> bytes:
    try:
        return again_if_stale(path.read_bytes)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
