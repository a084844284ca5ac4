"""Options that say how shards run on a farm, shared by submit and resume."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any

import click

from pipeline.addresses import PathMap, parse_path_map
from pipeline.commands.options import FiniteRange
from pipeline.commands.workers import WorkerCount
from pipeline.conventions import DEVICES
from pipeline.errors import FarmError
from pipeline.farm.blender import blender_command, script_here
from pipeline.farm.engines import ENGINES
from pipeline.farm.submission import Submission

DEFAULT_ENGINE = "slurm"
AUTO = "auto"

_GRES = re.compile(r"[a-z][\w/]*(:[\w.-]+)?(:[1-9]\d*)?")
_TIME = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m?)?", re.IGNORECASE)
_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[MGT]?)(?:i?B)?", re.IGNORECASE)
_MEMORY_UNITS = {"": 1, "M": 1, "G": 1024, "T": 1024**2}


def _minutes(context: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Return minutes, from "240", "4h", "90m" or "1d12h"."""
    if value is None:
        return None
    match = _TIME.fullmatch(value)
    parts = zip("dhm", (1440, 60, 1), strict=True)
    minutes = 0 if match is None else sum(int(match[key] or 0) * per for key, per in parts)
    if minutes < 1:
        raise click.BadParameter(f"{value!r} is not a time; write 240 (minutes), 4h, 90m or 1d12h")
    return minutes


