"""The pictures of a frame as file contents, by file name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.exr import decode_exr, encode_exr
from pipeline.codecs.png import encode_png
from pipeline.dataset.layout import picture_names
from pipeline.records import Annotation, FramePlan, RenderedFrame

DEPTH_CHANNEL = "Z"  # OpenEXR's own name for it; OpenCV reads it too


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file's content. `pixels_sha256` is "" but for EXR, whose header may differ where its pixels do not."""

    data: bytes
    pixels_sha256: str = ""


def encode_pictures(plan: FramePlan, rendered: RenderedFrame, annotation: Annotation) -> dict[str, Picture]:
    """Return name -> content of every picture that `plan` asks for, except an rgb that can be moved as it is.

    Raises ValueError when the renderer did not bring what was asked for.
    """
    names = picture_names(plan)
    pictures = {names["instance"]: Picture(data=encode_png(rendered.instance))}
    if "depth" in names:
        pictures[names["depth"]] = _depth(plan, rendered.depth_m)
    if "category" in names:
        pictures[names["category"]] = Picture(data=encode_png(_given(annotation.category, "category")))
    if "linear" in names:
        linear = _given(rendered.linear, "linear")
        pictures[names["linear"]] = _exr({name: linear[..., i] for i, name in enumerate("RGB")})
    if "rgb" in names and plan.rgb_format == "exr":
        # Blender stamps the render time into the header. Written anew, equal pictures are equal files.
        pictures[names["rgb"]] = _exr(decode_exr(rgb_source(rendered).read_bytes()))
    return pictures


def rgb_source(rendered: RenderedFrame) -> Path:
    """Return the picture the renderer encoded. Raises ValueError when there is none."""
    if rendered.rgb_file is None:
        raise ValueError("the plan asks for rgb, and there is none")
    return rendered.rgb_file


def millimetres(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return depth (H, W) in metres as whole millimetres, uint16, half to even; 0 for none or beyond 65.535 m."""
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


def _depth(plan: FramePlan, depth_m: NDArray[np.float32]) -> Picture:
    if plan.depth_format == "png":
        return Picture(data=encode_png(millimetres(depth_m)))
    return _exr({DEPTH_CHANNEL: depth_m})


def _given(array: NDArray | None, name: str) -> NDArray:  # type: ignore[type-arg]
    if array is None:
        raise ValueError(f"the plan asks for {name}, and there is none")
    return array
