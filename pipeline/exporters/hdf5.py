"""HDF5, one file a frame, with the keys that BlenderProc's write_hdf5 uses: train/N.hdf5 and val/N.hdf5.

| key | array |
|---|---|
| colors | the picture, uint8 (H, W, 3) sRGB |
| depth, distance | float32 (H, W) metres, along the axis and the ray; background 1e10, as BlenderProc writes |
| normals | float32 (H, W, 3), 0..1 for -1..1, Blender's camera axes (x right, y up, z backwards); background 0.5 |
| instance_segmaps | uint16 (H, W) instance ids, 0 background |
| category_id_segmaps | uint16 (H, W) category ids, 0 none |
| instance_attribute_maps | JSON list: idx, name, category_id and more of each instance of the frame, distractors too |
| nocs, diffuse, forward_flow | float32 (H, W, C) |
| camera_pose | JSON: cam_K row by row (pixel centres on integers), cam_R_w2c, cam_t_w2c metres, OpenCV axes |

There is what `outputs` asked for. idx is the value in instance_segmaps. The file's attribute `variegate` is the version
that made the dataset, `ignored` the ids that the export policy ignores. Arrays are gzip 4.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.canonical import json_bytes
from pipeline.dataset.layout import frame_folder
from pipeline.dataset.outputs import DEPTH_PNG, OUTPUTS
from pipeline.dataset.read import read_commit, read_image
from pipeline.errors import StoreError
from pipeline.exporters.extras import import_extra
from pipeline.exporters.files import put_file
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import camera_of, pixel_matrix, plain_rgb_name
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source
from pipeline.geometry import inverse_rigid

FORM = "hdf5"
FAR_M = np.float32(1e10)

Array = NDArray[Any]


def _metres(array: Array) -> Array:
    return np.where(np.isfinite(array), array, FAR_M).astype(np.float32)


def _normals(array: Array) -> Array:
    upward = array.astype(np.float32) * np.array([1.0, -1.0, -1.0], dtype=np.float32)
    return upward * np.float32(0.5) + np.float32(0.5)


def _plain(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


# Our output -> BlenderProc's key, and how its values differ.
KEYS: Mapping[str, tuple[str, Callable[[Array], Array]]] = {
    "depth": ("depth", _metres),
    "distance": ("distance", _metres),
    "normal": ("normals", _normals),
    "instance": ("instance_segmaps", _plain),
    "category": ("category_id_segmaps", _plain),
    "nocs": ("nocs", _plain),
    "albedo": ("diffuse", _plain),
    "flow": ("forward_flow", _plain),
}


def export_hdf5(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset as one HDF5 file a frame into `out`.

    Raises StoreError when frames are missing, unless partial, or have no PNG or JPEG rgb; PipelineError without h5py.
    """
    h5py = import_extra("h5py", "h5py", FORM)
    options = with_images(options, FORM, ())
    source = open_source(dataset, options)
    begin_export(out, FORM, source, options)
    images = annotations = ignored = 0
    for one in export_frames(source, options, progress):
        put_file(out / one.split / f"{one.frame}.hdf5", _file(h5py, source, one))
        images, annotations, ignored = images + 1, annotations + len(one.kept), ignored + len(one.ignored)
    return end_export(out, FORM, source, options, out, images=images, annotations=annotations, ignored=ignored)


def _file(h5py: ModuleType, source: Source, one: ExportFrame) -> bytes:
    """Return the file; the names are sorted, and nothing in it holds a time."""
    memory = io.BytesIO()
    with h5py.File(memory, "w", libver="earliest") as file:
        for key, array in sorted(_arrays(source, one)):
            file.create_dataset(key, data=array, compression="gzip", compression_opts=4, track_times=False)
        for key, value in (("camera_pose", _camera(source, one)), ("instance_attribute_maps", _instances(one))):
            file.create_dataset(key, data=np.bytes_(json_bytes(value).rstrip()), track_times=False)
        file.attrs["ignored"] = np.array([item.instance_id for item in one.ignored], dtype=np.uint16)
        file.attrs["variegate"] = source.header["versions"]["variegate"]
    return memory.getvalue()


def _arrays(source: Source, one: ExportFrame) -> Iterator[tuple[str, Array]]:
    picture = frame_folder(source.root, one.frame) / plain_rgb_name(source.root, one.frame, FORM)
    try:
        with Image.open(picture) as image:
            yield "colors", np.asarray(image.convert("RGB"))
    except OSError as error:
        raise StoreError(f"{picture} is damaged: {error} (remove its folder and run render again)") from error
    files = set(read_commit(source.root, one.frame)["files"])
    for output, (key, told) in KEYS.items():
        if OUTPUTS[output].file in files or (output == "depth" and DEPTH_PNG in files):
            yield key, told(read_image(source.root, one.frame, output))


def _camera(source: Source, one: ExportFrame) -> dict[str, Any]:
    camera = camera_of(source, one)
    pose = inverse_rigid(camera.world_from_camera)
    return {
        "cam_K": [value for row in pixel_matrix(camera.lens) for value in row],
        "cam_R_w2c": pose[:3, :3].ravel().tolist(),
        "cam_t_w2c": pose[:3, 3].tolist(),
        "model": camera.model,
        "distortion": list(camera.distortion),
    }


def _instances(one: ExportFrame) -> list[dict[str, Any]]:
    return [
        {
            "idx": item.instance_id,
            "name": f"{item.asset_id}.{item.instance_id:03d}",
            "category_id": item.category_id,
            "category": item.category,
            "asset_id": item.asset_id,
            "role": item.role,
            "visible_px": item.visible_px,
            "matrix_world": [list(row) for row in item.world_from_object],
        }
        for item in one.labels.instances
    ]
