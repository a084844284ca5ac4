"""Taking frames back from a farm."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from pipeline.commands.handing_over import engine_of
from pipeline.dataset.create import read_dataset
from pipeline.errors import FarmError, PipelineError
from pipeline.farm.ledger import Entry, read_ledger, record_cancelled, show_ids


@click.command(
    short_help="Take back what is queued or runs.",
    epilog="""\b
Examples:
  variegate cancel /data/dice
  variegate cancel /data/dice --submission farm/0002-slurm""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--submission", metavar="farm/NUMBER-ENGINE", help="Only this one.  [default: all]")
def cancel(dataset: Path, submission: str | None) -> None:
    """Stop the shards of DATASET that wait or run. Frames that are made stay; resume submits the others."""
    root = Path(os.path.abspath(dataset))
    ledger = read_ledger(root)
    chosen = [entry for entry in ledger if submission in (None, entry.submission.folder)]
    if submission is not None and not chosen:
        known = ", ".join(entry.submission.folder for entry in ledger) or "none"
        raise FarmError(f"--submission {submission}: {dataset} has no such submission (it has: {known})")
    if not chosen:
        read_dataset(root)
        click.echo(f"{dataset}: nothing was submitted")
    problems = []
    for entry in chosen:
        try:
            click.echo(f"{entry.submission.folder}: {_cancel(root, entry)}")
        except PipelineError as problem:  # the disk's too: the others are to be stopped all the same
            problems.append(f"{entry.submission.folder}: {problem}")
    if problems:
        raise FarmError("\n".join(problems))


def _cancel(root: Path, entry: Entry) -> str:
    """Take a submission back, and return what came of it."""
    engine = engine_of(entry.submission.engine)
    if not entry.ids:
        here = replace(entry.submission, dataset=root.as_posix())
        return "\n  ".join(engine.by_hand(here, entry.ids))
    stopped = engine.cancel(entry.submission, entry.ids)
    if stopped == ():
        return f"nothing waits or runs{' (it was cancelled before)' if entry.is_cancelled else ''}"
    record_cancelled(root, entry.submission, entry.ids if stopped is None else stopped)
    if stopped is None:
        return f"{engine.name} was asked to cancel {show_ids(entry.ids)}, and does not tell what still waited or ran"
    return f"cancelled ({show_ids(stopped)})"
