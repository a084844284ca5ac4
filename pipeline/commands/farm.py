"""Handing frames to a farm: submit them, submit again what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pipeline.commands.farm_options import AUTO, DEFAULT_ENGINE, ENGINE_OPTIONS, Order, farm_options
from pipeline.commands.handing_over import engine_of, submit_left
from pipeline.commands.options import frames_option, retry_option, scene_argument, seed_option, set_option, with_seed
from pipeline.config.load import base_dir_of, load_config
from pipeline.dataset.presence import present
from pipeline.dataset.read import read_job
from pipeline.errors import FarmError
from pipeline.farm.engines import ENGINES
from pipeline.farm.handover import require_programs
from pipeline.farm.ledger import Entry, read_ledger
from pipeline.farm.starved import COUNT_MEMORY, MOST, NO_MEMORY, Starved, show_memory, tell_starved
from pipeline.frames import parse_frames
from pipeline.job import Job, make_job
from pipeline.job_file import read_job_file
from pipeline.status.hints_farm import tell_unbegun
from pipeline.status.submissions import read_submission
from pipeline.terminal import open_job, session

MOST_FRAMES = 1_000_000  # that --frames alone may ask for: more is taken for a slip


@click.command(
    short_help="Hand frames over to a farm.",
    epilog=f"""\b
Examples:
  variegate submit scenes/dice_tray.yaml --frames 0-99999 --out /data/dice --gres gpu:1 --time 4h
  variegate submit job.json --out /data/dice --frames-per-shard 200 --max-running 20 --engine-option account=vision
  variegate submit my.yaml --out /data/mine --engine openjd --path-map /data=/mnt/data --dry-run

{ENGINE_OPTIONS}""",
)
@scene_argument()
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DATASET", help="Folder of the dataset.")
@frames_option("all that the scene file asks for", "submit")
@seed_option
@set_option
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default=DEFAULT_ENGINE,
    show_default=True,
    metavar="NAME",
    help=f"Whose queue: {', '.join(ENGINES)}.",
)
@retry_option
@farm_options
def submit(
    scene: Path,
    out: Path,
    frames: str | None,
    seed: int | None,
    overrides: tuple[str, ...],
    engine: str,
    retry_quarantined: bool,
    **ordered: Any,
) -> None:
    """Cut the frames that DATASET lacks into shards and hand them over to a farm.

    The farm runs `variegate shard` on its nodes, which see DATASET and the assets under the same paths, or under those
    of --path-map. What was submitted is kept in DATASET/farm. SCENE.yaml may also be a job.json.
    """
    order = Order(**ordered)
    order.check()
    if order.memory == AUTO:
        raise click.UsageError("--memory auto goes with variegate resume: it knows what did not suffice")
    root = Path(os.path.abspath(out))
    submission = order.new(engine, root)
    if not order.dry_run:
        require_programs(ENGINES[engine])
    job = _job_of(scene, with_seed(overrides, seed), order.device or "auto")
    job, wanted = _as_long_as_asked(job, frames)
    ledger = read_ledger(root)
    submit_left(root, submission, order, job, wanted, ledger, retry=retry_quarantined, base_dir=base_dir_of(scene))


@click.command(
    short_help="Submit what is still missing.",
    epilog=f"""\b
Examples:
  variegate resume /data/dice
  variegate resume /data/dice --memory auto --retry-quarantined
  variegate resume /data/dice --engine-option exclude=n3
  variegate resume /data/dice --dry-run

