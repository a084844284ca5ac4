"""Windows, doors, shop fronts: built facing +x in the plane x = 0, their lower edge's middle at the origin."""

from __future__ import annotations

from street.shape import Shape, closed, joined
from street.solids import ball, box

FRAME_M = 0.07


def window(width: float, height: float, bars: tuple[int, int] = (1, 0), shutters: bool = False) -> Shape:
    """A framed pane with a sill; `bars` are upright and level ones."""
    w, f = width / 2, FRAME_M
    upright = [width * (i + 1) / (bars[0] + 1) - w for i in range(bars[0])]
    level = [height * (i + 1) / (bars[1] + 1) for i in range(bars[1])]
    inner = [box((0.0, y - 0.025, f), (0.045, y + 0.025, height - f), "frame") for y in upright]
    inner += [box((0.0, -w + f, z - 0.02), (0.04, w - f, z + 0.02), "frame") for z in level]
    sill = box((-0.02, -w - 0.1, -0.12), (0.14, w + 0.1, -f / 2), "sill")
    parts = [plain_window(width, height), *inner, sill]
    if shutters:
        parts += [_shutter(width, height, side) for side in (-1, 1)]
    return joined(*parts)


def plain_window(width: float, height: float) -> Shape:
    """A pane in a frame of one piece."""
    w, f = width / 2, FRAME_M
    pane = box((-0.02, -w, 0), (0.015, w, height), "window")
    return joined(pane, _frame(-w - f / 2, w + f / 2, -f / 2, height + f / 2, 1.5 * f))


def _frame(y0: float, y1: float, z0: float, z1: float, wide: float) -> Shape:
    """A rectangle with a hole, from x = -0.02 to 0.06."""
    outer = [(y0, z0), (y1, z0), (y1, z1), (y0, z1)]
    inner = [(y0 + wide, z0 + wide), (y1 - wide, z0 + wide), (y1 - wide, z1 - wide), (y0 + wide, z1 - wide)]
    loops = [(-0.02, outer), (0.06, outer), (0.06, inner), (-0.02, inner)]
    points = [(x, y, z) for x, loop in loops for y, z in loop]
    faces = []
    for k in range(4):
        for n in range(4):
            m, after = (n + 1) % 4, (k + 1) % 4
            faces.append((4 * k + n, 4 * k + m, 4 * after + m, 4 * after + n))
    return closed(points, faces, ["frame"] * len(faces))


def _shutter(width: float, height: float, side: int) -> Shape:
    leaf = width / 2
    near, far = width / 2 + 0.06, width / 2 + 0.06 + leaf
    low, high = (near, far) if side > 0 else (-far, -near)
    panel = box((-0.05, low, 0), (0.04, high, height), "shutter")
    slats = [
        box((0.0, low + 0.05, z), (0.055, high - 0.05, z + 0.07), "shutter")
        for z in (height * (0.1 + 0.2 * k) for k in range(5))
    ]
    return joined(panel, *slats)


def door(width: float, height: float, glazed: bool = False) -> Shape:
    w = width / 2
    leaf = box((-0.05, -w, 0), (0.03, w, height), "door")
    frame = [
        box((-0.05, -w - 0.1, 0), (0.08, -w, height + 0.1), "frame"),
        box((-0.05, w, 0), (0.08, w + 0.1, height + 0.1), "frame"),
        box((-0.05, -w, height), (0.08, w, height + 0.1), "frame"),
    ]
    fields = ((0.12, 0.42), (0.52, 0.92))
    inner = [
        box((0.0, y0, a * height), (0.05, y1, b * height), "window" if glazed and a > 0.5 else "door", 0.015)
        for a, b in fields
        for y0, y1 in ((-0.8 * w, -0.08 * w), (0.08 * w, 0.8 * w))
    ]
    step = box((-0.05, -w - 0.25, -0.16), (0.55, w + 0.25, 0.0), "plinth", 0.02)
    return joined(
        leaf, *frame, *inner, step, ball((0.035, 0.035, 0.035), (0.07, 0.8 * w, 0.47 * height), "gutter", 6, 4)
    )


def garage_door(width: float, height: float) -> Shape:
    w = width / 2
    panels = [
        box((-0.05, -w, k * height / 5 + 0.015), (0.04, w, (k + 1) * height / 5 - 0.015), "door", 0.012)
        for k in range(5)
    ]
    rim = box((-0.05, -w - 0.12, 0), (0.02, w + 0.12, height + 0.12), "frame")
    return joined(rim, *panels)


def shop_front(width: float, height: float, awning: bool) -> Shape:
    """Panes over a low wall, a door in the middle, a sign board above, an awning if there is one."""
    w, high = width / 2, height - 0.6
    back = box((-0.05, -w, 0), (0.05, w, height), "shop")
    panes = [box((0.0, y0, 0.55), (0.07, y1, high - 0.1), "window") for y0, y1 in ((-w + 0.2, -0.75), (0.75, w - 0.2))]
    leaf = box((0.0, -0.5, 0.05), (0.07, 0.5, high - 0.25), "window")
    rim = box((0.0, -0.6, 0.0), (0.065, 0.6, high - 0.12), "frame")
    board = box((0.0, -w, high), (0.18, w, height), "sign_board", 0.03)
    letters = _letters(width, high + 0.17, 0.27)
    posts = [box((0.0, y - 0.09, 0), (0.14, y + 0.09, high), "shop", 0.02) for y in (-w + 0.1, -0.7, 0.7, w - 0.1)]
    parts = [back, *panes, rim, leaf, board, letters, *posts]
    if awning:
        parts.append(_awning(width, high))
    return joined(*parts)


def _letters(width: float, low: float, high: float) -> Shape:
    """Blocks that read as a name from across the road."""
    widths = (0.2, 0.12, 0.24, 0.18, 0.08, 0.22, 0.16, 0.2)
    total = sum(widths) + 0.07 * (len(widths) - 1)
    start, parts = -total / 2, []
    for k, wide in enumerate(widths):
        tall = high if k % 3 else 0.8 * high
        parts.append(box((0.17, start, low), (0.21, start + wide, low + tall), "shop"))
        start += wide + 0.07
    return joined(*parts).scaled(1, min(1.6, 0.7 * width / total), 1)


def _awning(width: float, high: float) -> Shape:
    count = max(6, int(width / 0.45))
    step = width / count
    stripes = []
    for k in range(count):
        low, top = -width / 2 + k * step, -width / 2 + (k + 1) * step
        stripe = box((0.0, low, 0.0), (1.35, top, 0.03), "awning" if k % 2 else "frame")
        flap = box((1.32, low, -0.22), (1.35, top, 0.02), "awning" if k % 2 else "frame")
        stripes += [stripe, flap]
    return joined(*stripes).turned("y", 22).at(0.1, 0, high - 0.02)
