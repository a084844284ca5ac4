"""How the things of a context are shared out among its places, so that one place more moves nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from pipeline.config.contexts_section import Context
from pipeline.sampling.objects import Chosen
from pipeline.sampling.structured.places import Kind
from pipeline.sampling.structured.site import ALL_TAKEN, NO_PLACE, NO_ROOM, Filled, Placed, Site

Place = TypeVar("Place")


def shared_out(
    site: Site, name: str, context: Context, places: Sequence[tuple[str, float, Place]]
) -> Iterator[tuple[str, Place]]:
    """Yield the address and the place of each thing of a context; places as (object name, size, place), at least one
    with a size above 0. With a `density` each place has a number of its own, a `count` is shared out by their sizes."""
    if context.density is not None:
        for own, size, place in places:
            for i in range(site.count(context, f"{name}/{own}", size)):
                yield f"{name}/{own}/{i}", place
        return
    used = [one for one in places if one[1] > 0]
    count = site.count(context, name, 0.0)
    # A race: whichever place's exponential number is the smallest wins the thing, as often as its size says, and a
    # further place only wins some for itself.
    uniform = [site.rng(f"{name}/{own}/share").random(count) for own, _, _ in used]
    times = [-np.log1p(-one) / size for one, (_, size, _) in zip(uniform, used, strict=True)]
    for i, winner in enumerate(np.argmin(times, axis=0).tolist()):
        yield f"{name}/{i}", used[winner][2]


def fill_shared(
    site: Site,
    name: str,
    context: Context,
    places: Sequence[tuple[str, float, Place]],
    put: Callable[[Place, Chosen, str], Placed | str],
) -> Filled:
    """Return what `put` makes of each thing shared out among places, or how many there is no place for. A place that
    has long been full is given up."""
    filled = Filled()
    if not any(size > 0 for _, size, _ in places):
        filled.dropped[NO_PLACE] += 1 if context.count is None else site.count(context, name, 0.0)
        return filled
    for stream, (own, place) in shared_out(site, name, context, [(own, size, (own, one)) for own, size, one in places]):
        filled.add(NO_ROOM if filled.is_full(own) else put(place, site.choose(context, stream), stream), own)
    return filled


def some_of(site: Site, name: str, context: Context, marks: Sequence[Kind], filled: Filled) -> list[Kind]:
    """Return the marks that hold a thing each: all, or evenly chosen ones where the context has a `count`. Things that
    find no mark are counted in `filled`."""
    if context.count is None:
        return list(marks)
    turns = {one.object_name: site.rng(f"{name}/{one.object_name}/turn").random() for one in marks}
    wanted = site.count(context, name, len(marks))
    if wanted > len(marks) > 0:
        filled.dropped[ALL_TAKEN] += wanted - len(marks)
    return sorted(sorted(marks, key=lambda one: turns[one.object_name])[:wanted], key=lambda one: one.name)
