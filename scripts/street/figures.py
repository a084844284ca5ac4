"""People from the joints of a pose: bars with rounded ends for limbs, sections for the trunk."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

import numpy as np

from street.poses import Joint, Pose
from street.shape import Shape, both_sides, joined
from street.solids import ball, block, box, limb, loft, tube


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`size` is the height in metres; `build` scales widths. `legs` and `sleeves` name what covers them."""

    size: float
    pose: Pose
    build: float = 1.0
    dress: Literal["trousers", "skirt", "coat", "shorts"] = "trousers"
    hair: Literal["short", "long", "cap", "bald", "helmet"] = "short"
    short_sleeves: bool = False
    extras: tuple[Literal["backpack", "handbag", "briefcase"], ...] = ()


def build_person(person: Person) -> Shape:
    pose, b = person.pose, person.build
    parts = [_trunk(pose, b), *_legs(person), *_arms(person), *_head(person)]
    if person.dress in ("skirt", "coat"):
        parts.append(_hem(person))
    parts += [EXTRAS[name](pose) for name in person.extras]
    return joined(*parts).scaled(*(person.size / 1.75,) * 3)


def _ring(centre: np.ndarray, rx: float, ry: float, tilt: float) -> list[tuple[float, float, float]]:
    """An ellipse across the trunk, tilted forward by `tilt` radians; slightly square."""
    ring = []
    for k in range(12):
        angle = 2 * pi * (k + 0.5) / 12
        c, s = cos(angle), sin(angle)
        x, y = rx * np.sign(c) * abs(c) ** 0.85, ry * np.sign(s) * abs(s) ** 0.85
        ring.append((float(centre[0] + x * cos(tilt)), float(centre[1] + y), float(centre[2] - x * sin(tilt))))
    return ring


def _trunk(pose: Pose, b: float) -> Shape:
    low, high = np.array(pose.pelvis), np.array(pose.neck)
    tilt = float(np.arctan2(high[0] - low[0], high[2] - low[2]))
    rows = (
        (-0.2, 0.05, 0.07),
        (-0.14, 0.105, 0.15),
        (0.0, 0.125, 0.175),
        (0.2, 0.112, 0.16),
        (0.4, 0.105, 0.15),
        (0.65, 0.128, 0.178),
        (0.82, 0.122, 0.2),
        (0.92, 0.1, 0.185),
        (0.98, 0.075, 0.11),
        (1.02, 0.06, 0.065),
    )
    rings = [_ring(low + (high - low) * part, b * rx, b * ry, tilt) for part, rx, ry in rows]
    body = loft(np.array(rings), lambda k, n: "trousers" if k < 2 else "top")
    belt = loft(
        np.array(
            [
                _ring(low + (high - low) * p, b * rx, b * ry, tilt)
                for p, rx, ry in ((0.12, 0.122, 0.17), (0.2, 0.117, 0.165))
            ]
        ),
        "shoes",
    )
    return joined(body, belt)


def _legs(person: Person) -> list[Shape]:
    b, parts = person.build, []
    bare = person.dress in ("skirt", "shorts")
    for (hip, knee, ankle), toes in zip(
        (person.pose.left_leg, person.pose.right_leg), person.pose.toes_deg, strict=True
    ):
        middle = tuple(np.add(hip, (np.subtract(knee, hip)) * 0.8))
        thigh = limb(hip, middle if bare else knee, (0.092 * b, 0.07 * b if bare else 0.06 * b), "trousers", 9)
        if bare:
            parts.append(limb(middle, knee, (0.056 * b, 0.054 * b), "skin", 8))
        cuff = tuple(np.add(ankle, np.subtract(knee, ankle) * 0.12))
        shin = limb(
            knee,
            ankle if bare else cuff,
            (0.058 * b, 0.042 * b if bare else 0.055 * b),
            "skin" if bare else "trousers",
            9,
        )
        parts += [thigh, shin, _shoe(ankle, toes)]
    return parts


def _shoe(ankle: Joint, toes_deg: float) -> Shape:
    upper = ball((0.125, 0.048, 0.058), (0.065, 0, -0.035), "shoes", 10, 6)
    sole = box((-0.065, -0.045, -0.09), (0.2, 0.045, -0.055), "shoes", 0.015)
    leg = limb((0, 0, 0.05), (0, 0, -0.03), (0.045, 0.05), "shoes", 8)
    return joined(upper, sole, leg).turned("y", toes_deg).at(*ankle)


def _arms(person: Person) -> list[Shape]:
    b, parts = person.build, []
    for shoulder, elbow, wrist in (person.pose.left_arm, person.pose.right_arm):
        if person.short_sleeves:
            middle = tuple(np.add(shoulder, np.subtract(elbow, shoulder) * 0.6))
            parts += [
                limb(shoulder, middle, (0.06 * b, 0.055 * b), "top", 8),
                limb(middle, elbow, (0.042, 0.038), "skin", 7),
            ]
            parts.append(limb(elbow, wrist, (0.038, 0.028), "skin", 7))
        else:
            parts += [
                limb(shoulder, elbow, (0.062 * b, 0.05 * b), "top", 8),
                limb(elbow, wrist, (0.05 * b, 0.04 * b), "top", 8),
            ]
        along = np.subtract(wrist, elbow) / np.linalg.norm(np.subtract(wrist, elbow))
        palm = tuple(np.add(wrist, along * 0.05))
        parts.append(limb(palm, tuple(np.add(wrist, along * 0.11)), (0.037, 0.026), "skin", 7))
    return parts


