"""What `status` shows: in a pipe, on a terminal, as JSON, of submissions, and watched."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.screen import Screen
from status_samples import CPU, begin, dead, end, failed, frames_made, lay_frames, rejected, start
from status_samples import write_log as log
from store_samples import open_sample, sample_job

from pipeline.cli import main
from pipeline.commands.status_view import WatchedView, view_of
from pipeline.dataset.processes import process_name
from pipeline.dataset.quarantine import quarantine
from pipeline.errors import FarmError
from pipeline.farm.engines import ENGINES
from pipeline.farm.ledger import add_entry, ready_files, record_ids
from pipeline.farm.submission import Submission
from pipeline.status.overview import read_status
from pipeline.status.sections import plain_lines, show_pace

JOB = sample_job(frames=12)


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    lay_frames(store.root, (0, 1, 2, 3))
    events = [start(0, **CPU), *frames_made((0, 1, 2), 0, 4, build=1.0, render=3.0, memory=900)]
    trouble = [rejected(3, 13, "no room"), failed(4, 14, "RuntimeError: no [bold]memory[/bold]"), begin(5, 15)]
    log(store.root, dead(machine="node7"), [*events, *trouble, end(16, "MemoryError: 7")])
    quarantine(store, 6, ["Traceback\nValueError: [red]"], None, "")
    return store


def submit(root, ids=("812",), engine="slurm"):
    def make(folder):
        submission = Submission(
            engine=engine,
            name="dice",
            dataset=root.as_posix(),
            folder=folder,
            frames="0-7",
            shards=("0-3", "4-7"),
            command=("python", "-m", "pipeline"),
        )
        return submission, ready_files(submission)

    submission = add_entry(root, engine, make)
    if ids is not None:
        record_ids(root, submission, ids, ())
    return submission


def slurm(states):
    """Return the engines, one of which says these states, or does as it is called."""
    answer = states if callable(states) else lambda: states
    return {"slurm": replace(ENGINES["slurm"], states=lambda submission, ids: answer())}


def lines_of(store, **options):
    return list(plain_lines(read_status(store.root, range(12), **options)))


EXPECTED = """\
4 of 12 frames, 33.3 %
no process is running · 15 frames/min on average

frames
            number  which
  accepted       3
  rejected       1
  missing        7  4-5,7-11
  given up       1  6

rejected
  frames  reason
       1  no room

given up
  frame  reason
      6  ValueError: [red]

attempts that came to nothing
  times  outcome  machine  frames  reason
      1  failed   node7    4       RuntimeError: no [bold]memory[/bold]
      1  lost     node7    5       the process ended: MemoryError: 7

time of a frame
  stage        share     mean
  build          31%   1.00 s
  render         69%   2.25 s
  together             3.25 s
  most memory         900 MiB
