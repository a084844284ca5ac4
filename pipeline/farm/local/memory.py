"""How much memory workers fill, each with all the processes it has started."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import psutil

from pipeline.farm.local.worker_process import WorkerProcess


def sample_memory(workers: Iterable[WorkerProcess]) -> None:
    """Set the `memory_mib` of each worker: the resident memory of its process and all below it."""
    by_pid = {worker.pid: worker for worker in workers}
    sizes = dict.fromkeys(by_pid, 0)
    owner = {pid: pid for pid in by_pid}
    for process in psutil.Process().children(recursive=True):  # parents come before their children
        with suppress(psutil.Error):
            root = owner.get(process.pid) or owner.get(process.ppid())
            if root is not None:
                owner[process.pid] = root
                sizes[root] += process.memory_info().rss
    for pid, worker in by_pid.items():
        worker.memory_mib = sizes[pid] / 2**20