def _head(person: Person) -> list[Shape]:
    neck = np.array(person.pose.neck)
    head = neck + (0.045, 0, 0.165)
    parts = [
        limb(tuple(neck - (0.0, 0, 0.02)), tuple(neck + (0.025, 0, 0.08)), (0.056, 0.05), "skin", 8),
        ball((0.096, 0.076, 0.118), tuple(head), "skin", 12, 8),
        ball((0.022, 0.014, 0.024), tuple(head + (0.094, 0, -0.015)), "skin", 6, 4),
        ball((0.05, 0.045, 0.04), tuple(head + (0.045, 0, -0.085)), "skin", 8, 5),
        *(ball((0.02, 0.01, 0.03), tuple(head + (-0.005, y, -0.01)), "skin", 6, 4) for y in (-0.078, 0.078)),
        *(ball((0.008, 0.012, 0.008), tuple(head + (0.09, y, 0.02)), "shoes", 6, 4) for y in (-0.032, 0.032)),
    ]
    return [*parts, *HAIR[person.hair](head)]


def _short_hair(head: np.ndarray) -> list[Shape]:
    return [ball((0.1, 0.085, 0.1), tuple(head + (-0.018, 0, 0.036)), "hair", 12, 7)]


def _long_hair(head: np.ndarray) -> list[Shape]:
    back = loft(
        [
            _ring(head + (x, 0, z), rx, ry, 0)
            for x, z, rx, ry in (
                (-0.075, -0.25, 0.03, 0.07),
                (-0.06, -0.18, 0.045, 0.092),
                (-0.045, -0.05, 0.065, 0.092),
                (-0.03, 0.04, 0.07, 0.085),
            )
        ],
        "hair",
    )
    return [*_short_hair(head), back]


def _cap(head: np.ndarray) -> list[Shape]:
    dome = ball((0.106, 0.09, 0.085), tuple(head + (-0.01, 0, 0.055)), "bag", 12, 7)
    return [
        _short_hair(head)[0].at(0, 0, -0.012),
        dome,
        ball((0.075, 0.07, 0.012), tuple(head + (0.11, 0, 0.05)), "bag", 10, 4),
    ]


def _helmet(head: np.ndarray) -> list[Shape]:
    shell = ball((0.13, 0.097, 0.082), tuple(head + (-0.01, 0, 0.058)), "helmet", 14, 8)
    ribs = [
        ball((0.131, 0.01, 0.086 - 0.25 * abs(y)), tuple(head + (-0.01, y, 0.058)), "trim", 12, 8)
        for y in (-0.045, 0.0, 0.045)
    ]
    return [_short_hair(head)[0].at(0, 0, -0.02), shell, *ribs]


def _hem(person: Person) -> Shape:
    """A skirt, or the lower half of a coat, from the waist around both thighs."""
    pose, b = person.pose, person.build
    waist = np.add(pose.pelvis, (0, 0, 0.1))
    knees = np.mean([pose.left_leg[1], pose.right_leg[1]], axis=0)
    apart = abs(pose.left_leg[1][0] - pose.right_leg[1][0]) / 2
    reach = 0.92 if person.dress == "skirt" else 1.05
    low = waist + (knees - waist) * reach
    rows = ((0.0, 0.122, 0.168), (0.3, 0.15 + 0.4 * apart, 0.192), (1.0, 0.16 + 0.9 * apart, 0.205))
    rings = [_ring(waist + (low - waist) * part, b * rx, b * ry, 0) for part, rx, ry in rows]
    return loft(np.array(rings), "trousers" if person.dress == "skirt" else "top")


def _backpack(pose: Pose) -> Shape:
    low, high = np.array(pose.pelvis), np.array(pose.neck)
    middle = low + (high - low) * 0.62
    pack = block((0.17, 0.3, 0.42), tuple(middle + (-0.2, 0, 0)), "bag", 0.05)
    pocket = block((0.08, 0.22, 0.18), tuple(middle + (-0.3, 0, -0.08)), "bag", 0.03)
    path = ((-0.12, 0.21), (0.04, 0.235), (0.125, 0.15), (0.148, 0.0), (0.13, -0.12), (-0.02, -0.17), (-0.14, -0.17))
    outward = (0.1, 0.105, 0.11, 0.12, 0.14, 0.178, 0.13)
    strap = tube([tuple(middle + (x, y, z)) for (x, z), y in zip(path, outward, strict=True)], 0.02, "bag", 6)
    return joined(pack, pocket, both_sides(strap))


def _handbag(pose: Pose) -> Shape:
    x, y, z = pose.right_arm[2]
    bag = block((0.3, 0.11, 0.22), (x + 0.02, y - 0.02, z - 0.3), "bag", 0.03)
    straps = [limb((x + d, y - 0.02, z - 0.2), (x + 0.02, y, z - 0.06), (0.01, 0.01), "bag", 5) for d in (-0.08, 0.12)]
    return joined(bag, *straps)


def _briefcase(pose: Pose) -> Shape:
    x, y, z = pose.right_arm[2]
    return joined(
        block((0.4, 0.09, 0.28), (x + 0.02, y, z - 0.28), "bag", 0.02),
        box((x - 0.06, y - 0.015, z - 0.15), (x + 0.1, y + 0.015, z - 0.09), "bag", 0.01),
    )


HAIR = {
    "short": _short_hair,
    "long": _long_hair,
    "cap": _cap,
    "bald": lambda head: [],
    "helmet": _helmet,
}
EXTRAS = {"backpack": _backpack, "handbag": _handbag, "briefcase": _briefcase}
