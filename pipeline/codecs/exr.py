"""OpenEXR 2, single part, scanlines, uncompressed, ZIPS or ZIP: what Blender writes for us and what a dataset holds.

Layout after the OpenEXR file layout document; the ZIP predictor after ImfZip. Files carry no time, so equal arrays
give equal bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = 20000630
MAX_SIDE = 65_535
_PIXEL_TYPES: dict[int, np.dtype[Any]] = {0: np.dtype("<u4"), 1: np.dtype("<f2"), 2: np.dtype("<f4")}
_TYPE_OF = {np.dtype(np.uint32): 0, np.dtype(np.float16): 1, np.dtype(np.float32): 2}
_NONE, _ZIPS, _ZIP = 0, 2, 3
_LINES = {_NONE: 1, _ZIPS: 1, _ZIP: 16}
_UNSUPPORTED_FLAGS = {0x200: "tiled", 0x800: "deep", 0x1000: "multi-part"}


def encode_exr(channels: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the EXR of named channels (H, W), each float16, float32 or uint32, ZIP-compressed.

    Raises ValueError when there are none, or their shapes or types do not fit.
    """
    names = sorted(channels)
    shapes = {channels[name].shape for name in names}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError(f"channels must share one (H, W) shape, got {sorted(shapes)}")
    for name in names:
        if channels[name].dtype not in _TYPE_OF:
            raise ValueError(f"channel {name}: {channels[name].dtype} is not float16, float32 or uint32")
    height, width = next(iter(shapes))
    header = _header(channels, names, width, height)
    blocks = [_block(channels, names, y, min(y + 16, height)) for y in range(0, height, 16)]
    at = len(header) + 8 * len(blocks)
    offsets = []
    for block in blocks:
        offsets.append(at)
        at += len(block)
    return header + struct.pack(f"<{len(offsets)}Q", *offsets) + b"".join(blocks)


def _header(channels: Mapping[str, NDArray[Any]], names: list[str], width: int, height: int) -> bytes:
    listing = b"".join(
        name.encode() + b"\0" + struct.pack("<iiii", _TYPE_OF[channels[name].dtype], 0, 1, 1) for name in names
    )
    window = struct.pack("<iiii", 0, 0, width - 1, height - 1)
    attributes = [
        ("channels", "chlist", listing + b"\0"),
        ("compression", "compression", bytes([_ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<ff", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    ]
    long_names = 0x400 if any(len(name) > 31 for name in names) else 0
    body = b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
        for name, kind, value in attributes
    )
    return struct.pack("<ii", MAGIC, 2 | long_names) + body + b"\0"


def _block(channels: Mapping[str, NDArray[Any]], names: list[str], low: int, high: int) -> bytes:
    rows = []
    for y in range(low, high):
        rows += [channels[name][y].astype(channels[name].dtype.newbyteorder("<")).tobytes() for name in names]
    raw = b"".join(rows)
    packed = zlib.compress(_split(raw), 6)
    data = packed if len(packed) < len(raw) else raw
    return struct.pack("<ii", low, len(data)) + data


def _split(raw: bytes) -> bytes:
    """Even bytes first, then odd ones, each as the difference to its neighbour plus 128."""
    data = np.frombuffer(raw, np.uint8)
    halves = np.concatenate([data[0::2], data[1::2]])
    delta: NDArray[np.uint8] = halves.copy()
    delta[1:] = halves[1:] - halves[:-1] + np.uint8(128)
    return delta.tobytes()


def _join(packed: bytes) -> bytes:
    delta = np.frombuffer(packed, np.uint8).copy()
    delta[1:] -= np.uint8(128)
    halves = np.cumsum(delta, dtype=np.uint8)
    middle = (len(halves) + 1) // 2
    data = np.empty(len(halves), np.uint8)
    data[0::2], data[1::2] = halves[:middle], halves[middle:]
    return data.tobytes()


def decode_exr(data: bytes) -> dict[str, NDArray[Any]]:
    """Return every channel (H, W) of an EXR by its full name ("ViewLayer.Depth.Z").

    Raises ValueError for what is no EXR, is cut short, or is tiled, deep, multi-part, subsampled or otherwise packed.
    """
    try:
        return _decode(data)
    except (struct.error, IndexError, KeyError, OverflowError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"the EXR is cut short or damaged: {error}") from error


def _decode(data: bytes) -> dict[str, NDArray[Any]]:
    magic, version = struct.unpack_from("<iI", data, 0)
    if magic != MAGIC:
        raise ValueError("this is not an EXR")
    for flag, word in _UNSUPPORTED_FLAGS.items():
        if version & flag:
            raise ValueError(f"a {word} EXR is not supported")
    attributes, at = _attributes(data, 8)
    compression = attributes["compression"][0]
    if compression not in _LINES:
        raise ValueError(f"EXR compression {compression} is not supported, only none and ZIP")
    layout = _channel_list(attributes["channels"])
    x0, y0, x1, y1 = struct.unpack("<iiii", attributes["dataWindow"])
    width, height = x1 - x0 + 1, y1 - y0 + 1
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"the EXR is damaged: it says it is {width} x {height} pixels")
    arrays = {name: np.empty((height, width), kind) for name, kind in layout}
    lines = _LINES[compression]
    count = -(-height // lines)
    for offset in struct.unpack_from(f"<{count}Q", data, at):
        y, size = struct.unpack_from("<ii", data, offset)
        first = y - y0
        rows = min(lines, height - first)
        expected = rows * width * sum(kind.itemsize for _, kind in layout)
        body = data[offset + 8 : offset + 8 + size]
        if len(body) != size:
            raise ValueError("the EXR is cut short")
        raw = body if size == expected else _join(zlib.decompress(body))
        if len(raw) != expected or not 0 <= first < height:
            raise ValueError(f"the EXR is damaged in line {y}")
        _scatter(np.frombuffer(raw, np.uint8).reshape(rows, -1), layout, arrays, first, width)
    return arrays


def _scatter(
    block: NDArray[np.uint8],
    layout: list[tuple[str, np.dtype[Any]]],
    arrays: dict[str, NDArray[Any]],
    y: int,
    width: int,
) -> None:
    at = 0
    for name, kind in layout:
        size = width * kind.itemsize
        arrays[name][y : y + len(block)] = np.ascontiguousarray(block[:, at : at + size]).view(kind)
        at += size


def _attributes(data: bytes, at: int) -> tuple[dict[str, bytes], int]:
    attributes: dict[str, bytes] = {}
    while data[at] != 0:
        name, at = _text(data, at)
        _, at = _text(data, at)
        (size,) = struct.unpack_from("<I", data, at)
        attributes[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return attributes, at + 1


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(0, at)
    if end < 0:
        raise IndexError("a name without an end")
    return data[at:end].decode(), end + 1


def _channel_list(data: bytes) -> list[tuple[str, np.dtype[Any]]]:
    layout, at = [], 0
    while data[at] != 0:
        name, at = _text(data, at)
        kind, _, sampling_x, sampling_y = struct.unpack_from("<iiii", data, at)
        if (sampling_x, sampling_y) != (1, 1):
            raise ValueError(f"EXR channel {name} is subsampled")
        layout.append((name, _PIXEL_TYPES[kind]))
        at += 16
    return layout
