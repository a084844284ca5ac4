"""JSON-like data to frozen records and back, strictly, with every problem and its key path.

One pass serves scene files, job files and plans, inside Blender too, so it needs only the standard library.
What a type says is what is accepted: no number from text, no 1 for true, no unknown keys.

Unions of records are tagged: `{uniform: [0, 1]}` is the record whose `TAG` is "uniform". A record may take its fields
as a list in the order of `SHORT`; a bare value (no tag) goes to the variants whose `BARE` types hold it.
"""

from __future__ import annotations

import difflib
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from pipeline.errors import Problem

Path = tuple[str | int, ...]
Record = TypeVar("Record")
NEAR, VERY_NEAR = 0.6, 0.75  # how alike words are, 0..1: a typing error, and a small one
FAILED = object()  # what a part that could not be read becomes, so that the rest is still checked

# A file, folder or glob named in a scene file: the reader of the file turns it into an address (see config.load).
AssetPath = NewType("AssetPath", str)


@dataclass(slots=True)
class Reader:
    """Where problems gather, how paths named in the data become addresses, and where else a key belongs that is not
    known where it stands."""

    address_of: Callable[[Path, str], str] = lambda path, text: text
    where_of: Callable[[Path], str] = lambda path: ""
    places_of: Callable[[str], tuple[str, ...]] = lambda key: ()
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: Path, message: str, remedy: str = "") -> Any:
        problem = Problem(message=message, path=show_path(path), where=self.where_of(path), remedy=remedy)
        if problem not in self.problems:
            self.problems.append(problem)
        return FAILED


