"""Places before a camera whose pose no target decides."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from pipeline.config.schema import Frustum
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, look_at, transform_points
from pipeline.lenses import Lens, make_lens, unproject
from pipeline.records import CameraPlan, Vector
from pipeline.sampling.draw import Rng, draw

EVEN_TRIES = 16  # places to choose the emptiest from
SIDEWAYS = 0.1  # rays nearer to the image plane than 6 degrees lead too far away

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A camera: its pose (4, 4) and its lens."""

    world_from_camera: Array
    lens: Lens


@dataclass(slots=True)
class Layer:
    """Where in the picture the things of one group are so far, pixels."""

    places: list[Place] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A point of the world and where in the picture it is seen."""

    location_m: Vector
    place: Place


def first_view(camera: CameraPlan) -> View:
    """Return the view of a plan's first try, whose anchors are points. Raises RejectedFrame where it has none."""
    first = camera.candidates[0]
    try:
        turns = map(math.radians, (first.roll_deg, first.yaw_deg, first.pitch_deg))
        pose = look_at(first.offset_m, first.look_at_offset_m, *turns)
    except ValueError as error:
        raise RejectedFrame("no camera: it is at the very point it looks at; move camera.look_at") from error
    lens = make_lens(
        first.model,
        camera.resolution,
        first.focal_length_mm,
        first.sensor_width_mm,
        first.shift,
        first.pixel_aspect,
        first.distortion,
    )
    return View(world_from_camera=pose, lens=lens)


def sample_place(frustum: Frustum, view: View, layer: Layer, rng: Rng) -> Found | None:
    """Return a random place of the picture at a random depth, or None where the lens shows nothing there."""
    pixels = _sample_pixels(frustum, view, rng)
    x, y = (float(v) for v in pixels[_emptiest(pixels, layer)])
    depth_m = draw(frustum.depth_m, rng)
    ray = unproject(view.lens, [(x, y)])[0]
    if not ray[2] > SIDEWAYS:  # nan too
        return None
    a, b, c = (float(v) for v in transform_points(view.world_from_camera, ray * (depth_m / ray[2]))[0])
    return Found(location_m=(a, b, c), place=(x, y))


def _sample_pixels(frustum: Frustum, view: View, rng: Rng) -> Array:
    """Return one place (1, 2), or many to choose from (N, 2)."""
    shares = rng.random((EVEN_TRIES if frustum.even else 1, 2)) * (1 + 2 * frustum.margin) - frustum.margin
    return np.asarray(shares * view.lens.resolution)


def _emptiest(pixels: Array, layer: Layer) -> int:
    """Return the index of the place farthest from all that are taken (Mitchell 1991)."""
    if not layer.places:
        return 0
    offsets = pixels[:, None] - np.asarray(layer.places)
    return int(np.argmax((offsets * offsets).sum(axis=2).min(axis=1)))
