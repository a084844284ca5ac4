"""Names that several sections share."""

from __future__ import annotations

from typing import Literal

Vector = tuple[float, float, float]
Anchor = Literal["origin", "targets", "target"]
