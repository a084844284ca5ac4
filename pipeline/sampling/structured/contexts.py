"""Every context of a scene, filled in turn; what each placed, left out and dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pipeline.config.contexts_section import Context
from pipeline.records import ContextReport
from pipeline.sampling.draw import draw
from pipeline.sampling.structured.anchors import at_anchors
from pipeline.sampling.structured.loose import let_loose
from pipeline.sampling.structured.related import related
from pipeline.sampling.structured.site import Filled, Placed, Site
from pipeline.sampling.structured.slots import in_slots
from pipeline.sampling.structured.splines import along_splines
from pipeline.sampling.structured.surfaces import on_surfaces
from pipeline.sampling.structured.volumes import in_volumes

LAWS: Mapping[str, Callable[[Site, str, Context, Any], Filled]] = {
    "surface": on_surfaces,
    "volume": in_volumes,
    "anchor": at_anchors,
    "slot": in_slots,
    "related": related,
    "spline": along_splines,
}

FIRST = {"slot": 0, "anchor": 1}  # of contexts of one order: they have no other place to go


def fill_contexts(site: Site) -> tuple[tuple[Placed, ...], tuple[ContextReport, ...]]:
    """Return what the contexts of a scene place, context by context, and a report of each, by name."""
    absent = {}
    for name in in_order(site.config.contexts):
        context = site.config.contexts[name]
        filled = LAWS[context.place](site, name, context, getattr(context, context.place))
        site.done[name] = _without_absent(site, context, filled)
        absent[name] = len(filled.placed) - len(site.done[name].placed)
    let_loose(site)
    reports = tuple(
        ContextReport(
            name=name,
            placed=len(filled.placed),
            absent=absent[name],
            dropped=dict(sorted(filled.dropped.items())),
            replaced=tuple(sorted(filled.replaced)),
        )
        for name, filled in sorted(site.done.items())
    )
    return tuple(one for _, filled in sorted(site.done.items()) for one in filled.placed), reports


def in_order(contexts: Mapping[str, Context]) -> list[str]:
    """Return the names in the order they are filled: by `order`, place and name, each after the one it relates to."""
    waiting = sorted(contexts, key=lambda name: (contexts[name].order, FIRST.get(contexts[name].place, 2), name))
    done: list[str] = []
    while waiting:
        ready = next(name for name in waiting if _is_ready(contexts, name, done))
        waiting.remove(ready)
        done.append(ready)
    return done


def _is_ready(contexts: Mapping[str, Context], name: str, done: list[str]) -> bool:
    law = contexts[name].related
    return law is None or law.other in done or law.other not in contexts


def _without_absent(site: Site, context: Context, filled: Filled) -> Filled:
    """Leave out what is absent, and what stands on that; the room that it takes stays taken."""
    kept: list[Placed] = []
    gone: set[str] = set()
    for one in filled.placed:
        share = draw(context.absent, site.rng(f"{one.address}/absent/p"))
        if one.upon in gone or site.rng(f"{one.address}/absent").random() < share:
            gone.add(one.address)
        else:
            kept.append(one)
    return replace(filled, placed=kept)
