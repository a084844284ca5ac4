"""Which passes a frame needs, and what Blender calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.conventions import MAX_INSTANCES


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """`switch` is the view layer's property; `channels` the names in a multilayer EXR, 4.5's before 5.x's."""

    switch: str
    channels: tuple[str, ...]


DEPTH = Pass(switch="use_pass_z", channels=("Depth.Z",))
OBJECT_INDEX = Pass(switch="use_pass_object_index", channels=("IndexOB.X", "Object Index.X"))
LABEL_PASSES = (DEPTH, OBJECT_INDEX)

BACKGROUND_DEPTH_M = 1e9  # Cycles writes 1e10 where a ray leaves the scene


def enable_passes(view_layer: bpy.types.ViewLayer) -> None:
    """Switch on the passes that labels are made of; in the picture's own render they cost nothing measurable."""
    for one in LABEL_PASSES:
        setattr(view_layer, one.switch, True)


def find_channel(channels: Mapping[str, NDArray[Any]], layer: str, one: Pass) -> NDArray[np.float32]:
    """Return the channel (H, W) of a pass in view layer `layer`. Raises KeyError, naming what is there."""
    for name in one.channels:
        if f"{layer}.{name}" in channels:
            return channels[f"{layer}.{name}"]
    raise KeyError(f"no {one.channels[-1]} of view layer {layer!r} among {sorted(channels)}")


def decode_ids(index: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the id image (H, W). Raises ValueError when an id is not a whole number in 0..MAX_INSTANCES."""
    ids = np.rint(index)
    if not np.array_equal(ids, index) or ids.min(initial=0) < 0 or ids.max(initial=0) > MAX_INSTANCES:
        raise ValueError("the object index pass holds something that is no index; a pixel mixed two objects")
    return ids.astype(np.uint16)


def decode_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return depth in metres along the optical axis (H, W) float32, background inf."""
    return np.where(depth < BACKGROUND_DEPTH_M, depth, np.float32(np.inf)).astype(np.float32)


def linear_rgb(channels: Mapping[str, NDArray[Any]], layer: str) -> NDArray[np.float32]:
    """Return the scene-referred picture (H, W, 3), after the compositor where the file has one."""
    prefix = "Composite.Combined" if "Composite.Combined.R" in channels else f"{layer}.Combined"
    return np.stack([channels[f"{prefix}.{name}"] for name in "RGB"], axis=-1).astype(np.float32)
