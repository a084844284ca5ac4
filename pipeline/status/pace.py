"""How fast a dataset grows, and how long it will take: by what was done lately, pauses left out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.dataset.process_log import Worker
from pipeline.status.tally import Tally

WINDOWS_S = (600.0, 3600.0, 6 * 3600.0, 48 * 3600.0)  # "now": the shortest of these in which enough frames were done
ENOUGH = 5
GAP_S = 120.0  # without any process for longer than this: a pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Frames a second. `now` is that of the last `window_s` seconds, `average` that of `busy_s`, all the time in which
    any process worked; 0 where none is known. `left_s` is None where nothing is left or nothing works."""

    now: float
    window_s: float
    average: float
    busy_s: float
    left_s: float | None


def measure_pace(workers: Iterable[Worker], tally: Tally, left: int, now_s: float) -> Pace:
    """Return the pace of the frames of `tally`, and the time until `left` more frames are done."""
    working = [worker for worker in workers if worker.name in tally.makers or is_renderer(worker)]
    spans = busy_spans(working, now_s)
    ends_s = sorted(tally.ends_s)
    busy_s = sum(end - begin for begin, end in spans)
    alive = any(not worker.outcome for worker in working)
    now, window_s = _lately(ends_s, spans[-1][0], now_s) if alive and spans else (0.0, 0.0)
    average = len(ends_s) / busy_s if busy_s > 0 else 0.0
    rate = now or average
    return Pace(
        now=now,
        window_s=window_s,
        average=average,
        busy_s=busy_s,
        left_s=left / rate if alive and left and rate > 0 else None,
    )


def is_renderer(worker: Worker) -> bool:
    """Return whether a process makes frames itself: it has a device, as one that only watches over others has not."""
    return bool(worker.start.get("device"))


def busy_spans(workers: Iterable[Worker], now_s: float) -> list[tuple[float, float]]:
    """Return when any of the processes worked: (begin, end) in Unix time, ascending, gaps of over GAP_S between."""
    spans: list[tuple[float, float]] = []
    for begin, end in sorted((worker.start_s, _end_s(worker, now_s)) for worker in workers):
        if spans and begin <= spans[-1][1] + GAP_S:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, max(begin, end)))
    return spans


def _end_s(worker: Worker, now_s: float) -> float:
    return worker.last_s if worker.outcome else max(worker.last_s, now_s)


def _lately(ends_s: Sequence[float], since_s: float, now_s: float) -> tuple[float, float]:
    """Return frames a second and the time they were counted over, not before `since_s`."""
    for window_s in WINDOWS_S:
        from_s = max(now_s - window_s, since_s)
        done = len(ends_s) - bisect_left(ends_s, from_s)
        if done >= ENOUGH or from_s == since_s:
            break
    seconds = now_s - from_s
    return (done / seconds, seconds) if seconds > 0 else (0.0, 0.0)
