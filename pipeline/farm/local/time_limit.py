"""Frames that took longer than they may: of one the frame is to blame, of nearly all of them the limit."""

from __future__ import annotations

import re

from pipeline.farm.local.limits import LEAST_FRAME_S, TIMES_LONGEST

NEARLY_ALL = 0.9  # of the frames that were tried
FAR_MORE = 5.0  # times what frames took: a limit that gives so much need not be what is wrong

_OVER_TIME = re.compile(r"the frame took more than (?P<limit>\S+) s \(--frame-time-limit\)$")

_HANG = "They may hang, and logs/ says where; else give more seconds, or "
_SHORT = "Give more seconds, or "
_REMEDY = (
    f"leave it out ({TIMES_LONGEST:g} times the longest frame so far, at least "
    f"{LEAST_FRAME_S / 60:g} minutes); --retry-quarantined tries again what was given up"
)


def over_time(stage: str, limit_s: float) -> str:
    """Return why a worker is ended whose frame takes longer than the limit."""
    return f"{stage}: the frame took more than {limit_s:g} s (--frame-time-limit)"


def time_limit_in(reason: str) -> float | None:
    """Return the limit in what `over_time` said, or the log of a shard that watches itself, in seconds; None for any
    other reason."""
    match = _OVER_TIME.search(reason)
    return float(match["limit"]) if match else None


def blame_time_limit(limit_s: float, ended: int, tried: int, frame_s: float | None) -> str:
    """Return a sentence on the limit that ended so many of the frames that were `tried`, and the remedy; "" where it
    ended too few to be to blame. `frame_s` is what those that were made so far took on average, None for none."""
    if not ended or ended < NEARLY_ALL * tried:
        return ""
    which = (
        f"{ended} of the {tried} frames" if ended < tried else f"all {tried} frames" if tried > 1 else "the one frame"
    )
    found = f"--frame-time-limit {limit_s:g} ended {which} that {'were' if tried > 1 else 'was'} tried"
    if frame_s is None:
        known, is_ample = "none was made so far, so nobody knows how long one takes", limit_s >= LEAST_FRAME_S
    else:
        known, is_ample = f"those made so far took {frame_s:.2g} s on average", limit_s > FAR_MORE * frame_s
    return f"{found}; {known}. {_HANG if is_ample else _SHORT}{_REMEDY}"
