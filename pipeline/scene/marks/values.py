"""From Blender's custom properties to settings, with one sentence for each that says nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import bpy

from pipeline.records import Settings
from pipeline.scene.marks.roles import PREFIX, Kind

Told = Callable[[str, str], None]
"""Takes what is wrong with a property, after its owner's name, and the remedy."""

TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")


def properties_of(owner: Any) -> dict[str, Any]:
    """Return the custom properties "vg.X" of a datablock or bone by X, as plain Python."""
    return {key.removeprefix(PREFIX): _plain(owner[key]) for key in owner.keys() if key.startswith(PREFIX)}  # noqa: SIM118


def _plain(value: Any) -> Any:
    if isinstance(value, bpy.types.ID):
        return value.name
    if hasattr(value, "to_list"):
        return tuple(value.to_list())
    return value


def settings_from(values: Mapping[str, Any], kinds: Mapping[str, Kind], told: Told) -> Settings:
    """Return what properties say, leaving out those of no kind; `told` hears of those that cannot be understood."""
    ranges: dict[str, tuple[float, float]] = {}
    words: dict[str, str] = {}
    vectors: dict[str, tuple[float, float, float]] = {}
    for name, value in sorted(values.items()):
        kind = kinds.get(name)
        if kind is None:
            continue
        if not kind.is_number:
            word = _word(name, value, kind, told)
            if word is not None:
                words[name] = word
            continue
        numbers = _numbers(name, value, kind, told)
        if numbers is not None and len(numbers) == 3:
            vectors[name] = (numbers[0], numbers[1], numbers[2])
        elif numbers is not None:
            ranges[name] = (numbers[0], numbers[1])
    return Settings(ranges=ranges, words=words, vectors=vectors)


def _word(name: str, value: Any, kind: Kind, told: Told) -> str | None:
    if kind.flag:
        text = str(value).strip().lower() if not isinstance(value, (int, float)) else str(bool(value)).lower()
        if text in (*TRUE, *FALSE) and (isinstance(value, (str, bool)) or value in (0, 1)):
            return "true" if text in TRUE else "false"
        told(f"has {PREFIX}{name} = {shown(value)}, which is neither yes nor no", "use a checkbox (boolean)")
        return None
    if not isinstance(value, str) or not value.strip():
        given = "an empty text" if value == "" else shown(value)
        told(f"has {PREFIX}{name} = {given}, which must be a text", _say(kind.words) or "change its type to string")
        return None
    word = value.strip()
    if kind.words and word not in kind.words:
        told(f"has {PREFIX}{name} = {word!r}", _say(kind.words))
        return None
    return word


def _say(words: Iterable[str]) -> str:
    found = list(words)
    return f"it may be {', '.join(found[:-1])} or {found[-1]}" if found else ""


def _numbers(name: str, value: Any, kind: Kind, told: Told) -> tuple[float, ...] | None:
    """Return (low, high), or three numbers of a vector."""
    numbers = _read_numbers(value)
    what = f"has {PREFIX}{name} = {shown(value)}"
    if numbers is None or len(numbers) not in ((1, 2, 3) if kind.vector else (1, 2)):
        three = ", or 3 for x, y and z" if kind.vector else ""
        told(f"{what}, which is no number or range", f'use a number, 2 numbers{three}, or a text like "0.5 to 2"')
        return None
    if not all(math.isfinite(number) for number in numbers):
        told(f"{what}, which is not finite", "use a number")
        return None
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        told(f"{what}, whose low end is above its high end", f"swap them: {numbers[1]:g} to {numbers[0]:g}")
        return None
    if len(numbers) < 3 and not all(kind.low <= number <= kind.high for number in numbers):
        least = f"{kind.low:g} or more" if math.isinf(kind.high) else f"{kind.low:g} to {kind.high:g}"
        told(f"{what}, which is out of bounds", f"it may be {least}")
        return None
    return numbers if len(numbers) > 1 else (numbers[0], numbers[0])


def _read_numbers(value: Any) -> tuple[float, ...] | None:
    if isinstance(value, (int, float)):
        return (float(value),)
    if isinstance(value, str):
        return _from_text(value.split(" to "))
    if isinstance(value, tuple) and all(isinstance(item, (int, float)) for item in value):
        return tuple(float(item) for item in value)
    return None


def _from_text(parts: list[str]) -> tuple[float, ...] | None:
    try:
        return tuple(float(part) for part in parts)
    except ValueError:
        return None


def shown(value: Any) -> str:
    """Return a property's value as an artist reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return repr(value)
