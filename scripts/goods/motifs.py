"""Pictures on packets, a few strokes each, in a square of fine pixels."""

from __future__ import annotations

import numpy as np

from goods.prints import Area, Draw, Motif, part, rng_for


def at(area: Area, *points: tuple[float, float]) -> list[tuple[float, float]]:
    """Points by shares of the area's sides."""
    return [(area[0] + x * (area[2] - area[0]), area[1] + y * (area[3] - area[1])) for x, y in points]


def disc(draw: Draw, area: Area, x: float, y: float, radius: float, colour: str) -> None:
    draw.ellipse(part(area, x - radius, y - radius, x + radius, y + radius), fill=colour)


def leaf(draw: Draw, area: Area, colour: str, vein: str, ends: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """A pointed leaf between two points."""
    (ax, ay), (bx, by) = ends
    shares = np.linspace(0, 1, 16)
    side = 0.28 * np.sin(np.pi * shares)
    outline = [
        (ax + (bx - ax) * t - (by - ay) * w, ay + (by - ay) * t + (bx - ax) * w)
        for t, w in zip(shares, side, strict=True)
    ]
    outline += [
        (ax + (bx - ax) * t + (by - ay) * w, ay + (by - ay) * t - (bx - ax) * w)
        for t, w in zip(shares, side, strict=True)
    ][::-1]
    draw.polygon(at(area, *outline), fill=colour)
    draw.line(at(area, (ax, ay), (bx, by)), fill=vein, width=max(int(0.02 * (area[2] - area[0])), 1))


def cereal_bowl(colour: str, flake: str) -> Motif:
    """A bowl heaped with flakes."""

    def paint(draw: Draw, area: Area) -> None:
        rng = rng_for("cereal", flake)
        for _ in range(34):
            angle, reach = rng.uniform(np.pi, 2 * np.pi), 0.34 * np.sqrt(rng.uniform(0, 1))
            disc(draw, area, 0.5 + 1.15 * reach * np.cos(angle), 0.5 + 0.9 * reach * np.sin(angle), 0.055, flake)
        draw.pieslice(part(area, 0.04, 0.02, 0.96, 1.0), 0, 180, fill=colour)
        draw.rectangle(part(area, 0.0, 0.48, 1.0, 0.54), fill="#ffffff")

    return paint


def tea_leaves(colour: str) -> Motif:
    def paint(draw: Draw, area: Area) -> None:
        for end in ((0.12, 0.35), (0.5, 0.05), (0.88, 0.35)):
            leaf(draw, area, colour, "#ffffff", ((0.5, 0.85), end))

    return paint


def cup(colour: str, drink: str) -> Motif:
    """A cup on its saucer, steaming."""

    def paint(draw: Draw, area: Area) -> None:
        pen = max(int(0.05 * (area[2] - area[0])), 1)
        draw.arc(part(area, 0.62, 0.42, 0.95, 0.74), -100, 100, fill=colour, width=pen)
        draw.pieslice(part(area, 0.15, 0.02, 0.75, 0.86), 0, 180, fill=colour)
        draw.ellipse(part(area, 0.15, 0.38, 0.75, 0.5), fill=drink)
        draw.ellipse(part(area, 0.05, 0.84, 0.85, 0.95), fill=colour)
        for x in (0.3, 0.45, 0.6):
            draw.line(
                at(area, (x, 0.32), (x - 0.04, 0.24), (x + 0.04, 0.14), (x, 0.05)),
                fill=colour,
                width=pen // 2,
                joint="curve",
            )

    return paint


def bubbles(*colours: str) -> Motif:
    def paint(draw: Draw, area: Area) -> None:
        spots = ((0.35, 0.6, 0.3), (0.72, 0.35, 0.22), (0.75, 0.78, 0.15), (0.3, 0.16, 0.13), (0.55, 0.1, 0.06))
        for i, (x, y, radius) in enumerate(spots):
            disc(draw, area, x, y, radius, colours[i % len(colours)])
            disc(draw, area, x - 0.35 * radius, y - 0.35 * radius, 0.22 * radius, "#ffffff")

    return paint


def round_fruit(colour: str, green: str = "#2f7d32", star: bool = True) -> Motif:
    """A tomato, or an orange without its star of leaves."""

    def paint(draw: Draw, area: Area) -> None:
        disc(draw, area, 0.5, 0.54, 0.42, colour)
        draw.ellipse(part(area, 0.24, 0.28, 0.4, 0.44), fill="#ffffff")
        if star:
            for x, y in ((0.2, 0.2), (0.35, 0.34), (0.5, 0.38), (0.65, 0.34), (0.8, 0.2)):
                leaf(draw, area, green, green, ((0.5, 0.14), (x, y)))
            draw.rectangle(part(area, 0.47, 0.02, 0.53, 0.16), fill=green)
        else:
            leaf(draw, area, green, "#ffffff", ((0.5, 0.14), (0.9, 0.02)))

    return paint


def beans(colour: str) -> Motif:
    def paint(draw: Draw, area: Area) -> None:
        rng = rng_for("beans", colour)
        for y in (0.2, 0.42, 0.64, 0.86):
            for x in (0.15, 0.4, 0.65, 0.88):
                u, v = x + rng.uniform(-0.05, 0.05), y + rng.uniform(-0.04, 0.04)
                draw.ellipse(
                    part(area, u - 0.13, v - 0.085, u + 0.13, v + 0.085), fill=colour, outline="#ffffff", width=3
                )

    return paint


def fish(colour: str) -> Motif:
    def paint(draw: Draw, area: Area) -> None:
        draw.polygon(at(area, (0.68, 0.5), (0.98, 0.26), (0.9, 0.5), (0.98, 0.74)), fill=colour)
        draw.ellipse(part(area, 0.02, 0.28, 0.78, 0.72), fill=colour)
        draw.arc(part(area, 0.14, 0.28, 0.36, 0.72), -80, 80, fill="#ffffff", width=6)
        disc(draw, area, 0.15, 0.45, 0.035, "#ffffff")

    return paint


def lightning(colour: str, ring: str) -> Motif:
    """A flash on a disc."""

    def paint(draw: Draw, area: Area) -> None:
        disc(draw, area, 0.5, 0.5, 0.5, ring)
        flash = ((0.58, 0.04), (0.22, 0.56), (0.47, 0.56), (0.38, 0.96), (0.78, 0.4), (0.53, 0.4))
        draw.polygon(at(area, *flash), fill=colour)

    return paint


def mountains(draw: Draw, area: Area) -> None:
    """Snowy peaks over water."""
    draw.polygon(at(area, (0.0, 0.75), (0.35, 0.15), (0.55, 0.5), (0.7, 0.3), (1.0, 0.75)), fill="#1d5fa8")
    draw.polygon(at(area, (0.35, 0.15), (0.24, 0.34), (0.33, 0.3), (0.38, 0.38), (0.46, 0.34)), fill="#ffffff")
    for y in (0.8, 0.88, 0.96):
        draw.rectangle(part(area, 0.05, y, 0.95, y + 0.03), fill="#49a6e0")


def grapes(colour: str) -> Motif:
    def paint(draw: Draw, area: Area) -> None:
        for row, count in enumerate((4, 3, 2, 1)):
            for i in range(count):
                disc(draw, area, 0.5 + 0.18 * (i - (count - 1) / 2), 0.36 + 0.155 * row, 0.095, colour)
        leaf(draw, area, "#3c7a3a", "#ffffff", ((0.5, 0.25), (0.85, 0.08)))
        draw.rectangle(part(area, 0.48, 0.05, 0.52, 0.28), fill="#6b4a2b")

    return paint


def strawberry(draw: Draw, area: Area) -> None:
    draw.polygon(at(area, (0.1, 0.34), (0.5, 0.99), (0.9, 0.34), (0.5, 0.26)), fill="#d2192c")
    for x in (0.3, 0.7):
        disc(draw, area, x, 0.42, 0.22, "#d2192c")
    disc(draw, area, 0.5, 0.6, 0.24, "#d2192c")
    for x, y in ((0.3, 0.45), (0.5, 0.42), (0.7, 0.45), (0.4, 0.6), (0.6, 0.6), (0.5, 0.76)):
        disc(draw, area, x, y, 0.025, "#ffe28a")
    for x in (0.15, 0.35, 0.65, 0.85):
        leaf(draw, area, "#2f7d32", "#2f7d32", ((0.5, 0.2), (x, 0.34)))


def honeycomb(draw: Draw, area: Area) -> None:
    for row in range(3):
        for column in range(3 - row % 2):
            x, y = 0.22 + 0.28 * column + 0.14 * (row % 2), 0.25 + 0.245 * row
            angles = np.radians(60 * np.arange(6) + 30)
            draw.polygon(at(area, *((x + 0.145 * np.cos(a), y + 0.145 * np.sin(a)) for a in angles)), fill="#f3b61f")


def cow(draw: Draw, area: Area) -> None:
    """The head of a cow."""
    for x in (0.1, 0.9):
        draw.ellipse(part(area, x - 0.12, 0.26, x + 0.12, 0.42), fill="#2a2a2e")
    draw.ellipse(part(area, 0.2, 0.1, 0.8, 0.8), fill="#ffffff", outline="#2a2a2e", width=4)
    draw.pieslice(part(area, 0.2, 0.1, 0.8, 0.8), 180, 265, fill="#2a2a2e")
    draw.ellipse(part(area, 0.25, 0.6, 0.75, 0.95), fill="#f0a9a9")
    for x in (0.4, 0.6):
        disc(draw, area, x, 0.78, 0.035, "#7a3b3b")
    disc(draw, area, 0.37, 0.42, 0.045, "#ffffff")
    disc(draw, area, 0.63, 0.42, 0.045, "#2a2a2e")


def slices(draw: Draw, area: Area) -> None:
    """Crisps in a heap."""
    for x, y, radius in ((0.3, 0.35, 0.26), (0.7, 0.3, 0.24), (0.5, 0.6, 0.28), (0.2, 0.75, 0.2), (0.8, 0.72, 0.22)):
        disc(draw, area, x, y, radius, "#b98018")
        disc(draw, area, x, y, radius - 0.025, "#f6cf5a")
        disc(draw, area, x + 0.05, y - 0.03, 0.03, "#d9a02c")


def coffee_beans(draw: Draw, area: Area) -> None:
    for x, y in ((0.3, 0.3), (0.7, 0.35), (0.45, 0.68), (0.82, 0.78), (0.14, 0.75)):
        draw.ellipse(part(area, x - 0.15, y - 0.2, x + 0.15, y + 0.2), fill="#5a3318", outline="#e8d2b0", width=4)
        draw.line(at(area, (x + 0.02, y - 0.17), (x - 0.04, y), (x + 0.02, y + 0.17)), fill="#e8d2b0", width=6)


def tooth(draw: Draw, area: Area) -> None:
    """A molar with a gleam."""
    draw.rounded_rectangle(part(area, 0.2, 0.1, 0.8, 0.6), radius=0.16 * (area[2] - area[0]), fill="#ffffff")
    for x0, x1 in ((0.22, 0.44), (0.56, 0.78)):
        draw.polygon(at(area, (x0, 0.5), (x1, 0.5), ((x0 + x1) / 2, 0.95)), fill="#ffffff")
    for length, wide in ((0.16, 0.03), (0.03, 0.16)):
        draw.polygon(
            at(area, (0.85 - wide, 0.15), (0.85, 0.15 - length), (0.85 + wide, 0.15), (0.85, 0.15 + length)),
            fill="#ffe14d",
        )


def cracker(draw: Draw, area: Area) -> None:
    draw.rounded_rectangle(
        part(area, 0.08, 0.08, 0.92, 0.92), radius=0.1 * (area[2] - area[0]), fill="#d9a04a", outline="#8d5a1c", width=6
    )
    for i in range(16):
        disc(draw, area, 0.23 + 0.18 * (i % 4), 0.23 + 0.18 * (i // 4), 0.025, "#8d5a1c")


def cucumber(draw: Draw, area: Area) -> None:
    """Gherkins upright."""
    for x, low in ((0.25, 0.12), (0.5, 0.02), (0.75, 0.12)):
        draw.rounded_rectangle(
            part(area, x - 0.11, low, x + 0.11, low + 0.82),
            radius=0.1 * (area[2] - area[0]),
            fill="#4f8a2c",
            outline="#ffffff",
            width=4,
        )
        for i in range(4):
            disc(draw, area, x + (0.04 if i % 2 else -0.04), low + 0.16 + 0.16 * i, 0.02, "#bfe08a")


def drop(colour: str) -> Motif:
    """A drop with a gleam."""

    def paint(draw: Draw, area: Area) -> None:
        disc(draw, area, 0.5, 0.64, 0.3, colour)
        draw.polygon(at(area, (0.5, 0.02), (0.235, 0.5), (0.765, 0.5)), fill=colour)
        draw.arc(part(area, 0.28, 0.42, 0.72, 0.86), 100, 190, fill="#ffffff", width=8)

    return paint
