"""Convex parts kept between processes beside the other facts of assets: each takes seconds to find."""

from __future__ import annotations

import base64
import hashlib

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry import Array
from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.physics.convex_parts import convex_parts

VERSION = 1  # raise it when parts are found in another way


def recall_convex_parts(vertices: Array, triangles: NDArray[np.int32], cache: FactsCache) -> tuple[Array, ...]:
    """Return the `convex_parts` of a surface, the same to the last bit whether they were kept or are found now."""
    shape = hashlib.sha256(vertices.tobytes() + triangles.tobytes()).hexdigest()
    key = ("convex_parts", VERSION, np.__version__, shape)
    kept = _decoded(cache.get(*key))
    if kept:
        return kept
    parts = convex_parts(vertices, triangles)
    cache.put([base64.b64encode(part.astype("<f8").tobytes()).decode() for part in parts], *key)
    return parts


def _decoded(facts: object) -> tuple[Array, ...]:
    """Return kept parts, each (V, 3), or none where what was kept is no such thing."""
    try:
        texts = facts if isinstance(facts, list) else []
        parts = [np.frombuffer(base64.b64decode(text, validate=True), dtype="<f8").reshape(-1, 3) for text in texts]
    except (TypeError, ValueError):
        return ()
    return tuple(part.astype(np.float64) for part in parts)
