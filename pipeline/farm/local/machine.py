"""What this process may use of the machine: processors, memory, GPUs. Containers and queues give less than all."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from pipeline.farm.local.limits import MEMORY_SHARE

THREADS_OF_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def usable_cpus(env: Mapping[str, str]) -> int:
    """Return how many processors this process may use, at least 1."""
    process = psutil.Process()
    counts = [psutil.cpu_count() or 1]
    if hasattr(process, "cpu_affinity"):
        counts.append(len(process.cpu_affinity()))
    if (quota := min(_cgroup_cpus(), default=None)) is not None:
        counts.append(max(1, round(quota)))
    if env.get("SLURM_CPUS_PER_TASK", "").isdecimal():
        counts.append(int(env["SLURM_CPUS_PER_TASK"]))
    return max(1, min(counts))


def usable_memory_mib(env: Mapping[str, str]) -> float:
    """Return the memory that this process and its children may fill, in MiB."""
    sizes = [psutil.virtual_memory().total / 2**20]
    sizes += [size / 2**20 for size in _cgroup_memory()]
    if env.get("SLURM_MEM_PER_NODE", "").isdecimal() and int(env["SLURM_MEM_PER_NODE"]):
        sizes.append(float(env["SLURM_MEM_PER_NODE"]))
    return min(sizes)


def memory_share_mib(workers: int, env: Mapping[str, str]) -> float:
    """Return the ceiling for each of `workers`, in MiB."""
    return MEMORY_SHARE * usable_memory_mib(env) / workers


def share_threads(cpus: int, workers: int) -> tuple[int, ...]:
    """Return the threads of each worker: all processors, shared out as evenly as they go, at least 1 each."""
    each, rest = divmod(cpus, workers)
    return tuple(max(1, each + (worker < rest)) for worker in range(workers))


def thread_variables(threads: int) -> dict[str, str]:
    """Return the environment that keeps numerical libraries to that many threads."""
    return dict.fromkeys(THREADS_OF_LIBRARIES, str(threads))


def count_gpus(env: Mapping[str, str]) -> int:
    """Return how many GPUs of NVIDIA or AMD this process may use."""
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
        if name in env:
            return len([item for item in env[name].split(",") if item.strip() and item.strip() != "-1"])
    return _nvidia_gpus() or len(list(_amd_gpus()))


def _nvidia_gpus() -> int:
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run([program, "-L"], capture_output=True, text=True, check=True, timeout=30)
        return sum(line.startswith("GPU ") for line in done.stdout.splitlines())
    return 0


def _amd_gpus() -> Iterator[Path]:
    """Yield the nodes of the driver's list that are GPUs: processors have no SIMD units there."""
    for path in Path("/sys/class/kfd/kfd/topology/nodes").glob("*/properties"):
        with suppress(OSError, ValueError):
            facts = dict(line.split(maxsplit=1) for line in path.read_text().splitlines())
            if int(facts.get("simd_count", "0")):
                yield path


def _cgroup_cpus() -> Iterator[float]:
    for folder in _cgroup_folders("cpu"):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text().split()
            if quota != "max":
                yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota_us = int((folder / "cpu.cfs_quota_us").read_text())
            if quota_us > 0:
                yield quota_us / int((folder / "cpu.cfs_period_us").read_text())


def _cgroup_memory() -> Iterator[float]:
    for folder in _cgroup_folders("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # "max" is no limit
                yield float(int((folder / name).read_text()))


def _cgroup_folders(controller: str, root: Path = Path("/sys/fs/cgroup")) -> Sequence[Path]:
    """Return the folders of this process's control group and all above it, of both versions of the interface."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return ()
    found: list[Path] = []
    for line in lines:
        number, controllers, place = line.split(":", 2)
        if number != "0" and controller not in controllers.split(","):
            continue
        base = root if number == "0" else root / controllers
        group = Path(os.path.normpath(place))
        found += [base / part.relative_to("/") for part in (group, *group.parents)]
    return found
