"""Ends workers that take more time or memory than they may, or neither start nor leave."""

from __future__ import annotations

from collections.abc import Collection
from time import monotonic

from pipeline.farm.local.limits import Limits, over_memory
from pipeline.farm.local.memory import sample_memory
from pipeline.farm.local.time_limit import over_time
from pipeline.farm.local.worker_process import WorkerProcess

SAMPLE_S = 1.0
FAREWELL_S = 60.0  # for a worker to end when asked to
LOOK_S = 1.0  # looks come more often; the rest of a longer time between two counts for nobody: this process was paused


class Watch:
    """Looks at all workers again and again. `limits` may be changed between two looks."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._looked_s = monotonic()
        self._sampled_s = 0.0

    def look(self, workers: Collection[WorkerProcess], slots: int, made: int, longest_s: float) -> None:
        """End those of the workers that must, of at most `slots`; `made` frames took `longest_s` at most so far."""
        now_s = monotonic()
        paused_s = max(0.0, now_s - self._looked_s - LOOK_S)
        self._looked_s = now_s
        for worker in workers:
            worker.since_s = min(worker.since_s + paused_s, now_s)
        if now_s - self._sampled_s >= SAMPLE_S:
            self._sampled_s = now_s
            sample_memory(workers)
        sizes_mib = [worker.memory_mib for worker in workers if not worker.is_leaving]
        limit_s = self.limits.time_s(made, longest_s)
        for worker in workers:
            seconds = now_s - worker.since_s
            if worker.frame is None:
                self._check_idle(worker, seconds)
            elif seconds > limit_s:
                worker.kill(over_time(worker.stage, limit_s))
            elif self.limits.must_end(worker.memory_mib, sizes_mib, slots):
                worker.kill(over_memory(worker.memory_mib, self.limits.memory_mib))

    def _check_idle(self, worker: WorkerProcess, seconds: float) -> None:
        if not worker.is_ready and seconds > self.limits.start_s:
            worker.kill(f"Blender did not open within {self.limits.start_s:.0f} s")
        elif worker.is_leaving and seconds > FAREWELL_S:
            worker.kill("it did not end when asked to")
