"""A shard in one process, with Blender: what a queue is told, how it is stopped, and a frame that hangs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.dataset.attempts import read_workers
from pipeline.dataset.create import open_store
from pipeline.dataset.quarantine import quarantined, read_quarantine
from pipeline.job_file import read_job_file
from pipeline.progress_lines import NO_OPENJD

ROOT = Path(__file__).resolve().parents[2]
BLENDER = os.environ.get("VARIEGATE_BLENDER", "")  # "chroot /srv/blender /usr/bin/blender", say
PATIENCE_S = 600.0
LIMIT_S = 20
SAID = "the last thing Blender said"

# Runs a program in which one frame hangs, in C code that keeps Python's lock: no thread of Python's ever runs again; or
# in a sleep that lets them run.
HANGS = f"""\
import ctypes, os, runpy, sys, time
sys.path.insert(0, os.environ["REPO"])
from pipeline import run
build, hanging, program = run.build_scene, int(os.environ["HANGING"]), os.environ["PROGRAM"]
wait = ctypes.PyDLL(None).sleep if os.environ["LOCKED"] else time.sleep
def build_or_hang(plan, workshop):
    if plan.frame == hanging:
        os.write(1, b"{SAID}\\n")
        wait(3600)
    return build(plan, workshop)
run.build_scene = build_or_hang
start = runpy.run_path if program.endswith(".py") else runpy.run_module
start(program, run_name="__main__")
"""

# Runs a program that a signal meets while it is being loaded.
STOPPED_EARLY = """\
import os, runpy, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "pipeline":
            os.kill(os.getpid(), signal.SIGTERM)
sys.meta_path.insert(0, Finder())
runpy.run_path(os.environ["PROGRAM"], run_name="__main__")
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="takes sleep from the C library")


@dataclass
class Blender:
    """What runs shards of the dataset `folder`/ds: its command line up to the words of `shard`, what it calls `folder`,
    and where what is."""

    folder: Path
    command: tuple[str, ...]
    there: Path
    repo: Path
    program: str
    options: tuple[str, ...] = ()

    def start(self, *words: object, hanging: int = -1, locked: bool = True) -> subprocess.Popen[str]:
        return self.run("shard", self.there / "ds", *words, *self.options, hanging=hanging, locked=locked)

    def run(self, *words: object, hanging: int = -1, locked: bool = True) -> subprocess.Popen[str]:
        (self.folder / "tmp").mkdir(exist_ok=True)
        hangs = {"REPO": str(self.repo), "HANGING": str(hanging), "LOCKED": "1" if locked else ""}
        env = os.environ | hangs | {"PROGRAM": self.program, "TMPDIR": str(self.there / "tmp")}
        command = [*self.command, *map(str, words), "--device", "cpu"]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def left(self) -> list[Path]:
        """What is left in the temporary folder."""
        return list((self.folder / "tmp").iterdir())


def package(folder: Path) -> Blender:
    return Blender(folder, (sys.executable, "-c", HANGS), folder, ROOT, "pipeline", ("--workers", "0"))


def script(folder: Path) -> Blender:
    """scripts/render.py, with the package as its Blender."""
    program = str(ROOT / "scripts/render.py")
    return Blender(folder, (sys.executable, "-c", HANGS, "--"), folder, ROOT, program)


def executable(folder: Path, root: Path) -> Blender:
    """A Blender that has `root` for a file system."""
    shutil.copytree(ROOT, folder / "repo", ignore=shutil.ignore_patterns(".*", "out", "*.egg-info", "tests"))
    (folder / "hangs.py").write_text(HANGS)
    there = Path("/") / folder.relative_to(root)
    own = ("--background", "--factory-startup", "--python-exit-code", "1", "--python", f"{there}/hangs.py", "--")
    program = f"{there}/repo/scripts/render.py"
    return Blender(folder, (*BLENDER.split(), *own), there, there / "repo", program)


