"""Shapes that several records share."""

from __future__ import annotations

from typing import Literal

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Matrix = tuple[tuple[float, ...], ...]
Role = Literal["target", "distractor"]
