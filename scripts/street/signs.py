"""Road signs on posts, their faces towards +x."""

from __future__ import annotations

from math import cos, pi, sin

from street.shape import Shape, joined
from street.solids import box, extrude, lathe, tube

POLE_M = 0.035
# Bars of a letter: (row of its lower end in half heights, column 0 or 1 or between, length, upright).
GLYPHS = {
    "S": ((0, 0, 1, False), (1, 0, 1, False), (2, 0, 1, False), (0, 1, 1, True), (1, 0, 1, True)),
    "T": ((2, 0, 1, False), (0, 0.5, 2, True)),
    "O": ((0, 0, 1, False), (2, 0, 1, False), (0, 0, 2, True), (0, 1, 2, True)),
    "P": ((1, 0, 1, False), (2, 0, 1, False), (0, 0, 2, True), (1, 1, 1, True)),
    "3": ((0, 0, 1, False), (1, 0, 1, False), (2, 0, 1, False), (0, 1, 2, True)),
    "0": ((0, 0, 1, False), (2, 0, 1, False), (0, 0, 2, True), (0, 1, 2, True)),
}


def pole_foot() -> Shape:
    return lathe([(0.0, 0.0), (0.12, 0.0), (0.12, 0.04), (0.07, 0.1), (0.0, 0.1)], 10, "metal_dark")


def _post(height: float) -> Shape:
    return joined(pole_foot(), tube([(0, 0, 0), (0, 0, height)], POLE_M, "metal", 8))


def _disc(
    radius: float, corners: int, turn_deg: float, z: float, material: str, x: float, thick: float = 0.012
) -> Shape:
    """A regular plate facing +x."""
    angles = [2 * pi * k / corners + turn_deg * pi / 180 for k in range(corners)]
    flat = [(radius * cos(a), radius * sin(a)) for a in angles]
    return extrude(flat, thick, material).turned("y", 90).at(x, 0, z)


def stop_sign() -> Shape:
    """An octagon with white letters."""
    z, x = 2.2, POLE_M
    plates = [_disc(0.42, 8, 22.5, z, "sign_white", x), _disc(0.385, 8, 22.5, z, "sign_red", x + 0.004, 0.014)]
    return joined(_post(2.5), *plates, _word("STOP", 0.19, 0.105, 0.03, "sign_white").at(x + 0.017, 0, z))


def _strokes(height: float, width: float, thick: float, material: str, glyph: str) -> Shape:
    """One letter of bars in the plane x = 0, its lower left corner, read from +x, at the origin."""
    parts = []
    for row, column, length, upright in GLYPHS[glyph]:
        y, z = column * (width - thick), row * (height - thick) / 2
        # Level bars are a little lower than upright ones: faces in one plane would hide each other by chance.
        if upright:
            parts.append(box((0.0, y, z), (0.006, y + thick, z + thick + length * (height - thick) / 2), material))
        else:
            parts.append(box((0.0, y, z), (0.004, y + thick + length * (width - thick), z + thick), material))
    return joined(*parts)


def _word(text: str, height: float, width: float, thick: float, material: str) -> Shape:
    """A word around the origin, read from +x."""
    step = width + 0.8 * thick + 0.02
    start = -(step * len(text) - (step - width)) / 2
    letters = [
        _strokes(height, width, thick, material, glyph).at(0, start + k * step, -height / 2)
        for k, glyph in enumerate(text)
    ]
    return joined(*letters)


def speed_sign() -> Shape:
    """A red ring around 30."""
    z, x = 2.25, POLE_M
    plates = [_disc(0.34, 24, 0, z, "sign_red", x), _disc(0.26, 24, 0, z, "sign_white", x + 0.004, 0.014)]
    return joined(_post(2.55), *plates, _word("30", 0.25, 0.13, 0.036, "sign_black").at(x + 0.017, 0, z))


def yield_sign() -> Shape:
    """A white triangle on its tip with a red rim."""
    z, x = 2.2, POLE_M
    plates = [_disc(0.5, 3, 0, z, "sign_red", x), _disc(0.31, 3, 0, z, "sign_white", x + 0.004, 0.014)]
    return joined(_post(2.5), *plates)


def parking_sign() -> Shape:
    """A blue square with a white P."""
    z, x = 2.2, POLE_M
    rim = box((x, -0.31, z - 0.31), (x + 0.012, 0.31, z + 0.31), "sign_white", 0.005)
    plate = box((x + 0.003, -0.28, z - 0.28), (x + 0.016, 0.28, z + 0.28), "sign_blue")

    letter = _word("P", 0.4, 0.26, 0.07, "sign_white").at(x + 0.015, 0, z)
    return joined(_post(2.52), rim, plate, letter)
