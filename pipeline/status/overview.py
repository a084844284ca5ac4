"""Everything there is to say of a dataset at a moment, in one record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dataset.attempts import now_s, visit_attempts
from pipeline.dataset.create import read_dataset
from pipeline.dataset.process_log import Attempt, Worker, host_of
from pipeline.frames import show_frames
from pipeline.status.asked import asked_so_far
from pipeline.status.counts import Counts, count_frames
from pipeline.status.crews import crews_of
from pipeline.status.evidence import Evidence
from pipeline.status.hints import find_hints
from pipeline.status.nodes import BadNode, find_bad_nodes
from pipeline.status.pace import Pace, is_renderer, measure_pace
from pipeline.status.reasons import alike, last_line
from pipeline.status.stages import Stage, measure_stages, peak_memory_mib
from pipeline.status.submissions import Engines, Submitted, read_submissions
from pipeline.status.tally import Tally, frame_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An attempt and where it was: `since_s` seconds ago it began, and it took `seconds`, None where nobody knows."""

    frame: int
    outcome: str
    process: str
    host: str
    task: str
    at_s: float
    since_s: float
    seconds: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Attempts that failed or were lost on one host for one reason, and at which frames."""

    outcome: str
    reason: str
    host: str
    count: int
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a dataset stands, of `scene_frames` in all. `asked_for` lists the frames that all runs and submissions were
    asked for so far, where those are fewer and the counts are of them; else it is "". `living` are the processes that
    make frames now, by host; memory is in MiB."""

    dataset: str
    scene_frames: int
    asked_for: str
    counts: Counts
    pace: Pace
    living: Mapping[str, int]
    is_starting: bool
    """None of them is there yet, but a process that starts them."""
    running: tuple[Told, ...]
    troubles: tuple[Trouble, ...]
    stages: tuple[Stage, ...]
    peak_memory_mib: float
    slowest: tuple[Told, ...]
    submissions: tuple[Submitted, ...]
    bad_nodes: tuple[BadNode, ...]
    hints: tuple[str, ...]
    attempts: tuple[Told, ...] | None
    """All of them in the order of their begin, None where not asked for."""


def read_status(
    root: Path,
    asked: Collection[int] | None = None,
    *,
    attempts: bool = False,
    engines: Engines | None = None,
    recorded: set[int] | None = None,
) -> Status:
    """Return how the frames `asked` of the dataset `root` stand, by default those that its runs and submissions were
    asked for; `engines` are those that can be asked, by their names. Nothing is changed, and it may grow meanwhile.

    Whoever looks again and again gives the same set as `recorded`: frames in it are not asked for their record anew,
    as that is dear where a file server answers.

    Raises StoreError for what cannot be read at all.
    """
    total = int(read_dataset(root)["frames"])
    tally = Tally(asked=range(total) if asked is None else frozenset(asked), keep_all=attempts)
    workers = visit_attempts(root, tally.add)
    present_s = now_s(root)
    asked_for = ""
    if asked is None:
        asked = asked_so_far(root, workers, total)
        asked_for = show_frames(asked) if len(asked) < total else ""
    counts = count_frames(root, asked, tally, set() if recorded is None else recorded)
    absent = (*counts.missing, *counts.unreadable, *counts.running, *counts.given_up)
    begun_s = {**tally.begun_s, **dict.fromkeys(counts.unreadable, present_s)}  # who has a folder was begun
    pace = measure_pace(workers, tally, len(absent) - len(counts.given_up), present_s)
    by_name = {worker.name: worker for worker in workers}

    def told(process: str, attempt: Attempt) -> Told:
        return _told(by_name[process], attempt, present_s)

    stages = measure_stages(tally.processes.values())
    living = _living(workers, tally)
    lost = [attempt for _, attempt in tally.troubles]
    submissions = read_submissions(root, frozenset(absent), engines or {}, lost, begun_s)
    unbegun = sum((Counter(one.nodes) for one in submissions), Counter[str]())
    bad_nodes = find_bad_nodes(workers, tally, unbegun, present_s)
    evidence = Evidence(
        root=root,
        now_s=present_s,
        workers=workers,
        tally=tally,
        counts=counts,
        stages=stages,
        crews=crews_of(workers, tally, present_s),
        submissions=submissions,
        bad_nodes=bad_nodes,
    )
    return Status(
        dataset=str(root),
        scene_frames=total,
        asked_for=asked_for,
        counts=counts,
        pace=pace,
        living=living,
        is_starting=not living and any(not worker.outcome for worker in workers),
        running=tuple(told(*one) for one in sorted(tally.running, key=lambda one: one[1].at_s)),
        troubles=_troubles(tally),
        stages=stages,
        peak_memory_mib=peak_memory_mib(tally.processes.values()),
        slowest=tuple(told(*one) for one in tally.slowest),
        submissions=submissions,
        bad_nodes=bad_nodes,
        hints=find_hints(evidence),
        attempts=tuple(told(*one) for one in sorted(tally.attempts, key=lambda one: one[1].at_s)) if attempts else None,
    )


def _living(workers: Collection[Worker], tally: Tally) -> dict[str, int]:
    living: dict[str, int] = {}
    for worker in workers:
        if not worker.outcome and (is_renderer(worker) or worker.name in tally.makers):
            host = host_of(worker.name)
            living[host] = living.get(host, 0) + 1
    return living


def _told(worker: Worker, attempt: Attempt, present_s: float) -> Told:
    took_s: float | None = frame_seconds(attempt) or attempt.ended_s - attempt.at_s
    if not attempt.ended_s:
        took_s = present_s - attempt.at_s if attempt.outcome == "running" else None
    return Told(
        frame=attempt.frame,
        outcome=attempt.outcome,
        process=worker.name,
        host=host_of(worker.name),
        task=_text(worker.start.get("task")),
        at_s=attempt.at_s,
        since_s=present_s - attempt.at_s,
        seconds=took_s,
        reason=attempt.reason,
    )


def _troubles(tally: Tally) -> tuple[Trouble, ...]:
    """Return what went wrong, the most frequent first."""
    groups: dict[tuple[str, str], list[Attempt]] = {}
    for process, attempt in tally.troubles:
        groups.setdefault((attempt.outcome, host_of(process)), []).append(attempt)
    found = []
    for (outcome, host), attempts in groups.items():
        for reason, members in alike(attempts, lambda one: last_line(one.reason)):
            frames = tuple(sorted({one.frame for one in members}))
            found.append(Trouble(outcome=outcome, reason=reason, host=host, count=len(members), frames=frames))
    return tuple(sorted(found, key=lambda one: (-one.count, one.host, one.reason)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
