"""The report: counts by kind, every finding in a fixed order, as JSON and as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import replace_file
from pipeline.dataset.layout import FRAMES, frame_name
from pipeline.errors import StoreError
from pipeline.frames import show_frames
from pipeline.plurals import counted
from pipeline.structure import unstructure
from pipeline.verify.finding import KINDS, Finding, sort_key

LINES = 20  # of a kind on a terminal
ANY_FRAME = "*"  # for a frame's number in the names of its files


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found. `frames`: how many were expected and checked; `readable` are those with plan and labels;
    `counts`: kind -> number of findings."""

    frames: Mapping[str, int]
    readable: tuple[int, ...]
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]
    notices: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def make_report(
    expected: int, statuses: Mapping[int, str], findings: Iterable[Finding], notices: Sequence[str] = ()
) -> Report:
    """Return the report on `expected` frames; `statuses`: frame -> "accepted", "rejected", or "" for unreadable."""
    kinds = Counter(statuses.values())
    ordered = tuple(sorted(findings, key=sort_key))
    return Report(
        frames={
            "expected": expected,
            "checked": len(statuses),
            "accepted": kinds["accepted"],
            "rejected": kinds["rejected"],
        },
        readable=tuple(sorted(frame for frame, status in statuses.items() if status)),
        counts=_counts(ordered),
        findings=ordered,
        notices=tuple(notices),
    )


def with_findings(report: Report, more: Iterable[Finding], notices: Iterable[str] = ()) -> Report:
    """Return the report with more findings, and notices, on the same frames."""
    ordered = tuple(sorted((*report.findings, *more), key=sort_key))
    return replace(report, findings=ordered, counts=_counts(ordered), notices=(*report.notices, *notices))


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    numbers = Counter(finding.kind for finding in findings)
    return {kind: numbers[kind] for kind in KINDS if numbers[kind]}


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON data; each kind comes with what it means."""
    data = unstructure(report)
    del data["readable"]
    return {"clean": report.is_clean, "kinds": {kind: KINDS[kind] for kind in report.counts}, **data}


def write_report(path: Path, report: Report) -> None:
    """Write the report as JSON. Raises StoreError when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json_bytes(report_json(report), indent=1))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror} (choose another --report)") from error


def show_report(report: Report) -> Iterator[str]:
    """Yield the lines of a report: the findings grouped by kind, each kind cut to LINES lines. What is the same for
    several frames is one line."""
    for kind, count in report.counts.items():
        group = [finding for finding in report.findings if finding.kind == kind]
        frames = show_frames(finding.frame for finding in group if finding.frame is not None)
        yield f"{kind} ({count}): {KINDS[kind]}" + (f"; frames {_cut(frames)}" if frames else "")
        lines = _folded(group)
        yield from (f"  {line}" for line, _ in lines[:LINES])
        if more := sum(number for _, number in lines[LINES:]):
            yield f"  ... and {more} more (--report FILE.json lists all)"
    yield from (f"note: {text}" for text in report.notices)
    yield summary_line(report)


def _folded(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """Return a line for those that say the same of the same file of their frames, and how many they are."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        place = finding.where
        if finding.frame is not None:
            place = place.replace(frame_name(finding.frame), ANY_FRAME)
        groups.setdefault((place, finding.message), []).append(finding)
    return [(_line(place, members), len(members)) for (place, _), members in groups.items()]


def _line(place: str, findings: Sequence[Finding]) -> str:
    first, frames = findings[0], {one.frame for one in findings if one.frame is not None}
    if len(frames) < 2:
        return f"{first.where}: {first.message}"
    listed = f"frames {_cut(show_frames(frames))}"
    file = place.removeprefix(f"{FRAMES}/{ANY_FRAME}").lstrip("/")
    return f"{file} of {listed}: {first.message}" if file else f"{listed}: {first.message}"


def summary_line(report: Report) -> str:
    """Return the verdict in one line."""
    frames = report.frames
    checked = ""
    if frames["expected"]:
        expected = counted(frames["expected"], "frame")
        checked = f"{frames['checked']} of {expected} checked, {frames['rejected']} of them rejected: "
    if report.is_clean:
        return f"{checked}nothing is wrong"
    total = len(report.findings)
    return f"{checked}{counted(total, 'finding')} of {counted(len(report.counts), 'kind')}"


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100].rsplit(',', 1)[0]},..."
