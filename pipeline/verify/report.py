"""The report: counts by kind, every finding in a fixed order, as JSON and as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.frames import show_frames
from pipeline.structure import unstructure
from pipeline.verify.finding import KINDS, Finding, sort_key

LINES = 20  # of a kind on a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found. `counts`: kind -> number of findings; `frames`: what was expected and what was checked."""

    frames: Mapping[str, int]
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]
    notices: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def make_report(
    expected: int, results: Mapping[str, int], findings: Iterable[Finding], notices: Sequence[str] = ()
) -> Report:
    """Return the report on `expected` frames, of which `results` were accepted, rejected, or ("") unreadable."""
    ordered = tuple(sorted(findings, key=sort_key))
    counted = Counter(finding.kind for finding in ordered)
    return Report(
        frames={
            "expected": expected,
            "checked": sum(results.values()),
            "accepted": results.get("accepted", 0),
            "rejected": results.get("rejected", 0),
        },
        counts={kind: counted[kind] for kind in KINDS if counted[kind]},
        findings=ordered,
        notices=tuple(notices),
    )


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON data; each kind comes with what it means."""
    return {"clean": report.is_clean, "kinds": {kind: KINDS[kind] for kind in report.counts}, **unstructure(report)}


def show_report(report: Report) -> Iterator[str]:
    """Yield the lines of a report: the findings grouped by kind, each kind cut to LINES lines."""
    for kind, count in report.counts.items():
        group = [finding for finding in report.findings if finding.kind == kind]
        frames = show_frames(finding.frame for finding in group if finding.frame is not None)
        yield f"{kind} ({count}): {KINDS[kind]}" + (f"; frames {_cut(frames)}" if frames else "")
        for finding in group[:LINES]:
            yield f"  {finding.where}: {finding.message}"
        if count > LINES:
            yield f"  ... and {count - LINES} more (--report FILE.json lists all)"
    yield from (f"note: {text}" for text in report.notices)
    yield summary_line(report)


def summary_line(report: Report) -> str:
    """Return the verdict in one line."""
    frames = report.frames
    checked = f"{frames['checked']} of {frames['expected']} frames checked, {frames['rejected']} of them rejected"
    if report.is_clean:
        return f"{checked}: nothing is wrong"
    return f"{checked}: {len(report.findings)} findings of {len(report.counts)} kinds"


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100].rsplit(',', 1)[0]},..."
