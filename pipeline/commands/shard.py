"""The command that queues run on their nodes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pipeline.addresses import PathMap, parse_path_map
from pipeline.commands.options import device_option, retry_option
from pipeline.commands.workers import (
    Options,
    Run,
    crew_of,
    fail,
    given_limits,
    limits_of,
    say,
    supervise,
    worker_options,
)
from pipeline.dataset.create import open_store, read_dataset
from pipeline.dataset.read import base_dir_there, read_job
from pipeline.errors import PipelineError
from pipeline.exit_codes import DO_NOT_RETRY, DONE, TRANSIENT, code_of
from pipeline.farm.shards import read_shard
from pipeline.frames import parse_frames
from pipeline.plurals import counted
from pipeline.progress_lines import LineReporter
from pipeline.queue_process import run_for_queue
from pipeline.terminal import import_with_blender

GRACE_S = 20.0  # Slurm kills 30 s after SIGTERM, unless told otherwise


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
@worker_options(1, "Supervised processes; 0: in this one, which a crash ends, or a frame beyond its time.", GRACE_S)
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
    **options: Any,
) -> None:
    """Make those of some frames that DATASET lacks, as its job.json says.

    Safe to run again, anywhere, at any time. Exit code 0: all of them are there, 1: try again, 2: do not, something
    must be mended or frames are given up, 75: try again later (stopped, disk full).
    """
    if (frames is None) == (submission is None) or (submission is None) != (index is None):
        raise click.UsageError("give --frames LIST, or --submission farm/NUMBER-ENGINE with --index N")
    if options["workers"] == 0 and (given := given_limits(options | {"frame_time_limit": None})):
        raise click.UsageError(f"{given} is for workers, and --workers 0 has none (leave it out)")
    try:
        frames = read_shard(dataset, str(submission), int(index or 0)) if frames is None else frames
        path_map = parse_path_map(pairs)
    except PipelineError as error:
        fail(str(error))
        raise click.exceptions.Exit(code_of(error)) from error
    if options["workers"] != 0:
        options |= {"attempts": attempts, "threads": threads}
        raise click.exceptions.Exit(
            _run_workers(dataset, frames, device, path_map, options, retry_quarantined=retry_quarantined)
        )
    raise click.exceptions.Exit(
        _run_here(
            dataset,
            frames,
            device=device,
            threads=threads,
            attempts=attempts,
            path_map=path_map,
            frame_time_limit_s=options["frame_time_limit"] or 0.0,
            retry_quarantined=retry_quarantined,
        )
    )


def _run_here(dataset: Path, frames: str, **options: Any) -> int:
    def work(report: LineReporter, last_words: Callable[[], str]) -> int:
        blender = import_with_blender("pipeline.shard")
        return int(blender.run_shard(dataset, frames, report, blender.ShardOptions(**options), last_words))

    try:
        return run_for_queue(dataset, work)
    except PipelineError as error:
        fail(str(error))
        return code_of(error)


def _run_workers(
    dataset: Path, frames: str, device: str, path_map: PathMap, options: Options, *, retry_quarantined: bool
) -> int:
    try:
        read_dataset(dataset)
        job = read_job(dataset)
        wanted = parse_frames(frames, job.config.frames, clamp=True)
        if not wanted:
            say(f"Note: none of {frames} is among the {counted(job.config.frames, 'frame')} of {dataset}")
            return DONE
        store = open_store(dataset, job, base_dir_there(dataset, path_map))
        crew = crew_of(options, len(wanted), device, dataset, path_map)
        run = Run(
            store=store,
            wanted=wanted,
            crew=crew,
            limits=limits_of(options, crew.workers, GRACE_S),
            retry_quarantined=retry_quarantined,
            is_shard=True,
        )
        outcome = supervise(run, Console(file=sys.stdout), TRANSIENT)
    except PipelineError as error:
        fail(str(error))
        return code_of(error)
    if outcome.reason:
        fail(outcome.reason)
        return outcome.code
    if outcome.was_stopped:
        say("openjd_fail: stopped")
        return TRANSIENT
    return DO_NOT_RETRY if outcome.summary.given_up else DONE