@pytest.fixture(params=["script", "executable"])
def blender(request, job, tmp_path):
    """What runs shards of a dataset without a frame."""
    if request.param == "script":
        begin_dataset(job, tmp_path / "ds")
        yield script(tmp_path)
        return
    if not BLENDER:
        pytest.skip("VARIEGATE_BLENDER does not name a Blender executable")
    root = Path(os.environ.get("VARIEGATE_BLENDER_ROOT", "/"))
    folder = root / "tmp" / f"variegate-shard-{os.getpid()}"
    try:
        begin_dataset(job, folder / "ds")
        yield executable(folder, root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def begin_dataset(job: Path, root: Path) -> None:
    """Make the dataset of a job without a frame, as `submit` does."""
    open_store(root, read_job_file(job), job.parent)


def end(process: subprocess.Popen[str]) -> tuple[int, list[str], str]:
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out.splitlines(), err


def attempts(root: Path) -> list[tuple[int, str, str]]:
    return [(one.frame, one.outcome, one.reason) for worker in read_workers(root) for one in worker.attempts]


def outcomes(root: Path) -> set[str]:
    return {outcome for _, outcome, _ in attempts(root)}


def wait_until(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.01)


def assert_ours_alone(told: list[str], log: str) -> None:
    """Render managers read what Blender prints too, so it prints nothing between our first line and our last."""
    ours = ("openjd_", "Saved: ", "Time: ", "Progress: ", "ALF_PROGRESS ", "Note: ")
    numbers = [number for number, line in enumerate(told) if line.startswith(ours)]
    between = told[numbers[0] : numbers[-1] + 1]
    assert all(line.startswith(ours) for line in between), told
    assert between[0].startswith("Note: what Blender writes is in ") and between[0].endswith(log)


def wait_until_at_work(process: subprocess.Popen[str], root: Path) -> None:
    wait_until(process, lambda: (root / "timing").is_dir() and "running" in outcomes(root))


def end_by_signals(process: subprocess.Popen[str]) -> None:
    """Send SIGTERM until it ends; one that follows at once is taken for the same."""
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None:
        assert time.monotonic() < until
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)


def test_a_frame_that_hangs_ends_the_process_and_is_given_up_by_the_next_with_its_stage_and_traceback(blender):
    words = ("--frames", "0-2", "--attempts", 1, "--frame-time-limit", LIMIT_S)
    code, told, err = end(blender.start(*words, hanging=1))
    assert code == 1 and "Progress: 33%" in told, (told, err)
    root, reason = blender.folder / "ds", f"build: the frame took more than {LIMIT_S} s (--frame-time-limit)"
    assert attempts(root) == [(0, "accepted", ""), (1, "lost", reason)]
    code, told, err = end(blender.start(*words, hanging=1))
    assert code == 2 and "Note: frame 1 is given up" in told, (told, err)
    assert quarantined(root) == (1,) and (root / "frames/000002").is_dir()
    kept = read_quarantine(root, 1)
    assert json.loads(kept["reason.json"])["attempts"] == [reason]
    log = kept["log.txt"].decode()
    assert SAID in log and "in build_or_hang" in log
    assert not blender.left()  # of the first, which had no time to clean up, neither
    assert log.index("frame 1: build") < log.index(f"Timeout (0:00:{LIMIT_S:02d})!")


def test_a_crash_is_told_by_what_was_written_as_it_happened(blender):
    root = blender.folder / "ds"
    process = blender.start("--frames", "0", hanging=0)
    wait_until_at_work(process, root)
    process.send_signal(signal.SIGSEGV)
    code, _, _ = end(process)
    assert code in (-signal.SIGSEGV, 128 + signal.SIGSEGV)
    ((frame, outcome, reason),) = attempts(root)
    assert (frame, outcome) == (0, "lost") and reason.startswith("Blender crashed: Segmentation fault")


def test_a_signal_ends_it_cleanly_which_counts_against_no_frame_and_the_next_goes_on(blender):
    process, root = blender.start("--frames", "0-23", "--attempts", 1), blender.folder / "ds"
    wait_until_at_work(process, root)
    process.send_signal(signal.SIGTERM)
    code, told, err = end(process)
    assert code == 75 and "openjd_fail: stopped" in told and err.endswith("stopped\n"), (told, err)
    assert not blender.left()
    assert outcomes(root) <= {"accepted", "stopped"}
    (log,) = (root / "logs").iterdir()
    assert_ours_alone(told, log.name)
    code, told, err = end(blender.start("--frames", "0-1", "--attempts", 1))
    assert code == 0 and (root / "frames/000001").is_dir() and not quarantined(root), (told, err)


