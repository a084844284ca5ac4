"""JPEG: only the removal of what is not picture. Blender encodes; equal pictures must be equal files."""

from __future__ import annotations

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_JFIF, _ICC_PROFILE, _ADOBE = 0xE0, 0xE2, 0xEE  # these decide how the picture looks
_APPLICATION = range(0xE0, 0xF0)
_COMMENT = 0xFE


def strip_metadata(data: bytes) -> bytes:
    """Return a JPEG without comments and application data; Blender writes the date and render times there.

    Raises ValueError for what is no JPEG or is cut short.
    """
    if data[:2] != bytes([0xFF, _START]):
        raise ValueError("this is not a JPEG")
    if data[-2:] != bytes([0xFF, _END]):
        raise ValueError("the JPEG is cut short")
    kept, at = [data[:2]], 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError(f"the JPEG is damaged at byte {at}")
        marker, size = data[at + 1], 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SCAN:
            return b"".join([*kept, data[at:]])
        if marker != _COMMENT and (marker not in _APPLICATION or marker in (_JFIF, _ICC_PROFILE, _ADOBE)):
            kept.append(data[at : at + size])
        at += size
    raise ValueError("the JPEG is cut short")
