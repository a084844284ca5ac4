"""Which frames lie in their place, by name alone: a frame's folder appears complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.dataset.layout import FRAMES, is_frame_name
from pipeline.errors import StoreError


def present(root: Path) -> frozenset[int]:
    """Return every frame that has a folder in the dataset `root`, rejected ones too, whatever its job's number.

    Nothing is opened, so 100 000 frames take a moment. Raises StoreError when frames/ cannot be read.
    """
    folder = root / FRAMES
    try:
        with os.scandir(folder) as entries:
            return frozenset(int(one.name) for one in entries if is_frame_name(one.name))
    except FileNotFoundError:
        return frozenset()  # a dataset that begins right now
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror} (is {root} a dataset?)") from error
