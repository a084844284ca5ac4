"""What a run shows, and where Blender's own words go."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.blender_log import MAX_BYTES, blender_log
from pipeline.errors import ScratchError
from pipeline.pace import show_duration
from pipeline.progress import ConsoleReporter, counting
from pipeline.reporting import Summary

ROOT = Path(__file__).resolve().parents[2]


def reporter(terminal: bool = False, **hooks) -> tuple[ConsoleReporter, io.StringIO]:
    text = io.StringIO()
    return ConsoleReporter(Console(file=text, force_terminal=terminal, width=100), **hooks), text


def test_without_a_terminal_each_frame_is_one_line():
    report, text = reporter()
    report.begin(3, 1)
    report.stage(4, "render")
    report.frame_done(4, "accepted", 1.5)
    report.frame_done(5, "rejected", 0.5)
    report.end(Summary(total=3, already_done=1))
    lines = text.getvalue().splitlines()
    assert lines[0] == "note: 1 of 3 frames are there already"
    assert lines[1].startswith("frame 4 accepted in 1.5 s (2 of 3 · ") and lines[1].endswith(" left)")
    assert lines[2].startswith("frame 5 rejected in 0.5 s (3 of 3 · ") and "left" not in lines[2]


def test_at_a_terminal_a_bar_shows_frame_rate_and_stage():
    report, text = reporter(terminal=True)
    report.begin(2, 0)
    report.frame_done(0, "accepted", 1.0)
    report.stage(1, "render")
    report.close()
    shown = text.getvalue()
    assert "frame 1" in shown and "1 of 2" in shown and "s a frame" in shown and "left" in shown and "render" in shown


def test_a_notice_is_shown_once():
    report, text = reporter()
    report.notice("no denoiser [here]")
    report.notice("no denoiser [here]")
    assert text.getvalue() == "note: no denoiser [here]\n"


def test_hooks_are_called_when_the_dataset_is_open_and_after_each_frame():
    calls: list[str] = []
    report, _ = reporter(at_begin=lambda: calls.append("begin"), after_frame=lambda: calls.append("frame"))
    report.begin(1, 0)
    report.frame_done(0, "accepted", 0.1)
    assert calls == ["begin", "frame"]


def test_counting_is_silent_without_a_terminal():
    text = io.StringIO()
    with counting(Console(file=text), "exporting") as progress:
        progress(1, 2)
    assert text.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5_900, "98 min"), (6_010, "1 h 40 min"), (200_000, "2 d 7 h")],
)
def test_durations_read_well(seconds, text):
    assert show_duration(seconds) == text


def test_a_summary_adds_frames_up():
    summary = Summary(total=4, already_done=1).with_frame("accepted", 1.0).with_frame("rejected", 0.5)
    assert (summary.accepted, summary.rejected, summary.made, summary.seconds) == (1, 1, 2, 1.5)


NOISY = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from pipeline.blender_log import blender_log
print("before")
with blender_log() as log:
    os.system("echo noise from C")
    print("noise from Python")
    log.terminal.write("ours\\n")
    temporary = log.path
    log.move_to(Path(sys.argv[1]))
    os.system("echo more noise")
    kept = log.path
os.system("echo after")
assert not temporary.exists()
print("end")
words = kept.read_text()
sys.exit(0 if all(noise in words for noise in ("noise from C", "noise from Python", "more noise")) else 1)
"""


def test_blenders_words_go_to_the_log_and_ours_to_the_terminal(tmp_path):
    command = [sys.executable, "-c", NOISY.format(root=str(ROOT)), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["after", "before", "end"]
    assert done.stderr == "ours\n"


def test_without_room_for_a_log_it_is_said_where(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ScratchError, match="no temporary file: .*gone.*name a folder in TMPDIR"), blender_log():
        pass


def test_a_log_that_is_not_kept_is_removed_and_a_long_one_starts_anew(capfd):
    with blender_log() as log:
        os.write(log.descriptor, b"x" * (MAX_BYTES + 1))
        log.trim()
        os.write(log.descriptor, b"last words\n")
        assert log.tail() == "last words"
        path = log.path
    assert not path.exists()
