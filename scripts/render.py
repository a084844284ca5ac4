"""Render in a real Blender that has nothing installed but numpy; the labels are those of `variegate render`.

    blender --background --python scripts/render.py -- --help

shows all that it can do, with examples. `--python-exit-code` must come before `--python`. A YAML file needs PyYAML in
Blender's Python; a job.json never does: make one outside with `variegate check SCENE.yaml --job job.json`. A .blend
file that Blender is started with is the template, as `template:` in the scene file would name it. Progress is printed
for render managers to read, and what Blender writes goes to logs/ of the dataset.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import bpy

if __name__ == "__main__":
    # Until more is loaded. Blender removes its temporary folder when it ends by itself, but not when a signal ends it.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, frame: sys.exit(128 + number))

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.addresses import Places, parse_path_map, resolve
from pipeline.config.load import base_dir_of, load_config
from pipeline.config.schema import Config
from pipeline.dataset.layout import JOB
from pipeline.dataset.read import read_base_dir, read_job, read_plan
from pipeline.dataset.scratch import end_at_once, own_temporary_folder
from pipeline.engine import Engine, open_engine, survey_job
from pipeline.errors import PipelineError
from pipeline.exit_codes import DO_NOT_RETRY, DONE, RETRY, code_of
from pipeline.farm.shards import read_shard
from pipeline.frames import OF_SCENE, parse_frames
from pipeline.job import Job
from pipeline.job_file import read_job_file
from pipeline.progress_lines import LineReporter
from pipeline.queue_process import run_for_queue
from pipeline.run import render_frames, render_plan
from pipeline.scene.session import move_temporary_folder
from pipeline.script_arguments import (
    OVERVIEW,
    parse_render,
    parse_shard,
    parse_status,
    parse_survey,
    parse_worker,
)
from pipeline.shard import ShardOptions, run_shard
from pipeline.status.gaps import asked_frames, find_gaps, gap_lines
from pipeline.status.overview import read_status
from pipeline.status.sections import plain_lines
from pipeline.surveyor import survey_folder
from pipeline.worker import WorkerOptions, serve
from pipeline.worker_channel import open_channel


def say(line: str) -> None:
    print(line, flush=True)


def tell(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def main(args: Sequence[str]) -> int:
    if args[:1] in (["--help"], ["-h"]):
        say(OVERVIEW)
        return DONE
    command, words = (args[0], args[1:]) if args[:1] and args[0] in COMMANDS else ("render", args)
    try:
        with own_temporary_folder():
            move_temporary_folder()
            return COMMANDS[command](words)
    except PipelineError as error:
        print(error, file=sys.stderr, flush=True)
        say(f"openjd_fail: {str(error).splitlines()[0]}")
        return code_of(error)


def render(words: Sequence[str]) -> int:
    options = parse_render(words)
    make = _render if options.plan is None else _replay
    return run_for_queue(options.out, lambda report, last_words: make(options, report))


def _render(options: argparse.Namespace, report: LineReporter) -> int:
    overrides = [*_template_given(options.scene), *options.overrides]
    config = load_config(options.scene, overrides)
    every = options.frames is None
    wanted = range(config.frames) if every else parse_frames(options.frames, config.frames, remedy=OF_SCENE)
    engine = open_engine(
        options.device, base_dir_of(options.scene), None if config.template is None else config.template.file
    )
    job = _job(options.scene, config, bool(overrides), engine, report)
    summary = render_frames(engine, job, options.out, wanted, report, save_blend=options.save_blend)
    return DO_NOT_RETRY if summary.given_up else DONE


def _job(scene: Path, config: Config, is_changed: bool, engine: Engine, report: LineReporter) -> Job:
    if scene.suffix == ".json" and not is_changed:
        return read_job_file(scene)
    return survey_job(engine, config, report)


def _template_given(scene: Path) -> list[str]:
    """Return the override that makes the .blend Blender was started with the template, unless it is that already."""
    if not bpy.data.filepath:
        return []
    given = Path(bpy.data.filepath).resolve()
    template = load_config(scene).template
    if template is not None and resolve(template.file, Places(base_dir=base_dir_of(scene))).resolve() == given:
        return []
    return [f"template={os.path.relpath(given)}"]


def _replay(options: argparse.Namespace, report: LineReporter) -> int:
    dataset = options.plan.resolve().parent.parent.parent
    if options.scene is None and not (dataset / JOB).is_file():
        raise PipelineError(f"{options.plan}: not in a dataset; name its job.json too, before --plan")
    plan = read_plan(options.plan)
    job = read_job(dataset) if options.scene is None else read_job_file(options.scene)
    base_dir = read_base_dir(dataset) if options.scene is None else base_dir_of(options.scene)
    engine = open_engine(options.device, base_dir, plan.template or None)
    render_plan(engine, job, plan, options.out, report)
    return DONE


def shard(words: Sequence[str]) -> int:
    options = parse_shard(words)
    how = ShardOptions(
        device=options.device,
        threads=options.threads,
        attempts=options.attempts,
        path_map=parse_path_map(options.path_map),
        frame_time_limit_s=options.frame_time_limit,
        retry_quarantined=options.retry_quarantined,
    )
    root, frames = options.dataset, options.frames
    if frames is None:
        frames = read_shard(root, options.submission, options.index)
    return run_for_queue(root, lambda report, last_words: run_shard(root, frames, report, how, last_words))


def status(words: Sequence[str]) -> int:
    options = parse_status(words)
    asked = asked_frames(options.dataset, options.frames, options.submission)
    if not options.require_complete:
        tell(plain_lines(read_status(options.dataset, asked, attempts=options.attempts)))
        return DONE
    gaps = find_gaps(options.dataset, asked, deep=options.deep)
    tell(gap_lines(gaps))
    return RETRY if gaps.count else DONE


def worker(words: Sequence[str]) -> NoReturn:
    options = parse_worker(words)
    how = WorkerOptions(
        device=options.device,
        threads=options.threads,
        path_map=parse_path_map(options.path_map),
        save_blend=options.save_blend,
        facts=options.facts,
    )
    with open_channel(options.dataset) as channel:
        end_at_once(serve(options.dataset, how, channel))


def survey(words: Sequence[str]) -> NoReturn:
    options = parse_survey(words)
    with open_channel() as channel:
        end_at_once(survey_folder(options.folder, options.base_dir, channel))


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "render": render,
    "shard": shard,
    "status": status,
    "worker": worker,
    "survey": survey,
}


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    sys.exit(main(own))
