"""Edges strung together to lines, in the direction they were drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Vertices in order; of a closed chain the first is not repeated."""

    vertices: tuple[int, ...]
    closed: bool


def chains_of(edges: NDArray[np.int32]) -> list[Chain]:
    """Return the chains that edges (E, 2) make, by their lowest vertex. They part where more than two edges meet.

    A chain runs the way most of its edges do, from first to second vertex; where these are as many, a closed one from
    its lowest vertex to the lower neighbour, an open one from its lower end.
    """
    around: dict[int, list[int]] = {}
    for number, (a, b) in enumerate(edges.tolist()):
        around.setdefault(a, []).append(number)
        around.setdefault(b, []).append(number)
    left = set(range(len(edges)))
    found = []
    ends = sorted(vertex for vertex, numbers in around.items() if len(numbers) != 2)
    for start in (*ends, *sorted(around)):  # what is left after the ends is closed
        for number in sorted(around[start], key=lambda one: _other(edges, one, start)):
            if number in left:
                found.append(_walk(edges, around, left, start, number))
    return sorted(found, key=lambda one: (min(one.vertices), one.vertices))


def _other(edges: NDArray[np.int32], number: int, vertex: int) -> int:
    a, b = edges[number].tolist()
    return int(b if a == vertex else a)


def _walk(edges: NDArray[np.int32], around: dict[int, list[int]], left: set[int], start: int, number: int) -> Chain:
    vertices, forward = [start], 0
    while True:
        left.remove(number)
        here = vertices[-1]
        forward += 1 if edges[number][0] == here else -1
        there = _other(edges, number, here)
        if there == start:
            return Chain(vertices=_turned(vertices, forward < 0, True), closed=True)
        vertices.append(there)
        more = [one for one in around[there] if one in left]
        if len(around[there]) != 2 or not more:
            return Chain(vertices=_turned(vertices, forward < 0, False), closed=False)
        number = more[0]


def _turned(vertices: list[int], backwards: bool, closed: bool) -> tuple[int, ...]:
    if not backwards:
        return tuple(vertices)
    return (vertices[0], *reversed(vertices[1:])) if closed else tuple(reversed(vertices))
