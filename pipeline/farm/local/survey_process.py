"""Surveys a scene file in a process of its own, so that this one holds no Blender and cannot crash with it."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.addresses import PathMap, map_path
from pipeline.canonical import json_bytes
from pipeline.config.schema import Config
from pipeline.dataset.disk import remove, storing, temporary_name
from pipeline.errors import AssetError, FarmError, PipelineError, Problem
from pipeline.farm.local.crew import Program, child_variables
from pipeline.farm.local.protocol import Stop
from pipeline.farm.local.supervisor import TICK_S
from pipeline.farm.local.worker_process import Inbox, Slot, WorkerProcess
from pipeline.job import Job
from pipeline.job_file import read_job_file
from pipeline.structure import from_json, unstructure
from pipeline.worker_messages import FATAL, NOTICE

CONFIG, JOB = "config.json", "job.json"  # as pipeline.surveyor has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """What surveys: `program` with so many threads, to which the paths of `path_map` go by other names."""

    program: Program
    path_map: PathMap
    threads: int


def survey_apart(
    config: Config, base_dir: Path, out: Path, surveyor: Surveyor, notice: Callable[[str], None], stop: Stop
) -> Job | None:
    """Return the job of a configuration, None when asked to stop. What lies between goes into the folder `out`.

    Raises AssetError with the key paths of what cannot be used, FarmError when the process dies.
    """
    folder = out / temporary_name("survey")
    with storing(out):
        folder.mkdir(parents=True)
    try:
        with storing(folder):
            (folder / CONFIG).write_bytes(json_bytes(unstructure(config)))
        words = [map_path(path.resolve().as_posix(), surveyor.path_map) for path in (folder, base_dir)]
        command = (*surveyor.program(surveyor.threads), "survey", *words)
        env = {**os.environ, **child_variables(surveyor.threads, os.environ)}
        slot = Slot(number=1, threads=surveyor.threads, gpu=None, command=command, env=env, logs=folder)
        return read_job_file(folder / JOB) if _listen(slot, notice, stop) else None
    finally:
        remove(folder)


def _listen(slot: Slot, notice: Callable[[str], None], stop: Stop) -> bool:
    """Wait for the end of the survey; False when it was stopped."""
    inbox: Inbox = queue.SimpleQueue()
    process = WorkerProcess(slot, inbox)
    try:
        while not stop.count:
            try:
                _, message = inbox.get(timeout=TICK_S)
            except queue.Empty:
                continue
            if message is None:
                break
            if message["kind"] == NOTICE:
                notice(message["text"])
            elif message["kind"] == FATAL:
                problems = [from_json(one, Problem, "problem") for one in message["problems"]]
                raise AssetError(problems) if problems else PipelineError(message["reason"])
    finally:
        if stop.count:
            process.kill("stopped")
        process.wait()
    is_made = (slot.logs / JOB).exists()
    if not stop.count and (process.exit_code or not is_made):
        how = process.why_it_ended() + ("" if is_made else " and left no job")
        words = process.last_words()
        said = f"its last words:\n{words}" if words else "it said nothing"
        raise FarmError(f"the survey failed: {how}; {said}")
    return not stop.count
