"""Outputs as pictures that people can read: a row for each in PICTURES."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.frame import Frame
from pipeline.show.colors import (
    NOTHING,
    Color,
    Picture,
    color_of_id,
    color_of_instance,
    flow_colors,
    paint_ids,
    srgb_of_linear,
    viridis,
)

OCCLUDED = (235, 70, 70)
PLAIN = (70, 70, 70)  # where a frame has no picture at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A scale of distances: bright near, dark far, logarithmic between both ends."""

    near_m: float
    far_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What each colour stands for."""

    names: tuple[tuple[Color, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """The colours of directions; the rim moves `longest_px`."""

    longest_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A word on what the colours say."""

    text: str


Legend = Bar | Names | Wheel | Note


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerPicture:
    """A layer as a picture (H, W, 3); `has_value` (H, W) bool is false for background, sky, no value."""

    picture: Picture
    has_value: NDArray[np.bool_]
    legend: Legend


def base_picture(frame: Frame) -> Picture:
    """Return what to draw on (H, W, 3): the rgb, or the most telling picture that the frame has instead."""
    for name in ("rgb", "linear", "albedo", "normal"):
        if name in frame.outputs:
            return PICTURES[name](frame).picture
    return np.full((*frame.read("instance").shape, 3), PLAIN, dtype=np.uint8)


def _rgb(frame: Frame) -> LayerPicture:
    return _light(frame, "rgb", "")


def _linear(frame: Frame) -> LayerPicture:
    return _light(frame, "linear", "clipped at 1")


def _albedo(frame: Frame) -> LayerPicture:
    return _light(frame, "albedo", "")


def _light(frame: Frame, output: str, note: str) -> LayerPicture:
    array = frame.read(output)
    picture = array if array.dtype == np.uint8 else srgb_of_linear(array)
    return LayerPicture(picture=picture, has_value=np.ones(array.shape[:2], dtype=bool), legend=Note(text=note))


def _depth(frame: Frame) -> LayerPicture:
    return distance_picture(frame.read("depth"))


def _distance(frame: Frame) -> LayerPicture:
    return distance_picture(frame.read("distance"))


def distance_picture(metres: NDArray[np.float32]) -> LayerPicture:
    """Return distances (H, W) as colours, near bright, far dark; inf, and what lies behind a wide lens, as nothing."""
    has_value = np.isfinite(metres) & (metres > 0)
    if not has_value.any():
        picture = np.full((*metres.shape, 3), NOTHING, dtype=np.uint8)
        return LayerPicture(picture=picture, has_value=has_value, legend=Note(text="nothing"))
    near_m, far_m = (float(value) for value in np.percentile(metres[has_value], (0.5, 99.5)))
    far_m = max(far_m, near_m * 1.01)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.log(metres.astype(np.float64) / near_m) / np.log(far_m / near_m)
    picture = np.where(has_value[..., None], viridis(1.0 - np.nan_to_num(along)), np.uint8(NOTHING[0])).astype(np.uint8)
    return LayerPicture(picture=picture, has_value=has_value, legend=Bar(near_m=near_m, far_m=far_m))


def _normal(frame: Frame) -> LayerPicture:
    """Camera axes are y down and z forward; the usual colours want y up and z towards the viewer."""
    return _vectors(frame.read("normal") * np.array((1.0, -1.0, -1.0)), "red right, green up, blue to the camera")


def _normal_world(frame: Frame) -> LayerPicture:
    return _vectors(frame.read("normal_world"), "red x, green y, blue z of the world")


def _object_coordinates(frame: Frame) -> LayerPicture:
    metres = frame.read("object_coordinates")
    longest = float(np.abs(metres).max(initial=0.0)) or 1.0
    return _vectors(metres / longest, f"red x, green y, blue z: 0 to 255 is {-longest:.2g} to {longest:.2g} m")


def _vectors(vectors: NDArray[np.floating[Any]], note: str) -> LayerPicture:
    """Each axis from -1 to 1 as one colour from 0 to 255; the zero vector as nothing."""
    has_value = (vectors != 0).any(axis=-1)
    colors = np.clip(np.nan_to_num(vectors.astype(np.float64)) * 127.5 + 127.5, 0, 255)
    picture = np.where(has_value[..., None], colors, NOTHING[0]).astype(np.uint8)
    return LayerPicture(picture=picture, has_value=has_value, legend=Note(text=note))


