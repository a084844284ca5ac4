"""The contract with the artist: what may be marked as what, and what may be said of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "vg."
ROLE, NAME = "role", "name"
FREE = ("solid",)  # may be said of any object, marked or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a setting may be: a number or a range of `low` to `high`, or three numbers where it may be a `vector`; or a
    text, one of `words` where there are any. A `flag` is a yes or no."""

    is_number: bool = False
    low: float = -math.inf
    high: float = math.inf
    vector: bool = False
    flag: bool = False
    words: tuple[str, ...] = ()


ANY = Kind(is_number=True)
POSITIVE = Kind(is_number=True, low=0.0)
AXES = Kind(is_number=True, vector=True)
SHARE = Kind(is_number=True, low=0.0, high=1.0)
FLAG = Kind(flag=True)
TEXT = Kind()

COMMON: Mapping[str, Kind] = {ROLE: TEXT, NAME: TEXT, "solid": FLAG}

ROLES: Mapping[str, Mapping[str, Kind]] = {
    "surface": {
        "density": TEXT,
        "faces": TEXT,
        "clearance_m": POSITIVE,
        "max_tilt_deg": Kind(is_number=True, low=0.0, high=90.0),
        "upright": FLAG,
    },
    "spline": {
        "spacing_m": POSITIVE,
        "headway_m": POSITIVE,
        "lateral_m": ANY,
        "offset_m": ANY,
        "width_m": POSITIVE,
        "heading_deg": ANY,
        "copies": Kind(is_number=True, low=1.0, high=1000.0),
        "copy_offset_m": ANY,
    },
    "volume": {"use": Kind(words=("free", "drop", "upright"))},
    "anchor": {"move_m": ANY, "turn_deg": ANY},
    "slot": {"fit": Kind(words=("size", "height", "width", "none"))},
    "camera": {
        "move_m": AXES,
        "turn_deg": AXES,
        "focal_length_mm": Kind(is_number=True, low=1.0, high=5000.0),
        "look_at": TEXT,
        "height_m": ANY,
    },
    "light": {
        "energy_scale": POSITIVE,
        "energy_w": POSITIVE,
        "temperature_k": Kind(is_number=True, low=500.0, high=40_000.0),
        "move_m": AXES,
        "turn_deg": AXES,
        "visible": SHARE,
    },
    "randomize": {
        "visible": SHARE,
        "move_m": AXES,
        "turn_deg": AXES,
        "scale": Kind(is_number=True, low=1e-6),
        "materials": TEXT,
        "slots": TEXT,
        "one_of": TEXT,
    },
    "target": {"category": TEXT},
    "collider": {},
    "keep_out": {},
    "hide": {},
}
BONE: Mapping[str, Kind] = {"turn_deg": AXES, "move_m": AXES}

HELPERS = frozenset({"spline", "volume", "anchor", "keep_out", "collider", "hide"})
"""Roles of what is never rendered, unless it has another role besides."""
