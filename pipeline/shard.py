"""A shard: some frames of a dataset made by this very process, for a queue that only looks at the exit code."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.addresses import PathMap
from pipeline.dataset.attempts import failures_of, read_workers
from pipeline.dataset.given_up import not_given_up
from pipeline.dataset.quarantine import quarantine, quarantined
from pipeline.dataset.read import base_dir_there, read_job
from pipeline.dataset.store import Store, WorkerLog, missing, share_out
from pipeline.errors import PipelineError
from pipeline.exit_codes import DO_NOT_RETRY, DONE
from pipeline.frames import parse_frames, show_frames
from pipeline.reporting import Reporter, Summary
from pipeline.run import (
    Engine,
    check_renderer,
    open_dataset_for,
    open_engine,
    open_log,
    try_frame,
    wait_for,
)
from pipeline.sampling.plan import plan_or_none

ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOptions:
    """How a shard is run. `attempts` is how often a frame may fail, on any machine, before it is given up."""

    device: str = "auto"
    threads: int = 0
    attempts: int = ATTEMPTS
    path_map: PathMap = ()
    retry_quarantined: bool = False


def run_shard(
    dataset: Path, frames: str, report: Reporter, options: ShardOptions, last_words: Callable[[], str]
) -> int:
    """Make those of `frames` that the dataset lacks, and return the exit code: 0 all are there, 2 some are given up.

    A frame that fails is tried again after the others. `last_words` gives the end of Blender's log. Errors that are no
    frame's pass through; `code_of` tells their exit code.
    """
    job = read_job(dataset)
    wanted = parse_frames(frames, job.config.frames, clamp=True)
    if not wanted:
        report.notice(f"none of {frames} is among the {job.config.frames} frames of {dataset}")
        return DONE
    template = None if job.config.template is None else job.config.template.file
    base_dir = base_dir_there(dataset, options.path_map)
    engine = open_engine(options.device, base_dir, template, threads=options.threads, path_map=options.path_map)
    check_renderer(engine, job.config.render.denoiser, job.config.render.engine, report)
    store = open_dataset_for(engine, job, dataset)
    with open_log(store, engine, "shard") as log:
        summary = _make(_Shard(engine, store, report, log, options, last_words), wanted)
    report.end(summary)
    given_up = set(quarantined(dataset)) & set(wanted)
    if given_up:
        report.notice(f"frames {show_frames(given_up)} are given up")
    return DO_NOT_RETRY if given_up else DONE


@dataclass(slots=True)
class _Shard:
    engine: Engine
    store: Store
    report: Reporter
    log: WorkerLog
    options: ShardOptions
    last_words: Callable[[], str]


def _make(shard: _Shard, wanted: Sequence[int]) -> Summary:
    store, report = shard.store, shard.report
    asked = missing(store, wanted)
    left = not_given_up(store, asked, shard.log, report.notice, retry=shard.options.retry_quarantined)
    failures = failures_of(read_workers(store.root))
    summary = Summary(total=len(wanted), already_done=len(wanted) - len(asked), given_up=len(asked) - len(left))
    report.begin(summary.total, summary.already_done)
    while left := _worth_trying(shard, left, failures):
        again = []
        with closing(share_out(store, left, lambda others: wait_for(others, report))) as ours:
            for frame in ours:
                try:
                    made = try_frame(shard.engine, store, frame, report, shard.log)
                except PipelineError:
                    raise
                except Exception as error:
                    report.notice(f"frame {frame} failed: {error!r}")
                    failures.setdefault(frame, []).append("".join(traceback.format_exception(error)).strip())
                    again.append(frame)
                else:
                    summary = summary.with_frame(made.annotation.labels.status, sum(made.seconds.values()))
        left = tuple(again)
    given_up = len(set(quarantined(store.root)) & set(wanted))
    return replace(summary, given_up=given_up, already_done=summary.total - summary.made - given_up)


def _worth_trying(shard: _Shard, frames: Iterable[int], failures: dict[int, list[str]]) -> tuple[int, ...]:
    """Return the frames that may still be tried; the others go to quarantine."""
    left = []
    for frame in frames:
        reasons = failures.get(frame, [])
        if len(reasons) < shard.options.attempts:
            left.append(frame)
            continue
        quarantine(shard.store, frame, reasons, plan_or_none(shard.store.job, frame), shard.last_words())
        shard.report.notice(f"frame {frame} is given up after {len(reasons)} failures: {reasons[-1].splitlines()[-1]}")
    return tuple(left)
