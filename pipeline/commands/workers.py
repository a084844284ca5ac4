"""What `render --workers` and `shard --workers` share: options, and a supervisor at a terminal or in a queue."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pipeline.addresses import PathMap, map_path
from pipeline.commands.options import FiniteRange
from pipeline.dataset.scratch import end_at_once, own_temporary_folder
from pipeline.dataset.store import Store
from pipeline.errors import PipelineError
from pipeline.farm.blender import check_blender
from pipeline.farm.local.crew import Crew, blender_program, make_frames
from pipeline.farm.local.display import WorkersDisplay
from pipeline.farm.local.gpus import asked_gpus
from pipeline.farm.local.limits import Limits
from pipeline.farm.local.machine import count_gpus, memory_share_mib, usable_cpus, usable_memory_mib
from pipeline.farm.local.protocol import Outcome, Stop
from pipeline.farm.local.worker_count import choose_workers
from pipeline.interrupts import interrupts
from pipeline.progress_lines import is_read

Options = dict[str, Any]
_LIMITS: dict[str, str] = {
    "frame_time_limit": "frame_s",
    "memory_limit": "memory_mib",
    "recycle": "recycle",
    "attempts": "attempts",
    "grace": "grace_s",
}


class WorkerCount(click.ParamType[Any]):
    """A number of workers, or "auto"."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        text = str(value)
        if text != "auto" and not (text.isascii() and text.isdecimal()):
            self.fail(f"{text!r} is neither a number nor auto", param, ctx)
        return text if text == "auto" else int(text)


def worker_options(default: int | None, text: str, grace_s: float) -> Callable[[Any], Any]:
    """Return the options that say how many workers there are, and what each may take. `grace_s` is used where none is
    given."""
    time_help = "A worker whose frame takes longer is replaced.  [default: 20 times the longest so far]"
    memory_help = "A worker that fills more is replaced; 0 for no limit.  [default: its share of the memory]"
    grace_help = f"What frames in progress may take when the run is stopped.  [default: {grace_s:.0f}]"
    positive, whole = FiniteRange(min=0, min_open=True), click.IntRange(min=0)
    options = (
        click.option("--workers", type=WorkerCount(), default=default, metavar="N|auto", help=text),
        click.option("--gpus", metavar="LIST", help="GPUs that workers get in turn, like 0,1; several may share one."),
        click.option("--frame-time-limit", type=positive, metavar="SECONDS", help=time_help),
        click.option("--memory-limit", type=FiniteRange(min=0), metavar="MIB", help=memory_help),
        click.option("--recycle", type=whole, metavar="N", help="Frames after which a worker is renewed."),
        click.option("--grace", type=FiniteRange(min=0), metavar="SECONDS", help=grace_help),
    )

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def given_limits(options: Options) -> str:
    """Return the names of options that mean nothing without workers, as far as they are given."""
    names = (*_LIMITS, "gpus", "blender", "pairs")
    flags = {"pairs": "--path-map"}
    return ", ".join(flags.get(name, f"--{name.replace('_', '-')}") for name in names if options.get(name))


def limits_of(options: Options, workers: int, grace_s: float) -> Limits:
    """Return the limits that the options give, and defaults for the rest."""
    given = {field: options[name] for name, field in _LIMITS.items() if options.get(name) is not None}
    if "memory_mib" not in given:
        given |= {"memory_mib": memory_share_mib(workers, os.environ), "is_share": True}
    return Limits(**{"grace_s": grace_s, **given})


def crew_of(options: Options, frames: int, device: str, dataset: Path, path_map: PathMap, blender: str = "") -> Crew:
    """Return the workers for so many frames. `blender` is the command line of a real Blender, in which the paths of
    `path_map` have other names; else this Python's own runs, and `path_map` is the dataset's."""
    cpus = options.get("threads") or usable_cpus(os.environ)
    there = 0 if device == "cpu" else count_gpus(os.environ)
    gpus = asked_gpus(options["gpus"], device, there) if options["gpus"] else tuple(range(there)) if there > 1 else ()
    workers = options["workers"]
    if workers == "auto":
        workers = choose_workers(cpus, usable_memory_mib(os.environ), len(set(gpus)) or there)
    crew = Crew(
        workers=max(1, min(workers, frames)),
        cpus=cpus,
        dataset=dataset.resolve().as_posix(),
        device=device,
        gpus=gpus,
        path_map=path_map,
        save_blend=bool(options.get("save_blend")),
    )
    if not blender:
        return crew
    try:
        words = shlex.split(blender)
    except ValueError as error:
        raise PipelineError(f"--blender {blender!r}: {error} (write it as a shell would read it)") from error
    check_blender(words)
    program = blender_program(words, path_map)
    return replace(crew, dataset=map_path(crew.dataset, path_map), program=program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A supervised run about to begin."""

    store: Store
    wanted: Sequence[int]
    crew: Crew
    limits: Limits
    retry_quarantined: bool
    is_shard: bool = False


def say(line: str) -> None:
    """Write a line for render managers, at once, where somebody reads it."""
    if is_read(line, os.environ):
        click.echo(line)
        sys.stdout.flush()


def fail(reason: str) -> None:
    """Tell render managers in a line, and people in full, why no frame can be made any more."""
    say(f"openjd_fail: {reason.splitlines()[0]}")
    click.echo(reason, err=True)


def supervise(run: Run, console: Console, code: int) -> Outcome:
    """Run it with signals obeyed; a third one ends this process with the exit code `code`, and its workers with it."""
    display = WorkersDisplay(run.store.root, console, say, is_shard=run.is_shard)
    with stoppable(display.notice, run.limits.grace_s, code) as stop:
        try:
            return make_frames(
                run.store, run.wanted, run.crew, run.limits, display, stop, retry_quarantined=run.retry_quarantined
            )
        finally:
            display.close()


@contextmanager
def stoppable(notice: Callable[[str], None], grace_s: float, code: int) -> Iterator[Stop]:
    """Yield what Ctrl-C and SIGTERM ask for a stop. What workers leave in the temporary folder goes with the block."""
    stop = Stop()

    def first() -> None:
        stop.ask()
        notice(f"stopping: frames in progress may take {grace_s:.0f} s more; a second signal stops at once")

    def again() -> None:
        stop.ask()
        if stop.count > 2:
            end_at_once(code)

    with interrupts(first, again), own_temporary_folder():
        yield stop