def show_path(path: Path) -> str:
    """Return a key path as text: ("targets", 0, "files") is "targets[0].files"."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def show_value(value: object) -> str:
    """Return a value as a user would write it, cut to a readable length."""
    text = (
        {True: "true", False: "false", None: "nothing"}.get(value) if value is None or isinstance(value, bool) else None
    )
    text = text or repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def did_you_mean(word: object, known: typing.Iterable[str], elsewhere: typing.Sequence[str] = ()) -> str:
    """Return a remedy naming the nearest known word, and where the word itself is known `elsewhere`; or all known words
    when there is neither."""
    words = sorted(known)
    near = difflib.get_close_matches(str(word), words, n=1, cutoff=VERY_NEAR if elsewhere else NEAR)
    if found := [repr(one) for one in (*near, *elsewhere)]:
        return f"did you mean {' or '.join([', '.join(found[:-1]), found[-1]] if found[1:] else found)}?"
    return "known here: " + ", ".join(words) if words else ""


@cache
def field_types(cls: type) -> dict[str, Any]:
    """Return the resolved type of each field of a record class."""
    hints = typing.get_type_hints(cls)
    return {name: hints[name] for name in _field_names(cls)}


@cache
def _field_names(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


@cache
def _required(cls: Any) -> frozenset[str]:
    return frozenset(f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING)


def structure(data: Any, kind: Any, reader: Reader, path: Path = ()) -> Any:
    """Return `data` as a value of type `kind`, or FAILED after reporting what is wrong."""
    read, what = _way_to_read(kind)
    return read(data, what, reader, path)


def _way_to_read(kind: Any) -> tuple[Callable[[Any, Any, Reader, Path], Any], Any]:
    """Return the function that reads a type, and what it must know of the type."""
    if kind in _PLAIN:
        return _PLAIN[kind], None
    if (read := _GENERIC.get(get_origin(kind))) is not None:
        return read, get_args(kind)
    if is_dataclass(kind):
        return _record, kind
    raise TypeError(f"no reader for type {kind!r}")


@cache
def _ways_of_fields(cls: Any) -> dict[str, tuple[Callable[[Any, Any, Reader, Path], Any], Any]]:
    return {name: _way_to_read(kind) for name, kind in field_types(cls).items()}


def _wrong(data: Any, wanted: str, reader: Reader, path: Path) -> Any:
    return reader.report(path, f"expected {wanted}, got {show_value(data)}")


def _float(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    if isinstance(data, bool) or not isinstance(data, int | float):
        return _wrong(data, "a number", reader, path)
    if not math.isfinite(data):
        return _wrong(data, "a finite number", reader, path)
    return float(data)


def _int(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    return (
        data if isinstance(data, int) and not isinstance(data, bool) else _wrong(data, "a whole number", reader, path)
    )


def _str(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    return data if isinstance(data, str) else _wrong(data, "text", reader, path)


def _bool(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    return data if isinstance(data, bool) else _wrong(data, "true or false", reader, path)


def _none(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    return None if data is None else _wrong(data, "nothing", reader, path)


def _asset_path(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    return reader.address_of(path, data) if isinstance(data, str) and data else _wrong(data, "a path", reader, path)


def _any(data: Any, _: Any, reader: Reader, path: Path) -> Any:
    return data


def _literal(data: Any, known: tuple[Any, ...], reader: Reader, path: Path) -> Any:
    for value in known:
        if type(data) is type(value) and data == value:
            return value
    return reader.report(path, f"{show_value(data)} is not known here", did_you_mean(data, (str(v) for v in known)))


def _tuple(data: Any, args: tuple[Any, ...], reader: Reader, path: Path) -> Any:
    many = len(args) == 2 and args[1] is Ellipsis
    if not isinstance(data, list | tuple):
        if many and data is not None and not isinstance(data, Mapping):
            data = [data]  # one item stands for a list of one
        elif many and isinstance(data, Mapping) and is_dataclass(args[0]):
            data = [data]
        else:
            return _wrong(data, "a list" if many else f"a list of {len(args)}", reader, path)
    if not many and len(data) != len(args):
        return _wrong(list(data), f"a list of {len(args)}", reader, path)
    if (many or len(set(args)) == 1) and _are_all(data, args[0]):
        return tuple(data)
    ways = [_way_to_read(args[0])] * len(data) if many else [_way_to_read(kind) for kind in args]
    items = [
        read(item, what, reader, (*path, i)) for i, (item, (read, what)) in enumerate(zip(data, ways, strict=True))
    ]
    return FAILED if any(item is FAILED for item in items) else tuple(items)


def _are_all(data: typing.Iterable[Any], kind: Any) -> bool:
    """Return whether all is of a plain type as it is: meshes have thousands of numbers."""
    if kind is float:
        return all(type(item) is float and math.isfinite(item) for item in data)
    return kind in (int, str, bool) and all(type(item) is kind for item in data)


def _dict(data: Any, args: tuple[Any, ...], reader: Reader, path: Path) -> Any:
    if not isinstance(data, Mapping):
        return _wrong(data, "a mapping", reader, path)
    result = {}
    for key, value in data.items():
        name = structure(key, args[0], reader, (*path, str(key)))
        item = structure(value, args[1], reader, (*path, str(key)))
        if name is not FAILED and item is not FAILED:
            result[name] = item
    return result if len(result) == len(data) else FAILED


def _union(data: Any, args: tuple[Any, ...], reader: Reader, path: Path) -> Any:
    if data is None and type(None) in args:
        return None
    variants = [arg for arg in args if arg is not type(None)]
    if len(variants) == 1:
        return structure(data, variants[0], reader, path)
    if not all(is_dataclass(variant) for variant in variants):
        return _plain_union(data, variants, reader, path)
    tagged = {variant.TAG: variant for variant in variants}
    if isinstance(data, Mapping):
        if len(data) == 1 and (tag := next(iter(data))) in tagged:
            return _record(data[tag], tagged[tag], reader, (*path, tag))
        keys = ", ".join(str(key) for key in data) or "nothing"
        return reader.report(
            path, f"expected exactly one of {', '.join(tagged)}, got {keys}", did_you_mean(keys, tagged)
        )
    bare = [variant for variant in variants if isinstance(data, variant.BARE) and not isinstance(data, bool)]
    bare += [variant for variant in variants if isinstance(data, bool) and bool in variant.BARE]
    if bare:
        first = _field_names(bare[0])[0]
        body = data if isinstance(data, list | tuple) else {first: data}
        return _record(body, bare[0], reader, path, bare_of=first)
    named = " or ".join(sorted({getattr(v, "BARE_NAME", _BARE_WORDS[t]) for v in variants for t in v.BARE}))
    return _wrong(data, f"{named}, or one of {', '.join(tagged)}", reader, path)


def _plain_union(data: Any, variants: list[Any], reader: Reader, path: Path) -> Any:
    """A list goes to the tuple among the variants, anything else to the first that is not a tuple."""
    lists = [variant for variant in variants if get_origin(variant) is tuple]
    others = [variant for variant in variants if get_origin(variant) is not tuple]
    return structure(data, lists[0] if lists and isinstance(data, list | tuple) else others[0], reader, path)


_BARE_WORDS = {int: "a number", float: "a number", str: "text", list: "a list", tuple: "a list", bool: "true or false"}


def _record(data: Any, cls: Any, reader: Reader, path: Path, bare_of: str = "") -> Any:
    data = _as_mapping(data, cls)
    if not isinstance(data, Mapping):
        short = getattr(cls, "SHORT", ())
        listing = f" or a list of {len(short)} ({', '.join(short)})" if short else ""
        return _wrong(data, f"a mapping with {', '.join(field_types(cls))}{listing}", reader, path)
    kinds = field_types(cls)
    values: dict[str, Any] = {}
    good = True
    for key in data:
        if key not in kinds:
            remedy = _right_key(str(key), kinds, reader.places_of(str(key)))
            good = bool(reader.report((*path, str(key)), f"unknown key {show_value(key)}", remedy) is None)
    for name, (read, what) in _ways_of_fields(cls).items():
        if name in data:
            values[name] = read(data[name], what, reader, path if name == bare_of else (*path, name))
            good = good and values[name] is not FAILED
        elif name in _required(cls):
            good = bool(reader.report(path, f"needs {name!r}") is None)
    if not good:
        return FAILED
    try:
        return cls(**values)
    except ValueError as error:
        return reader.report(path, *_message_and_remedy(error))


def _right_key(key: str, known: Mapping[str, Any], places: tuple[str, ...]) -> str:
    here = [name for place in places if (name := place.rpartition(".")[2]) in known]
    return did_you_mean(here[0], known) if here else did_you_mean(key, known, places)


def _as_mapping(data: Any, cls: Any) -> Any:
    short: tuple[str, ...] = getattr(cls, "SHORT", ())
    if isinstance(data, list | tuple) and short:
        if getattr(cls, "SHORT_IS_LIST", False):
            return {short[0]: data}
        return dict(zip(short, data, strict=True)) if len(data) == len(short) else data
    alone = len(_field_names(cls)) == 1 and len(short) == 1  # {grey: {uniform: [0, 1]}}: the body is the field itself
    if data is not None and len(short) == 1 and (not isinstance(data, Mapping) or (alone and short[0] not in data)):
        return {short[0]: data}
    return data


_PLAIN: dict[Any, Callable[[Any, Any, Reader, Path], Any]] = {
    float: _float,
    int: _int,
    str: _str,
    bool: _bool,
    type(None): _none,
    AssetPath: _asset_path,
    Any: _any,
}
_GENERIC: dict[Any, Callable[[Any, Any, Reader, Path], Any]] = {
    Literal: _literal,
    tuple: _tuple,
    dict: _dict,
    Union: _union,
    types.UnionType: _union,
}


def _message_and_remedy(error: ValueError) -> tuple[str, str]:
    texts = [str(arg) for arg in error.args[:2]] or ["invalid"]
    return texts[0], texts[1] if len(texts) > 1 else ""


def unstructure(value: Any) -> Any:
    """Return a record as JSON-like data that `structure` reads back to an equal record."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if is_dataclass(kind):
        body = {name: unstructure(getattr(value, name)) for name in _field_names(kind)}
        tag = getattr(value, "TAG", None)
        return {tag: body} if tag is not None else body
    if isinstance(value, tuple | list):
        return [item if type(item) in _PLAIN else unstructure(item) for item in value]
    if isinstance(value, dict):
        return {key: unstructure(item) for key, item in value.items()}
    return value


def from_json(data: Any, kind: type[Record], where: str) -> Record:
    """Return trusted JSON data as a record. Raises ValueError, naming `where`, when it does not fit."""
    reader = Reader(where_of=lambda path: where)
    value = structure(data, kind, reader)
    if not isinstance(value, kind):
        raise ValueError("\n".join(str(problem) for problem in reader.problems))
    return value
