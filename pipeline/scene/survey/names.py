"""What the names of a group mean in each of its assets: where its keypoints lie, and which parts there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.config.schema import NamedPoint
from pipeline.conventions import JSON_DECIMALS
from pipeline.errors import Problem
from pipeline.records import Asset, Keypoint, Vector
from pipeline.scene.assets.asset_files import problem_of
from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.assets.landmarks import place_of
from pipeline.scene.assets.library import LoadedAsset
from pipeline.scene.assets.part_names import PartsBy, part_names
from pipeline.structure import unstructure

BONE_RADIUS = 0.1  # of the asset's longest side: joints lie inside
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Points in an asset's own axes at scale 1, metres, in the order they were asked for."""

    points_m: tuple[Vector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The sorted names of an asset's parts."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One asset asked about: `load` reads it, when `cache` does not know; `key` is what decides all its names."""

    load: Callable[[], LoadedAsset]
    cache: FactsCache
    key: tuple[Any, ...]


def find_parts(inquiry: Inquiry, by: PartsBy) -> tuple[str, ...]:
    """Return the names of an asset's parts."""
    return _kept(inquiry, Names, ("parts", by), lambda: Names(names=part_names(inquiry.load(), by))).names


def find_keypoints(
    inquiry: Inquiry, asset: Asset, points: Sequence[NamedPoint], report: Callable[[str, Problem], None]
) -> tuple[Keypoint, ...]:
    """Return the keypoints of an asset. Names that its file does not hold are reported with their key, "[1].empty"."""
    named = [point for point in points if point.point_m is None]
    told = [[point.empty, point.bone, point.end] for point in named]
    problems: list[tuple[str, Problem]] = []

    def look() -> Places | None:
        landmarks = inquiry.load().landmarks
        found = []
        for point in named:
            try:
                x, y, z = place_of(point, landmarks)
                found.append((_round(x), _round(y), _round(z)))
            except ValueError as error:
                key = "bone" if point.bone is not None else "empty"
                problems.append((f"[{list(points).index(point)}].{key}", problem_of(error)))
        return None if problems else Places(points_m=tuple(found))

    places = _kept(inquiry, Places, ("keypoints", told), look) if named else Places(points_m=())
    for key, problem in problems:
        report(key, problem)
    if places is None:
        return ()
    found = dict(zip((point.name for point in named), places.points_m, strict=True))
    longest = max(high - low for low, high in zip(asset.low_m, asset.high_m, strict=True))
    return tuple(
        Keypoint(
            name=point.name,
            point_m=point.point_m if point.point_m is not None else found[point.name],
            radius_m=_radius_m(point, longest),
        )
        for point in points
    )


def _radius_m(point: NamedPoint, longest_m: float) -> float:
    if point.radius_m is not None:
        return point.radius_m
    return _round(BONE_RADIUS * longest_m) if point.bone is not None else 0.0


def _kept(inquiry: Inquiry, kind: type[Record], about: tuple[Any, ...], find: Callable[[], Record | None]) -> Any:
    """Return a fact of the asset from the cache, or find it and keep it; None is not kept."""
    known = inquiry.cache.get_record(kind, *about, *inquiry.key)
    if known is None:
        known = find()
        if known is not None:
            inquiry.cache.put(unstructure(known), *about, *inquiry.key)
    return known


def _round(value: float) -> float:
    return round(float(value), JSON_DECIMALS) + 0.0