def _nocs(frame: Frame) -> LayerPicture:
    return _vectors(frame.read("nocs") * 2 - (frame.read("instance") > 0)[..., None], "red x, green y, blue z: 0 to 1")


def _instance(frame: Frame) -> LayerPicture:
    ids = frame.read("instance")
    colors = {item.instance_id: color_of_instance(item) for item in frame.labels.instances}
    return _ids(ids, colors, Note(text=f"{len(np.unique(ids[ids > 0]))} visible"))


def _category(frame: Frame) -> LayerPicture:
    ids = frame.read("category")
    names = {item.category_id: item.category for item in frame.labels.instances}
    seen = [int(number) for number in np.unique(ids) if number]
    legend = Names(names=tuple((color_of_id(number), names.get(number, str(number))) for number in seen))
    return _ids(ids, {number: color_of_id(number) for number in seen}, legend)


def _part(frame: Frame) -> LayerPicture:
    ids = frame.read("part")
    names = {part.class_id: part.name for part in frame.labels.parts if part.visible_px}
    colors = {part.part_id: color_of_id(part.class_id + 1) for part in frame.labels.parts}
    legend = Names(names=tuple((color_of_id(number + 1), name) for number, name in sorted(names.items())))
    return _on_grey(frame, _ids(ids, colors, legend))


def _panoptic(frame: Frame) -> LayerPicture:
    red, green, blue = (frame.read("panoptic")[..., i].astype(np.int64) for i in range(3))
    colors = {item.instance_id: color_of_instance(item) for item in frame.labels.instances}
    return _ids(red + 256 * green + 65_536 * blue, colors, Note(text="things; the rest is void"))


def _ids(ids: NDArray[np.integer[Any]], colors: Mapping[int, Color], legend: Legend) -> LayerPicture:
    return LayerPicture(picture=paint_ids(ids, colors), has_value=ids > 0, legend=legend)


def _flow(frame: Frame) -> LayerPicture:
    flow = frame.read("flow").astype(np.float64)
    has_value = np.isfinite(flow).all(axis=-1)
    lengths = np.hypot(flow[..., 0], flow[..., 1])[has_value]
    farthest_px = math.hypot(*flow.shape[:2])  # what moves on leaves the picture, maybe very far
    longest_px = min(float(np.percentile(lengths, 99)), farthest_px) if lengths.size else 1.0
    colors = flow_colors(np.where(has_value[..., None], flow, 0.0), longest_px)
    picture = np.where(has_value[..., None], colors, NOTHING[0]).astype(np.uint8)
    return LayerPicture(picture=picture, has_value=has_value, legend=Wheel(longest_px=longest_px))


def _flow_occlusion(frame: Frame) -> LayerPicture:
    hidden = (frame.read("flow_occlusion") > 0).astype(np.uint8)
    legend = Names(names=((OCCLUDED, "hidden in the next view"),))
    return _on_grey(frame, _ids(hidden, {1: OCCLUDED}, legend))


def _on_grey(frame: Frame, layer: LayerPicture) -> LayerPicture:
    """Show the frame, dim and grey, where a layer that says little by itself has no value."""
    grey = (base_picture(frame).mean(axis=-1, keepdims=True) / 2).astype(np.uint8)
    return replace(layer, picture=np.where(layer.has_value[..., None], layer.picture, grey))


PICTURES: Mapping[str, Callable[[Frame], LayerPicture]] = {
    "rgb": _rgb,
    "linear": _linear,
    "albedo": _albedo,
    "depth": _depth,
    "distance": _distance,
    "normal": _normal,
    "normal_world": _normal_world,
    "object_coordinates": _object_coordinates,
    "nocs": _nocs,
    "instance": _instance,
    "category": _category,
    "part": _part,
    "panoptic": _panoptic,
    "flow": _flow,
    "flow_occlusion": _flow_occlusion,
}
