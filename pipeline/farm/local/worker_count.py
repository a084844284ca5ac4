"""How many workers a machine takes, when nobody says."""

from __future__ import annotations

MEMORY_MIB = 1500.0  # for a worker with a scene of some size; a larger one is for people to judge
CPUS_A_WORKER = 1  # measured: scripts/benchmark.py --workers 1 2
WORKERS_A_GPU = 2  # one prepares its scene while the other's renders


def choose_workers(cpus: int, memory_mib: float, gpus: int) -> int:
    """Return the number of workers for a machine with so many processors, MiB of memory and GPUs to render with."""
    wanted = min(WORKERS_A_GPU * gpus, cpus) if gpus else cpus // CPUS_A_WORKER
    return max(1, min(wanted, int(memory_mib / MEMORY_MIB)))
