"""Where in a scene file a key belongs, for one that was written elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pipeline.config.schema import Config
from pipeline.structure import field_types

MOST = 3


def places_of(word: str) -> tuple[str, ...]:
    """Return the key paths that end in `word` ("render.engine"), or else in a key that begins with it ("samples":
    "render.samples_per_pixel"); of many the least deep. An entry of a list is [0], one that is named NAME."""
    known = _known_places()
    names = [word] if word in known else [name for name in known if name.startswith(f"{word}_")]
    places = (place for name in names for place in known[name])
    return tuple(sorted(places, key=lambda place: place.count(".") + place.count("["))[:MOST])


@cache
def _known_places() -> dict[str, list[str]]:
    """Return the paths of every key, by its name."""
    places: dict[str, list[str]] = {}
    for place in _walk(Config, "", frozenset()):
        places.setdefault(place.rpartition(".")[2], []).append(place)
    return places


def _walk(kind: Any, path: str, above: frozenset[Any]) -> Iterator[str]:
    """Yield the paths of all keys below a value of type `kind`; distributions, which may stand anywhere, are values."""
    origin, args = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        if kind in above or hasattr(kind, "TAG"):
            return
        for name, inner in field_types(kind).items():  # type: ignore[arg-type]
            place = f"{path}.{name}" if path else name
            yield place
            yield from _walk(inner, place, above | {kind})
    elif origin in (Union, UnionType):
        for one in args:
            yield from _walk(one, path, above)
    elif origin is tuple:
        yield from _walk(args[0], f"{path}[0]", above)
    elif origin is dict:
        yield from _walk(args[1], f"{path}.NAME", above)
