"""Random streams have addresses, not positions: the only place a generator is born."""

from __future__ import annotations

import hashlib
from typing import Literal

import numpy as np

Scope = tuple[Literal["scene", "frame"], int]


def rng_for(seed: int, scope: Scope, stream: str) -> np.random.Generator:
    """Return the generator at address "seed/scope/index/stream", e.g. "7/scene/12/targets/0/3/attempt/1".

    The address is hashed as text, because `default_rng([7]) == default_rng([7, 0])` and sums of seed and index collide.
    Draws use `Generator.random` alone (53 bits of PCG64), the part of numpy's streams that has not changed.
    """
    address = f"{seed}/{scope[0]}/{scope[1]}/{stream}"
    return np.random.default_rng(int.from_bytes(hashlib.sha256(address.encode()).digest(), "big"))
