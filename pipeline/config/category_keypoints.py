"""The keypoints of each category, which all groups of it share, and what is wrong where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.config.keypoints_section import flip_pairs
from pipeline.config.objects_section import AssetGroup
from pipeline.structure import Path as KeyPath
from pipeline.structure import Reader, did_you_mean, show_path


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryKeypoints:
    """Names in the order of the scene file; `skeleton` joins names, `flip` names swap places in a mirrored picture."""

    keypoints: tuple[str, ...]
    skeleton: tuple[tuple[str, str], ...]
    flip: tuple[tuple[str, str], ...]


def category_keypoints(groups: Iterable[AssetGroup]) -> dict[str, CategoryKeypoints]:
    """Return the keypoints of each category by its name; categories without any are left out.

    The first group that has keypoints decides their order, as does the first that has a skeleton or mirrors.
    """
    found: dict[str, CategoryKeypoints] = {}
    for group in groups:
        if not group.keypoints:
            continue
        new = _of_group(group)
        for name in _categories(group):
            old = found.get(name, new)
            found[name] = CategoryKeypoints(
                keypoints=old.keypoints, skeleton=old.skeleton or new.skeleton, flip=old.flip or new.flip
            )
    return found


def _of_group(group: AssetGroup) -> CategoryKeypoints:
    return CategoryKeypoints(
        keypoints=tuple(point.name for point in group.keypoints),
        skeleton=group.skeleton,
        flip=tuple(flip_pairs(group.keypoints)),
    )


def _categories(group: AssetGroup) -> Iterator[str]:
    if group.category is not None:
        yield group.category
    yield from dict.fromkeys((group.category_by_up_axis or {}).values())


def check_category_keypoints(groups: Sequence[tuple[KeyPath, AssetGroup]], reader: Reader) -> None:
    """Report keypoints of groups without a category, and groups of one category whose keypoints differ."""
    first: dict[str, tuple[KeyPath, CategoryKeypoints]] = {}
    for path, group in groups:
        if not group.keypoints:
            continue
        if not list(_categories(group)):
            remedy = "add category, or leave keypoints out"
            reader.report((*path, "keypoints"), "keypoints belong to a category, and the group has none", remedy)
        own = _of_group(group)
        problems: dict[tuple[str, str], tuple[str, str, str]] = {}
        for name in _categories(group):
            before, known = first.setdefault(name, (path, own))
            if found := _difference(own, known, f"category {name!r} has in {show_path(before)}"):
                problems.setdefault(found[:2], found)
        for key, message, remedy in problems.values():
            reader.report((*path, key), message, remedy)


def _difference(own: CategoryKeypoints, known: CategoryKeypoints, where: str) -> tuple[str, str, str] | None:
    """Return (key, message, remedy) for the first thing in which a group differs from its category."""
    for name in own.keypoints:
        if name not in known.keypoints:
            return "keypoints", f"{name!r} is none of the keypoints that {where}", did_you_mean(name, known.keypoints)
    for name in known.keypoints:
        if name not in own.keypoints:
            return "keypoints", f"{name!r} is missing, which {where}", "name the same ones, or use another category"
    if own.skeleton and known.skeleton and _pairs(own.skeleton) != _pairs(known.skeleton):
        return "skeleton", f"it differs from the one that {where}", "say it in one of them alone"
    if own.flip and known.flip and _pairs(own.flip) != _pairs(known.flip):
        return "keypoints", f"their mirrors differ from those that {where}", "say them in one of them alone"
    return None


def _pairs(pairs: tuple[tuple[str, str], ...]) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in pairs}
