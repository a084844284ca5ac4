"""Which GPU a worker sees: environment variables that the drivers themselves obey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.errors import PipelineError

# Those that number devices anew for what is below them, so that one must be set alone.
_LISTS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")


def parse_gpus(text: str) -> tuple[int, ...]:
    """Return the indices in "0,1,3". Raises PipelineError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise PipelineError(f"--gpus {text!r}: write numbers of GPUs with commas between, like 0,1")
    return tuple(int(part) for part in parts)


def asked_gpus(text: str, device: str, there: int) -> tuple[int, ...]:
    """Return the indices in "0,1,3", where `there` GPUs are known of and `device` is to render.

    Raises PipelineError for one that is not there: a worker would render on the processor without a word.
    """
    gpus = parse_gpus(text)
    if device == "cpu":
        raise PipelineError(f"--gpus {text}: --device cpu uses none (leave out one of the two)")
    if not there and device == "auto":
        raise PipelineError(f"--gpus {text}: no GPU of NVIDIA or AMD is seen here (leave it out, or give --device)")
    if there and max(gpus) >= there:
        raise PipelineError(f"--gpus {text}: there are {there} GPUs here (they count from 0 to {there - 1})")
    return gpus


def gpu_of(worker: int, gpus: Sequence[int]) -> int | None:
    """Return the GPU of worker 1, 2, ...: in turn; None where there are none to assign."""
    return gpus[(worker - 1) % len(gpus)] if gpus else None


def gpu_variables(gpu: int, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that shows a worker one GPU alone.

    Where a queue gave this process some devices, `gpu` counts among those. Raises PipelineError when it is not there.
    """
    variables = {name: _pick(name, env[name], gpu) for name in _LISTS if env.get(name, "").strip()}
    if not variables.keys() & {"HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"}:
        variables["HIP_VISIBLE_DEVICES"] = str(gpu)
    variables.setdefault("CUDA_VISIBLE_DEVICES", str(gpu))
    if "ROCR_VISIBLE_DEVICES" in variables and "HIP_VISIBLE_DEVICES" in variables:
        variables["HIP_VISIBLE_DEVICES"] = "0"  # counted among what ROCR_VISIBLE_DEVICES leaves
    if "ONEAPI_DEVICE_SELECTOR" not in env:
        variables["ONEAPI_DEVICE_SELECTOR"] = f"level_zero:{gpu}"
    return variables


def _pick(name: str, given: str, gpu: int) -> str:
    devices = [part.strip() for part in given.split(",")]
    if gpu >= len(devices):
        raise PipelineError(
            f"--gpus {gpu}: {name}={given} gives this process {len(devices)} GPUs (they count from 0 to "
            f"{len(devices) - 1})"
        )
    return devices[gpu]
