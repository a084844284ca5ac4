"""The command that queues run on their nodes."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import click

from pipeline.addresses import parse_path_map
from pipeline.blender_log import blender_log
from pipeline.commands.options import device_option, retry_option
from pipeline.dataset.create import read_dataset
from pipeline.dataset.layout import LOGS
from pipeline.errors import PipelineError
from pipeline.farm.shards import read_shard
from pipeline.interrupts import interrupts
from pipeline.progress_lines import LineReporter
from pipeline.terminal import import_with_blender


@click.command(
    short_help="Make some frames of a dataset; what queues run.",
    epilog="""\b
Examples:
  variegate shard out/dice --frames 0-99
  variegate shard /data/dice --submission farm/0001-slurm --index 12 --path-map /home/me/dice=/data/dice""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--frames", metavar="LIST", help="Frames to make, like 0-9,20,30-40:2; beyond the last: ignored.")
@click.option("--submission", metavar="farm/NUMBER-ENGINE", help="With --index: take a line of its shards.txt.")
@click.option("--index", type=click.IntRange(min=0), metavar="N", help="The shard of --submission, counted from 0.")
@device_option
@click.option("--threads", type=click.IntRange(min=0), default=0, metavar="N", help="Of the processor; 0 for all.")
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Failures, on any machine, after which a frame is given up.",
)
@click.option("--path-map", "pairs", multiple=True, metavar="A=B", help="Folder A where it was submitted is B here.")
@retry_option
def shard(
    dataset: Path,
    frames: str | None,
    submission: str | None,
    index: int | None,
    device: str,
    threads: int,
    attempts: int,
    pairs: tuple[str, ...],
    retry_quarantined: bool,
) -> None:
    """Make those of some frames that DATASET lacks, as its job.json says.

    Safe to run again, anywhere, at any time. Exit code 0: all of them are there, 1: try again, 2: do not, something
    must be mended or frames are given up, 75: try again later (stopped, disk full).
    """
    if (frames is None) == (submission is None) or (submission is None) != (index is None):
        raise click.UsageError("give --frames LIST, or --submission farm/NUMBER-ENGINE with --index N")
    if frames is None:
        assert submission is not None and index is not None
        frames = read_shard(dataset, submission, index)
    module = import_with_blender("pipeline.shard")
    options = module.ShardOptions(
        device=device,
        threads=threads,
        attempts=attempts,
        path_map=parse_path_map(pairs),
        retry_quarantined=retry_quarantined,
    )
    raise click.exceptions.Exit(_run(module, dataset, frames, options))


def _run(module: Any, dataset: Path, frames: str, options: Any) -> int:
    read_dataset(dataset)
    with (
        blender_log() as log,
        interrupts(
            lambda: say("Note: stopping after this frame; a second signal stops at once"),
            lambda: os._exit(module.TRANSIENT),
        ) as flag,
    ):

        def say(line: str) -> None:
            log.output.write(f"{line}\n")

        log.move_to(dataset / LOGS)
        report = LineReporter(dataset, say, flag.is_set, log.trim)
        try:
            return int(module.run_shard(dataset, frames, report, options, log.tail))
        except (Exception, KeyboardInterrupt) as error:
            text = str(error) or "stopped"
            say(f"openjd_fail: {text.splitlines()[0]}")
            if not isinstance(error, PipelineError | KeyboardInterrupt):
                text = "".join(traceback.format_exception(error))
            log.terminal.write(f"{text}\n")
            return int(module.code_of(error))
