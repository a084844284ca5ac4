"""What is shown of several workers: a bar and a line each at a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.commands.workers import say
from pipeline.farm.local import display as display_module
from pipeline.farm.local.display import WorkersDisplay
from pipeline.farm.local.worker_process import Slot
from pipeline.progress_lines import NO_OPENJD
from pipeline.reporting import Summary

OUT = Path("ds")
NOW_S = 1000.0


def display(terminal=False, **options):
    text, lines = io.StringIO(), []
    console = Console(file=text, force_terminal=terminal, width=100)
    return WorkersDisplay(OUT, console, lines.append, **options), text, lines


@dataclass
class Worker:
    """As much of a worker as is shown."""

    slot: Slot
    frame: int | None
    stage: str
    memory_mib: float
    since_s: float


def worker(number, frame=None, stage="", gpu=None):
    slot = Slot(number=number, threads=1, gpu=gpu, command=(), env={}, logs=OUT)
    return Worker(slot, frame, stage, 412.0, since_s=NOW_S - 3.0)


def test_without_a_terminal_people_and_render_managers_get_their_lines():
    shown, text, lines = display()
    shown.begin(4, 1)
    shown.show([worker(1, 2, "render")])
    shown.stage(2, "render")
    shown.frame_done(2, "accepted", 1.23, 1)
    shown.frame_done(3, "there", 0.0, 2)
    shown.notice("[frame 1] failed")
    shown.notice("[frame 1] failed")
    shown.end(Summary(total=4, already_done=1))
    said = text.getvalue().splitlines()
    assert said[0] == "note: 1 of 4 frames are there already" and said[3:] == ["note: [frame 1] failed"]
    assert said[1].startswith("frame 2 accepted in 1.2 s (worker 1 · 2 of 4 · ") and said[1].endswith(" left)")
    assert said[2].startswith("frame 3 came from another process (worker 2 · 3 of 4 · ")
    assert lines[:3] == ["Saved: 'ds/frames/000002'", "Time: 00:01.23", "Progress: 50%"]
    assert "openjd_progress: 75.0" in lines and not [line for line in lines if line.startswith("openjd_status")]


def test_a_shard_tells_every_stage_as_well():
    shown, _, lines = display(is_shard=True)
    shown.begin(1, 0)
    shown.stage(0, "render")
    shown.end(Summary(total=1, already_done=0, accepted=1))
    assert lines == ["openjd_status: frame 0: render", "openjd_status: 1 frame made, 0 rejected"]


@pytest.mark.parametrize(
    ("line", "is_progress"),
    [
        ("openjd_status: frame 0: render", True),
        ("openjd_progress: 33.3", True),
        ("openjd_fail: no room", False),
        ("Progress: 33%", False),
        ("Saved: 'ds/frames/000002/openjd_status: .png'", False),
    ],
)
def test_progress_for_open_job_description_is_left_out_where_nobody_reads_it(line, is_progress, monkeypatch, capfd):
    monkeypatch.delenv(NO_OPENJD, raising=False)
    say(line)
    assert capfd.readouterr().out == f"{line}\n"
    monkeypatch.setenv(NO_OPENJD, "1")
    say(line)
    assert capfd.readouterr().out == ("" if is_progress else f"{line}\n")


def test_at_a_terminal_each_worker_has_a_line_under_one_bar(monkeypatch):
    monkeypatch.setattr(display_module, "monotonic", lambda: NOW_S)
    shown, text, lines = display(terminal=True)
    shown.begin(4, 0)
    shown.frame_done(0, "accepted", 1.0, 1)
    shown.show([worker(2, stage="starting", gpu=1), worker(1, 7, "render")])
    shown.notice("frame 3 failed")
    shown.close()
    said = text.getvalue()
    assert "1 of 4" in said and "note: frame 3 failed" in said and lines == []
    first, second = (next(line for line in said.splitlines() if f"worker {number}" in line) for number in (1, 2))
    assert "frame 7" in first and "render" in first and "3 s" in first and "412 MiB" in first
    assert "GPU 1" in second and "starting" in second and said.index("worker 1") < said.index("worker 2")
