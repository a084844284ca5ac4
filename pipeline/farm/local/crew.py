"""From what the user asked for to a run: slots with threads, GPUs and command lines, then the supervisor over them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.addresses import PathMap, map_path
from pipeline.dataset.attempts import failures_of, read_workers
from pipeline.dataset.given_up import not_given_up
from pipeline.dataset.layout import LOGS
from pipeline.dataset.store import Store, WorkerLog, clean_stale, missing, quarantined, sweep_claims
from pipeline.farm.blender import PACKAGE, blender_command, script_here
from pipeline.farm.local.blame import blame_of
from pipeline.farm.local.failures import Failures
from pipeline.farm.local.frame_queue import FrameQueue
from pipeline.farm.local.gpus import gpu_of, gpu_variables
from pipeline.farm.local.limits import Limits
from pipeline.farm.local.machine import share_threads, thread_variables
from pipeline.farm.local.protocol import Display, Outcome, Stop
from pipeline.farm.local.supervisor import Supervisor
from pipeline.farm.local.worker_process import Slot
from pipeline.frames import show_frames
from pipeline.reporting import Summary

Program = Callable[[int], tuple[str, ...]]
"""What starts this program with so many threads, up to its own arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How many workers, and what each is given. `dataset` is its folder as workers see it, and `path_map` leads from
    paths where it was made to theirs. `gpus` are assigned in turn; none: all to all."""

    workers: int
    cpus: int
    dataset: str
    program: Program = lambda threads: (sys.executable, "-m", "pipeline")
    device: str = "auto"
    gpus: tuple[int, ...] = ()
    path_map: PathMap = ()
    save_blend: bool = False


def blender_program(blender: Sequence[str], path_map: PathMap) -> Program:
    """Return what starts this program within a real Blender. Raises FarmError without scripts/render.py."""
    there = map_path(script_here().as_posix(), path_map)
    return lambda threads: blender_command(blender, there, ("--threads", str(threads)))


def make_slots(crew: Crew, store: Store, supervisor: str, env: Mapping[str, str]) -> tuple[Slot, ...]:
    """Return a slot for each worker; `env` is this process's own environment."""
    options = [word for pair in crew.path_map for word in ("--path-map", "=".join(pair))]
    options += ["--save-blend"] if crew.save_blend else []
    slots = []
    for number, threads in enumerate(share_threads(crew.cpus, crew.workers), start=1):
        gpu = gpu_of(number, crew.gpus)
        facts = {"supervisor": supervisor, "worker": number} | ({} if gpu is None else {"gpu": gpu})
        words = ("--device", crew.device, "--threads", str(threads), "--facts", json.dumps(facts))
        slots.append(
            Slot(
                number=number,
                threads=threads,
                gpu=gpu,
                command=(*crew.program(threads), "worker", crew.dataset, *words, *options),
                env={**env, **child_variables(threads, env), **({} if gpu is None else gpu_variables(gpu, env))},
                logs=store.root / LOGS,
            )
        )
    return tuple(slots)


def make_frames(
    store: Store,
    wanted: Sequence[int],
    crew: Crew,
    limits: Limits,
    display: Display,
    stop: Stop,
    *,
    retry_quarantined: bool = False,
) -> Outcome:
    """Make those of `wanted` that the dataset lacks, with workers. Safe to run again at any time.

    Raises StoreError when the dataset itself cannot be read or written.
    """
    clean_stale(store)
    sweep_claims(store.root)
    facts = {"role": "supervisor", "workers": crew.workers, "asked": show_frames(wanted)}
    with WorkerLog(store.root, facts) as log:
        slots = make_slots(crew, store, log.name, os.environ)
        asked = missing(store, wanted)
        left = not_given_up(store, asked, log, display.notice, retry=retry_quarantined)
        workers = read_workers(store.root)
        failures = Failures(store, limits.attempts, failures_of(workers))
        worth = failures.worth_trying(left, workers)
        given_up = len(asked) - len(worth)
        summary = Summary(total=len(wanted), already_done=len(wanted) - len(asked), given_up=given_up)
        queue = FrameQueue(worth, store.job.config.views_per_scene)
        outcome = Supervisor(slots, limits, failures, log, display, stop).run(queue, summary)
        if outcome.was_stopped:
            log.end("stopped")
        elif outcome.reason:
            log.end(outcome.reason)
    clean_stale(store)
    sweep_claims(store.root)
    if not outcome.was_stopped and not outcome.reason:
        outcome = replace(outcome, summary=_as_on_disk(outcome.summary, store, wanted))
    if failures.given_up and (blame := blame_of(store, wanted)):
        display.notice(blame)
    if too_short := failures.blame_time_limit():
        if outcome.reason:
            return replace(outcome, reason=f"{outcome.reason}\n{too_short}")
        display.notice(too_short)
    return outcome


def _as_on_disk(summary: Summary, store: Store, wanted: Sequence[int]) -> Summary:
    """Return what a run that came to its end did: of the frames it gave up, others may have made some meanwhile."""
    given_up = len(set(quarantined(store.root)).intersection(wanted))
    return replace(summary, given_up=given_up, already_done=summary.total - summary.made - given_up)


def child_variables(threads: int, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child process: it finds this very program, and numerical libraries keep to its
    threads."""
    path = env.get("PYTHONPATH")
    return {**thread_variables(threads), "PYTHONPATH": f"{PACKAGE}{os.pathsep}{path}" if path else str(PACKAGE)}
