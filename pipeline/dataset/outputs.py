"""What each output is on disk: one row an output, read and written by the same table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.schema import FLOWS
from pipeline.records import FramePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file of a frame. `channels` are an EXR's, in the order of the array's last axis; empty for a PNG."""

    file: str
    dtype: type[np.generic]
    channels: tuple[str, ...] = ()
    what: str


# One channel is called as OpenCV's reader knows it: Z for depth, Y for any other.
OUTPUTS: Mapping[str, Output] = {
    "instance": Output(file="instance.png", dtype=np.uint16, what="instance ids (H, W), 0 background"),
    "category": Output(file="category.png", dtype=np.uint16, what="category ids (H, W), 0 none"),
    "part": Output(file="part.png", dtype=np.uint16, what="part ids (H, W) of labels.json's parts, 0 none"),
    "panoptic": Output(
        file="panoptic.png",
        dtype=np.uint8,
        what="COCO panoptic (H, W, 3): R + 256 G + 65536 B is the instance id of what has a category, 0 void",
    ),
    "flow_occlusion": Output(
        file="flow_occlusion.png", dtype=np.uint8, what="(H, W) 255 where the next view does not see the point, else 0"
    ),
    "depth": Output(
        file="depth.exr", dtype=np.float32, channels=("Z",), what="metres along the optical axis (H, W), inf background"
    ),
    "distance": Output(
        file="distance.exr", dtype=np.float32, channels=("Y",), what="metres along the ray (H, W), inf background"
    ),
    "normal": Output(
        file="normal.exr",
        dtype=np.float16,
        channels=("X", "Y", "Z"),
        what="unit shading normals (H, W, 3) in camera axes, 0 background",
    ),
    "normal_world": Output(
        file="normal_world.exr",
        dtype=np.float16,
        channels=("X", "Y", "Z"),
        what="unit shading normals (H, W, 3) in world axes, 0 background",
    ),
    "object_coordinates": Output(
        file="object_coordinates.exr",
        dtype=np.float32,
        channels=("X", "Y", "Z"),
        what="metres (H, W, 3) in the axes of the pixel's own object, 0 where there is none",
    ),
    "nocs": Output(
        file="nocs.exr",
        dtype=np.float32,
        channels=("X", "Y", "Z"),
        what="(H, W, 3) in the unit cube about the pixel's own object (Wang 2019), 0 where there is none",
    ),
    "albedo": Output(
        file="albedo.exr", dtype=np.float16, channels=("R", "G", "B"), what="diffuse colour (H, W, 3), linear RGB"
    ),
    "linear": Output(
        file="linear.exr", dtype=np.float32, channels=("R", "G", "B"), what="scene-referred picture (H, W, 3)"
    ),
    "flow": Output(
        file="flow.exr",
        dtype=np.float32,
        channels=("U", "V"),
        what="pixels (H, W, 2) from here to where the next view shows the same point, NaN where it cannot",
    ),
}
RGB = {"png": "rgb.png", "jpeg": "rgb.jpg", "exr": "rgb.exr"}
DEPTH_PNG = "depth.png"
MASK_FULL = "mask_full.json"
IN_LABELS = frozenset({"box_3d", "keypoints"})  # they have no file of their own


def output_files(plan: FramePlan, has_flow: bool) -> dict[str, str]:
    """Return the file name of each output that an accepted frame of this plan holds; instance always.

    The last view of a scene has no next one, nor has one before a rejected view, so it has no flow (`has_flow` false).
    """
    files = {}
    for output in sorted({*plan.outputs, "instance"} - IN_LABELS):
        if output in FLOWS and not has_flow:
            continue
        files[output] = _file_of(plan, output)
    return files


def _file_of(plan: FramePlan, output: str) -> str:
    if output == "rgb":
        return RGB[plan.rgb_format]
    if output == "depth" and plan.depth_format == "png":
        return DEPTH_PNG
    return MASK_FULL if output == "mask_full" else OUTPUTS[output].file


def channels_of(output: Output, array: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return the EXR channels of an array (H, W) or (H, W, C)."""
    layers = array[..., None] if array.ndim == 2 else array
    return {name: layers[..., i].astype(output.dtype) for i, name in enumerate(output.channels)}


def array_of(output: Output, channels: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return the array of EXR channels, (H, W) or (H, W, C). Raises KeyError when one is not there."""
    layers = [channels[name] for name in output.channels]
    return layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
