"""What processes keep in the temporary folder: it is theirs alone, and nothing stays when they end or are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pipeline.dataset import processes, worker_log
from pipeline.dataset.scratch import clean_scratch, own_temporary_folder, scratch_folder
from pipeline.dataset.worker_log import WorkerLog
from pipeline.errors import ScratchError
from pipeline.exit_codes import TRANSIENT, code_of

PATIENCE_S = 600.0
ROOT = Path(__file__).resolve().parents[2]
BUSY = f"""
import sys, tempfile
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from pipeline.dataset.scratch import end_at_once, own_temporary_folder
with own_temporary_folder():
    Path(tempfile.mkdtemp()).joinpath("half").write_text("a picture")
    print("busy", flush=True)
    if sys.stdin.readline() == "end\\n":
        end_at_once(75)
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The temporary folder of these tests and of the processes they start."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def start_busy():
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "busy\n"
    return process


def test_all_that_is_temporary_goes_to_a_folder_with_the_name_of_the_process(place):
    with own_temporary_folder():
        (own,) = place.iterdir()
        assert own.name.endswith(processes.process_name()) and own.stat().st_mode & 0o77 == 0
        assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(own)
        said = subprocess.run([sys.executable, "-c", "import tempfile; print(tempfile.mkdtemp())"], capture_output=True)
        assert Path(said.stdout.decode().strip()).parent == own
        with own_temporary_folder():
            assert list(place.iterdir()) == [own]
        with scratch_folder() as scratch:
            assert scratch.parent == own
    assert list(place.iterdir()) == []
    assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(place)


def test_without_a_variable_before_there_is_none_after(monkeypatch):
    tempfile.gettempdir()
    monkeypatch.delenv("TMPDIR")
    with own_temporary_folder():
        assert "TMPDIR" in os.environ
    assert "TMPDIR" not in os.environ


def test_what_dead_processes_left_goes_and_what_living_ones_have_stays(place):
    with start_busy() as dead, start_busy() as living:
        (other,) = (path for path in place.iterdir() if f"-{living.pid}-" in path.name)
        (left,) = set(place.iterdir()) - {other}
        dead.kill()
        dead.wait()
        assert any(left.iterdir())
        with own_temporary_folder():
            assert not left.exists() and any(other.iterdir())
        reused = other.with_name(other.name.rpartition("-")[0] + "-s0badf00")  # of an earlier process with its number
        reused.mkdir()
        foreign = place / ".tmp-variegate.1-elsewhere-1-s0badf00"  # another machine's: nobody here knows
        foreign.mkdir()
        (place / "blender_aB3dE6").mkdir()  # anybody's
        clean_scratch()
        assert not reused.exists() and foreign.is_dir() and other.is_dir() and (place / "blender_aB3dE6").is_dir()
        living.send_signal(signal.SIGKILL)


def test_a_process_that_ends_at_once_leaves_nothing(place):
    with start_busy() as process:
        process.communicate("end\n")
    assert process.returncode == 75 and list(place.iterdir()) == []


def test_the_folder_of_a_process_that_works_never_grows_old(place, tmp_path_factory, monkeypatch):
    """Machines that share the place, and containers, take an old folder of another one for left behind."""
    monkeypatch.setattr(worker_log, "HEARTBEAT_S", 0.01)
    with own_temporary_folder(), WorkerLog(tmp_path_factory.mktemp("ds"), {"role": "supervisor"}):
        (own,) = place.iterdir()
        os.utime(own, (0, 0))
        until_s = time.monotonic() + PATIENCE_S
        while not own.stat().st_mtime:
            assert time.monotonic() < until_s, "it was not touched"
            time.sleep(0.01)


def no_folder_at_all():
    raise FileNotFoundError(2, "No usable temporary directory found in ['/gone']")  # as tempfile's own


@pytest.mark.parametrize("is_any", [True, False])
def test_without_room_it_is_said_where_and_tried_again_later(place, monkeypatch, is_any):
    monkeypatch.setattr(tempfile, "tempdir", str(place / "gone"))
    if not is_any:
        monkeypatch.setattr(tempfile, "gettempdir", no_folder_at_all)
    with pytest.raises(ScratchError, match="gone.*name a folder in TMPDIR") as raised, own_temporary_folder():
        pass
    assert code_of(raised.value) == TRANSIENT
