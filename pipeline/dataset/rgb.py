"""The picture of a frame as an array, whatever file it was kept in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.exr import decode_exr
from pipeline.codecs.png import decode_png
from pipeline.errors import StoreError

NO_PILLOW = "a JPEG needs Pillow to be read (pip install Pillow), or render with formats.rgb png or exr"


def read_rgb(path: Path) -> NDArray[Any]:
    """Return the picture (H, W, 3): uint8 sRGB of a PNG or JPEG, float32 scene-referred linear RGB of an EXR.

    Raises StoreError when the file cannot be read or is damaged, and for a JPEG where there is no Pillow.
    """
    try:
        array = _DECODERS[path.suffix](path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError) as error:
        raise StoreError(f"{path} is damaged: {error} (remove its folder and run render again)") from error
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype not in (np.uint8, np.float32):
        raise StoreError(f"{path} holds {array.dtype} {array.shape}, expected a picture (H, W, 3)")
    return array


def _png(path: Path) -> NDArray[Any]:
    return decode_png(path.read_bytes())


def _exr(path: Path) -> NDArray[Any]:
    channels = decode_exr(path.read_bytes())
    return np.stack([channels[name].astype(np.float32) for name in "RGB"], axis=-1)


def _jpeg(path: Path) -> NDArray[Any]:
    try:
        from PIL import Image  # the one thing in this package that a bare Blender lacks
    except ImportError as error:
        raise StoreError(f"{path}: {NO_PILLOW}") from error
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


_DECODERS = {".png": _png, ".jpg": _jpeg, ".exr": _exr}
