"""Fittings of pipes: flange, elbow, tee, valve."""

from __future__ import annotations

from functools import partial

import numpy as np

from goods.fasteners import BRASS, thread
from goods.files import Good
from goods.materials import Material, metal, plastic
from goods.outlines import circle, polygon, rounded
from goods.shapes import lathe, plate, rod, sweep
from goods.solids import Solid, bend, join, move, turn

CAST = metal("cast_steel", "#8f9296", 0.5)
STAINLESS = metal("stainless", "#cfd1d2", 0.22)
COPPER = metal("copper", "#c9794f", 0.3)


def bolt_circle(count: int, radius: float, hole: float) -> list[np.ndarray]:
    angles = 2 * np.pi * np.arange(count) / count + np.pi / count
    return [circle(hole / 2, 20, radius * np.cos(a), radius * np.sin(a)) for a in angles]


def flange(outer: float, bore: float, height: float, material: Material) -> Solid:
    """A welding neck flange: a disc with six holes, a raised face below, a hollow neck above."""
    thick = 0.3 * height
    disc = plate(
        circle(outer / 2, 64),
        thick,
        material,
        0.001,
        [circle(bore / 2, 40), *bolt_circle(6, 0.37 * outer, 0.11 * outer)],
    )
    rim, wall = bore / 2, 0.06 * outer
    corners = [
        (rim, thick - 0.001),
        (rim + 2 * wall, thick - 0.001),
        (rim + wall, 0.7 * height),
        (rim + wall, height - 0.001),
        (rim + wall - 0.001, height),
        (rim, height),
        (rim, thick - 0.001),
    ]
    neck = lathe(rounded(corners, [0, 0.002, 0.006, 0, 0, 0, 0], 4), material, 48)
    face = plate(circle(rim + 1.6 * wall, 48), 0.002, material, 0.0004, [circle(bore / 2, 40)])
    return join(disc, neck, move(face, z=-0.0015))


def pipe(path: np.ndarray, outer: float, bore: float, material: Material) -> Solid:
    """A hollow pipe along a path, its ends annular."""
    outside = sweep(path, 0.5 * outer, material, 32, caps=False)
    inside = sweep(path[::-1], 0.5 * bore, material, 32, caps=False)
    return join(outside, inside, *(_ring(path, end, outer, bore, material) for end in (0, -1)))


def _ring(path: np.ndarray, end: int, outer: float, bore: float, material: Material) -> Solid:
    """A collar at an end of a path, which also closes the wall there."""
    ahead = path[-1] - path[-2] if end else path[0] - path[1]
    length = 0.28 * outer
    wide, chamfer = 0.60 * outer, 0.03 * outer
    corners = [
        (bore / 2, 0),
        (wide - chamfer, 0),
        (wide, chamfer),
        (wide, length - chamfer),
        (wide - chamfer, length),
        (bore / 2 + 0.02 * outer, length),
        (bore / 2, length - 0.02 * outer),
        (bore / 2, 0),
    ]
    collar = move(lathe(corners, material, 32), z=-0.5 * length)
    z = ahead / np.linalg.norm(ahead)
    x = np.cross((0.0, 1.0, 0.0), z)
    frame = np.column_stack((x, np.cross(z, x), z))
    return bend(collar, lambda points: points @ frame.T + path[end])


def elbow(outer: float, bore: float, radius: float, material: Material) -> Solid:
    """A quarter of a turn with a collar at each end, lying on its side."""
    angles = np.linspace(0, np.pi / 2, 17)
    arc = np.column_stack((radius * np.sin(angles), np.zeros(17), radius * (1 - np.cos(angles))))
    lead = np.array([(-0.3 * outer, 0, 0)])
    end = np.array([(radius, 0, radius + 0.3 * outer)])
    return turn(pipe(np.concatenate((lead, arc, end)), outer, bore, material), "x", 90)


def tee(outer: float, bore: float, length: float, material: Material) -> Solid:
    """A straight pipe along x with a branch upwards; collars at all three ends."""
    run = np.column_stack((np.linspace(-length / 2, length / 2, 3), np.zeros(3), np.zeros(3)))
    branch = np.column_stack((np.zeros(3), np.zeros(3), np.linspace(0.45 * outer, length / 2, 3)))
    return turn(join(pipe(run, outer, bore, material), pipe(branch, outer, bore, material)), "x", 90)


def valve(body: Material, handle: str) -> Solid:
    """A ball valve along y: a threaded hexagon at each end, a round body, a stem and a lever."""
    middle = lathe(
        rounded(
            [
                (0.0085, -0.018),
                (0.012, -0.018),
                (0.0175, -0.008),
                (0.0175, 0.008),
                (0.012, 0.018),
                (0.0085, 0.018),
                (0.0085, -0.018),
            ],
            [0, 0.001, 0.008, 0.008, 0.001, 0, 0],
            5,
        ),
        body,
        36,
    )
    ends = []
    for z in (-0.032, 0.018):
        ends.append(move(plate(polygon(6, 0.03, 30), 0.014, body, 0.0012, [circle(0.0085, 28)]), z=z))
    inside = [(r, -z) for r, z in thread(0.009, -0.031, 0.031, 0.0016)]
    run = turn(join(middle, *ends, lathe(inside, body, 28)), "x", 90)
    stem = join(rod(0.007, 0.010, body, 0.0006, 24, 0.014), rod(0.0035, 0.008, body, 0.0004, 16, 0.023))
    lever = plate(
        rounded(
            [
                (-0.009, -0.008),
                (0.012, -0.008),
                (0.02, -0.006),
                (0.062, -0.006),
                (0.062, 0.006),
                (0.02, 0.006),
                (0.012, 0.008),
                (-0.009, 0.008),
            ],
            [0.006, 0.004, 0.004, 0.005, 0.005, 0.004, 0.004, 0.006],
            4,
        ),
        0.0045,
        plastic("lever", handle, 0.4),
        0.0012,
    )
    return join(run, stem, move(turn(lever, "z", 90), z=0.0265))


GOODS = (
    Good(asset_id="flange_01", category="flange", build=partial(flange, 0.085, 0.03, 0.032, CAST)),
    Good(asset_id="pipe_elbow_01", category="pipe elbow", build=partial(elbow, 0.022, 0.016, 0.026, COPPER)),
    Good(asset_id="pipe_elbow_02", category="pipe elbow", build=partial(elbow, 0.03, 0.023, 0.032, STAINLESS)),
    Good(asset_id="pipe_tee_01", category="pipe tee", build=partial(tee, 0.024, 0.018, 0.07, CAST)),
    Good(asset_id="valve_ball_01", category="valve", build=partial(valve, BRASS, "#c21f1f")),
)
