"""PNG: 8- and 16-bit grey and RGB out; any non-interlaced one without a palette in. Equal arrays give equal bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 6
_COLOR_TYPES = {1: 0, 3: 2}
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_PICTURE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"tRNS"})


def encode_png(array: NDArray[Any]) -> bytes:
    """Return the PNG of a uint8 or uint16 array (H, W) or (H, W, 3). Raises ValueError for anything else."""
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or array.dtype not in (np.uint8, np.uint16) or channels not in _COLOR_TYPES:
        raise ValueError(f"a PNG needs uint8 or uint16 (H, W) or (H, W, 3), got {array.dtype} {array.shape}")
    height, width = array.shape[:2]
    bits = 8 * array.dtype.itemsize
    rows = np.ascontiguousarray(array.astype(array.dtype.newbyteorder(">"))).view(np.uint8).reshape(height, -1)
    # Filter "up" on every row: ids and depths repeat from row to row.
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    filtered[1:, 1:] = rows[1:] - rows[:-1]
    header = struct.pack(">IIBBBBB", width, height, bits, _COLOR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(filtered.tobytes(), LEVEL)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def strip_metadata(data: bytes) -> bytes:
    """Return a PNG without its text and time chunks; Blender writes render times there, so equal pictures differ."""
    kept = [_chunk(name, body) for name, body in _chunks(data) if name in _PICTURE_CHUNKS]
    return SIGNATURE + b"".join(kept)


def decode_png(data: bytes) -> NDArray[Any]:
    """Return the pixels of a PNG: uint8 or uint16, (H, W) for grey, (H, W, C) otherwise.

    Raises ValueError for what is no PNG, is cut short or damaged, or is interlaced, indexed or below 8 bits.
    """
    parts: dict[bytes, bytes] = {}
    for name, body in _chunks(data):
        parts[name] = parts.get(name, b"") + body
    if b"IHDR" not in parts or b"IDAT" not in parts or b"IEND" not in parts:
        raise ValueError("the PNG is cut short")
    if len(parts[b"IHDR"]) != 13:
        raise ValueError("the PNG is damaged in its IHDR chunk")
    width, height, bits, color, _, _, interlace = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    if color not in _CHANNELS or bits not in (8, 16) or interlace:
        raise ValueError(f"a PNG of colour type {color}, {bits} bits, interlace {interlace} is not supported")
    channels = _CHANNELS[color]
    pixel = channels * bits // 8
    try:
        raw = zlib.decompress(parts[b"IDAT"])
    except zlib.error as error:
        raise ValueError(f"the PNG is damaged: {error}") from error
    if not width or not height or len(raw) != height * (width * pixel + 1):
        raise ValueError("the PNG is damaged: its size and its pixels do not agree")
    rows = _unfilter(np.frombuffer(raw, np.uint8).reshape(height, -1), pixel)
    pixels = rows.reshape(-1).view(np.dtype(f">u{bits // 8}")).reshape(height, width, channels)
    native = pixels.astype(np.uint8 if bits == 8 else np.uint16)
    return native[..., 0] if channels == 1 else native


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:8] != SIGNATURE:
        raise ValueError("this is not a PNG")
    at = 8
    while at < len(data):
        if at + 12 > len(data):
            raise ValueError("the PNG is cut short")
        (length,) = struct.unpack_from(">I", data, at)
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) != length or at + 12 + length > len(data):
            raise ValueError("the PNG is cut short")
        if struct.unpack_from(">I", data, at + 8 + length)[0] != zlib.crc32(name + body):
            raise ValueError(f"the PNG is damaged in its {name.decode('ascii', 'replace')} chunk")
        yield name, body
        at += 12 + length


def _unfilter(filtered: NDArray[np.uint8], pixel: int) -> NDArray[np.uint8]:
    """Undo the row filters of PNG 1.2, section 6; `pixel` is the number of bytes of a pixel."""
    kinds = filtered[:, 0]
    if kinds.max() > 4:
        raise ValueError(f"the PNG is damaged: row filter {kinds.max()}")
    if kinds.max() > 2:
        return _unfilter_diagonally(kinds, filtered[:, 1:], pixel)
    rows = np.zeros((len(filtered), filtered.shape[1] - 1), np.uint8)
    above = rows[0]
    for y, line in enumerate(filtered[:, 1:]):
        if kinds[y] == 1:
            rows[y] = np.cumsum(line.reshape(-1, pixel), axis=0, dtype=np.uint8).reshape(-1)
        else:
            rows[y] = line + above if kinds[y] == 2 else line
        above = rows[y]
    return rows


def _unfilter_diagonally(kinds: NDArray[np.uint8], lines: NDArray[np.uint8], pixel: int) -> NDArray[np.uint8]:
    """Undo filters that need the left and the upper pixel: along a diagonal all pixels can be had at once."""
    height, width = len(lines), lines.shape[1] // pixel
    # diagonals[x + y + 2, y + 1] is pixel (y, x); the margins hold the zeros that filters see outside the picture.
    diagonals = np.zeros((width + height + 1, height + 1, pixel), np.int16)
    step, item = (height + 1) * pixel, diagonals.itemsize
    skewed = np.lib.stride_tricks.as_strided(
        diagonals[2:, 1:], (height, width, pixel), ((step + pixel) * item, step * item, item)
    )
    skewed[...] = lines.reshape(height, width, pixel)
    is_kind = [(kinds == kind)[:, None] for kind in range(5)]
    for at in range(2, len(diagonals)):
        low, high = max(0, at - 1 - width), min(height, at - 1)
        mine, over = slice(low + 1, high + 1), slice(low, high)
        left, up, corner = diagonals[at - 1, mine], diagonals[at - 1, over], diagonals[at - 2, over]
        inside = [mask[low:high] for mask in is_kind]
        predicted = np.select(inside, [np.zeros_like(left), left, up, (left + up) // 2, _paeth(left, up, corner)])
        diagonals[at, mine] += predicted
        diagonals[at, mine] &= 255
    return skewed.astype(np.uint8).reshape(height, -1)


def _paeth(left: NDArray[np.int16], up: NDArray[np.int16], corner: NDArray[np.int16]) -> NDArray[np.int16]:
    to_left, to_up, to_corner = np.abs(up - corner), np.abs(left - corner), np.abs(left + up - 2 * corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner))
