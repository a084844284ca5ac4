"""COCO's run lengths of masks, in plain numpy: column by column, background first, and their text form.

The format is pycocotools' (maskApi.c of the COCO API), which judges this file in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = tuple[int, ...]

_BITS, _MORE, _FIRST = 5, 0x20, 48


def counts_of(mask: NDArray[np.bool_]) -> Counts:
    """Return the run lengths of a mask (H, W) bool."""
    pixels = np.ascontiguousarray(mask.T).ravel()
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    lengths = np.diff(np.concatenate(([0], changes, [pixels.size]))).tolist()
    return tuple([0, *lengths] if pixels.size and pixels[0] else lengths)


def mask_of_counts(counts: Sequence[int], height: int, width: int) -> NDArray[np.bool_]:
    """Return the mask (H, W) bool of run lengths. Raises ValueError when they do not fill the picture."""
    lengths = np.asarray(counts, dtype=np.int64)
    if lengths.sum() != height * width or (lengths < 0).any():
        raise ValueError(f"run lengths of {int(lengths.sum())} px for a picture of {width} x {height}")
    values = np.arange(lengths.size) % 2 == 1
    return np.repeat(values, lengths).reshape(width, height).T


def encode_counts(counts: Sequence[int]) -> str:
    """Return run lengths as COCO's compressed text: from the third on the difference to the one before last, in
    groups of five bits from the lowest, each a character from "0" on."""
    text = bytearray()
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        while True:
            group = value & 0x1F
            value >>= _BITS
            is_last = value == (-1 if group & 0x10 else 0)
            text.append((group if is_last else group | _MORE) + _FIRST)
            if is_last:
                break
    return text.decode("ascii")


def decode_counts(text: str) -> Counts:
    """Return the run lengths of COCO's compressed text. Raises ValueError when it is cut short."""
    counts: list[int] = []
    value, shift = 0, 0
    for code in text.encode("ascii"):
        group = code - _FIRST
        value |= (group & 0x1F) << shift
        shift += _BITS
        if group & _MORE:
            continue
        if group & 0x10:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise ValueError("compressed run lengths end within a number")
    return tuple(counts)


def area(counts: Sequence[int]) -> int:
    """Return the number of pixels in the mask."""
    return sum(counts[1::2])
