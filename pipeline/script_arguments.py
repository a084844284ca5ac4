"""The command lines of scripts/render.py, for a Blender that has no click."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

from pipeline.conventions import DEVICES
from pipeline.farm.local.limits import Limits

PROGRAM = "blender --background --factory-startup --python-exit-code 1 --python scripts/render.py --"
OVERVIEW = f"""\
usage: {PROGRAM} [COMMAND] ...

Without a COMMAND, or with `render`: frames of a scene file or a job.json into a dataset, resuming what is there.
  {PROGRAM} job.json --out out/dice --frames 0-9
  {PROGRAM} --plan out/dice/frames/000004/plan.json --out out/again
shard: those of some frames that a dataset lacks, as its job.json says; what queues run.
  {PROGRAM} shard out/dice --frames 0-99
  {PROGRAM} shard out/dice --submission farm/0001-slurm --index 3
status: how a dataset stands, or which frames lack.
  {PROGRAM} status out/dice
  {PROGRAM} status out/dice --require-complete

A .blend file named before --python is the template of what is rendered. COMMAND --help, also render --help, lists all
that a command takes. Exit codes: 0 done; 1 try again (of status: frames lack); 2 do not, something must be mended or
frames are given up; 75 try again later (stopped, disk full)."""
ATTEMPTS_HELP = "failures before a frame is given up"
TIME_HELP = "a frame that takes longer ends the process (exit code 1); by default 20 times the longest so far"


def parse_render(args: Sequence[str]) -> argparse.Namespace:
    """Return what to render: a scene file or a job, or one plan again. Like all of these it ends the process, with exit
    code 2, for words that make no sense."""
    parser = _parser("", "Render frames of a scene file or a job.json into a dataset, resuming what is there.")
    parser.add_argument("scene", nargs="?", type=Path, metavar="SCENE.yaml|job.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DATASET")
    parser.add_argument("--frames", metavar="LIST", help="like 0-9,20,30-40:2; all by default")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--save-blend", action="store_true")
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help="make the frame of this plan again")
    if not args:
        parser.error("give SCENE.yaml or job.json and --out DATASET; --help shows what else there is")
    if args[0].isalpha() and not Path(args[0]).exists():
        parser.error(f"{args[0]} is neither a command (render, shard, status) nor a file")
    options = parser.parse_args(args)
    if options.scene is None and options.plan is None:
        parser.error("give SCENE.yaml, job.json or --plan PLAN.json")
    given = options.frames is not None or options.overrides or options.seed is not None or options.save_blend
    if options.plan is not None and given:
        parser.error("--plan makes exactly what the plan says: leave out --frames, --seed, --set and --save-blend")
    if options.seed is not None:
        options.overrides.append(f"seed={options.seed}")
    return options


def parse_shard(args: Sequence[str]) -> argparse.Namespace:
    """Return which frames of which dataset to make, and how."""
    parser = _parser("shard", "Make those of some frames that a dataset lacks, as its job.json says.")
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--frames", metavar="LIST", help="like 0-9,20,30-40:2")
    which.add_argument("--submission", metavar="farm/NUMBER-ENGINE", help="with --index: a line of its shards.txt")
    parser.add_argument("--index", type=int, metavar="N")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=_whole, default=0, metavar="N", help="of the processor; 0 for all")
    parser.add_argument("--attempts", type=_positive, default=Limits().attempts, metavar="N", help=ATTEMPTS_HELP)
    parser.add_argument("--frame-time-limit", type=_seconds, default=0.0, metavar="SECONDS", help=TIME_HELP)
    parser.add_argument("--path-map", action="append", default=[], metavar="A=B", help="A here is B there")
    parser.add_argument("--retry-quarantined", action="store_true")
    options = parser.parse_args(args)
    if (options.submission is None) != (options.index is None):
        parser.error("--submission and --index go together")
    return options


def parse_status(args: Sequence[str]) -> argparse.Namespace:
    """Return what to say of which dataset."""
    parser = _parser("status", "Say how a dataset stands.")
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--frames", metavar="LIST", help="like 0-9,20,30-40:2; by default what was asked for")
    which.add_argument("--submission", metavar="farm/NUMBER-ENGINE", help="only the frames of this submission")
    parser.add_argument("--attempts", action="store_true", help="also list every attempt at every frame")
    parser.add_argument(
        "--require-complete",
        action="store_true",
        help="only what lacks of all that the scene has, or of these; exit code 1 when frames do",
    )
    parser.add_argument("--deep", action="store_true", help="with it: compare every file")
    return parser.parse_args(args)


def parse_worker(args: Sequence[str]) -> argparse.Namespace:
    """Return how a worker renders. They are the words of the hidden command `worker`, and no person types them."""
    parser = _parser("worker", "Make the frames that standard input names.")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--path-map", action="append", default=[])
    parser.add_argument("--save-blend", action="store_true")
    parser.add_argument("--facts", type=json.loads, default={})
    return parser.parse_args(args)


def parse_survey(args: Sequence[str]) -> argparse.Namespace:
    """Return what a survey reads. No person types these words either."""
    parser = _parser("survey", "Make FOLDER/job.json of FOLDER/config.json.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("base_dir", type=Path)
    return parser.parse_args(args)


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"{PROGRAM} {command}".rstrip(), description=description, allow_abbrev=False)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _positive(text: str) -> int:
    if not _whole(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
