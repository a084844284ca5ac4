"""Where the time of frames goes, and the memory of processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.status.tally import ProcessTally

ORDER = ("plan", "build", "save", "render", "denoise", "annotate", "commit", "clean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: its `share` of a frame's time (0..1), `seconds` a frame on average."""

    name: str
    share: float
    seconds: float


def measure_stages(processes: Iterable[ProcessTally]) -> tuple[Stage, ...]:
    """Return the stages of all frames that the processes made, in their order; () where nothing was timed."""
    seconds: defaultdict[str, float] = defaultdict(float)
    frames = 0
    for process in processes:
        frames += process.frames
        for name, value in process.seconds.items():
            seconds[name] += value
    total = sum(seconds.values())
    if not frames or total <= 0:
        return ()
    names = sorted(seconds, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return tuple(Stage(name=name, share=seconds[name] / total, seconds=seconds[name] / frames) for name in names)


def share_of(stages: Iterable[Stage], name: str) -> float:
    """Return the share of a stage (0..1), 0 where it was not timed."""
    return next((stage.share for stage in stages if stage.name == name), 0.0)


def peak_memory_mib(processes: Iterable[ProcessTally]) -> float:
    """Return the most memory that a process had after a frame, MiB; 0 where it is not known."""
    return max((max(process.memory_mib) for process in processes if process.memory_mib), default=0.0)
