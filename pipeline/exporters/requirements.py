"""What a format needs of a frame. Each raises one StoreError with the remedy where the dataset does not have it."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import Counts, mask_of_counts
from pipeline.dataset.layout import frame_folder
from pipeline.dataset.outputs import RGB
from pipeline.dataset.read import read_commit, read_masks_full
from pipeline.errors import StoreError
from pipeline.exporters.source import ExportFrame, Source
from pipeline.lenses import Lens
from pipeline.records import Box3d, CameraLabel, InstanceLabel, Silhouette


def picture_files(source: Source, frame: int) -> dict[str, Path]:
    """Return the files of a frame that hold pixels or masks, by output name without extension, in order."""
    files = read_commit(source.root, frame)["files"]
    folder = frame_folder(source.root, frame)
    plain = {"plan.json", "labels.json"}
    return {Path(name).stem: folder / name for name in sorted(files) if name not in plain}


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


def camera_of(source: Source, one: ExportFrame) -> CameraLabel:
    """Return the camera of a frame."""
    if one.labels.camera is None:
        _lacks(source, one, "camera", "remove the folder and run render again")
    return one.labels.camera


def pinhole_of(source: Source, one: ExportFrame, form: str) -> Lens:
    """Return the lens of a frame, which must not distort."""
    lens = camera_of(source, one).lens
    if lens.model != "pinhole":
        raise StoreError(
            f"{frame_folder(source.root, one.frame)}: the lens is {lens.model}, and {form} describes pinhole cameras "
            "alone (leave camera.lens out of the scene file, or use a format that only holds pixels, such as coco)"
        )
    return lens


def pixel_matrix(lens: Lens) -> list[list[float]]:
    """Return the lens's matrix (3, 3) where pixel centres lie on integers."""
    (fx, skew, cx), (_, fy, cy), _ = lens.k
    return [[fx, skew, cx - 0.5], [0.0, fy, cy - 0.5], [0.0, 0.0, 1.0]]


def silhouette_of(source: Source, one: ExportFrame, item: InstanceLabel) -> Silhouette:
    """Return the silhouette of an instance."""
    if item.silhouette is None:
        _lacks(source, one, "silhouettes", "add mask_full to outputs and render to another --out")
    return item.silhouette


def box_of(source: Source, one: ExportFrame, item: InstanceLabel) -> Box3d:
    """Return the 3D box of an instance."""
    if item.box_3d is None:
        _lacks(source, one, "3D boxes", "add box_3d to outputs and render to another --out")
    return item.box_3d


def masks_full_of(source: Source, one: ExportFrame) -> dict[int, NDArray[np.bool_]]:
    """Return the silhouette in the picture of each instance that the export keeps or ignores, (H, W) bool."""
    wanted = (*one.kept, *one.ignored)
    for item in wanted:
        silhouette_of(source, one, item)
    if not wanted:
        return {}
    (height, width), counts = read_masks_full(source.root, one.frame)
    return {item.instance_id: _mask(source, one, item, counts, height, width) for item in wanted}


def _mask(
    source: Source, one: ExportFrame, item: InstanceLabel, counts: dict[int, Counts], height: int, width: int
) -> NDArray[np.bool_]:
    try:
        return mask_of_counts(counts[item.instance_id], height, width)
    except (KeyError, ValueError) as error:
        raise StoreError(
            f"{frame_folder(source.root, one.frame)}: the silhouette of instance {item.instance_id} is missing or "
            f"damaged: {error} (remove the folder and run render again)"
        ) from error


def visible_mask(
    source: Source, one: ExportFrame, item: InstanceLabel, instance: NDArray[np.uint16]
) -> NDArray[np.bool_]:
    """Return where an instance is visible in an id image (H, W), which must agree with its labels."""
    mask: NDArray[np.bool_] = instance == item.instance_id
    if (pixels := int(np.count_nonzero(mask))) != item.visible_px:
        raise StoreError(
            f"{frame_folder(source.root, one.frame)}: instance {item.instance_id} has {pixels} px in instance.png and "
            f"{item.visible_px} px in labels.json (one was changed: remove the folder and run render again)"
        )
    return mask


def _lacks(source: Source, one: ExportFrame, what: str, remedy: str) -> NoReturn:
    raise StoreError(f"{frame_folder(source.root, one.frame)} has no {what}, which this format needs ({remedy})")
