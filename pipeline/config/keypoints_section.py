"""Keypoints of an asset group: named points, where each one lies, and how they belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.config.limits import exactly_one
from pipeline.config.words import Vector
from pipeline.structure import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPoint:
    """A point that every asset of the group has: exactly one of point_m, empty, bone says where."""

    name: str
    point_m: Vector | None = None
    """In the asset's own axes at its real size, after up_axis and origin."""
    empty: str | None = None
    """The origin of the empty, or any other object, that has this name in the file."""
    bone: str | None = None
    """ARMATURE/BONE, or BONE alone where one armature has it, as the file poses it."""
    end: Literal["head", "tail"] = "head"
    """Which end of the bone."""
    mirror: str | None = None
    """The keypoint that this one becomes in a mirrored picture: left_eye for right_eye. Saying it once is enough."""
    radius_m: float | None = None
    """How far below the surface it may lie and still count as visible, at the asset's real size. By default 0 but for
    bones, which lie inside: a tenth of the asset's longest side."""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name is empty")
        exactly_one(self, ("point_m", "empty", "bone"))
        if self.bone is None and self.end != "head":
            raise ValueError("end belongs to bone", "leave end out")
        if self.radius_m is not None and self.radius_m < 0:
            raise ValueError(f"radius_m {self.radius_m:g} is below 0")


def check_keypoints(points: Sequence[NamedPoint], skeleton: Sequence[tuple[str, str]]) -> None:
    """Raise ValueError when names repeat, or a skeleton or mirror names a keypoint that is not there."""
    names = [point.name for point in points]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"keypoints: {name!r} is there twice", "give each its own name")
    for a, b in skeleton:
        _check_known("skeleton", (a, b), names)
        if a == b:
            raise ValueError(f"skeleton: {a!r} is joined to itself")
    _check_known("mirror", [point.mirror for point in points if point.mirror is not None], names)
    partner: dict[str, str] = {}
    for a, b in flip_pairs(points):
        if a == b:
            raise ValueError(f"mirror: {a!r} mirrors itself", "leave mirror out of points in the middle")
        for one, other in ((a, b), (b, a)):
            if partner.setdefault(one, other) != other:
                raise ValueError(f"mirror: {one!r} cannot mirror both {partner[one]!r} and {other!r}")


def _check_known(key: str, named: Sequence[str], names: Sequence[str]) -> None:
    for name in named:
        if name not in names:
            raise ValueError(f"{key}: there is no keypoint {name!r}", did_you_mean(name, names))


def flip_pairs(points: Sequence[NamedPoint]) -> Iterator[tuple[str, str]]:
    """Yield each pair of keypoints that swap places in a mirrored picture, once, in the order of the keypoints."""
    found: set[frozenset[str]] = set()
    for point in points:
        if point.mirror is not None and (pair := frozenset((point.name, point.mirror))) not in found:
            found.add(pair)
            yield (point.name, point.mirror)
