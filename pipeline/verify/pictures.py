"""The pictures themselves: light in them, more than one colour, and no number that is none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.dataset.outputs import OUTPUTS, RGB
from pipeline.plurals import counted
from pipeline.verify.finding import Finding
from pipeline.verify.opened import Opened

BLACK = {"u": 2, "f": 1e-3}  # the brightest value of a picture without light, 8-bit or linear


def check_rgb(opened: Opened) -> Iterator[Finding]:
    """A picture of a lit scene is not black, and one of several things is not of one colour."""
    rgb, file = opened.rgb, RGB[opened.plan.rgb_format]
    if rgb is None:
        return
    if not np.isfinite(rgb).all():
        yield opened.found("broken-pixels", file, "holds nan or infinities")
    elif rgb.max() <= BLACK[rgb.dtype.kind]:
        if _is_lit(opened):
            yield opened.found(
                "black-picture", file, f"nothing in it is brighter than {rgb.max():g}, though light is planned"
            )
    elif (rgb == rgb[0, 0]).all() and _shows_several(opened):
        text = (
            f"every pixel is {tuple(rgb[0, 0].tolist())}, though it shows {counted(len(opened.pixels_of), 'instance')}"
        )
        yield opened.found("constant-picture", file, text)


def _is_lit(opened: Opened) -> bool:
    """A scene file may turn all light off; a template brings its own."""
    world = opened.plan.world
    sky = world is not None and (world.strength > 0 and max(world.tint) > 0 or world.background is not None)
    lamps = any(light.energy > 0 and max(light.color) > 0 for light in opened.labels.lights)
    return sky or lamps or bool(opened.plan.template)


def _shows_several(opened: Opened) -> bool:
    """One thing that fills the picture may well be of one colour."""
    return bool(np.ptp(opened.instance) > 0)


def check_finite(opened: Opened) -> Iterator[Finding]:
    """Scene-referred pictures hold numbers, and coordinates are 0 where there is no object."""
    for output in ("linear", "albedo", "normal", "normal_world", "object_coordinates", "nocs"):
        if output in opened.images and not np.isfinite(opened.images[output]).all():
            yield opened.found("broken-pixels", OUTPUTS[output].file, "holds nan or infinities")
    for output in ("object_coordinates", "nocs"):
        if output in opened.images:
            stray = opened.images[output].any(axis=-1) & (opened.instance == 0)
            if stray.any():
                text = f"{int(stray.sum())} px are not 0, and show no object"
                yield opened.found("coordinates-mismatch", OUTPUTS[output].file, text)
