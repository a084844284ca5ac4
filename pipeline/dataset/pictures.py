"""The pictures of a frame as file contents, by file name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.canonical import json_bytes
from pipeline.codecs.exr import decode_exr, encode_exr
from pipeline.codecs.png import encode_png
from pipeline.codecs.rle import encode_counts
from pipeline.dataset.outputs import OUTPUTS, channels_of, output_files
from pipeline.records import Annotation, FramePlan, RenderedFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file's content. `pixels_sha256` is "" but for EXR, whose header may differ where its pixels do not."""

    data: bytes
    pixels_sha256: str = ""


def encode_pictures(plan: FramePlan, rendered: RenderedFrame, annotation: Annotation) -> dict[str, Picture]:
    """Return name -> content of every picture that `plan` asks for, except an rgb that can be moved as it is.

    Raises ValueError when the renderer or the labels did not bring what was asked for.
    """
    given = {
        "instance": rendered.instance,
        "depth": rendered.depth_m,
        "distance": rendered.distance_m,
        "linear": rendered.linear,
        "albedo": rendered.albedo,
        "normal_world": rendered.normal_world,
        "part": rendered.part,
        **annotation.images,
    }
    pictures = {}
    for output, name in frame_files(plan, annotation).items():
        if output == "rgb":
            if plan.rgb_format == "exr":
                # Blender stamps the render time into the header. Written anew, equal pictures are equal files.
                pictures[name] = _exr(decode_exr(rgb_source(rendered).read_bytes()))
        elif output == "mask_full":
            pictures[name] = Picture(data=encode_masks_full(rendered.instance.shape, annotation.masks_full))
        else:
            pictures[name] = _encode(plan, output, given.get(output))
    return pictures


def frame_files(plan: FramePlan, annotation: Annotation) -> dict[str, str]:
    """Return the file name of each output of an accepted frame."""
    return output_files(plan, has_flow=annotation.labels.flow_to is not None)


def encode_masks_full(shape: tuple[int, ...], masks: Mapping[int, Sequence[int]]) -> bytes:
    """Return mask_full.json: the picture's size and each instance's silhouette as COCO's compressed run lengths."""
    counts = {str(instance_id): encode_counts(lengths) for instance_id, lengths in masks.items()}
    return json_bytes({"size": [int(shape[0]), int(shape[1])], "counts": counts})


def _encode(plan: FramePlan, output: str, array: NDArray[np.generic] | None) -> Picture:
    if array is None:
        raise ValueError(f"frame {plan.frame}: the plan asks for {output}, and there is none")
    if output == "depth" and plan.depth_format == "png":
        return Picture(data=encode_png(millimetres(array)))
    row = OUTPUTS[output]
    return _exr(channels_of(row, array)) if row.channels else Picture(data=encode_png(array))


def rgb_source(rendered: RenderedFrame) -> Path:
    """Return the picture the renderer encoded. Raises ValueError when there is none."""
    if rendered.rgb_file is None:
        raise ValueError("the plan asks for rgb, and there is none")
    return rendered.rgb_file


def millimetres(depth_m: NDArray[np.generic]) -> NDArray[np.uint16]:
    """Return depth (H, W) in metres as whole millimetres, uint16, half to even; 0 for none, beyond 65.535 m, and
    negative depth (of a fisheye wider than 180 degrees)."""
    scaled = np.rint(depth_m.astype(np.float64) * 1000.0)
    return np.where((scaled >= 0) & (scaled <= 65_535), scaled, 0).astype(np.uint16)


def pixels_sha256(channels: dict[str, NDArray[np.generic]]) -> str:
    """Return the sha256 (hex) of EXR channels: their names, types, sizes and values, in the order of their names."""
    total = hashlib.sha256()
    for name, values in sorted(channels.items()):
        little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        total.update(f"{name} {little.dtype.str} {little.shape}\n".encode())
        total.update(little.tobytes())
    return total.hexdigest()


def _exr(channels: dict[str, NDArray[np.generic]]) -> Picture:
    return Picture(data=encode_exr(channels), pixels_sha256=pixels_sha256(channels))