def _mebibytes(context: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    """Return MiB, from "16G" or "512M", or AUTO."""
    if value is None or value == AUTO:
        return value
    match = _MEMORY.fullmatch(value)
    mebibytes = 0 if match is None else int(float(match["number"]) * _MEMORY_UNITS[match["unit"].upper()])
    if mebibytes < 1:
        raise click.BadParameter(f"{value!r} is not an amount of memory; write 16G or 512M")
    return mebibytes


def _pairs(context: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return pairs, from "KEY=VALUE"; a value may be empty."""
    for value in values:
        if value.find("=") < 1:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE")
    return tuple((key, value) for key, _, value in (one.partition("=") for one in values))


def _gres(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    for item in (value or "").split(",") if value else ():
        if not _GRES.fullmatch(item):
            raise click.BadParameter(f"{item!r} is not NAME, NAME:COUNT or NAME:TYPE:COUNT, like gpu:1 or gpu:a100:2")
    return value


_OPTIONS = (
    click.option("--frames-per-shard", type=click.IntRange(min=1), metavar="N", help="Size of a shard, in frames."),
    click.option(
        "--minutes-per-shard",
        type=FiniteRange(min=0, min_open=True),
        metavar="M",
        help="Size of a shard, by what frames of DATASET took so far.  [default: 10 minutes, or 50 frames]",
    ),
    click.option("--max-running", type=click.IntRange(min=1), metavar="K", help="Shards that may run at a time."),
    click.option("--gres", callback=_gres, metavar="GRES", help="GPUs of a shard: gpu:1, gpu:a100:2."),
    click.option("--time", callback=_minutes, metavar="T", help="Time limit of a shard: 240 (minutes), 4h, 1d12h."),
    click.option("--partition", metavar="NAME", help="Partition, pool, worker tag or namespace."),
    click.option("--cpus", type=click.IntRange(min=1), metavar="N", help="Processors of a shard, and its threads."),
    click.option(
        "--memory",
        callback=_mebibytes,
        metavar="SIZE",
        help="Memory of a shard: 16G, 512M; of resume also auto, half as much again after shards ran out of it.",
    ),
    click.option("--container", metavar="IMAGE", help="Container image that shards run in."),
    click.option(
        "--engine-option",
        "engine_options",
        callback=_pairs,
        multiple=True,
        metavar="KEY=VALUE",
        help="What only this engine knows, see below. Repeatable.",
    ),
    click.option(
        "--path-map", "pairs", multiple=True, metavar="A=B", help="Folder A here is B on the nodes. Repeatable."
    ),
    click.option(
        "--attempts",
        type=click.IntRange(min=1),
        metavar="N",
        help="Failures after which a frame is given up, and starts of a shard that crashes.  [default: 3]",
    ),
    click.option(
        "--frame-time-limit",
        type=FiniteRange(min=0, min_open=True),
        metavar="SECONDS",
        help="What a frame may take; longer counts as a failure.  [default: 20 times the longest so far]",
    ),
    click.option("--device", type=click.Choice(DEVICES), metavar="NAME", help=f"What renders: {', '.join(DEVICES)}."),
    click.option(
        "--workers", type=WorkerCount(), metavar="N|auto", help="Processes of a shard, for large GPUs.  [default: 1]"
    ),
    click.option("--threads", type=click.IntRange(min=1), metavar="N", help="Threads of a shard.  [default: --cpus]"),
    click.option("--blender", metavar="PATH", help="Nodes run this real Blender with scripts/render.py, not a Python."),
    click.option("--python", metavar="PATH", help="Python of the nodes that has this package.  [default: this one]"),
    click.option("--name", metavar="NAME", help="What the queue shows.  [default: the dataset's]"),
    click.option(
        "--anyway", is_flag=True, help="Also submit frames that wait or run in an earlier submission already."
    ),
    click.option("--dry-run", is_flag=True, help="Write and submit nothing: print every file and command."),
)


ENGINE_OPTIONS = "\n\n".join(f"Engine options of {name}: {engine.knobs}." for name, engine in ENGINES.items())


def farm_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that submit and resume share; they come as keyword arguments of `Order`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for on the command line; None and () where nothing was."""

    frames_per_shard: int | None
    minutes_per_shard: float | None
    max_running: int | None
    gres: str | None
    time: int | None
    partition: str | None
    cpus: int | None
    memory: int | str | None
    """MiB, or AUTO."""
    container: str | None
    engine_options: tuple[tuple[str, str], ...]
    pairs: tuple[str, ...]
    attempts: int | None
    frame_time_limit: float | None
    device: str | None
    workers: int | str | None
    threads: int | None
    blender: str | None
    python: str | None
    name: str | None
    anyway: bool
    dry_run: bool

    def check(self) -> None:
        """Raise UsageError for options that exclude each other."""
        if self.frames_per_shard is not None and self.minutes_per_shard is not None:
            raise click.UsageError("give --frames-per-shard or --minutes-per-shard, not both")
        if self.blender is not None and self.python is not None:
            raise click.UsageError("give --blender or --python: nodes run the one or the other")
        for option, program in (("--blender", self.blender), ("--python", self.python)):
            if program is not None:
                _check_program(option, program)

    def new(self, engine: str, root: Path) -> Submission:
        """Return a submission as ordered, without folder and frames."""
        plain = Submission(
            engine=engine,
            name=f"variegate {root.name}",
            dataset=root.as_posix(),
            folder="",
            frames="",
            shards=(),
            command=_python_command(None, ""),
        )
        return self.changed(plain)

    def changed(self, base: Submission) -> Submission:
        """Return `base` with what was asked for in place of its own."""
        resources = _replaced(
            base.resources,
            time_min=self.time,
            cpus=self.cpus,
            memory_mb=self.memory,
            gres=self.gres,
            partition=self.partition,
        )
        path_map = _path_map(self.pairs) or base.path_map
        order: Submission = _replaced(
            base,
            name=self.name,
            max_running=self.max_running,
            container=self.container,
            attempts=self.attempts,
            command=self._command(base),
        )
        return replace(
            order,
            resources=resources,
            path_map=path_map,
            engine_options={**base.engine_options, **dict(self.engine_options)},
            options=self._shard_options(base.options, is_blender=order.command[-1] == "--"),
        )

    def _command(self, base: Submission) -> tuple[str, ...]:
        if self.blender is not None:
            return blender_command((_program(self.blender),), script_here().as_posix())
        if self.python is not None:
            return _python_command(self.python, "")
        own = _python_command(None, "")  # of this machine: a container has another
        return _python_command(None, self.container) if self.container and base.command == own else base.command

    def _shard_options(self, before: Sequence[str], *, is_blender: bool) -> tuple[str, ...]:
        """Return the options of the shard command, in pairs; those of `before` stay where nothing is said."""
        if is_blender and self.workers is not None:
            raise click.UsageError("--workers: a shard that a real Blender runs is one process (leave it out)")
        given = {
            "--device": self.device,
            "--workers": self.workers,
            "--threads": self.threads or self.cpus,
            "--attempts": self.attempts,
            "--frame-time-limit": self.frame_time_limit,
        }
        options = dict(zip(before[::2], before[1::2], strict=True))
        options |= {name: str(value) for name, value in given.items() if value is not None}
        if is_blender:
            options.pop("--workers", None)
        return tuple(word for pair in options.items() for word in pair)


def _replaced(record: Any, **values: Any) -> Any:
    return replace(record, **{key: value for key, value in values.items() if value is not None})


def _path_map(pairs: tuple[str, ...]) -> PathMap:
    path_map = parse_path_map(pairs)
    for here, _ in path_map:
        if not os.path.isabs(here):
            raise FarmError(f"--path-map {here}=...: the folder here must be absolute ({os.path.abspath(here)}?)")
    return path_map


def _python_command(python: str | None, container: str | None) -> tuple[str, ...]:
    """Return the command of a Python; by default the one that runs this, in a container its own."""
    return (_program(python or ("python" if container else sys.executable)), "-m", "pipeline")


def _check_program(option: str, name: str) -> None:
    """Raise UsageError for no program, and for one with arguments."""
    if not name.strip():
        raise click.UsageError(f"{option} {name!r}: name a program of the nodes, by a path or as their PATH has it")
    first = name.split()[0]
    if first != name and not os.path.exists(name) and shutil.which(first):
        raise click.UsageError(f"{option} {name!r}: one program without arguments (a script of yours can hold them)")


def _program(name: str) -> str:
    """Return a program as nodes find it: a bare name by their PATH, a path whole, one of Windows as it is."""
    if PureWindowsPath(name).is_absolute():
        return PureWindowsPath(name).as_posix()
    return os.path.abspath(name) if os.path.dirname(name) else name
