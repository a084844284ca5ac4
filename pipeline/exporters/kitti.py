"""KITTI's 3D object format (Geiger 2012): training/{image_2,label_2,calib}, and the splits in ImageSets/.

Frames keep their numbers. KITTI's pixel centres lie on integers: P0..P3 = K [I|0] with 0.5 less in cx and cy, and a 2D
box names its first and last pixel (0-based), so a box of one pixel has left = right. The 2D box is that of the
silhouette in the picture, what hides it ignored. Camera axes are OpenCV's, so R0_rect is the identity; there is no
scanner, and Tr_velo_to_cam only turns its axes (x forward, y left, z up) into the camera's.

KITTI knows yaw about the camera's y axis alone. An object's x axis is its front and its z axis its top: rotation_y is
the heading of the x axis in the camera's xz plane, 0 along camera x (of the y axis, turned by -90 degrees, where x
points along camera y); height, width, length are those of the smallest box of that yaw around the oriented box, and
location is the middle of its bottom face. It is the oriented box itself when the object's z axis is the camera's -y:
an upright object and a level camera. A camera that looks down gets larger boxes; BOP and DOPE hold the full rotation.

truncated = the share of the silhouette beyond the border, 0..1. occluded from the share that is hidden of the
silhouette in the picture: 0 below 0.1, 1 below 0.5, 2 from 0.5 on; 3 (unknown) never. What the export policy ignores is
DontCare.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.annotations.boxes import Box, mask_box
from pipeline.errors import StoreError
from pipeline.exporters.files import put_file, whole_file
from pipeline.exporters.images import place_image
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import box_of, masks_full_of, pinhole_of, plain_rgb_name, silhouette_of
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source
from pipeline.lenses import Lens
from pipeline.records import InstanceLabel

FORM = "kitti"
FOLDER = "training"
SETS = "ImageSets"
SPLITS = ("train", "val")
DONT_CARE = "DontCare"
NO_BOX_3D = "-1 -1 -1 -1000 -1000 -1000 -10"
OCCLUDED = ((0.1, 0), (0.5, 1))  # hidden share below -> occluded; else 2

VELO_AXES = ((0.0, -1.0, 0.0, 0.0), (0.0, 0.0, -1.0, 0.0), (1.0, 0.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class YawBox:
    """A box that only turns about the camera's y axis. Metres; `location_m` is the middle of its bottom face."""

    height_m: float
    width_m: float
    length_m: float
    location_m: tuple[float, float, float]
    rotation_y_rad: float

    @property
    def alpha_rad(self) -> float:
        """The observation angle in -pi..pi: the heading as the camera sees it."""
        x, _, z = self.location_m
        return _wrapped(self.rotation_y_rad - math.atan2(x, z))