{ENGINE_OPTIONS}""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@frames_option("all that were ever submitted", "submit")
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    metavar="NAME",
    help=f"Whose queue: {', '.join(ENGINES)}.  [default: the last submission's]",
)
@retry_option
@farm_options
def resume(dataset: Path, frames: str | None, engine: str | None, retry_quarantined: bool, **ordered: Any) -> None:
    """Submit exactly those frames that are missing and that no queued or running shard will make.

    Everything is as in the last submission of DATASET unless an option says otherwise.
    """
    order = Order(**ordered)
    order.check()
    root = Path(os.path.abspath(dataset))
    job = read_job(root)
    ledger = read_ledger(root)
    if not ledger:
        raise FarmError(f"{dataset}: nothing was submitted for it yet (begin with variegate submit)")
    total = job.config.frames
    wanted = parse_frames(frames, total) if frames is not None else _ever_submitted(ledger, total)
    starved, is_auto = _look_back(root, ledger[-1], wanted), order.memory == AUTO
    order = _with_memory(order, ledger, starved)
    last = replace(ledger[-1].submission, dataset=root.as_posix())
    base = order.changed(last) if engine in (None, last.engine) else order.new(str(engine), root)
    if is_auto and starved is None:
        stays = show_memory(base.resources.memory_mb) if base.resources.memory_mb else "what the site gives unasked"
        click.echo(f"no shard of {last.folder} that lacks frames ran out of memory: what is asked for stays {stays}")
    if not order.dry_run:
        require_programs(engine_of(base.engine))
    submit_left(root, base, order, job, wanted, ledger, retry=retry_quarantined, base_dir=None)


def _job_of(scene: Path, overrides: tuple[str, ...], device: str) -> Job:
    """Return the job of a scene file, its assets surveyed with Blender, or of a job.json, which needs none."""
    if scene.suffix == ".json" and not overrides:
        return read_job_file(scene)
    config = load_config(scene, overrides)
    with session() as report:
        _, job = open_job(scene, config, "cpu" if device == "auto" else device, report, overrides=overrides)
    return job


def _as_long_as_asked(job: Job, frames: str | None) -> tuple[Job, Sequence[int]]:
    """Return the job and the frames of it; frames beyond its last make it longer, as the first stay what they are."""
    total = job.config.frames
    if frames is None:
        return job, range(total)
    wanted = parse_frames(frames, max(total, MOST_FRAMES), remedy="--set frames=N for so many")
    if wanted[-1] < total:
        return job, wanted
    click.echo(f"the dataset gets {wanted[-1] + 1} frames, more than the scene file's {total}")
    return make_job(replace(job.config, frames=wanted[-1] + 1), job.catalogue), wanted


def _look_back(root: Path, last: Entry, wanted: Iterable[int]) -> Starved | None:
    """Tell why shards of the last submission never began, and return those that ran out of memory."""
    submitted = read_submission(root, last, set(wanted) - present(root), ENGINES)
    if unbegun := tell_unbegun(submitted):
        click.echo(unbegun)
    return submitted.starved


def _with_memory(order: Order, ledger: Sequence[Entry], starved: Starved | None) -> Order:
    """Return the order with the memory that --memory auto gives; without it, tell of shards that ran out of it."""
    if order.memory not in (None, AUTO):
        return order
    unchanged = replace(order, memory=None)
    if starved is None:
        return unchanged
    last = ledger[-1].submission
    told = tell_starved(last.folder, starved)
    if last.engine not in COUNT_MEMORY:
        told = f"{told}: {'' if starved.is_certain else 'if so, '}{NO_MEMORY}"
        if order.memory == AUTO:
            raise FarmError(f"--memory auto: {last.engine} takes no --memory; {told}")
        click.echo(told)
        return unchanged
    more = show_memory(starved.next_mb) if starved.next_mb else "SIZE"
    if order.memory is None or not starved.is_certain:
        click.echo(f"{told}: {'' if starved.is_certain else 'if so, '}--memory {more} gives them more")
        return unchanged
    first_mb = next((mb for entry in ledger if (mb := entry.submission.resources.memory_mb)), starved.had_mb)
    if not starved.next_mb or starved.next_mb > MOST * first_mb:
        why = f"{MOST} times the first is where auto ends" if starved.next_mb else "nobody knows how much they had"
        raise FarmError(f"--memory auto: {told}, and {why} (look for what fills it, or give --memory {more})")
    click.echo(f"{told}: now they get {more}")
    return replace(order, memory=starved.next_mb)


def _ever_submitted(ledger: Iterable[Entry], total: int) -> tuple[int, ...]:
    frames = {frame for entry in ledger for frame in parse_frames(entry.submission.frames, total, clamp=True)}
    return tuple(sorted(frames))
