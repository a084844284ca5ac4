"""Datasets that many processes make: how they stand."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipeline.status.gaps import asked_frames, find_gaps, gap_lines
from pipeline.structure import unstructure


@click.command(
    short_help="Say how a dataset stands, and whether it is complete.",
    epilog="""\b
Examples:
  variegate status out/dice --require-complete
  variegate status out/dice --submission farm/0001-slurm --require-complete""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--frames", metavar="LIST", help="Only these, like 0-9,20,30-40:2.  [default: all of the dataset]")
@click.option("--submission", metavar="farm/NUMBER-ENGINE", help="Only the frames of this submission.")
@click.option("--require-complete", is_flag=True, help="Say what lacks; exit code 1 when something does.")
@click.option("--deep", is_flag=True, help="With --require-complete: compare every file with what was committed.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def status(
    dataset: Path, frames: str | None, submission: str | None, require_complete: bool, deep: bool, as_json: bool
) -> None:
    """Say how a dataset stands. Safe at any time, also while it is made."""
    if frames is not None and submission is not None:
        raise click.UsageError("give --frames or --submission, not both")
    asked = asked_frames(dataset, frames, submission)
    gaps = find_gaps(dataset, asked, deep=deep)
    if as_json:
        click.echo(json.dumps(unstructure(gaps), indent=1))
    else:
        for line in gap_lines(gaps):
            click.echo(line)
    if require_complete and gaps.count:
        raise click.exceptions.Exit(1)
