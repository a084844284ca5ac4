"""One document over another: what a scene file says replaces what it extends."""

from __future__ import annotations

from typing import Any, get_args

from pipeline.config.distributions import Color, Number, Word
from pipeline.config.yaml_file import Document, Mark
from pipeline.structure import Path as KeyPath

TAGS = frozenset(kind.TAG for union in (Number, Word, Color) for kind in get_args(union))

# Of each group one key holds: the upper document's choice takes the others away.
EXCLUSIVE = (
    ("drop", "flying", "resting"),
    ("shell", "box", "around"),
    ("focal_length_mm", "fov_deg", "k"),
    ("color", "photos"),
)


def merge(lower: Document, upper: Document) -> Document:
    """Return `upper` laid over `lower`: mappings key by key; lists, values and distributions are replaced whole."""
    marks: dict[KeyPath, Mark] = {}
    data = _merge(lower.data, upper.data, lower.marks, upper.marks, marks, ())
    return Document(data=data, marks=marks)


def _merge(
    lower: Any,
    upper: Any,
    lower_marks: dict[KeyPath, Mark],
    upper_marks: dict[KeyPath, Mark],
    marks: dict[KeyPath, Mark],
    path: KeyPath,
) -> Any:
    if path in upper_marks:
        marks[path] = upper_marks[path]
    if not isinstance(lower, dict) or not isinstance(upper, dict) or _is_tagged(lower) or _is_tagged(upper):
        _copy_marks(upper_marks, marks, path)
        return upper
    result = {}
    for key in [*lower, *(key for key in upper if key not in lower)]:
        if key in upper and key in lower:
            result[key] = _merge(lower[key], upper[key], lower_marks, upper_marks, marks, (*path, key))
        elif key in upper:
            _copy_marks(upper_marks, marks, (*path, key))
            result[key] = upper[key]
        elif not _is_displaced(key, upper):
            _copy_marks(lower_marks, marks, (*path, key))
            result[key] = lower[key]
    return result


def _is_tagged(data: dict[str, Any]) -> bool:
    return len(data) == 1 and next(iter(data)) in TAGS


def _is_displaced(key: str, upper: dict[str, Any]) -> bool:
    return any(key in group and any(other in upper for other in group) for group in EXCLUSIVE)


def _copy_marks(source: dict[KeyPath, Mark], target: dict[KeyPath, Mark], path: KeyPath) -> None:
    for place, mark in source.items():
        if place[: len(path)] == path:
            target[place] = mark
