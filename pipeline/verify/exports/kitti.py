"""The check of a KITTI export: its lists, calibrations and labels against the pixels and poses of the dataset.

The box of an object is proved as the devkit reads it: the corners of the oriented box lie in it and touch its six
faces.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import mask_of_counts
from pipeline.dataset.read import read_labels, read_masks_full
from pipeline.errors import StoreError
from pipeline.plurals import counted
from pipeline.records import CameraLabel, InstanceLabel
from pipeline.verify.exports.expected import (
    AGAIN,
    EXPORT,
    ExpectedFrame,
    ExpectedObject,
    Progress,
    categories,
    expected_frames,
    extent,
    read_about,
)
from pipeline.verify.exports.files import check_files, check_picture, mismatch
from pipeline.verify.finding import Finding

Array = NDArray[np.float64]

BOX_2D, BOX_3D = ("left", "top", "right", "bottom"), ("h", "w", "l", "x", "y", "z", "rotation_y")
FIELDS = ("truncated", "occluded", "alpha", *BOX_2D, *BOX_3D)
NOT_CARED = (-1.0, -1.0, -10.0, *(math.nan,) * 4, -1.0, -1.0, -1.0, -1000.0, -1000.0, -1000.0, -10.0)
MATRICES = ("P0", "P1", "P2", "P3", "R0_rect", "Tr_velo_to_cam", "Tr_imu_to_velo")
FROM_VELO = [[0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0]]  # x forward, y left, z up
NEAR = 2e-6  # numbers have six decimals
NEAR_M = 1e-5
UPRIGHT_X = 1e-6  # an x axis steeper than this along camera y has no heading


def check_kitti(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a KITTI export. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    types = {int(item["id"]): "_".join(str(item["name"]).split()) for item in categories(dataset)}
    wanted = {EXPORT}
    lists: dict[str, list[str]] = {"train": [], "val": []}
    for one in expected_frames(dataset, about, progress):
        name = f"{one.frame:06d}"
        lists[one.split].append(name)
        picture, calib, label = (
            f"training/image_2/{name}{one.picture.suffix}",
            f"training/calib/{name}.txt",
            f"training/label_2/{name}.txt",
        )
        wanted |= {picture, calib, label}
        yield from check_picture(folder, picture, one, about)
        camera = read_labels(dataset, one.frame).camera
        if camera is None or camera.model != "pinhole":
            yield mismatch(calib, one, "the lens", "a pinhole", "no camera" if camera is None else camera.model)
            continue
        yield from _check_calibration(folder, calib, one, camera)
        yield from _check_label(folder, label, one, dataset, camera, types)
    for split, names in lists.items():
        path = f"ImageSets/{split}.txt"
        wanted.add(path)
        found = _lines(folder, path, None)
        if isinstance(found, Finding):
            yield found
        elif found != names:
            listed = counted(len(found), "frame")
            message = f"lists {listed}, the dataset has {len(names)} of {split}, or another order ({AGAIN})"
            yield Finding(kind="export-mismatch", where=path, message=message)
    yield from check_files(folder, wanted)


def _lines(folder: Path, name: str, frame: int | None) -> list[str] | Finding:
    try:
        return (folder / name).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        return Finding(kind="export-unreadable", where=name, frame=frame, message=f"cannot be read: {error} ({AGAIN})")


def _check_calibration(folder: Path, name: str, one: ExpectedFrame, camera: CameraLabel) -> Iterator[Finding]:
    lines = _lines(folder, name, one.frame)
    if isinstance(lines, Finding):
        yield lines
        return
    found = {key: values.split() for key, _, values in (line.partition(":") for line in lines)}
    projection = np.zeros((3, 4))
    projection[:, :3] = camera.k
    projection[:2, 2] -= 0.5  # pixel centres on integers
    known = {"R0_rect": np.eye(3), "Tr_velo_to_cam": np.array(FROM_VELO), "Tr_imu_to_velo": np.eye(4)[:3]}
    if tuple(found) != MATRICES:
        yield mismatch(name, one, "the list of matrices", tuple(found), MATRICES)
    for key, values in found.items():
        wanted = known.get(key, projection).ravel()
        try:
            is_same = np.allclose(np.array(values, dtype=float), wanted, rtol=1e-9, atol=1e-9)
        except ValueError:
            is_same = False
        if not is_same:
            yield mismatch(name, one, key, " ".join(values), wanted.tolist())


def _check_label(
    folder: Path, name: str, one: ExpectedFrame, dataset: Path, camera: CameraLabel, types: Mapping[int, str]
) -> Iterator[Finding]:
    lines = _lines(folder, name, one.frame)
    if isinstance(lines, Finding):
        yield lines
        return
    expected = (*one.kept, *(item for item in one.objects if item.is_ignored))
    if len(lines) != len(expected):
        kind = "export-missing" if len(lines) < len(expected) else "export-extra"
        message = f"{counted(len(lines), 'row')}, the dataset has {counted(len(expected), 'object')} ({AGAIN})"
        yield Finding(kind=kind, where=name, frame=one.frame, message=message)
        return
    size, counts = read_masks_full(dataset, one.frame)
    for line, item in zip(lines, expected, strict=True):
        row = _row(line)
        what = f"of instance {item.label.instance_id}"
        if row is None:
            yield mismatch(name, one, f"the row {what}", line, f"a type and {len(FIELDS)} numbers")
            continue
        full = mask_of_counts(counts[item.label.instance_id], *size)
        kind, values = line.split()[0], row
        wanted_type = "DontCare" if item.is_ignored else types[item.label.category_id]
        if kind != wanted_type:
            yield mismatch(name, one, f"the type {what}", kind, wanted_type)
        pixels = _wanted_pixels(item, full)
        if item.is_ignored:
            pixels |= {key: value for key, value in zip(FIELDS, NOT_CARED, strict=True) if not math.isnan(value)}
        for key, value in pixels.items():
            if abs(values[key] - value) > NEAR:
                yield mismatch(name, one, f"{key} {what}", values[key], value)
        if not item.is_ignored:
            for text in _box_faults(values, item.label, camera):
                yield Finding(kind="export-mismatch", where=name, frame=one.frame, message=f"{text} {what} ({AGAIN})")


def _row(line: str) -> dict[str, float] | None:
    words = line.split(" ")
    try:
        return dict(zip(FIELDS, map(float, words[1:]), strict=True))
    except ValueError:
        return None


def _wanted_pixels(item: ExpectedObject, full: NDArray[np.bool_]) -> dict[str, float]:
    x, y, width, height = extent(full)
    pixels = int(np.count_nonzero(full))
    beyond = item.label.silhouette.px_beyond if item.label.silhouette is not None else pixels
    hidden = 1 - item.pixels / pixels
    return {
        "left": x,
        "top": y,
        "right": x + width - 1,
        "bottom": y + height - 1,
        "truncated": 1 - pixels / beyond,
        "occluded": (hidden >= 0.1) + (hidden >= 0.5),
    }


def _box_faults(row: Mapping[str, float], label: InstanceLabel, camera: CameraLabel) -> Iterator[str]:
    """Yield what is wrong with a 3D box: corners of the oriented box in the axes of the row's own box."""
    if label.box_3d is None:
        raise StoreError("the dataset has no 3D boxes (add box_3d to outputs and render to another --out)")
    rotation = np.array(label.camera_from_object)[:3, :3]
    camera_from_world = np.linalg.inv(np.array(camera.world_from_camera))
    center = (camera_from_world @ (*label.box_3d.center_world_m, 1.0))[:3]
    signs = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    corners = center + (signs * np.array(label.dimensions_m) / 2) @ rotation.T
    c, s = math.cos(row["rotation_y"]), math.sin(row["rotation_y"])
    forward, across = np.array([c, 0, -s]), np.array([s, 0, c])
    offset = corners - (row["x"], row["y"], row["z"])
    spans = {"l": offset @ forward, "w": offset @ across, "h": -offset[:, 1]}
    for key, values in spans.items():
        low = 0.0 if key == "h" else -row[key] / 2
        if abs(values.min() - low) > NEAR_M or abs(values.max() - low - row[key]) > NEAR_M:
            yield f"{key} {row[key]} with location {row['x'], row['y'], row['z']} does not hold the object tightly"
    heading = rotation[:, 0] if math.hypot(rotation[0, 0], rotation[2, 0]) >= UPRIGHT_X else None
    side = across if heading is None else forward
    wanted = rotation[:, 1] if heading is None else heading
    flat = np.array([wanted[0], 0.0, wanted[2]]) / math.hypot(wanted[0], wanted[2])
    if np.abs(flat - side).max() > NEAR_M:
        yield f"rotation_y {row['rotation_y']} is not the object's heading"
    alpha = row["rotation_y"] - math.atan2(row["x"], row["z"])
    if abs(math.remainder(row["alpha"] - alpha, math.tau)) > NEAR_M or not -math.pi <= row["alpha"] <= math.pi:
        yield f"alpha {row['alpha']} is not rotation_y less the direction to the object"
