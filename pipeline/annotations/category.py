"""The category image: the id image looked up in the table of categories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

IDS = 65_536  # what a uint16 pixel can hold


def category_image(instance: NDArray[np.uint16], category_of: Mapping[int, int]) -> NDArray[np.uint16]:
    """Return (H, W) uint16 category ids of an id image (H, W) uint16; 0 for the background and for no category.

    Raises ValueError when the picture holds an id that `category_of` does not know.
    """
    table = np.zeros(IDS, dtype=np.uint16)
    known = np.zeros(IDS, dtype=bool)
    known[0] = True
    for instance_id, category_id in category_of.items():
        table[instance_id] = category_id
        known[instance_id] = True
    if not known[instance].all():
        strangers = np.unique(instance[~known[instance]]).tolist()
        raise ValueError(f"the id image holds {strangers}, which no instance of the frame has")
    return table[instance]


def category_names(categories: Mapping[str, int]) -> dict[int, str]:
    """Return the name of each category id of a class map; id 0, no category, is ""."""
    return {0: "", **{category_id: name for name, category_id in categories.items()}}
