"""What no single section can see: names that must exist in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipeline.config.schema import AssetGroup, Config
from pipeline.structure import Path, did_you_mean

Found = tuple[Path, str, str]
"""Key path, message, remedy."""


def cross_problems(config: Config) -> Iterator[Found]:
    """Yield every contradiction between the sections of a configuration."""
    yield from _class_map(config)
    if not config.targets:
        yield ("targets",), "there is no target", "name at least one group of files or shapes"
    for role, groups in (("targets", config.targets), ("distractors", config.distractors)):
        for number, group in enumerate(groups):
            yield from _categories(config, role, number, group)
    yield from _tray(config)


def _class_map(config: Config) -> Iterator[Found]:
    for field in ("id", "name"):
        counts = Counter(getattr(category, field) for category in config.categories)
        for value, count in counts.items():
            if count > 1:
                yield ("categories",), f"{count} categories have the {field} {value!r}", "each needs its own"


def _categories(config: Config, role: str, number: int, group: AssetGroup) -> Iterator[Found]:
    known = [category.name for category in config.categories]
    path: Path = (role, number)
    if role == "targets" and group.category is None and group.category_by_up_axis is None:
        yield path, "a target needs a category", "give category or category_by_up_axis"
    if group.category is not None and group.category not in known:
        message = f"category {group.category!r} is not in the class map"
        yield (*path, "category"), message, did_you_mean(group.category, known)
    for axis, name in (group.category_by_up_axis or {}).items():
        if name not in known:
            message = f"category {name!r} is not in the class map"
            yield (*path, "category_by_up_axis", axis), message, did_you_mean(name, known)


def _tray(config: Config) -> Iterator[Found]:
    tray = None if config.surroundings is None else config.surroundings.tray
    if tray is not None and config.surroundings is not None and config.surroundings.floor is None:
        yield ("surroundings", "tray"), "a tray stands on the floor, and there is none", "give surroundings.floor"
