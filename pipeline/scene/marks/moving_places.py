"""Places that vary: they are measured once, as the file has them, so things would float where they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.scene.marks.find import Found, Report
from pipeline.scene.marks.outliner import called
from pipeline.scene.marks.roles import PREFIX
from pipeline.scene.template.names import ancestors

PLACES = frozenset({"surface", "spline", "volume", "anchor", "slot", "keep_out"})
VARIED = frozenset({"randomize", "light"})
MOVING = ("move_m", "turn_deg", "scale")
HIDING = ("visible", "one_of")


def check_moving_places(found: Sequence[Found], report: Report) -> None:
    """Report places that vary, or whose parents do: where they are, and of surfaces whether they show."""
    marked = {one.item.session_uid: one for one in found}
    for one in found:
        if not PLACES.intersection(one.roles):
            continue
        for other, key in _changes(one, marked):
            whose = "" if other is one else f" of {called(other.item)} above it"
            verb = "hides" if key in HIDING else "moves"
            text = f"{one} is a place, measured once, which {PREFIX}{key}{whose} {verb}"
            report(text, f"remove {PREFIX}{key}, or mark another object as the place")
            break


def _changes(one: Found, marked: dict[int, Found]) -> Iterator[tuple[Found, str]]:
    keys = (*MOVING, *HIDING) if "surface" in one.roles else MOVING
    for item in (one.item, *ancestors(one.item)):
        other = marked.get(item.session_uid)
        if other is not None and VARIED.intersection(other.roles):
            yield from ((other, key) for key in keys if key in other.values)
