"""Render in a real Blender that has nothing installed but numpy; the labels are those of `variegate render`.

    blender --background [TEMPLATE.blend] --python-exit-code 1 --python scripts/render.py -- \\
        SCENE.yaml|job.json --out DATASET [--frames 0-9] [--seed N] [--set KEY=VALUE] [--device NAME] [--save-blend]
    blender --background --python-exit-code 1 --python scripts/render.py -- --plan PLAN.json --out DATASET
    blender --background --factory-startup --python-exit-code 1 --python scripts/render.py -- \\
        shard DATASET --frames 0-9 | --submission farm/0001-slurm --index 3 [--device NAME] [--path-map A=B] ...
    blender --background --factory-startup --python-exit-code 1 --python scripts/render.py -- \\
        status DATASET [--frames 0-9 | --submission farm/0001-slurm] [--attempts]
        [--require-complete [--deep]]

`--python-exit-code` must come before `--python`. A YAML file needs PyYAML in Blender's Python; a job.json never does:
make one outside with `variegate check SCENE.yaml --job job.json`. TEMPLATE.blend is what `template:` in the scene file
would name. Exit codes: 0 done, 2 something to mend, 1 a bug; those of `shard`: 0 all its frames are there, 1 try again,
2 do not, 75 try again later; of
`status`: 1 when --require-complete finds frames lacking. Progress is printed for render managers to read.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy

from pipeline.addresses import Places, parse_path_map, resolve
from pipeline.config.load import base_dir_of, load_config
from pipeline.config.schema import Config
from pipeline.dataset.layout import JOB
from pipeline.dataset.read import read_base_dir, read_job, read_plan
from pipeline.dataset.worker_log import tell_stopping
from pipeline.engine import Engine, open_engine, survey_job
from pipeline.errors import PipelineError
from pipeline.exit_codes import TRANSIENT, code_of
from pipeline.farm.shards import read_shard
from pipeline.frames import OF_SCENE, parse_frames
from pipeline.interrupts import interrupts
from pipeline.job import Job
from pipeline.job_file import read_job_file
from pipeline.progress_lines import LineReporter
from pipeline.run import render_frames, render_plan
from pipeline.shard import ATTEMPTS, ShardOptions, run_shard
from pipeline.status.gaps import asked_frames, find_gaps, gap_lines
from pipeline.status.overview import read_status
from pipeline.status.sections import plain_lines
from pipeline.surveyor import survey_folder
from pipeline.worker import WorkerOptions, serve
from pipeline.worker_channel import open_channel

DEVICES = ("auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi")


def say(line: str) -> None:
    print(line, flush=True)


def main(args: Sequence[str]) -> int:
    if args[:1] == ["shard"]:
        return _shard(_parse_shard(args[1:]))
    if args[:1] == ["worker"]:
        _worker(_parse_worker(args[1:]))
    if args[:1] == ["survey"]:
        _survey(*map(Path, args[1:]))
    try:
        if args[:1] == ["status"]:
            return _status(_parse_status(args[1:]))
        options = _parse(args)
        _replay(options) if options.plan is not None else _render(options)
    except PipelineError as error:
        print(error, file=sys.stderr, flush=True)
        say(f"openjd_fail: {str(error).splitlines()[0]}")
        return 2
    return 0


def _parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="blender --background --python-exit-code 1 --python scripts/render.py --",
        description="Render frames of a scene file or a job.json into a dataset, resuming what is there.",
        allow_abbrev=False,
    )
    parser.add_argument("scene", nargs="?", type=Path, metavar="SCENE.yaml|job.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET")
    parser.add_argument("--frames", metavar="LIST", help="like 0-9,20,30-40:2; all by default")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--save-blend", action="store_true")
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help="make the frame of this plan again")
    options = parser.parse_args(args)
    if options.scene is None and options.plan is None:
        parser.error("give SCENE.yaml, job.json or --plan PLAN.json")
    if options.plan is not None and (options.frames or options.overrides or options.seed is not None):
        parser.error("--plan makes exactly what the plan says: leave out --frames, --seed and --set")
    if options.seed is not None:
        options.overrides.append(f"seed={options.seed}")
    return options


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


def _parse_shard(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="... scripts/render.py -- shard", description=run_shard.__doc__)
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--frames", metavar="LIST", help="like 0-9,20,30-40:2")
    which.add_argument("--submission", metavar="farm/NUMBER-ENGINE", help="with --index: a line of its shards.txt")
    parser.add_argument("--index", type=int, metavar="N")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=_whole, default=0, metavar="N", help="of the processor; 0 for all")
    parser.add_argument(
        "--attempts", type=_positive, default=ATTEMPTS, metavar="N", help="failures before a frame is given up"
    )
    parser.add_argument("--path-map", action="append", default=[], metavar="A=B", help="A here is B there")
    parser.add_argument("--retry-quarantined", action="store_true")
    options = parser.parse_args(args)
    if (options.submission is None) != (options.index is None):
        parser.error("--submission and --index go together")
    return options


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _positive(text: str) -> int:
    if not _whole(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _shard(options: argparse.Namespace) -> int:
    def stop_soon() -> None:
        tell_stopping(options.dataset)
        say("Note: stopping after this frame; a second signal stops at once")

    try:
        shard = ShardOptions(
            device=options.device,
            threads=options.threads,
            attempts=options.attempts,
            path_map=parse_path_map(options.path_map),
            retry_quarantined=options.retry_quarantined,
        )
        frames = options.frames or read_shard(options.dataset, options.submission, options.index)
        with interrupts(stop_soon, lambda: os._exit(TRANSIENT)) as flag:
            report = LineReporter(options.dataset, say, flag.is_set)
            return run_shard(options.dataset, frames, report, shard, lambda: "")
    except (Exception, KeyboardInterrupt) as error:
        say(f"openjd_fail: {str(error).splitlines()[0] if str(error) else 'stopped'}")
        if not isinstance(error, KeyboardInterrupt):
            print(error, file=sys.stderr, flush=True)
        if not isinstance(error, (PipelineError, KeyboardInterrupt)):
            traceback.print_exc()
        return code_of(error)


def _parse_status(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="... scripts/render.py -- status", description="Say how a dataset stands.")
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--frames", metavar="LIST", help="like 0-9,20,30-40:2; all by default")
    which.add_argument("--submission", metavar="farm/NUMBER-ENGINE", help="only the frames of this submission")
    parser.add_argument("--attempts", action="store_true", help="also list every attempt at every frame")
    parser.add_argument("--require-complete", action="store_true", help="only what lacks; exit code 1 when frames do")
    parser.add_argument("--deep", action="store_true", help="with it: compare every file")
    return parser.parse_args(args)


def _status(options: argparse.Namespace) -> int:
    asked = asked_frames(options.dataset, options.frames, options.submission)
    if not options.require_complete:
        for line in plain_lines(read_status(options.dataset, asked, attempts=options.attempts)):
            say(line)
        return 0
    gaps = find_gaps(options.dataset, asked, deep=options.deep)
    for line in gap_lines(gaps):
        say(line)
    return 1 if gaps.count else 0


def _parse_worker(args: Sequence[str]) -> argparse.Namespace:
    """The same words as those of the hidden command `worker`; `render --workers --blender` writes them."""
    parser = argparse.ArgumentParser(prog="... scripts/render.py -- worker")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--path-map", action="append", default=[])
    parser.add_argument("--save-blend", action="store_true")
    parser.add_argument("--facts", default="{}")
    return parser.parse_args(args)


def _worker(options: argparse.Namespace) -> NoReturn:
    worker = WorkerOptions(
        device=options.device,
        threads=options.threads,
        path_map=parse_path_map(options.path_map),
        save_blend=options.save_blend,
        facts=json.loads(options.facts),
    )
    with open_channel(options.dataset) as channel:
        os._exit(serve(options.dataset, worker, channel))


def _survey(folder: Path, base_dir: Path) -> NoReturn:
    with open_channel() as channel:
        os._exit(survey_folder(folder, base_dir, channel))


def _replay(options: argparse.Namespace) -> None:
    dataset = options.plan.resolve().parent.parent.parent
    if options.scene is None and not (dataset / JOB).is_file():
        raise PipelineError(f"{options.plan}: not in a dataset; name its job.json too, before --plan")
    plan = read_plan(options.plan)
    job = read_job(dataset) if options.scene is None else read_job_file(options.scene)
    base_dir = read_base_dir(dataset) if options.scene is None else base_dir_of(options.scene)
    engine = open_engine(options.device, base_dir, plan.template or None)
    render_plan(engine, job, plan, options.out, LineReporter(options.out, say))


if __name__ == "__main__":
    # Blender would swallow a KeyboardInterrupt and go on with half a render; a kill loses one frame at most.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    sys.exit(main(own))
