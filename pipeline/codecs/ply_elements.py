"""Reading PLY: what its header announces, and the numbers of each element as columns.

Text and either binary order; lists of any length. Damage gives PlyError, never a crash.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Take = Callable[[str, int], NDArray[Any]]  # reads so many numbers of a type, and moves on
Column = NDArray[Any] | list[NDArray[Any]]  # (N,) numbers; lists as (N, k) where all are as long, or N of their own

_TYPES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "float": "f4"}
_TYPES |= {"double": "f8", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"}
_TYPES |= {"float32": "f4", "float64": "f8"}
_END = re.compile(rb"(?:^|\n)[ \t]*end_header[ \t]*(\r\n|\n|\r(?!\n))")
MAX_HEADER = 1 << 20


class PlyError(ValueError):
    """A PLY file that cannot be read, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Property:
    """A number, or a list when `count_type` is given."""

    name: str
    kind: str
    count_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    name: str
    count: int
    properties: tuple[_Property, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`order` is "<" or ">" for binary data, "" for text; `start` is where the data begins."""

    order: str
    elements: tuple[_Element, ...]
    textures: tuple[str, ...]
    start: int


def read_header(data: bytes) -> Header:
    """Return the header at the start of `data`. Raises PlyError."""
    end = _END.search(data[:MAX_HEADER])
    if data[:3] != b"ply" or end is None:
        raise PlyError("it has no PLY header")
    order, elements, textures = None, [], []
    for line in data[: end.start()].decode("latin-1").splitlines():
        match line.split():
            case ["format", name, *_]:
                order = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}.get(name)
            case ["comment", "TextureFile", *_]:
                textures.append(line.split("TextureFile", 1)[1].strip())
            case ["element", name, count] if count.isdigit():
                elements.append(_Element(name=name, count=int(count), properties=()))
            case ["property", "list", counts, kind, name] if elements and {counts, kind} <= set(_TYPES):
                elements[-1] = _with(elements[-1], _Property(name=name, kind=_TYPES[kind], count_type=_TYPES[counts]))
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1] = _with(elements[-1], _Property(name=name, kind=_TYPES[kind]))
            case ["ply"] | ["comment" | "obj_info", *_] | []:
                pass
            case _:
                raise PlyError(f"its header says {line.strip()[:60]!r}")
    if order is None:
        raise PlyError("its header names no known format")
    return Header(order=order, elements=tuple(elements), textures=tuple(textures), start=end.end())


def _with(element: _Element, added: _Property) -> _Element:
    return _Element(name=element.name, count=element.count, properties=(*element.properties, added))


# --- the data -------------------------------------------------------------------------------------------------------


def read_elements(data: bytes) -> tuple[Header, dict[str, dict[str, Column]]]:
    """Return the header and the columns of each element by name. Raises PlyError."""
    header = read_header(data)
    found: dict[str, dict[str, Column]] = {}
    body: Any = data[header.start :] if header.order else data[header.start :].split()
    read: Callable[..., tuple[dict[str, Column], int]] = _binary if header.order else _text
    at = 0
    for element in header.elements:
        if element.count > len(body) - at and element.properties:
            raise PlyError(f"it is cut off: {element.count} of {element.name} are announced")
        try:
            found[element.name], at = read(body, at, element, header.order)
        except (IndexError, ValueError, OverflowError) as error:
            raise PlyError(f"its {element.name} data is damaged or cut off") from error
    return header, found


def _binary(body: bytes, at: int, element: _Element, order: str) -> tuple[dict[str, Column], int]:
    if element.count == 0:
        return {one.name: np.empty(0, dtype=one.kind) for one in element.properties}, at
    lengths = _first_lengths(_binary_reader(body, at, order)[0], element)
    row = np.dtype([field for one in element.properties for field in _fields(one, order, lengths)])
    if at + row.itemsize * element.count <= len(body):
        table = np.frombuffer(body, dtype=row, count=element.count, offset=at)
        if all((table[f"{name} count"] == length).all() for name, length in lengths.items()):
            return {one.name: table[one.name] for one in element.properties}, at + row.itemsize * element.count
    return _row_by_row(element, *_binary_reader(body, at, order))


def _fields(one: _Property, order: str, lengths: dict[str, int]) -> list[Any]:
    if not one.count_type:
        return [(one.name, order + one.kind)]
    return [(f"{one.name} count", order + one.count_type), (one.name, order + one.kind, (lengths[one.name],))]


def _first_lengths(take: Take, element: _Element) -> dict[str, int]:
    """Return the lengths of the lists of the first row: mostly all rows are alike."""
    lengths = {}
    for one in element.properties:
        if one.count_type:
            lengths[one.name] = int(take(one.count_type, 1)[0])
        take(one.kind, lengths.get(one.name, 1))
    return lengths


def _binary_reader(body: bytes, at: int, order: str) -> tuple[Take, Callable[[], int]]:
    place = [at]

    def take(kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(body, dtype=order + kind, count=count, offset=place[0]) if count else np.empty(0, kind)
        place[0] += values.nbytes
        return values

    return take, lambda: place[0]


def _text_reader(body: list[bytes], at: int) -> tuple[Take, Callable[[], int]]:
    place = [at]

    def take(kind: str, count: int) -> NDArray[Any]:
        words = body[place[0] : place[0] + count]
        if len(words) < count or count < 0:
            raise ValueError
        place[0] += count
        return np.array(words, dtype=np.float64).astype(kind)

    return take, lambda: place[0]


def _text(body: list[bytes], at: int, element: _Element, order: str) -> tuple[dict[str, Column], int]:
    if element.count == 0:
        return {one.name: np.empty(0, dtype=one.kind) for one in element.properties}, at
    lengths = _first_lengths(_text_reader(body, at)[0], element)
    row = [(one, lengths.get(one.name, 1)) for one in element.properties]
    width = sum(length + bool(one.count_type) for one, length in row)
    if at + width * element.count <= len(body):
        take, place = _text_reader(body, at)
        table = take("f8", width * element.count).reshape(element.count, width)
        columns: dict[str, Column] = {}
        start, even = 0, True
        for one, length in row:
            if one.count_type:
                even = even and bool((table[:, start] == length).all())
                columns[one.name] = table[:, start + 1 : start + 1 + length].astype(one.kind)
            else:
                columns[one.name] = table[:, start].astype(one.kind)
            start += length + bool(one.count_type)
        if even:
            return columns, place()
    return _row_by_row(element, *_text_reader(body, at))


def _row_by_row(element: _Element, take: Take, place: Callable[[], int]) -> tuple[dict[str, Column], int]:
    columns: dict[str, list[NDArray[Any]]] = {one.name: [] for one in element.properties}
    for _ in range(element.count):
        for one in element.properties:
            count = int(take(one.count_type, 1)[0]) if one.count_type else 1
            columns[one.name].append(take(one.kind, count))
    return {
        one.name: columns[one.name] if one.count_type else np.concatenate([np.empty(0, one.kind), *columns[one.name]])
        for one in element.properties
    }, place()
