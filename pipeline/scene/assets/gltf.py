"""What a glTF file says about itself, read without importing it: what it needs, and whether its numbers are numbers."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

AGAIN = "export it again, or leave it out"
_FLOAT, _VEC3_BYTES = 5126, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Gltf:
    """The JSON of a glTF file; `binary` is the data chunk of a GLB."""

    data: dict[str, Any] = field(repr=False)
    binary: bytes = field(repr=False)

    def entries(self, key: str) -> list[dict[str, Any]]:
        """Return the objects of a top-level list, empty where it is missing or malformed."""
        found = self.data.get(key)
        return [entry if isinstance(entry, dict) else {} for entry in found] if isinstance(found, list) else []

    @property
    def extensions(self) -> set[str]:
        return {str(name) for key in ("extensionsUsed", "extensionsRequired") for name in self.data.get(key) or ()}

    @property
    def licence(self) -> str:
        asset = self.data.get("asset")
        told = asset.get("copyright", "") if isinstance(asset, dict) else ""
        return told if isinstance(told, str) else ""


def read_gltf(path: Path) -> Gltf:
    """Return a .glb's or .gltf's own contents. Raises ValueError(message, remedy) when its frame is damaged."""
    content = path.read_bytes()
    binary = b""
    if path.suffix.lower() == ".glb":
        content, binary = _chunks(content)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"cannot be read: its JSON is damaged ({error})", AGAIN) from None
    if not isinstance(data, dict) or "asset" not in data:
        raise ValueError("cannot be read: its JSON is no glTF", AGAIN)
    return Gltf(data=data, binary=binary)


def _chunks(content: bytes) -> tuple[bytes, bytes]:
    if len(content) < 20 or content[:4] != b"glTF" or content[16:20] != b"JSON":
        raise ValueError("cannot be read: it is no GLB file", AGAIN)
    _, size, length = struct.unpack("<III", content[4:16])
    if size > len(content):
        raise ValueError(
            f"cannot be read: it is cut off, {len(content)} of {size} bytes are there", "copy or export it again"
        )
    rest = content[20 + length : size]
    return content[20 : 20 + length], rest[8:] if rest[4:8] == b"BIN\0" else b""


def outside_files(gltf: Gltf) -> Iterator[tuple[str, str]]:
    """Yield ("data file" or "texture", name relative to the glTF file) for each file it names."""
    for key, kind in (("buffers", "data file"), ("images", "texture")):
        for entry in gltf.entries(key):
            uri = entry.get("uri")
            if isinstance(uri, str) and not uri.startswith("data:"):
                yield kind, urllib.parse.unquote(uri)


def bad_positions(gltf: Gltf, folder: Path) -> int:
    """Return how many vertices are NaN or infinite: Blender's importer moves those to the origin without a word.

    Data that cannot be found counts as good; the importer will say what is wrong with it.
    """
    indices = {
        primitive.get("attributes", {}).get("POSITION")
        for mesh in gltf.entries("meshes")
        for primitive in mesh.get("primitives") or ()
        if isinstance(primitive, dict) and isinstance(primitive.get("attributes", {}), dict)
    }
    buffers: dict[int, bytes] = {}
    bad = 0
    for index in sorted(index for index in indices if isinstance(index, int)):
        try:
            bad += int((~np.isfinite(_positions(gltf, index, folder, buffers)).all(axis=1)).sum())
        except (KeyError, IndexError, TypeError, ValueError, OSError, binascii.Error):
            continue
    return bad


def _positions(gltf: Gltf, index: int, folder: Path, buffers: dict[int, bytes]) -> np.ndarray:
    """Return the (N, 3) float32 of a position accessor, empty for one stored in another way."""
    accessor = gltf.entries("accessors")[index]
    if accessor["componentType"] != _FLOAT or "bufferView" not in accessor:
        return np.empty((0, 3), dtype="<f4")
    view = gltf.entries("bufferViews")[accessor["bufferView"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride, count = view.get("byteStride") or _VEC3_BYTES, accessor["count"]
    data = _buffer(gltf, view["buffer"], folder, buffers)
    size = (count - 1) * stride + _VEC3_BYTES
    span = data[start : start + size]
    if count < 1 or len(span) < size:
        return np.empty((0, 3), dtype="<f4")
    return np.ndarray((count, 3), dtype="<f4", buffer=span, strides=(stride, 4))


def _buffer(gltf: Gltf, index: int, folder: Path, buffers: dict[int, bytes]) -> bytes:
    if index not in buffers:
        uri = gltf.entries("buffers")[index].get("uri")
        if uri is None:
            buffers[index] = gltf.binary
        elif uri.startswith("data:"):
            buffers[index] = base64.b64decode(uri.split(",", 1)[1])
        else:
            buffers[index] = (folder / urllib.parse.unquote(uri)).read_bytes()
    return buffers[index]
