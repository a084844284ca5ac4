"""The check of the YOLO exports: pictures and labels in pairs, classes, and every row against the mask it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from pycocotools import mask as codec

from pipeline.geometry import angle_rad
from pipeline.plurals import counted
from pipeline.verify.exports.expected import (
    AGAIN,
    EXPORT,
    About,
    ExpectedFrame,
    ExpectedObject,
    Progress,
    categories,
    expected_frames,
    keypoints_by_category,
    read_about,
)
from pipeline.verify.exports.files import check_files, check_picture, mismatch
from pipeline.verify.finding import Finding

DATA = "data.yaml"
TOLERANCE_PX = 1e-4  # nine decimals of a share, of a picture of 65 536 pixels
CACHES = ("labels/*.cache", "*.cache")  # ultralytics leaves them there

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    folder: Path
    about: About
    classes: Mapping[int, int]
    keypoints: Mapping[int, list[str]]

    @property
    def slots(self) -> int:
        return max((len(names) for names in self.keypoints.values()), default=0)


def check_yolo(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a YOLO export of any kind. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    context = _Context(
        folder=folder,
        about=about,
        classes={int(item["id"]): index for index, item in enumerate(categories(dataset))},
        keypoints=keypoints_by_category(dataset) if about.form == "yolo-pose" else {},
    )
    yield from _check_data(context, dataset)
    wanted = {EXPORT, DATA}
    for one in expected_frames(dataset, about, progress):
        picture = f"images/{one.split}/{one.frame:06d}{one.picture.suffix}"
        labels = f"labels/{one.split}/{one.frame:06d}.txt"
        wanted |= {picture, labels}
        yield from check_picture(folder, picture, one, about)
        yield from _check_labels(labels, one, context)
    yield from check_files(folder, wanted, CACHES)


def _check_data(context: _Context, dataset: Path) -> Iterator[Finding]:
    """data.yaml: the folders, the classes, and the shape of the keypoints."""
    try:
        data = yaml.safe_load((context.folder / DATA).read_text(encoding="utf-8"))
        found = {key: data.get(key) for key in ("path", "train", "val", "names", "kpt_shape")}
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        yield Finding(kind="export-unreadable", where=DATA, message=f"cannot be read: {error} ({AGAIN})")
        return
    wanted: dict[str, Any] = {
        "path": None,
        "train": "images/train",
        "val": f"images/{context.about.splits[-1]}",
        "names": {index: item["name"] for index, item in enumerate(categories(dataset))},
        "kpt_shape": [context.slots, 3] if context.about.form == "yolo-pose" else None,
    }
    for key, value in wanted.items():
        if found[key] != value:
            yield Finding(
                kind="export-mismatch", where=DATA, message=f"{key} is {found[key]!r}, expected {value!r} ({AGAIN})"
            )
    if context.about.form == "yolo-pose" and data.get("flip_idx") is not None:
        yield from _check_flip(data["flip_idx"], context, dataset)


def _check_flip(flip: Any, context: _Context, dataset: Path) -> Iterator[Finding]:
    """Mirroring twice changes nothing, and keypoints that dataset.json says swap places do."""
    slots = range(context.slots)
    is_sound = (
        isinstance(flip, list) and sorted(flip) == list(slots) and all(flip[flip[slot]] == slot for slot in slots)
    )
    for item in categories(dataset):
        names = context.keypoints.get(int(item["id"]), [])
        for a, b in item.get("flip") or []:
            is_sound = is_sound and flip[names.index(a)] == names.index(b)
    if not is_sound:
        yield Finding(
            kind="export-mismatch", where=DATA,
            message=f"flip_idx is {flip!r}, which does not mirror the {context.slots} keypoints ({AGAIN})",
        )  # fmt: skip


def _check_labels(name: str, one: ExpectedFrame, context: _Context) -> Iterator[Finding]:
    try:
        lines = (context.folder / name).read_text(encoding="ascii").splitlines()
        rows = [np.array(line.split(), dtype=np.float64) for line in lines]
    except (OSError, ValueError) as error:
        yield Finding(
            kind="export-unreadable", where=name, frame=one.frame, message=f"cannot be read: {error} ({AGAIN})"
        )
        return
    objects = [item for item in one.kept if not context.keypoints or item.label.category_id in context.keypoints]
    if len(rows) != len(objects):
        kind = "export-missing" if len(rows) < len(objects) else "export-extra"
        yield Finding(
            kind=kind, where=name, frame=one.frame,
            message=f"{counted(len(rows), 'object')}, the dataset has {len(objects)} ({AGAIN})",
        )  # fmt: skip
        return
    for row, item in zip(rows, objects, strict=True):
        yield from _check_row(name, one, item, row, context)


def _check_row(name: str, one: ExpectedFrame, item: ExpectedObject, row: Array, context: _Context) -> Iterator[Finding]:
    what = f"instance {item.label.instance_id}"
    if not row.size or row[0] != context.classes[item.label.category_id]:
        yield mismatch(name, one, f"the class of {what}", row[:1].tolist(), context.classes[item.label.category_id])
    values = row[1:]
    if not np.isfinite(values).all() or (values < 0).any() or (values[: 4 if context.keypoints else None] > 1).any():
        yield mismatch(name, one, f"a share of {what}", values.tolist(), "0 to 1")
        return
    problem = ROWS[context.about.form](values, one, item, context)
    if problem:
        yield mismatch(name, one, f"the row of {what}", problem, f"a mask of {item.pixels} px in {item.box}")


# --- rows: each returns what is wrong, "" when it is right ----------------------------------------------------------


def _box(values: Array, one: ExpectedFrame, item: ExpectedObject, context: _Context) -> str:
    if values.size != 4:
        return f"{values.size} numbers"
    width, height = values[2] * one.width, values[3] * one.height
    found = [values[0] * one.width - width / 2, values[1] * one.height - height / 2, width, height]
    return "" if np.allclose(found, item.box, rtol=0, atol=TOLERANCE_PX) else f"the box {np.round(found, 4).tolist()}"


def _polygon(values: Array, one: ExpectedFrame, item: ExpectedObject, context: _Context) -> str:
    if values.size < 6 or values.size % 2:
        return f"{values.size} numbers"
    polygon = (values.reshape(-1, 2) * (one.width, one.height)).ravel().tolist()
    mask = codec.decode(codec.frPyObjects([polygon], one.height, one.width))[..., 0].astype(bool)
    wrong = int((mask ^ item.mask).sum())
    return f"a polygon that differs in {wrong} px" if wrong else ""


def _rectangle(values: Array, one: ExpectedFrame, item: ExpectedObject, context: _Context) -> str:
    if values.size != 8:
        return f"{values.size} numbers"
    corners = values.reshape(4, 2) * (one.width, one.height)
    sides = np.roll(corners, -1, axis=0) - corners
    if np.abs((sides * np.roll(sides, -1, axis=0)).sum(axis=1)).max() > TOLERANCE_PX * np.abs(sides).max():
        return "no rectangle"
    points = _pixel_corners(item.mask)
    lengths = np.linalg.norm(sides, axis=1)
    to = points[None] - corners[:, None]
    inwards = (sides[:, :1] * to[..., 1] - sides[:, 1:] * to[..., 0]) / lengths[:, None]
    if inwards.min() < -TOLERANCE_PX:
        return "a rectangle that leaves pixels out, or runs anticlockwise"
    smallest = _smallest_area(points, one)
    area = float(lengths[0] * lengths[1])
    if area > smallest * (1 + 1e-6) + TOLERANCE_PX:
        return f"a rectangle of {area:.2f} px, the smallest has {smallest:.2f} px"
    return ""


def _pose(values: Array, one: ExpectedFrame, item: ExpectedObject, context: _Context) -> str:
    if values.size != 4 + 3 * context.slots:
        return f"{values.size} numbers"
    problem = _box(values[:4], one, item, context)
    if problem:
        return problem
    wanted = np.zeros((context.slots, 3))
    for slot, name in enumerate(context.keypoints[item.label.category_id]):
        for point in item.label.keypoints or ():
            if point.name == name and point.visibility and point.position_px is not None:
                wanted[slot] = (*point.position_px, point.visibility)
    found = values[4:].reshape(-1, 3) * (one.width, one.height, 1)
    if not np.allclose(found, wanted, rtol=0, atol=TOLERANCE_PX):
        return f"keypoints {np.round(found, 3).tolist()}, not {np.round(wanted, 3).tolist()}"
    return ""


Row = Callable[[Array, ExpectedFrame, ExpectedObject, _Context], str]
ROWS: Mapping[str, Row] = {"yolo": _box, "yolo-segment": _polygon, "yolo-obb": _rectangle, "yolo-pose": _pose}


def _pixel_corners(mask: NDArray[np.bool_]) -> Array:
    """Return the corners (N, 2) of the first and last pixel of each row."""
    rows, columns = np.nonzero(mask)
    ends = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(rows, append=-1))
    x, y = columns[ends], rows[ends]
    corners = np.concatenate([np.stack([x + i, y + j], axis=1) for i in (0, 1) for j in (0, 1)])
    found: Array = np.unique(corners, axis=0).astype(np.float64)
    return found


def _smallest_area(points: Array, one: ExpectedFrame) -> float:
    """Return the area of the smallest rectangle around points that lies in the picture and along an edge of their hull,
    found by gift wrapping (Jarvis 1973)."""
    best = np.inf
    start = int(np.lexsort((points[:, 0], points[:, 1]))[0])
    at, heading = start, 0.0
    for _ in range(len(points) + 1):
        best = min(best, _area_along(points, heading, one))
        offset = np.delete(points, at, axis=0) - points[at]
        turn = (angle_rad(offset[:, 1], offset[:, 0]) - heading + 1e-9) % (2 * np.pi)
        nearest = np.flatnonzero(turn <= turn.min() + 1e-9)
        pick = int(nearest[np.linalg.norm(offset[nearest], axis=1).argmax()])
        heading = float(np.arctan2(offset[pick, 1], offset[pick, 0]))
        at = pick + (pick >= at)
        if at == start:
            break
    return min(best, _area_along(points, heading, one))


def _area_along(points: Array, angle_rad: float, one: ExpectedFrame) -> float:
    axes = np.array([[np.cos(angle_rad), np.sin(angle_rad)], [-np.sin(angle_rad), np.cos(angle_rad)]])
    along = points @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    corners = np.array([low, (high[0], low[1]), high, (low[0], high[1])]) @ axes
    slack = 1e-7
    if (corners < -slack).any() or (corners > np.array([one.width, one.height]) + slack).any():
        return np.inf
    return float(np.prod(high - low))
