"""Render in a real Blender that has nothing installed but numpy; the labels are those of `variegate render`.

    blender --background [TEMPLATE.blend] --python-exit-code 1 --python scripts/render.py -- \\
        SCENE.yaml|job.json --out DATASET [--frames 0-9] [--seed N] [--set KEY=VALUE] [--device NAME] [--save-blend]
    blender --background --python-exit-code 1 --python scripts/render.py -- --plan PLAN.json --out DATASET
    blender --background --factory-startup --python-exit-code 1 --python scripts/render.py -- \\
        shard DATASET --frames 0-9 | --submission farm/0001-slurm --index 3 [--device NAME] [--threads N]
        [--attempts N] [--frame-time-limit SECONDS] [--path-map A=B] [--retry-quarantined]
    blender --background --factory-startup --python-exit-code 1 --python scripts/render.py -- \\
        status DATASET [--frames 0-9 | --submission farm/0001-slurm] [--attempts] [--require-complete [--deep]]

`--python-exit-code` must come before `--python`. A YAML file needs PyYAML in Blender's Python; a job.json never does:
make one outside with `variegate check SCENE.yaml --job job.json`. TEMPLATE.blend is what `template:` in the scene file
would name. Exit codes: 0 done, 2 something to mend, 1 a bug; those of `shard`: 0 all its frames are there, 1 try again,
2 do not, 75 try again later; of `status`: 1 when --require-complete finds frames lacking. Progress is printed for
render managers to read.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy

from pipeline.addresses import Places, parse_path_map, resolve
from pipeline.config.load import base_dir_of, load_config
from pipeline.config.schema import Config
from pipeline.dataset.layout import JOB
from pipeline.dataset.read import read_base_dir, read_job, read_plan
from pipeline.engine import Engine, open_engine, survey_job
from pipeline.errors import PipelineError
from pipeline.exit_codes import DO_NOT_RETRY, DONE, RETRY, code_of
from pipeline.farm.shards import read_shard
from pipeline.frames import OF_SCENE, parse_frames
from pipeline.job import Job
from pipeline.job_file import read_job_file
from pipeline.progress_lines import LineReporter
from pipeline.run import render_frames, render_plan
from pipeline.script_arguments import parse_render, parse_shard, parse_status, parse_worker
from pipeline.shard import ShardOptions
from pipeline.shard_process import run_shard_here
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
    command, words = (args[0], args[1:]) if args[:1] and args[0] in COMMANDS else ("render", args)
    return COMMANDS[command](words)


def render(words: Sequence[str]) -> int:
    options = parse_render(words)
    try:
        _replay(options) if options.plan is not None else _render(options)
    except PipelineError as error:
        return refuse(error, DO_NOT_RETRY)
    return DONE


def refuse(error: PipelineError, code: int) -> int:
    print(error, file=sys.stderr, flush=True)
    say(f"openjd_fail: {str(error).splitlines()[0]}")
    return code


def _render(options: argparse.Namespace) -> None:
    overrides = [*_template_given(options.scene), *options.overrides]
    config = load_config(options.scene, overrides)
    wanted = parse_frames(options.frames, config.frames, remedy=OF_SCENE) if options.frames else range(config.frames)
    report = LineReporter(options.out, say)
    engine = open_engine(
        options.device, base_dir_of(options.scene), None if config.template is None else config.template.file
    )
    job = _job(options.scene, config, bool(overrides), engine, report)
    render_frames(engine, job, options.out, wanted, report, save_blend=options.save_blend)


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


def _replay(options: argparse.Namespace) -> None:
    dataset = options.plan.resolve().parent.parent.parent
    if options.scene is None and not (dataset / JOB).is_file():
        raise PipelineError(f"{options.plan}: not in a dataset; name its job.json too, before --plan")
    plan = read_plan(options.plan)
    job = read_job(dataset) if options.scene is None else read_job_file(options.scene)
    base_dir = read_base_dir(dataset) if options.scene is None else base_dir_of(options.scene)
    engine = open_engine(options.device, base_dir, plan.template or None)
    render_plan(engine, job, plan, options.out, LineReporter(options.out, say))


def shard(words: Sequence[str]) -> int:
    options = parse_shard(words)
    try:
        how = ShardOptions(
            device=options.device,
            threads=options.threads,
            attempts=options.attempts,
            path_map=parse_path_map(options.path_map),
            frame_time_limit_s=options.frame_time_limit,
            retry_quarantined=options.retry_quarantined,
        )
        frames = options.frames or read_shard(options.dataset, options.submission, options.index)
        return run_shard_here(options.dataset, frames, how)
    except PipelineError as error:
        return refuse(error, code_of(error))


def status(words: Sequence[str]) -> int:
    options = parse_status(words)
    try:
        asked = asked_frames(options.dataset, options.frames, options.submission)
        if not options.require_complete:
            tell(plain_lines(read_status(options.dataset, asked, attempts=options.attempts)))
            return DONE
        gaps = find_gaps(options.dataset, asked, deep=options.deep)
        tell(gap_lines(gaps))
    except PipelineError as error:
        return refuse(error, DO_NOT_RETRY)
    return RETRY if gaps.count else DONE


def worker(words: Sequence[str]) -> NoReturn:
    options = parse_worker(words)
    how = WorkerOptions(
        device=options.device,
        threads=options.threads,
        path_map=parse_path_map(options.path_map),
        save_blend=options.save_blend,
        facts=json.loads(options.facts),
    )
    with open_channel(options.dataset) as channel:
        os._exit(serve(options.dataset, how, channel))


def survey(words: Sequence[str]) -> NoReturn:
    folder, base_dir = map(Path, words)
    with open_channel() as channel:
        code = survey_folder(folder, base_dir, channel)
    os._exit(code)


COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "render": render,
    "shard": shard,
    "status": status,
    "worker": worker,
    "survey": survey,
}


if __name__ == "__main__":
    # Blender would swallow a KeyboardInterrupt and go on with half a render; a kill loses one frame at most.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    sys.exit(main(own))
