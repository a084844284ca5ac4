"""Thousands of tiny frames while workers are killed: is all there, and nothing left over?

    python scripts/soak.py [--frames 2000] [--kill-every 20] [--workers 2]

Renders a small scene with `render --workers`, sends SIGKILL to a worker that is at a frame every `--kill-every`
seconds, and ends with figures: frames there, findings of `verify`, memory of the supervisor and of workers in the
second and the last quarter, processes and temporary files left over. Exit code 1 when any of them is wrong.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from time import monotonic, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from pipeline.dataset.attempts import visit_attempts
from pipeline.dataset.layout import TEMPORARY, TIMING
from pipeline.dataset.process_log import Attempt, last_event
from pipeline.dataset.read import iter_frames
from pipeline.verify.run import verify_dataset

SCENE = """
frames: {frames}
categories: [{{id: 1, name: thing}}]
targets: [{{shapes: [cube, sphere, cone], category: thing, size_m: 0.1, count: 2}}]
camera: {{shell: {{distance_m: 0.8}}, resolution: [80, 60]}}
render: {{quality: draft, samples_per_pixel: 1, denoiser: none}}
"""
SAMPLE_S = 1.0
GROWTH = 1.15  # of memory, from the first quarter to the last, that is still flat


@dataclass(slots=True)
class Watched:
    """What was seen of the run, a number a second."""

    supervisor_mib: list[float] = field(default_factory=list)
    worker_mib: list[float] = field(default_factory=list)
    """Of the largest worker."""
    pids: set[int] = field(default_factory=set)
    kills: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--kill-every", type=float, default=20.0, metavar="SECONDS")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="variegate-soak-") as folder:
        scene, out = Path(folder) / "scene.yaml", Path(folder) / "out"
        scene.write_text(SCENE.format(frames=options.frames))
        start_s = monotonic()
        code, watched = _run(scene, out, options)
        print(f"{options.frames} frames in {monotonic() - start_s:.0f} s, exit code {code}, {watched.kills} kills")
        wrong = [text for text, is_right in _figures(out, options.frames, watched) if not _told(text, is_right)]
    return 1 if wrong or code else 0


def _run(scene: Path, out: Path, options: argparse.Namespace) -> tuple[int, Watched]:
    words = ("render", scene, "--out", out, "--device", "cpu", "--workers", options.workers)
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    watched = Watched()
    next_kill_s = monotonic() + options.kill_every
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        for turn in cycle(range(options.workers)):
            if process.poll() is not None:
                break
            _sample(process.pid, watched)
            if monotonic() >= next_kill_s and _kill_one(process.pid, out, turn):
                watched.kills += 1
                next_kill_s = monotonic() + options.kill_every
            sleep(SAMPLE_S)
    return process.returncode, watched


def _sample(supervisor: int, watched: Watched) -> None:
    try:
        process = psutil.Process(supervisor)
        watched.supervisor_mib.append(process.memory_info().rss / 2**20)
        sizes = []
        for worker in _workers(supervisor):
            watched.pids.add(worker.pid)
            sizes.append(worker.memory_info().rss / 2**20)
        watched.worker_mib.append(max(sizes, default=0.0))
    except psutil.Error:
        return  # it has just ended


def _kill_one(supervisor: int, out: Path, turn: int) -> bool:
    """Kill the worker at a frame whose turn it is, and return whether there was one."""
    workers = [worker for worker in _workers(supervisor) if _is_at_a_frame(out, worker.pid)]
    if not workers:
        return False
    try:
        workers[turn % len(workers)].send_signal(signal.SIGKILL)
    except psutil.Error:
        return False
    return True


def _is_at_a_frame(out: Path, pid: int) -> bool:
    return any(last_event(log) == "begin" for log in (out / TIMING).glob(f"*-{pid}-*.jsonl"))


def _workers(supervisor: int) -> Iterator[psutil.Process]:
    try:
        children = psutil.Process(supervisor).children()
    except psutil.Error:
        return
    for child in children:
        try:
            if "worker" in child.cmdline():
                yield child
        except psutil.Error:
            continue


def _figures(out: Path, frames: int, watched: Watched) -> Iterator[tuple[str, bool]]:
    """Yield each figure as text, and whether it is as it should be."""
    there = sum(1 for _ in iter_frames(out))
    yield f"frames there: {there} of {frames}", there == frames
    attempts: list[Attempt] = []
    visit_attempts(out, lambda name, attempt: attempts.append(attempt))
    made = sum(one.outcome in ("accepted", "rejected") for one in attempts)
    lost = sum(one.outcome == "lost" for one in attempts)
    yield f"frames made {made} times, lost with a worker {lost} times", made == frames and lost <= watched.kills
    report = verify_dataset(out, None, 0, lambda done, total: None)
    yield f"verify: {'clean' if report.is_clean else 'NOT clean'}", report.is_clean
    yield _flat("supervisor", watched.supervisor_mib)
    yield _flat("largest worker", watched.worker_mib)
    left = [pid for pid in watched.pids if psutil.pid_exists(pid)]
    yield f"processes left over: {len(left)}", not left
    places = (out, Path(tempfile.gettempdir()))
    files = [path for place in places for path in place.rglob(f"{TEMPORARY}*") if _is_of(path, watched.pids)]
    yield f"temporary files left over: {', '.join(map(str, files)) or 'none'}", not files


def _flat(what: str, sizes_mib: Sequence[float]) -> tuple[str, bool]:
    quarter = max(1, len(sizes_mib) // 4)
    first, last = statistics.median(sizes_mib[quarter : 2 * quarter]), statistics.median(sizes_mib[-quarter:])
    text = f"memory of the {what}: {first:.0f} MiB in the second quarter, {last:.0f} MiB in the last"
    return text, last <= GROWTH * first


def _is_of(path: Path, pids: set[int]) -> bool:
    parts = path.name.rsplit("-", 2)
    return len(parts) == 3 and parts[1].isdecimal() and int(parts[1]) in pids


def _told(text: str, is_right: bool) -> bool:
    print(text if is_right else f"{text}   <-- wrong")
    return is_right


if __name__ == "__main__":
    sys.exit(main())
