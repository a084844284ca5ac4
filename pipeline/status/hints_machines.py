"""Hints about machines and processes: what they wait for, and what they fill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.dataset.process_log import host_of
from pipeline.farm.local.limits import memory_limit_in
from pipeline.pace import show_duration
from pipeline.plurals import counted
from pipeline.status.crews import Crew, is_of_shard
from pipeline.status.evidence import Evidence, Rule
from pipeline.status.stages import share_of
from pipeline.status.tally import ProcessTally

GPU_BUSY = 0.6  # of the time that a GPU renders; below it waits for the processor
GPU_FULL = 0.9
CORES_A_WORKER = 2
MOST_WORKERS = 16
MANY_CORES = 4
DENOISER_SHARE = 0.25
COMMIT_SHARE = 0.2
START_SHARE = 0.25
IDLE_SHARE = 0.15
FEW = 5  # frames that say nothing yet
GROWTH, GROWTH_MIB, GROWTH_FRAMES = 1.3, 256.0, 40
CLOCK_S = 60.0


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
        each = counted(round(frames / processes), "frame")
        yield (
            f"{share:.0%} of the time goes into starting {processes} processes for {each} each: "
            "make larger shards (--frames-per-shard)"
        )


def _crowded(evidence: Evidence) -> Iterator[str]:
    """Workers of a machine without a queue were ended by their limit, and frames lack for it."""
    lacking = {*evidence.counts.missing, *evidence.counts.given_up}
    lost = {
        attempt.frame
        for _, attempt in evidence.tally.troubles
        if memory_limit_in(attempt.reason) and not evidence.submissions
    }
    if lost & lacking:
        yield (
            f"{counted(len(lost & lacking), 'frame lacks', 'frames lack')} as workers filled more than their share of "
            "the memory: fewer --workers, or a higher --memory-limit, and --retry-quarantined for frames given up"
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
        others = f" ({counted(len(grown) - 1, 'other grows', 'others grow')} too)" if len(grown) > 1 else ""
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


def _hosts(crews: Sequence[Crew]) -> str:
    return crews[0].host if len(crews) == 1 else f"{crews[0].host} and {counted(len(crews) - 1, 'other')}"


def _where(crew: Crew, workers: int) -> str:
    """Return how to ask for workers where this crew was started."""
    number = str(workers or "auto")
    return f"shard --workers {number}" if crew.is_shard else f"render --workers {number}"


RULES: tuple[Rule, ...] = (
    _gpu_waits,
    _cores_idle,
    _denoiser,
    _disk,
    _starts,
    _crowded,
    _memory,
    _clocks,
)
