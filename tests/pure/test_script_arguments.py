"""The words that scripts/render.py takes: those that queues and supervisors write, and what is no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import cli
from pipeline.farm.local.limits import Limits
from pipeline.script_arguments import (
    OVERVIEW,
    PROGRAM,
    parse_render,
    parse_shard,
    parse_status,
    parse_survey,
    parse_worker,
)


def test_a_shard_is_told_what_a_queue_knows():
    words = "/d --submission farm/0001-slurm --index 3 --device cpu --threads 4 --attempts 2 --frame-time-limit 7.5"
    options = parse_shard([*words.split(), "--path-map", "/a=/b", "--path-map", "/c=/d", "--retry-quarantined"])
    assert (options.dataset, options.submission, options.index) == (Path("/d"), "farm/0001-slurm", 3)
    assert (options.threads, options.attempts, options.frame_time_limit) == (4, 2, 7.5)
    assert options.path_map == ["/a=/b", "/c=/d"] and options.retry_quarantined


def test_what_a_shard_is_not_told_is_as_in_the_command_line():
    options = parse_shard(["/d", "--frames", "0-9"])
    assert (options.attempts, options.frame_time_limit, options.device) == (Limits().attempts, 0.0, "auto")
    theirs = {name for param in cli.commands["shard"].params for name in param.opts if name.startswith("--")}
    own = {f"--{name.replace('_', '-')}" for name in vars(options)} - {"--dataset"}
    assert theirs - own == {"--workers", "--gpus", "--memory-limit", "--recycle", "--grace"} and own <= theirs


@pytest.mark.parametrize("words", ["--frames 0 --submission x --index 1", "", "--submission x", "--frames 0 --index 1"])
def test_a_shard_needs_frames_or_a_line_of_a_submission(words, capsys):
    with pytest.raises(SystemExit) as end:
        parse_shard(["/d", *words.split()])
    assert end.value.code == 2 and capsys.readouterr().err.startswith("usage: blender --background ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--frame-time-limit 0", "'0' is not a number of seconds above 0"),
        ("--frame-time-limit nan", "'nan' is not a number of seconds above 0"),
        ("--frame-time-limit soon", "'soon' is not a number of seconds above 0"),
        ("--attempts 0", "'0' is not a whole number from 1"),
        ("--threads -1", "--threads"),
        ("--frame-time 9", "unrecognized arguments: --frame-time"),
        ("--workers 2", "unrecognized arguments: --workers"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(words, said, capsys):
    with pytest.raises(SystemExit) as end:
        parse_shard(["/d", "--frames", "0", *words.split()])
    assert end.value.code == 2 and said in capsys.readouterr().err


def test_a_scene_or_a_plan_is_rendered_and_a_plan_as_it_is():
    assert parse_render(["a.yaml", "--out", "/d", "--seed", "3", "--set", "x=1"]).overrides == ["x=1", "seed=3"]
    assert parse_render(["--plan", "p.json", "--out", "/d"]).plan == Path("p.json")
    for words in (["--out", "/d"], ["a.yaml", "--out", "/d", "--plan", "p.json", "--seed", "3"]):
        with pytest.raises(SystemExit):
            parse_render(words)


def test_a_worker_and_a_status_are_understood():
    assert parse_worker(["/d", "--threads", "2", "--facts", '{"worker": 1}', "--save-blend"]).save_blend
    assert parse_status(["/d", "--require-complete", "--deep"]).deep


@pytest.mark.parametrize(
    ("parse", "words", "said"),
    [
        (parse_render, "", "give SCENE.yaml or job.json and --out DATASET; --help shows what else there is"),
        (parse_render, "--out ds", "give SCENE.yaml, job.json or --plan PLAN.json"),
        (parse_render, "shrad ds --frames 0", "shrad is neither a command (render, shard, status) nor a file"),
        (parse_render, "a.yaml --out ds --workers 2", "unrecognized arguments: --workers 2"),
        (parse_render, "--plan p.json --out ds --save-blend", "leave out --frames, --seed, --set and --save-blend"),
        (parse_worker, "", "the following arguments are required: dataset"),
        (parse_worker, "ds --facts {", "argument --facts"),
        (parse_survey, "folder", "the following arguments are required: base_dir"),
    ],
)
def test_words_that_make_no_sense_end_with_exit_code_2_and_a_message(parse, words, said, capsys):
    with pytest.raises(SystemExit) as end:
        parse(words.split())
    assert end.value.code == 2 and said in capsys.readouterr().err


def test_the_overview_has_examples_of_every_command_that_are_understood():
    start = f"  {PROGRAM} "
    examples = [line.removeprefix(start).split() for line in OVERVIEW.splitlines() if line.startswith(start)]
    parsers = {"shard": parse_shard, "status": parse_status}
    assert {words[0] for words in examples} == {"job.json", "--plan", *parsers}
    for words in examples:
        parsers[words[0]](words[1:]) if words[0] in parsers else parse_render(words)
