"""What to change, in plain words, each said only when the numbers say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.dataset.layout import PLAN, QUARANTINE, frame_name
from pipeline.dataset.process_log import Worker, host_of
from pipeline.dataset.read import read_plan
from pipeline.errors import StoreError
from pipeline.farm.local.blame import find_blame
from pipeline.frames import show_frames
from pipeline.pace import show_duration
from pipeline.status.counts import Counts
from pipeline.status.crews import Crew, is_of_shard
from pipeline.status.pace import busy_spans
from pipeline.status.reasons import counted, last_line
from pipeline.status.stages import Stage, share_of
from pipeline.status.submissions import Submitted
from pipeline.status.tally import ProcessTally, Tally, frame_seconds

GPU_BUSY = 0.6  # of the time that a GPU renders; below it waits for the processor
GPU_FULL = 0.9
CORES_A_WORKER = 2
MOST_WORKERS = 16
MANY_CORES = 4
DENOISER_SHARE = 0.25
COMMIT_SHARE = 0.2
START_SHARE = 0.25
IDLE_SHARE = 0.15
REJECTED_SHARE = 0.1
FEW = 5  # frames that say nothing yet
ENDED_WELL = ("done", "stopped", "died")  # or without a word
SILENT_S, SILENT_FRAMES = 600.0, 5.0
GROWTH, GROWTH_MIB, GROWTH_FRAMES = 1.3, 256.0, 40
CLOCK_S = 60.0
BLAME_PLANS, BLAME_MADE = 50, 300  # plans that are read for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What hints are drawn from."""

    root: Path
    now_s: float
    workers: Sequence[Worker]
    tally: Tally
    counts: Counts
    stages: Sequence[Stage]
    crews: Sequence[Crew]
    submissions: Sequence[Submitted]


def find_hints(evidence: Evidence) -> tuple[str, ...]:
    """Return what to change, the most pressing first."""
    return tuple(hint for rule in RULES for hint in rule(evidence))


def _idle(evidence: Evidence) -> Iterator[str]:
    """Frames lack and no process is there to make them."""
    missing = len(evidence.counts.missing)
    is_queued = any(one.states for one in evidence.submissions)
    if missing and not is_queued and all(worker.outcome for worker in evidence.workers):
        submit = f"variegate resume {evidence.root}" if evidence.submissions else "variegate submit"
        yield (
            f"{_frames_are(missing)} missing and nothing works on the dataset: run the same render command again, or "
            f"submit what is missing ({submit})"
        )


def _ended(evidence: Evidence) -> Iterator[str]:
    """Frames lack, and the last processes ended with what the next ones would meet too."""
    workers = evidence.workers
    if not evidence.counts.missing or not workers or not all(worker.outcome for worker in workers):
        return
    begin_s, _ = busy_spans(workers, evidence.now_s)[-1]
    last = [worker for worker in workers if worker.start_s >= begin_s and not worker.start.get("supervisor")]
    reasons = Counter(last_line(worker.outcome) for worker in last if worker.outcome not in ENDED_WELL)
    for reason, number in reasons.most_common(1):
        yield f"{counted(number, 'process', 'processes')} of the last run ended early: {reason}: mend that first"


def _given_up(evidence: Evidence) -> Iterator[str]:
    if frames := evidence.counts.given_up:
        yield (
            f"{_frames_are(len(frames))} given up: {evidence.root / QUARANTINE} has the reason, plan and log of each; "
            "--retry-quarantined tries them again"
        )


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


