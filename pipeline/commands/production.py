"""Datasets that many processes make: how they stand."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from pipeline.commands.options import FiniteRange
from pipeline.commands.status_view import WatchedView, view_of
from pipeline.farm.engines import ENGINES
from pipeline.status.gaps import asked_frames, find_gaps, gap_lines
from pipeline.status.overview import Status, read_status
from pipeline.status.sections import plain_lines
from pipeline.structure import unstructure

ASKED_HELP = "Only these, like 0-9,20,30-40:2.  [default: what runs and submissions were asked for]"
COMPLETE_HELP = (
    "Only say which frames lack of all that the scene has, or of --frames or --submission; exit code 1 when some do."
)


@click.command(
    short_help="Say how a dataset stands: frames, pace, processes, troubles, hints.",
    epilog="""\b
Examples:
  variegate status out/dice
  variegate status out/dice --watch 10
  variegate status /data/dice --submission farm/0001-slurm --attempts
  variegate status /data/dice --require-complete && variegate export /data/dice --format coco --out coco""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--frames", metavar="LIST", help=ASKED_HELP)
@click.option("--submission", metavar="farm/NUMBER-ENGINE", help="Only the frames of this submission.")
@click.option("--attempts", is_flag=True, help="Also list every attempt at every frame.")
@click.option("--watch", type=FiniteRange(min=1), metavar="SECONDS", help="Look again that often, until Ctrl-C.")
@click.option("--require-complete", is_flag=True, help=COMPLETE_HELP)
@click.option("--deep", is_flag=True, help="With --require-complete: compare every file with what was committed.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def status(
    dataset: Path,
    frames: str | None,
    submission: str | None,
    attempts: bool,
    watch: float | None,
    require_complete: bool,
    deep: bool,
    as_json: bool,
) -> None:
    """Say how a dataset stands: what is there, what runs, what fails, how long it will take, and what to change.

    It counts the frames that runs and submissions were asked for so far, --require-complete all that the scene has.
    Safe at any time, also while it is made. Exit code 0; 1 when --require-complete finds frames lacking.
    """
    if frames is not None and submission is not None:
        raise click.UsageError("give --frames or --submission, not both")
    if require_complete and (watch or attempts):
        raise click.UsageError("--require-complete says what lacks, once: leave out --watch and --attempts")
    if deep and not require_complete:
        raise click.UsageError("--deep goes with --require-complete")
    asked = asked_frames(dataset, frames, submission)
    if require_complete:
        _require_complete(dataset, asked, deep=deep, as_json=as_json)
        return
    seen = _looks(dataset, asked, attempts, watch)
    with suppress(KeyboardInterrupt) if watch else nullcontext():
        if as_json:
            for one in seen:
                click.echo(json.dumps(unstructure(one), indent=None if watch else 1))
        else:
            _show(seen, Console(), is_watched=watch is not None)


def _require_complete(dataset: Path, asked: Collection[int] | None, *, deep: bool, as_json: bool) -> None:
    gaps = find_gaps(dataset, asked, deep=deep)
    lines = [json.dumps(unstructure(gaps), indent=1)] if as_json else gap_lines(gaps)
    for line in lines:
        click.echo(line)
    if gaps.count:
        raise click.exceptions.Exit(1)


def _looks(dataset: Path, asked: Collection[int] | None, attempts: bool, watch: float | None) -> Iterator[Status]:
    """Yield the status now, and when it is watched again and again."""
    recorded: set[int] = set()
    yield read_status(dataset, asked, attempts=attempts, engines=ENGINES, recorded=recorded)
    while watch is not None:
        time.sleep(watch)
        yield read_status(dataset, asked, attempts=attempts, engines=ENGINES, recorded=recorded)


def _show(seen: Iterator[Status], console: Console, *, is_watched: bool) -> None:
    if not console.is_terminal:
        for number, one in enumerate(seen):
            if number:
                click.echo("")
            for line in plain_lines(one):
                click.echo(line)
    elif not is_watched:
        console.print(view_of(next(seen)))
    else:
        with Live(console=console, auto_refresh=False, screen=True) as live:
            for one in seen:
                live.update(WatchedView(one), refresh=True)
