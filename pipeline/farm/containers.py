"""A command inside a container, for engines that start plain processes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import FarmError
from pipeline.farm.submission import Submission
from pipeline.structure import did_you_mean

RUNTIME = "container-runtime"
CONTAINER_OPTIONS = "container-options"
KNOBS = (RUNTIME, CONTAINER_OPTIONS)
RUNTIMES = ("apptainer", "singularity", "docker", "podman")  # what a node can be expected to have; the first by default


def in_container(submission: Submission, command: Sequence[str], folders: Sequence[str]) -> tuple[str, ...]:
    """Return `command` as it runs in the submission's image, or as it is where there is none.

    `folders` are those of a node that it sees under their own names. Signals reach the command, and its exit code
    comes back. The engine options have passed `check_container`.
    """
    if not submission.container:
        return tuple(command)
    runtime = _RUNTIMES[submission.engine_options.get(RUNTIME, RUNTIMES[0])]
    more = shlex.split(submission.engine_options.get(CONTAINER_OPTIONS, ""))
    mounts = [word.format(folder) for folder in folders for word in runtime.mount]
    gpus = runtime.gpus if submission.resources.gres.startswith("gpu") else ()
    program, *words = command
    # An image may have a program of its own that would take the command for its arguments.
    instead, run = (("--entrypoint", program), words) if runtime.has_entrypoints else ((), command)
    return (*runtime.start, *gpus, *mounts, *instead, *more, runtime.image.format(submission.container), *run)


def check_container(submission: Submission, runtimes: Sequence[str] = RUNTIMES) -> None:
    """Raise FarmError for a runtime that is none of `runtimes`, options that cannot be split, or either without an
    image."""
    options = submission.engine_options
    asked = [name for name in KNOBS if name in options]
    if asked and not submission.container:
        raise FarmError(f"--engine-option {asked[0]}: goes with --container IMAGE")
    name = options.get(RUNTIME, runtimes[0])
    if name not in runtimes:
        raise FarmError(f"--engine-option {RUNTIME}={name}: not known ({did_you_mean(name, runtimes)})")
    try:
        shlex.split(options.get(CONTAINER_OPTIONS, ""))
    except ValueError as error:
        raise FarmError(f"--engine-option {CONTAINER_OPTIONS}: {error} (quote as in a shell)") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runtime:
    """How a program is told to start a container, to show it GPUs, to show it a folder of the node, and of which image;
    {0} stands for the folder and for the image."""

    start: tuple[str, ...]
    mount: tuple[str, ...]
    gpus: tuple[str, ...] = ()
    image: str = "{0}"
    has_entrypoints: bool = False


_BIND = ("--mount", "type=bind,source={0},target={0}")
_RUNTIMES = {
    "apptainer": _Runtime(start=("apptainer", "exec"), gpus=("--nv",), mount=("--bind", "{0}")),
    "singularity": _Runtime(start=("singularity", "exec"), gpus=("--nv",), mount=("--bind", "{0}")),
    "docker": _Runtime(
        start=("docker", "run", "--rm", "--init"), gpus=("--gpus", "all"), mount=_BIND, has_entrypoints=True
    ),
    "podman": _Runtime(
        start=("podman", "run", "--rm", "--init"),
        gpus=("--device", "nvidia.com/gpu=all"),
        mount=_BIND,
        has_entrypoints=True,
    ),
    # Slurm's own, by a plugin: it shows the GPUs of the job by itself.
    "pyxis": _Runtime(
        start=("srun", "--ntasks=1"), mount=("--container-mounts={0}:{0}",), image="--container-image={0}"
    ),
}
