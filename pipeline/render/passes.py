"""Which passes labels are made of, what Blender calls them, and how they come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.exr import decode_exr
from pipeline.errors import ScratchError
from pipeline.scene.compat import set_multilayer

PASSES_FILE = "passes.exr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """`switch` is the view layer's property; `names` what a multilayer EXR calls the pass, 4.5's before 5.x's;
    `parts` its components there, in order.

    All channels are float32. An index 0 is the background; a metre without end is written as 1e10.
    """

    switch: str
    names: tuple[str, ...]
    parts: str
    unit: Literal["m", "index", "unit", "linear"]


DEPTH = Pass(switch="use_pass_z", names=("Depth",), parts="Z", unit="m")
OBJECT_INDEX = Pass(switch="use_pass_object_index", names=("IndexOB", "Object Index"), parts="X", unit="index")
MATERIAL_INDEX = Pass(switch="use_pass_material_index", names=("IndexMA", "Material Index"), parts="X", unit="index")
NORMAL = Pass(switch="use_pass_normal", names=("Normal",), parts="XYZ", unit="unit")
ALBEDO = Pass(switch="use_pass_diffuse_color", names=("DiffCol", "Diffuse Color"), parts="RGB", unit="linear")
LABEL_PASSES = (DEPTH, OBJECT_INDEX)
PASSES_OF = {
    "normal": NORMAL,
    "normal_world": NORMAL,
    "albedo": ALBEDO,
    "part": MATERIAL_INDEX,
}  # what an output needs beside those


def enable_passes(layer: bpy.types.ViewLayer, outputs: tuple[str, ...] = ()) -> None:
    """Switch on the passes that labels are made of; in the picture's own render they cost nothing measurable."""
    for one in (*LABEL_PASSES, *(PASSES_OF[name] for name in outputs if name in PASSES_OF)):
        setattr(layer, one.switch, True)


def read_passes(scene: bpy.types.Scene, scratch: Path) -> dict[str, NDArray[Any]]:
    """Return the channels of the last render, by way of an uncompressed multilayer EXR in `scratch`.

    That takes 0.03 s at 640x480; Blender offers no way to them in memory. Raises ScratchError when the disk refuses.
    """
    path = scratch / PASSES_FILE
    set_multilayer(scene.render.image_settings)
    data = save_result(scene, path)
    path.unlink()
    try:
        return decode_exr(data)
    except ValueError as error:
        raise ScratchError(f"{path}: {error}; is the disk full?") from error


def save_result(scene: bpy.types.Scene, path: Path) -> bytes:
    """Save the last render in the scene's file format and return the file's content. Raises ScratchError."""
    try:
        bpy.data.images["Render Result"].save_render(str(path), scene=scene)
        return path.read_bytes()
    except (RuntimeError, OSError) as error:
        raise ScratchError(f"{path} cannot be written ({str(error).strip()}); is the disk full?") from error


def find_pass(channels: Mapping[str, NDArray[Any]], layer: str, one: Pass) -> NDArray[Any]:
    """Return a pass of view layer `layer`, (H, W) or (H, W, C). Raises KeyError, naming what is there."""
    for name in one.names:
        if f"{layer}.{name}.{one.parts[0]}" in channels:
            found = [channels[f"{layer}.{name}.{part}"] for part in one.parts]
            return found[0] if len(found) == 1 else np.stack(found, axis=-1)
    raise KeyError(f"no {one.names[-1]} of view layer {layer!r} among {sorted(channels)}")
