"""From frames that were asked for to a submission: what is left of them, cut into shards, handed to an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from pipeline.commands.farm_options import Order
from pipeline.dataset.create import open_store
from pipeline.dataset.presence import present
from pipeline.dataset.quarantine import quarantined
from pipeline.dataset.store import WorkerLog, release
from pipeline.errors import FarmError
from pipeline.farm.engine import Engine
from pipeline.farm.engines import ENGINES
from pipeline.farm.handover import check_order, hand_over, rehearse
from pipeline.farm.ledger import Entry, show_ids
from pipeline.farm.left import Left, what_is_left
from pipeline.farm.room import Room, measure_room, show_room
from pipeline.farm.shards import cut_shards
from pipeline.farm.sizing import frames_per_shard
from pipeline.farm.submission import Submission
from pipeline.frames import read_frames, show_frames
from pipeline.job import Job
from pipeline.plurals import counted


def engine_of(name: str) -> Engine:
    if name not in ENGINES:
        raise FarmError(f"this version knows no engine {name!r} (it knows {', '.join(ENGINES)})")
    return ENGINES[name]


def submit_left(
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
    engine = engine_of(submission.engine)
    left = what_is_left(root, wanted, () if order.anyway else ledger, ENGINES, retry=retry)
    for line in _tell_left(root, left):
        click.echo(line)
    if not left.frames:
        return
    size = _shard_size(root, order, ledger, is_new=base_dir is not None)
    shards = cut_shards(left.frames, size, job.config.views_per_scene)
    check_order(root, submission, shards, engine)
    room = measure_room(root, sorted(present(root)), len(left.frames) + sum(map(len, left.queued.values())))
    if order.dry_run:
        for paragraph in rehearse(root, submission, shards, engine):
            click.echo(paragraph)
        _tell_room(root, room)
        click.echo(f"\nnothing was written: {_count(left.frames, shards)} would go to {engine.name}")
        return
    if base_dir is not None:
        open_store(root, job, base_dir)
    if retry:
        _release(root, left.frames)
    _tell_room(root, room)
    handed = hand_over(root, submission, shards, engine)
    folder = handed.submission.folder
    known_as = f", {show_ids(handed.ids)}" if handed.ids else ""
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
            f"{folder} still has shards that wait or run: their {_frames_are(frames)} left out "
            "(--anyway submits them too)"
        )
    if left.given_up:
        yield (
            f"{_frames_are(left.given_up)} given up and left out: {root / 'quarantine'} says why "
            "(--retry-quarantined submits them too)"
        )
    if left.without_record:
        yield (
            f"{_frames_are(left.without_record)} there without a record (frame.json), so made again; "
            f"variegate repair {root} would keep what is left of them"
        )
    if not left.frames and not left.queued and not left.given_up:
        yield f"{root}: nothing is missing"
    elif not left.frames:
        yield f"{root}: nothing else is missing"


def _tell_room(root: Path, room: Room | None) -> None:
    if room is not None:
        click.echo(f"{root}: {show_room(room)}", err=not room.is_enough)


def _release(root: Path, frames: Iterable[int]) -> None:
    """Let frames that were given up be tried again, as their shards are to make them."""
    held = set(quarantined(root)) & set(frames)
    if not held:
        return
    with WorkerLog(root, {"role": "submit"}) as log:
        for frame in sorted(held):
            log.released(frame)
        release(root, held)


def _count(frames: tuple[int, ...], shards: tuple[tuple[int, ...], ...]) -> str:
    return f"{counted(len(frames), 'frame')} in {counted(len(shards), 'shard')}"


def _frames_are(frames: tuple[int, ...]) -> str:
    shown = show_frames(frames)
    which = shown if len(shown) < 60 else shown[:57] + "..."
    return counted(len(frames), f"frame ({which}) is", f"frames ({which}) are")
