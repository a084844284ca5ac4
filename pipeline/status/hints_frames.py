"""Hints about frames: those that take long, that lack, that failed, that were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from pipeline.dataset.layout import PLAN, QUARANTINE, frame_name
from pipeline.dataset.read import read_plan
from pipeline.errors import StoreError
from pipeline.farm.local.blame import find_blame
from pipeline.farm.local.time_limit import blame_time_limit, time_limit_in
from pipeline.frames import show_frames
from pipeline.pace import show_duration
from pipeline.plurals import counted
from pipeline.status.evidence import Evidence, Rule
from pipeline.status.pace import busy_spans
from pipeline.status.reasons import last_line
from pipeline.status.tables import LIST_WIDTH, list_frames
from pipeline.status.tally import frame_seconds

SILENT_S, SILENT_FRAMES = 600.0, 5.0
REJECTED_SHARE = 0.1
FEW = 5  # frames that say nothing yet
ENDED_WELL = ("done", "stopped", "died")  # or without a word
BLAME_PLANS, BLAME_MADE = 50, 300  # plans that are read for it


def _silent(evidence: Evidence) -> Iterator[str]:
    """A living process that makes no step for much longer than any frame took."""
    slowest_s = max((frame_seconds(attempt) for _, attempt in evidence.tally.slowest), default=0.0)
    under_way = dict(evidence.tally.running)
    for worker in evidence.workers:
        silent_s = evidence.now_s - worker.last_s
        if worker.outcome or worker.name not in under_way or silent_s < max(SILENT_S, SILENT_FRAMES * slowest_s):
            continue
        host, pid, _ = worker.name.rsplit("-", 2)
        known = f"; the slowest took {show_duration(slowest_s)} so far" if slowest_s else ""
        yield (
            f"process {pid} on {host} has been at frame {under_way[worker.name].frame} for {show_duration(silent_s)} "
            f"without a word{known}: it may hang; kill it there (kill -9 {pid}), and its frame is made again"
        )


def _time_limit(evidence: Evidence) -> Iterator[str]:
    """The time limit ended nearly all frames since it did so first."""
    if text := _blame_time_limit(evidence):
        yield text


def _blame_time_limit(evidence: Evidence) -> str:
    tally = evidence.tally
    lost = [(one, limit_s) for _, one in tally.troubles if (limit_s := time_limit_in(one.reason)) is not None]
    lost = [(one, limit_s) for one, limit_s in lost if one.frame not in tally.statuses]
    if not lost:
        return ""
    last_s = max(lost, key=lambda pair: pair[0].at_s)[1]
    since_s = min(one.at_s for one, limit_s in lost if limit_s == last_s)
    failed = {one.frame for _, one in tally.troubles if one.at_s >= since_s and one.frame not in tally.statuses}
    ended = {one.frame for one, limit_s in lost if limit_s == last_s}
    made = sum(ended_s > since_s for ended_s in tally.ends_s)
    frames = sum(process.frames for process in tally.processes.values())
    total_s = sum(process.total_s for process in tally.processes.values())
    return blame_time_limit(last_s, len(ended), len(failed) + made, total_s / frames if total_s else None)


def _idle(evidence: Evidence) -> Iterator[str]:
    """Frames lack and no process is there to make them."""
    missing = evidence.counts.missing
    if missing and not evidence.is_queued and all(worker.outcome for worker in evidence.workers):
        frames = show_frames(missing)
        submit = f"variegate submit --frames {frames}" if len(frames) <= LIST_WIDTH else "variegate submit"
        if evidence.submissions:
            submit = f"variegate resume {evidence.root}"
        yield (
            f"{counted(len(missing), 'frame is', 'frames are')} missing and no process is running: run the same render "
            f"command again, or submit what is missing ({submit})"
        )


def _ended(evidence: Evidence) -> Iterator[str]:
    """Frames lack, and the last processes ended with what the next ones would meet too."""
    workers = evidence.workers
    if not evidence.counts.missing or not workers or not all(worker.outcome for worker in workers):
        return
    begin_s, _ = busy_spans(workers, evidence.now_s)[-1]
    last = [worker for worker in workers if worker.start_s >= begin_s and not worker.start.get("supervisor")]
    reasons = Counter(last_line(worker.outcome) for worker in last if worker.outcome not in ENDED_WELL)
    told = {group.reason for one in evidence.submissions for group in one.unbegun}
    for reason, number in reasons.most_common(1):
        if reason in told or (time_limit_in(reason) is not None and _blame_time_limit(evidence)):
            continue
        yield f"{counted(number, 'process', 'processes')} of the last run ended early: {reason}: mend that first"


def _unreadable(evidence: Evidence) -> Iterator[str]:
    if frames := evidence.counts.unreadable:
        yield (
            f"{counted(len(frames), 'folder has', 'folders have')} no record that can be read (frames "
            f"{list_frames(frames)}): variegate repair {evidence.root} takes them away, then render or resume again"
        )


def _given_up(evidence: Evidence) -> Iterator[str]:
    if frames := evidence.counts.given_up:
        yield (
            f"{counted(len(frames), 'frame is', 'frames are')} given up: {evidence.root / QUARANTINE} has the reason, "
            "plan and log of each; --retry-quarantined tries them again"
        )


def _blame(evidence: Evidence) -> Iterator[str]:
    plans = []
    for frame in list(evidence.counts.given_up)[:BLAME_PLANS]:
        with suppress(StoreError):  # planning itself may be what fails
            plans.append(read_plan(evidence.root / QUARANTINE / frame_name(frame) / PLAN))
    made = (frame for frame, status in evidence.tally.statuses.items() if status == "accepted")
    if blame := find_blame(evidence.root, plans, islice(made, BLAME_MADE)):
        yield f"{blame}: look there first, mend it or leave it out"


def _rejected(evidence: Evidence) -> Iterator[str]:
    counts = evidence.counts
    done = counts.accepted + counts.rejected
    if counts.rejected < FEW or counts.rejected < REJECTED_SHARE * done:
        return
    reason, count = counts.rejections[0]
    most = "all" if count == counts.rejected else f"{count} of {counts.rejected}"
    yield f"{counts.rejected / done:.0%} of the frames are rejected, {most} because: {reason or 'no reason is told'}"


RULES: tuple[Rule, ...] = (
    _silent,
    _time_limit,
    _ended,
    _idle,
    _unreadable,
    _given_up,
    _blame,
    _rejected,
)
