"""Handing frames to a farm: submit them, submit again what is missing, take them back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pipeline.commands.farm_options import DEFAULT_ENGINE, ENGINE_OPTIONS, Order, farm_options
from pipeline.commands.options import frames_option, retry_option, scene_argument, seed_option, set_option, with_seed
from pipeline.config.load import base_dir_of, load_config
from pipeline.dataset.create import open_store, read_dataset
from pipeline.dataset.quarantine import quarantined
from pipeline.dataset.read import read_job
from pipeline.dataset.store import WorkerLog, release
from pipeline.errors import FarmError
from pipeline.farm.engine import Engine
from pipeline.farm.engines import ENGINES
from pipeline.farm.handover import check_order, hand_over, rehearse, require_programs
from pipeline.farm.ledger import Entry, read_ledger
from pipeline.farm.left import Left, what_is_left
from pipeline.farm.shards import cut_shards
from pipeline.farm.sizing import frames_per_shard
from pipeline.farm.submission import Submission
from pipeline.frames import parse_frames, read_frames, show_frames
from pipeline.job import Job, make_job
from pipeline.job_file import read_job_file
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
    root = Path(os.path.abspath(out))
    submission = order.new(engine, root)
    if not order.dry_run:
        require_programs(ENGINES[engine])
    job = _job_of(scene, with_seed(overrides, seed), order.device or "auto")
    job, wanted = _as_long_as_asked(job, frames)
    ledger = read_ledger(root)
    _submit(root, submission, order, job, wanted, ledger, retry=retry_quarantined, base_dir=base_dir_of(scene))


@click.command(
    short_help="Submit what is still missing.",
    epilog=f"""\b
Examples:
  variegate resume /data/dice
  variegate resume /data/dice --memory 32G --retry-quarantined
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
    last = replace(ledger[-1].submission, dataset=root.as_posix())
    base = order.changed(last) if engine in (None, last.engine) else order.new(str(engine), root)
    if not order.dry_run:
        require_programs(_engine(base.engine))
    total = job.config.frames
    wanted = parse_frames(frames, total) if frames is not None else _ever_submitted(ledger, total)
    _submit(root, base, order, job, wanted, ledger, retry=retry_quarantined, base_dir=None)


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
        folder = entry.submission.folder
        if entry.ids is None:
            click.echo(f"{folder}: was interrupted while it was submitted; look at the queue itself")
            continue
        if not entry.ids:
            click.echo(f"{folder}: was handed over by other programs; cancel it with them")
            continue
        try:
            _engine(entry.submission.engine).cancel(entry.submission, entry.ids)
        except FarmError as problem:
            problems.append(f"{folder}: {problem}")
        else:
            click.echo(f"{folder}: cancelled ({_show_ids(entry.ids)})")
    if problems:
        raise FarmError("\n".join(problems))


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


def _submit(
    root: Path,
    submission: Submission,
    order: Order,
    job: Job,
    wanted: Iterable[int],
    ledger: tuple[Entry, ...],
    *,
    retry: bool,
    base_dir: Path | None,
) -> None:
    """Submit what is left of the frames `wanted`; the dataset is made where there is a `base_dir`."""
    engine = _engine(submission.engine)
    left = what_is_left(root, wanted, () if order.anyway else ledger, ENGINES, retry=retry)
    for line in _tell_left(root, left):
        click.echo(line)
    if not left.frames:
        return
    size = _shard_size(root, order, ledger, is_new=base_dir is not None)
    shards = cut_shards(left.frames, size, job.config.views_per_scene)
    check_order(root, submission, shards, engine)
    if order.dry_run:
        for paragraph in rehearse(root, submission, shards, engine):
            click.echo(paragraph)
        click.echo(f"\nnothing was written: {_count(left.frames, shards)} would go to {engine.name}")
        return
    if base_dir is not None:
        open_store(root, job, base_dir)
    if retry:
        _release(root, left.frames)
    handed = hand_over(root, submission, shards, engine)
    folder = handed.submission.folder
    known_as = f", {_show_ids(handed.ids)}" if handed.ids else ""
    verb = "wait for you to submit them" if handed.next_steps else f"are with {engine.name}"
    click.echo(f"{root}: {_count(left.frames, shards)} {verb} ({folder}{known_as})")
    for step in handed.next_steps:
        click.echo(f"  {step}")


def _shard_size(root: Path, order: Order, ledger: tuple[Entry, ...], *, is_new: bool) -> int:
    """Return the frames of a shard: as asked for; else, of a dataset submitted before, as it was the last time that
    frames were cut: those of one shard alone may just be what was left."""
    if order.frames_per_shard is None and order.minutes_per_shard is None and ledger and not is_new:
        submitted = [entry.submission.shards for entry in reversed(ledger)]
        cut = next((shards for shards in submitted if len(shards) > 1), None)
        return max(len(read_frames(shard)) for shards in ([cut] if cut else submitted) for shard in shards)
    return frames_per_shard(root, order.frames_per_shard, order.minutes_per_shard)


def _tell_left(root: Path, left: Left) -> Iterator[str]:
    yield from left.notices
    for folder, frames in left.queued.items():
        yield (
            f"{folder} still has shards that wait or run: their {_frames(frames)} are left out "
            "(--anyway submits them too)"
        )
    if left.given_up:
        yield (
            f"{_frames(left.given_up)} are given up and left out: {root / 'quarantine'} says why "
            "(--retry-quarantined submits them too)"
        )
    if not left.frames and not left.queued and not left.given_up:
        yield f"{root}: nothing is missing"
    elif not left.frames:
        yield f"{root}: nothing else is missing"


def _release(root: Path, frames: Iterable[int]) -> None:
    """Let frames that were given up be tried again, as their shards are to make them."""
    held = set(quarantined(root)) & set(frames)
    if not held:
        return
    with WorkerLog(root, {"role": "submit"}) as log:
        for frame in sorted(held):
            log.released(frame)
        release(root, held)


def _ever_submitted(ledger: Iterable[Entry], total: int) -> tuple[int, ...]:
    frames = {frame for entry in ledger for frame in parse_frames(entry.submission.frames, total, clamp=True)}
    return tuple(sorted(frames))


def _engine(name: str) -> Engine:
    if name not in ENGINES:
        raise FarmError(f"this version knows no engine {name!r} (it knows {', '.join(ENGINES)})")
    return ENGINES[name]


def _count(frames: tuple[int, ...], shards: tuple[tuple[int, ...], ...]) -> str:
    return f"{len(frames)} frames in {len(shards)} shard{'s' * (len(shards) != 1)}"


def _frames(frames: tuple[int, ...]) -> str:
    shown = show_frames(frames)
    return f"{len(frames)} frames ({shown if len(shown) < 60 else shown[:57] + '...'})"


def _show_ids(ids: tuple[str, ...]) -> str:
    shown = ", ".join(ids[:4]) + (", ..." if len(ids) > 4 else "")
    return f"job{'s' * (len(ids) != 1)} {shown}"
