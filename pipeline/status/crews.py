"""The processes that render on one machine at the same time, and how busy they keep it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.dataset.process_log import Worker, host_of
from pipeline.status.pace import GAP_S, busy_spans
from pipeline.status.tally import ProcessTally, Tally

RENDERING = ("render", "denoise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The processes of one machine and device in its present run, or in its last one: `size` of them at a time on
    average, with `frames` made. `cores` and `threads` (of each) are 0 where not known."""

    host: str
    device: str
    size: float
    frames: int
    render_share: float
    """Share of a frame's time (0..1) in which it renders."""
    gpus: int
    cores: int
    threads: int
    is_shard: bool

    @property
    def busy(self) -> float:
        """The share of the time (0..1) in which each GPU renders, at most: scenes are handed to it within it."""
        return min(1.0, self.render_share * self.size / self.gpus) if self.gpus else 0.0


def crews_of(workers: Iterable[Worker], tally: Tally, now_s: float) -> list[Crew]:
    """Return the crews of a dataset, by host and device."""
    groups: dict[tuple[str, str], list[tuple[Worker, ProcessTally]]] = {}
    for worker in workers:
        mine = tally.processes.get(worker.name)
        if mine is not None and isinstance(device := worker.start.get("device"), str):
            groups.setdefault((host_of(worker.name), device), []).append((worker, mine))
    return [crew for (host, device), group in sorted(groups.items()) if (crew := _crew(host, device, group, now_s))]


def is_of_shard(worker: Worker) -> bool:
    """Return whether a process makes frames of a shard."""
    return bool(worker.start.get("task")) or worker.start.get("role") == "shard"


def _crew(host: str, device: str, group: list[tuple[Worker, ProcessTally]], now_s: float) -> Crew | None:
    begin_s, end_s = busy_spans((worker for worker, _ in group), now_s)[-1]
    group = [one for one in group if one[0].start_s >= begin_s - GAP_S]
    total_s = sum(mine.total_s for _, mine in group)
    if not group or total_s <= 0 or end_s <= begin_s:
        return None
    worked_s = sum((worker.last_s if worker.outcome else end_s) - worker.start_s for worker, _ in group)
    start = group[-1][0].start
    return Crew(
        host=host,
        device=device,
        size=worked_s / (end_s - begin_s),
        frames=sum(mine.frames for _, mine in group),
        render_share=sum(mine.seconds.get(stage, 0.0) for _, mine in group for stage in RENDERING) / total_s,
        gpus=0 if device == "cpu" else _gpus([worker for worker, _ in group]),
        cores=_whole(start.get("cores")),
        threads=_whole(start.get("threads")),
        is_shard=is_of_shard(group[-1][0]),
    )


def _gpus(workers: list[Worker]) -> int:
    """Return how many GPUs the processes use: those that they were given one each of, or all that each one sees."""
    given = {str(worker.start["gpu"]) for worker in workers if worker.start.get("gpu") is not None}
    models: Any = workers[-1].start.get("models")
    return len(given) or (len(models) if isinstance(models, list) else 1)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