"""


def test_a_pipe_gets_plain_aligned_lines(store):
    lines = lines_of(store)
    assert lines[0] == str(store.root)
    assert "\n".join(lines[1:]).startswith(EXPECTED)
    assert lines[-4:-2] == ["hints", "  1 process of the last run ended early: MemoryError: 7: mend that first"]
    assert lines[-2].startswith("  7 frames are missing and no process is running")


def test_every_attempt_is_listed_where_asked_for(store):
    lines = lines_of(store, attempts=True)
    listed = lines[lines.index("attempts") + 1 :]
    assert listed[0].split() == ["frame", "outcome", "process", "begun", "took", "reason"]
    assert [line.split()[:2] for line in listed[1:7]] == [
        ["0", "accepted"],
        ["1", "accepted"],
        ["2", "accepted"],
        ["3", "rejected"],
        ["4", "failed"],
        ["5", "lost"],
    ]
    assert "node7 999999991" in listed[1]


def test_a_terminal_shows_the_same_words(store):
    console = Console(file=io.StringIO(), force_terminal=True, width=110, record=True)
    console.print(view_of(read_status(store.root, range(12))))
    shown = console.export_text()
    for words in ("4 of 12 frames, 33.3 %", "ValueError: [red]", "no [bold]memory[/bold]", "time of a frame", "hints"):
        assert words in shown
    assert max(len(line) for line in shown.splitlines()) <= 110


@pytest.fixture
def watched(store, monkeypatch):
    """Return the lines of a screen of a size that shows the status of the store, empty ones at its end left out."""
    monkeypatch.chdir(store.root.parent)  # a name of known length

    def look(width, height):
        console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height, record=True)
        console.print(Screen(WatchedView(read_status(Path(store.root.name), range(12)))))
        shown = console.export_text()
        assert len(shown.splitlines()) == height
        return [line.rstrip() for line in shown.rstrip().splitlines()]

    return look


def test_a_watched_screen_shows_hints_first_and_all_where_there_is_room(watched):
    lines = watched(110, 50)
    assert lines[3:5] == ["", "hints"] and lines.index("hints") < lines.index("frames")
    assert "  most memory         900 MiB" in lines and "slowest frames" in lines
    assert not any(line.startswith("no room for") for line in lines)


def test_a_low_screen_spares_details_and_then_tables_and_says_so(watched):
    lines = watched(80, 24)
    assert "  missing        7  4-5,7-11" in lines and "attempts that came to nothing" in lines
    assert lines[-1] == "no room for: time of a frame, slowest frames" and "time of a frame" not in lines
    lines = watched(80, 11)
    assert lines[3] == "hints" and lines[5] == "  and 2 more" and "frames" not in lines
    assert lines[-1].startswith("no room for: frames, given up, attempts that")
    lines = watched(80, 4)
    assert "4 of 12 frames, 33.3 %" in lines[1] and lines[-1].startswith("no room for: hints, frames")


def test_tables_of_a_low_screen_share_its_lines(store, watched):
    """None gets many rows before each has one, and details come after all rows of the others."""
    for number in range(10, 18):
        machine = dead(number, machine=f"node{number}")
        log(store.root, machine, [start(0, **CPU), failed(7, 1, f"Error {'x' * number}"), end(2)])
    assert sum("failed   node" in line for line in watched(110, 60)) == 8
    lines = watched(110, 24)
    assert 1 <= sum("failed   node" in line for line in lines) < 8
    assert {"hints", "frames", "rejected", "given up", "attempts that came to nothing"} <= set(lines)
    screens = [watched(110, height) for height in range(20, 45)]
    rows = [sum("failed   node" in line for line in lines) for lines in screens if "slowest frames" in lines]
    assert set(rows) == {8} and len(rows) < len(screens)


def test_status_is_json_for_programs(store, capsys):
    assert main(["status", str(store.root), "--json", "--attempts"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["accepted"] == 3 and told["counts"]["given_up"] == {"6": "Traceback\nValueError: [red]"}
    assert len(told["attempts"]) == 6 and told["stages"][1]["name"] == "render"


def test_submissions_are_told_with_the_engines_own_word(store):
    submit(store.root)
    submit(store.root, ids=None)
    (store.root / "farm/0003-slurm").mkdir()
    told = read_status(store.root, range(12), engines=slurm({0: "RUNNING", 1: "PENDING"})).submissions
    assert [(one.folder, one.ids, one.shards, one.lacking, one.states) for one in told[:1]] == [
        ("farm/0001-slurm", ("812",), 2, 4, {"RUNNING": 1, "PENDING": 1})
    ]
    assert told[1].problem.startswith("was interrupted") and "not a submission that can be read" in told[2].problem


def test_what_waits_in_a_queue_is_not_told_as_idle(store):
    submit(store.root)
    status = read_status(store.root, range(12), engines=slurm({0: "RUNNING", 1: "PENDING"}))
    assert show_pace(status).startswith("no process yet, 2 shards in the queue · ")
    assert not any("no process is running" in hint for hint in status.hints)
    status = read_status(store.root, range(12), engines=slurm({}))
    assert show_pace(status).startswith("no process is running · ")
    assert any(hint.endswith(f"(variegate resume {store.root})") for hint in status.hints)


def test_a_process_that_has_no_worker_yet_starts(store):
    log(store.root, process_name(), [start(role="supervisor")])
    assert show_pace(read_status(store.root, range(12))).startswith("starting · ")


def test_an_engine_is_not_asked_for_what_is_all_there(store):
    submit(store.root)
    lay_frames(store.root, range(4, 8))
    (told,) = read_status(store.root, range(12), engines=slurm(lambda: pytest.fail("asked in vain"))).submissions
    assert told.lacking == 0 and told.problem == ""


@pytest.mark.parametrize("error", [FarmError("squeue: no cluster"), RuntimeError("a bug of the engine's")])
def test_an_engine_that_cannot_be_asked_is_no_failure(store, error):
    def ask():
        raise error

    submit(store.root)
    (told,) = read_status(store.root, range(12), engines=slurm(ask)).submissions
    assert told.states is None and told.problem == f"the engine does not answer: {error}"
    words = " ".join(lines_of(store, engines=slurm(ask)))
    assert "farm/0001-slurm  812" in words and f"the engine does not answer: {error}" in words


def test_the_frames_of_a_submission_alone(store, capsys):
    submit(store.root)
    assert main(["status", str(store.root), "--submission", "farm/0001-slurm", "--require-complete"]) == 1
    assert capsys.readouterr().out.splitlines()[:2] == ["4 of 8 frames are there", "missing: 4-5,7"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--require-complete", "--watch", "5"), "leave out --watch and --attempts"),
        (("--deep",), "--deep goes with --require-complete"),
        (("--watch", "0.1"), "--watch"),
    ],
)
def test_options_that_do_not_go_together_are_told(store, capsys, words, said):
    assert main(["status", str(store.root), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_watched_dataset_is_told_again_and_again(store, capsys, monkeypatch):
    from pipeline.commands import production

    waits = []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(production.time, "sleep", sleep)
    assert main(["status", str(store.root), "--watch", "2"]) == 0
    assert capsys.readouterr().out.count("4 of 12 frames") == 3 and waits == [2, 2, 2]
