"""What is told of a dataset, as tables of words: the same on a terminal, in a pipe and inside a bare Blender."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pipeline.pace import show_duration
from pipeline.plurals import counted
from pipeline.status.overview import Status, Told
from pipeline.status.pace import Pace
from pipeline.status.reasons import last_line
from pipeline.status.sections_farm import submissions, unbegun
from pipeline.status.tables import SHOWN, Section, list_frames, shorten


def process_of(one: Told) -> str:
    """Return a process as people look for it: its machine and number."""
    parts = one.process.rsplit("-", 2)
    return f"{parts[0]} {parts[1]}" if len(parts) == 3 else one.process


def _took(one: Told) -> str:
    return "" if one.seconds is None else _seconds(one.seconds)


CELLS: dict[str, Callable[[Told], str]] = {
    "frame": lambda one: str(one.frame),
    "outcome": lambda one: one.outcome,
    "process": process_of,
    "task": lambda one: one.task,
    "begun": lambda one: f"{show_duration(one.since_s)} ago",
    "for": _took,
    "took": _took,
    "reason": lambda one: last_line(one.reason),
}


def show_progress(status: Status) -> str:
    """Return how far the dataset is."""
    counts = status.counts
    share = counts.there / counts.asked if counts.asked else 1.0
    return f"{counts.there} of {counted(counts.asked, 'frame')}, {int(1000 * share) / 10:g} %"


def show_asked(status: Status) -> str:
    """Return how many frames were asked for so far, "" where that is all of them, or other frames are told of."""
    if not status.asked_for:
        return ""
    of_scene = f"{status.counts.asked} of the scene's {counted(status.scene_frames, 'frame')}"
    return f"asked for: {of_scene} ({shorten(status.asked_for)})"


def show_pace(status: Status) -> str:
    """Return what goes on: processes, rate, and the time left."""
    pace = status.pace
    number = sum(status.living.values())
    if not number:
        state = _state(status)
        return f"{state} · {_rate(pace.average)} on average" if pace.average else state
    hosts = f" on {len(status.living)} machines" if len(status.living) > 1 else f" on {next(iter(status.living))}"
    parts = [f"{counted(number, 'process', 'processes')}{hosts}"]
    if pace.now:
        parts.append(f"{_rate(pace.now)} in the last {show_duration(pace.window_s)}{_unlike_average(pace)}")
    if pace.left_s is not None:
        parts.append(f"{show_duration(pace.left_s)} left")
    return " · ".join(parts)


def _state(status: Status) -> str:
    if status.counts.there == status.counts.asked:
        return "all that was asked for is there" if status.asked_for else "complete"
    if status.is_starting:
        return "starting"
    queued = sum(sum((one.states or {}).values()) for one in status.submissions)
    return f"no process yet, {counted(queued, 'shard')} in the queue" if queued else "no process is running"


def sections(status: Status) -> Iterator[Section]:
    """Yield all that is worth telling; what is empty is left out."""
    yield _frames(status)
    yield from _told("running", status.running, ("frame", "process", "task", "for"))
    yield from _reasons("rejected", status.counts.rejections)
    yield from _given_up(status)
    yield from _troubles(status)
    yield from _stages(status)
    yield from _told("slowest frames", status.slowest, ("frame", "process", "took"), is_detail=True)
    yield from submissions(status.dataset, status.submissions)
    yield from unbegun(status.submissions)
    if status.attempts is not None:
        columns = ("frame", "outcome", "process", "task", "begun", "took", "reason")
        yield from _told("attempts", status.attempts, columns, shown=len(status.attempts), is_detail=True)


def plain_lines(status: Status) -> Iterator[str]:
    """Yield everything as lines of text."""
    yield status.dataset
    yield show_progress(status)
    yield from filter(None, (show_asked(status), show_pace(status)))
    for section in sections(status):
        yield ""
        yield from _plain_table(section)
    if status.hints:
        yield ""
        yield "hints"
        yield from (f"  {hint}" for hint in status.hints)


def _frames(status: Status) -> Section:
    counts = status.counts
    rows = [
        ("accepted", counts.accepted, ""),
        ("rejected", counts.rejected, ""),
        ("not told", counts.untold, "accepted or rejected: no log tells of these" if counts.untold else ""),
        ("unreadable", len(counts.unreadable), list_frames(counts.unreadable)),
        ("running", len(counts.running), list_frames(counts.running)),
        ("missing", len(counts.missing), list_frames(counts.missing)),
        ("given up", len(counts.given_up), list_frames(counts.given_up)),
    ]
    shown = tuple((name, str(number), frames) for name, number, frames in rows if number or name == "accepted")
    return Section(title="frames", columns=("", "number", "which"), rows=shown, numbers=("number",), is_whole=True)


def _reasons(title: str, reasons: Sequence[tuple[str, int]]) -> Iterator[Section]:
    if reasons:
        rows = tuple((str(number), reason) for reason, number in reasons[:SHOWN])
        more = max(0, len(reasons) - SHOWN)
        yield Section(title=title, columns=("frames", "reason"), rows=rows, numbers=("frames",), more=more)


def _given_up(status: Status) -> Iterator[Section]:
    given_up = sorted(status.counts.given_up.items())
    if given_up:
        rows = tuple((str(frame), last_line(reason) or "no reason is told") for frame, reason in given_up[:SHOWN])
        more = max(0, len(given_up) - SHOWN)
        yield Section(title="given up", columns=("frame", "reason"), rows=rows, numbers=("frame",), more=more)


def _troubles(status: Status) -> Iterator[Section]:
    if status.troubles:
        rows = tuple(
            (str(one.count), one.outcome, one.host, list_frames(one.frames), one.reason or "no reason is told")
            for one in status.troubles[:SHOWN]
        )
        yield Section(
            title="attempts that came to nothing",
            columns=("times", "outcome", "machine", "frames", "reason"),
            rows=rows,
            numbers=("times",),
            more=max(0, len(status.troubles) - SHOWN),
        )


def _stages(status: Status) -> Iterator[Section]:
    if not status.stages:
        return
    rows = [(one.name, f"{one.share:.0%}", _seconds(one.seconds)) for one in status.stages]
    total_s = sum(one.seconds for one in status.stages)
    rows.append(("together", "", _seconds(total_s)))
    if status.peak_memory_mib:
        rows.append(("most memory", "", f"{status.peak_memory_mib:.0f} MiB"))
    columns, numbers = ("stage", "share", "mean"), ("share", "mean")
    yield Section(
        title="time of a frame", columns=columns, rows=tuple(rows), numbers=numbers, is_whole=True, is_detail=True
    )


def _told(
    title: str, told: Sequence[Told], columns: tuple[str, ...], shown: int = SHOWN, *, is_detail: bool = False
) -> Iterator[Section]:
    if not told:
        return
    kept = tuple(name for name in columns if name != "task" or any(one.task for one in told[:shown]))
    rows = tuple(tuple(CELLS[name](one) for name in kept) for one in told[:shown])
    numbers = ("frame", "for", "took", "begun")
    more = max(0, len(told) - shown)
    yield Section(title=title, columns=kept, rows=rows, numbers=numbers, more=more, is_detail=is_detail)


def _plain_table(section: Section) -> Iterator[str]:
    yield section.title
    lines = [section.columns, *section.rows] if any(section.columns) else list(section.rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(section.columns))]
    for line in lines:
        cells = [
            cell.rjust(width) if name in section.numbers else cell.ljust(width)
            for cell, width, name in zip(line, widths, section.columns, strict=True)
        ]
        yield f"  {'  '.join(cells)}".rstrip()
    if section.more:
        yield f"  and {section.more} more"


def _unlike_average(pace: Pace) -> str:
    is_alike = 0.9 < pace.now / pace.average < 1.1 if pace.average else True
    return "" if is_alike else f" ({_rate(pace.average)} on average)"


def _rate(rate: float) -> str:
    """Return frames a second in the unit that gives a number above 1."""
    for unit, seconds in (("s", 1), ("min", 60), ("h", 3600)):
        if rate * seconds >= 1 or unit == "h":
            return f"{rate * seconds:.3g} frames/{unit}"
    return ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else show_duration(seconds)