def _unreadable(evidence: Evidence) -> Iterator[str]:
    if frames := evidence.counts.unreadable:
        yield (
            f"frames {show_frames(frames)} have a folder but no record that can be read: remove those folders and "
            "render again (variegate verify says more)"
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


def _gpu_waits(evidence: Evidence) -> Iterator[str]:
    found: dict[tuple[int, int], list[Crew]] = {}
    for crew in evidence.crews:
        if crew.device == "cpu" or crew.frames < FEW or not crew.gpus or not 0 < crew.busy < GPU_BUSY:
            continue
        most = max(1, min(crew.cores // CORES_A_WORKER if crew.cores else MOST_WORKERS, MOST_WORKERS * crew.gpus))
        workers = min(most, int(-(-crew.size * GPU_FULL // crew.busy)))
        if workers > crew.size:
            found.setdefault((round(crew.size), workers), []).append(crew)
    for (size, workers), crews in sorted(found.items(), key=lambda item: -len(item[1])):
        busy = sum(crew.busy for crew in crews) / len(crews)
        fed = counted(max(1, size), "process", "processes")
        yield (
            f"{_hosts(crews)}: a GPU renders at most {busy:.0%} of the time, fed by {fed}: start {workers} workers "
            f"({_where(crews[0], workers)})"
        )


def _cores_idle(evidence: Evidence) -> Iterator[str]:
    crews = [
        crew
        for crew in evidence.crews
        if crew.device == "cpu"
        and crew.frames >= FEW
        and round(crew.size) == 1
        and crew.cores >= MANY_CORES
        and crew.threads in (0, crew.cores)
        and 1 - crew.render_share >= IDLE_SHARE
    ]
    if crews:
        idle = sum(1 - crew.render_share for crew in crews) / len(crews)
        yield (
            f"{_hosts(crews)}: one process on {crews[0].cores} cores uses a single one of them for {idle:.0%} of a "
            f"frame, all but the rendering: start several ({_where(crews[0], 0)})"
        )


def _denoiser(evidence: Evidence) -> Iterator[str]:
    share = share_of(evidence.stages, "denoise")
    if share >= DENOISER_SHARE and _frames(evidence) >= FEW:
        yield (
            f"the denoiser takes at least {share:.0%} of a frame on the processor, the same at any number of samples: "
            "render.quality: draft has a faster one, a GPU does it in no time"
        )


def _disk(evidence: Evidence) -> Iterator[str]:
    share = share_of(evidence.stages, "commit")
    if share >= COMMIT_SHARE and _frames(evidence) >= FEW:
        yield (
            f"frames wait for the disk: commit takes {share:.0%} of their time; ask for fewer outputs, or let each "
            "machine write to a disk of its own and merge the datasets"
        )


def _starts(evidence: Evidence) -> Iterator[str]:
    """Short shards: Blender is opened for a few frames."""
    start_s = total_s = 0.0
    processes = frames = 0
    for worker in evidence.workers:
        mine = evidence.tally.processes.get(worker.name)
        age_s = worker.start.get("age_s")  # when its log began
        if mine and worker.outcome and is_of_shard(worker) and isinstance(age_s, int | float):
            start_s += max(0.0, mine.begun_s - worker.start_s) + age_s
            total_s += mine.total_s
            processes += 1
            frames += mine.frames
    share = start_s / (start_s + total_s) if total_s else 0.0
    if processes >= FEW and share >= START_SHARE:
        yield (
            f"{share:.0%} of the time goes into starting {processes} processes for {frames / processes:.0f} frames "
            "each: make larger shards (--frames-per-shard)"
        )


def _memory(evidence: Evidence) -> Iterator[str]:
    grown = [
        (after - before, before, after, name, mine)
        for name, mine in evidence.tally.processes.items()
        for before, after in [_growth(mine)]
        if after > GROWTH * before and after - before > GROWTH_MIB
    ]
    if grown:
        _, before, after, name, mine = max(grown, key=lambda one: one[0])
        others = f" ({len(grown) - 1} others grow too)" if len(grown) > 1 else ""
        yield (
            f"the memory of a process on {host_of(name)} grew from {before:.0f} to {after:.0f} MiB in {mine.frames} "
            f"frames{others}: renew workers now and then (render --workers N --recycle {max(10, mine.frames // 3)})"
        )


def _growth(mine: ProcessTally) -> tuple[float, float]:
    """Return the mean memory of the second and of the last quarter of a process's frames; the first one loads files."""
    size = len(mine.memory_mib) // 4
    if 4 * size < GROWTH_FRAMES:
        return 0.0, 0.0
    return sum(mine.memory_mib[size : 2 * size]) / size, sum(mine.memory_mib[-size:]) / size


def _clocks(evidence: Evidence) -> Iterator[str]:
    wrong: dict[str, float] = {}
    for worker in evidence.workers:
        if abs(worker.slow_s) >= CLOCK_S:
            wrong[host_of(worker.name)] = worker.slow_s
    for host, slow_s in sorted(wrong.items()):
        way = "behind" if slow_s > 0 else "ahead of"
        yield (
            f"the clock of {host} is {show_duration(abs(slow_s))} {way} the disk's: nothing is lost by it, but set it "
            "right (NTP)"
        )


def _frames(evidence: Evidence) -> int:
    return sum(mine.frames for mine in evidence.tally.processes.values())


def _frames_are(number: int) -> str:
    return counted(number, "frame is", "frames are")


def _hosts(crews: Sequence[Crew]) -> str:
    return crews[0].host if len(crews) == 1 else f"{crews[0].host} and {len(crews) - 1} others"


def _where(crew: Crew, workers: int) -> str:
    """Return how to ask for workers where this crew was started."""
    number = str(workers or "auto")
    return f"shard --workers {number}" if crew.is_shard else f"render --workers {number}"


RULES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _silent,
    _ended,
    _idle,
    _unreadable,
    _given_up,
    _blame,
    _rejected,
    _gpu_waits,
    _cores_idle,
    _denoiser,
    _disk,
    _starts,
    _memory,
    _clocks,
)