def export_kitti(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset of pinhole pictures as KITTI into `out`.

    Raises StoreError when frames are missing, unless partial, have no rgb, silhouettes or 3D boxes, or a lens that
    distorts.
    """
    options = with_images(options, FORM, ("copy", "link"))
    source = open_source(dataset, options)
    types = type_names(source)
    begin_export(out, FORM, source, options)
    images = annotations = ignored = 0
    with ExitStack() as stack:
        sets = {split: stack.enter_context(whole_file(out / SETS / f"{split}.txt")) for split in SPLITS}
        for one in export_frames(source, options, progress):
            name = f"{one.frame:06d}"
            lens = pinhole_of(source, one, FORM)
            rows = [*_object_rows(source, one, types)]
            picture = plain_rgb_name(dataset, one.frame, FORM)
            place_image(dataset, one.frame, picture, out, options.images, f"{FOLDER}/image_2")
            put_file(out / FOLDER / "calib" / f"{name}.txt", calibration(lens).encode())
            put_file(out / FOLDER / "label_2" / f"{name}.txt", "".join(f"{row}\n" for row in rows).encode())
            sets[one.split].write(f"{name}\n".encode())
            images, annotations, ignored = images + 1, annotations + len(one.kept), ignored + len(one.ignored)
    return end_export(out, FORM, source, options, out / FOLDER, images=images, annotations=annotations, ignored=ignored)


def type_names(source: Source) -> dict[int, str]:
    """Return the KITTI type of each category: its name, blanks as "_", for a row's fields are parted by blanks."""
    names = {item["id"]: "_".join(item["name"].split()) for item in source.header["categories"]}
    if len({*names.values(), DONT_CARE}) <= len(names):
        raise StoreError(
            f"{source.root}: KITTI cannot tell these categories apart: {', '.join(names.values())} "
            f"(rename them in the scene file: blanks become _, and {DONT_CARE} is KITTI's own)"
        )
    return names


def calibration(lens: Lens) -> str:
    """Return calib/NNNNNN.txt of a pinhole lens."""
    projection = np.hstack([np.asarray(lens.k, dtype=np.float64), np.zeros((3, 1))])
    projection[:2, 2] -= 0.5
    rows: dict[str, ArrayLike] = {
        **{f"P{camera}": projection for camera in range(4)},
        "R0_rect": np.eye(3),
        "Tr_velo_to_cam": VELO_AXES,
        "Tr_imu_to_velo": np.eye(4)[:3],
    }
    return "".join(f"{key}: {' '.join(f'{v:.12e}' for v in np.asarray(m).ravel())}\n" for key, m in rows.items())


def yaw_box(corners_camera_m: ArrayLike, camera_from_object: ArrayLike) -> YawBox:
    """Return the smallest box of the object's heading around the corners (8, 3) of its oriented box."""
    corners = np.asarray(corners_camera_m, dtype=np.float64)
    turn = _heading(np.asarray(camera_from_object, dtype=np.float64)[:3, :3])
    c, s = math.cos(turn), math.sin(turn)
    along = corners[:, 0] * c - corners[:, 2] * s
    across = corners[:, 0] * s + corners[:, 2] * c
    a, b = (along.min() + along.max()) / 2, (across.min() + across.max()) / 2
    return YawBox(
        height_m=float(np.ptp(corners[:, 1])),
        width_m=float(np.ptp(across)),
        length_m=float(np.ptp(along)),
        location_m=(float(a * c + b * s), float(corners[:, 1].max()), float(b * c - a * s)),
        rotation_y_rad=turn,
    )


def _heading(rotation: NDArray[np.float64]) -> float:
    x, _, z = rotation[:, 0]
    if math.hypot(x, z) < 1e-6:
        left_x, _, left_z = rotation[:, 1]
        x, z = left_z, -left_x
    return math.atan2(-z, x)


def _wrapped(angle_rad: float) -> float:
    return math.remainder(angle_rad, 2 * math.pi)


def _object_rows(source: Source, one: ExportFrame, types: dict[int, str]) -> Iterator[str]:
    masks = masks_full_of(source, one)
    for item in one.kept:
        yield _row(source, one, item, types[item.category_id], _box_px(masks[item.instance_id]))
    for item in one.ignored:
        yield f"{DONT_CARE} -1 -1 -10 {_pixels(_box_px(masks[item.instance_id]))} {NO_BOX_3D}"


def _row(source: Source, one: ExportFrame, item: InstanceLabel, name: str, box_px: Box) -> str:
    silhouette = silhouette_of(source, one, item)
    box = yaw_box(box_of(source, one, item).corners_camera_m, item.camera_from_object)
    occluded = next((level for below, level in OCCLUDED if silhouette.occlusion < below), 2)
    sizes = (box.height_m, box.width_m, box.length_m, *box.location_m, box.rotation_y_rad)
    head = f"{name} {_number(silhouette.truncation)} {occluded} {_number(box.alpha_rad)}"
    return f"{head} {_pixels(box_px)} {' '.join(map(_number, sizes))}"


def _box_px(full: NDArray[np.bool_]) -> Box:
    box = mask_box(full)
    assert box is not None  # what is exported is visible, and a silhouette holds its mask
    return box


def _pixels(box_px: Box) -> str:
    x, y, width, height = box_px
    return f"{x:.2f} {y:.2f} {x + width - 1:.2f} {y + height - 1:.2f}"


def _number(value: float) -> str:
    return f"{round(value, 6) + 0.0:.6f}"