def test_a_second_signal_ends_it_at_once(blender):
    process = blender.start("--frames", "0-1", hanging=0, locked=False)
    logs = blender.folder / "ds/logs"
    wait_until(process, lambda: any(SAID in log.read_text() for log in logs.iterdir()))
    end_by_signals(process)
    code, told, err = end(process)
    assert code == 75 and told[-1].startswith("Note: stopping after this frame"), (told, err)
    assert not blender.left()
    assert attempts(blender.folder / "ds") == [(0, "stopped", "")]


def test_a_signal_while_it_is_being_loaded_leaves_nothing(tmp_path):
    program = replace(script(tmp_path), command=(sys.executable, "-c", STOPPED_EARLY, "--"))
    code, told, err = end(program.start("--frames", "0"))
    assert code == 128 + signal.SIGTERM and not program.left(), (told, err)


def test_what_a_killed_one_left_goes_with_the_next(blender):
    process, root = blender.start("--frames", "0-23"), blender.folder / "ds"
    wait_until_at_work(process, root)
    process.kill()
    process.communicate()
    assert blender.left()
    code, told, err = end(blender.start("--frames", "0"))
    assert code == 0 and not blender.left(), (told, err)


def test_a_job_is_rendered_with_the_lines_and_stops_of_a_shard(blender, job):
    """By scripts/render.py, which makes the dataset meanwhile."""
    shutil.copy(job, blender.folder)
    words, root = (blender.there / job.name, "--out", blender.there / "made", "--frames"), blender.folder / "made"
    process = blender.run(*words, "0-23")
    wait_until_at_work(process, root)
    process.send_signal(signal.SIGINT)
    code, told, err = end(process)
    assert code == 75 and "openjd_fail: stopped" in told and err.endswith("stopped\n"), (told, err)
    (log,) = (root / "logs").iterdir()
    assert_ours_alone(told, log.name)
    assert outcomes(root) <= {"accepted", "stopped"} and not blender.left()
    process = blender.run(*words, "22,23", hanging=23, locked=False)
    wait_until(process, lambda: any(SAID in log.read_text() for log in (root / "logs").iterdir()))
    end_by_signals(process)
    code, told, err = end(process)
    assert code == 75 and told[-1].startswith("Note: stopping after this frame"), (told, err)
    assert (root / "frames/000022").is_dir() and not blender.left()
    code, told, err = end(blender.run(*words, "23"))
    assert code == 0 and "Progress: 100%" in told and not blender.left(), (told, err)


def test_where_nobody_reads_it_progress_is_in_blenders_log_alone(job, tmp_path, monkeypatch):
    """There it tells the stage in which a frame hangs; a queue's log has it for nobody."""
    monkeypatch.setenv(NO_OPENJD, "1")
    begin_dataset(job, tmp_path / "ds")
    code, told, err = end(package(tmp_path).start("--frames", "0"))
    assert code == 0 and "Progress: 100%" in told and not [line for line in told if line.startswith("openjd_")], err
    (log,) = (tmp_path / "ds/logs").iterdir()
    assert "\nopenjd_status: frame 0: render\n" in log.read_text()


def test_without_workers_the_command_line_does_the_same(job, tmp_path):
    begin_dataset(job, tmp_path / "ds")
    blender = package(tmp_path)
    code, told, err = end(blender.start("--frames", "0,1"))
    assert code == 0 and not blender.left(), err
    (log,) = (tmp_path / "ds/logs").iterdir()
    assert_ours_alone(told, log.name)
    saved = [line.rpartition("/frames/")[2] for line in told if line.startswith("Saved: ")]
    assert saved == ["000000/rgb.png'", "000001/rgb.png'"]
    assert [line for line in told if line.startswith("Progress: ")] == ["Progress: 50%", "Progress: 100%"]
