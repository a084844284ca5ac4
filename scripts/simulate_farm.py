"""Measures what many frames cost everything but the renderer: datasets with stub pictures, at several sizes.

    python scripts/simulate_farm.py --frames 2000 10000 [--folder DIR]

Builds two halves of a dataset as two machines would leave them, merges them, then lists, exports, repairs and asks for
the status; each step is a process of its own, so that its peak memory is its own too. The last columns tell growth
against the size before: what grows faster than the number of frames has a step that is not linear.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "pure")]

from farm_samples import sample_submission
from store_samples import FACTS, commit_samples, sample_job

from pipeline.canonical import json_bytes
from pipeline.dataset.layout import COMMIT, LABELS, LOGS, PLAN, TIMING, Store
from pipeline.dataset.store import open_store
from pipeline.farm.ledger import add_entry, ready_files, record_ids
from pipeline.farm.shards import cut_shards
from pipeline.farm.submission import Submission
from pipeline.frames import show_frames

WORKERS = 20
SHARD = 50  # frames
LINKS = 10_000  # of one picture: ext4 has at most 65 000 names for a file, and a merge doubles them
NUMBER = 987_654_321  # stands for the frame in the texts that are filled in

RESUME = """
import sys
from pathlib import Path
from pipeline.farm.left import what_is_left
root, total = Path(sys.argv[1]), int(sys.argv[2])
assert not what_is_left(root, range(total), (), {}).frames
"""
MISSING = """
import sys
from pathlib import Path
from pipeline.dataset.layout import Store
from pipeline.dataset.read import read_job
from pipeline.dataset.store import missing
root = Path(sys.argv[1])
assert not missing(Store(root=root, job=read_job(root)), range(int(sys.argv[2])))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a step took: by the clock, of all its processes' processors, and the peak of its first process."""

    seconds: float
    cpu_s: float
    memory_mib: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[2_000, 10_000], metavar="N")
    parser.add_argument("--folder", type=Path, help="where to build; removed at the end")
    arguments = parser.parse_args()
    sizes = sorted(arguments.frames)
    folder = Path(tempfile.mkdtemp(prefix="variegate-farm-", dir=arguments.folder))
    try:
        measured = {size: measure(folder / str(size), size) for size in sizes}
    finally:
        shutil.rmtree(folder)
    for line in table(measured):
        print(line)


def measure(folder: Path, size: int) -> dict[str, Cost]:
    """Return what each step costs at `size` frames."""
    begin_s = time.monotonic()
    halves = [folder / name for name in ("a", "b")]
    for number, half in enumerate(halves):
        build(half, size, range(number * size // 2, (number + 1) * size // 2), folder / "scratch")
    print(f"{size} frames built in {time.monotonic() - begin_s:.0f} s", file=sys.stderr)
    whole, exported, lost = folder / "c", folder / "coco", folder / "d"
    lose(lost, size)
    steps = {
        "merge of two halves": command("merge", *halves, "--out", whole),
        "missing (before rendering)": python(MISSING, whole, size),
        "resume (planning)": python(RESUME, whole, size),
        "status": command("status", whole),
        "status, no shard began": command("status", lost),
        "status --require-complete": command("status", whole, "--require-complete"),
        "export --format coco": command("export", whole, "--format", "coco", "--out", exported),
        "repair --dry-run": command("repair", whole, "--dry-run"),
    }
    costs = {}
    for name, step in steps.items():
        costs[name] = cost_of(step)
        print(f"  {name}: {costs[name].seconds:.1f} s, {costs[name].memory_mib:.0f} MiB", file=sys.stderr)
    shutil.rmtree(folder)
    return costs


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, words)]


def python(code: str, *words: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, words)]


def cost_of(step: Sequence[str]) -> Cost:
    begin_s = time.monotonic()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(step, env=env, stdout=subprocess.DEVNULL)
    _, code, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(code)
    if child.returncode:
        raise SystemExit(f"{' '.join(step)} ended with {child.returncode}")
    return Cost(
        seconds=time.monotonic() - begin_s, cpu_s=usage.ru_utime + usage.ru_stime, memory_mib=usage.ru_maxrss / 1024
    )


def build(root: Path, total: int, frames: range, scratch: Path) -> None:
    """Write a dataset of `total` frames that holds `frames`, as `commit` would, and the logs of its workers."""
    scratch.mkdir(parents=True, exist_ok=True)
    job = sample_job(frames=total)
    store = open_store(root, job, root.parent, FACTS)
    model = scratch / f"model-{root.name}"
    model_store = open_store(model, job, root.parent, FACTS)
    commit_samples(model_store, scratch, (0,))
    parts = Parts(model_store)
    for frame in frames:
        parts.write(store.folder(frame), frame)
    write_logs(root / TIMING, frames)


def lose(root: Path, total: int) -> None:
    """Write a dataset of `total` frames, all submitted to Slurm, whose shards ended before their first frame."""
    open_store(root, sample_job(frames=total), root.parent, FACTS)
    shards = tuple(show_frames(shard) for shard in cut_shards(range(total), SHARD))

    def make(folder: str) -> tuple[Submission, dict[str, str]]:
        submission = sample_submission(
            dataset=root.as_posix(), folder=folder, frames=show_frames(range(total)), shards=shards
        )
        return submission, ready_files(submission)

    record_ids(root, add_entry(root, "slurm", make), ("12", "13"), ())
    for shard in range(len(shards)):
        said = f"shard {shard}: task 12_{shard} on n1, start 1\nno such file\nshard {shard}: exit code 127\n"
        (root / LOGS / f"slurm-12_{shard}.log").write_text(said)


class Parts:
    """The files of a model frame: pictures to be linked, and texts with a gap where the frame's number stands."""

    def __init__(self, store: Store) -> None:
        self._folder = store.folder(0)
        self._record = json.loads((self._folder / COMMIT).read_bytes())
        self._texts = {name: self._text(name) for name in (PLAN, LABELS)}
        self._pictures = [name for name in self._record["files"] if name not in self._texts]

    def _text(self, name: str) -> bytes:
        data = json.loads((self._folder / name).read_bytes())
        return json_bytes(data | {key: NUMBER for key in ("frame", "scene") if key in data})

    def write(self, folder: Path, frame: int) -> None:
        folder.mkdir()
        if frame % LINKS == 0:
            for name in self._pictures:
                data = (self._folder / name).read_bytes()
                (self._folder / name).unlink()
                (self._folder / name).write_bytes(data)
        for name in self._pictures:
            os.link(self._folder / name, folder / name)
        files = dict(self._record["files"])
        for name, text in self._texts.items():
            data = text.replace(str(NUMBER).encode(), str(frame).encode())
            (folder / name).write_bytes(data)
            files[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        (folder / COMMIT).write_bytes(json_bytes(self._record | {"frame": frame, "files": files}))


def write_logs(folder: Path, frames: range) -> None:
    """Write what WORKERS processes would have told of their frames."""
    for number in range(WORKERS):
        events: list[dict[str, object]] = [{"event": "start", "at_s": 0.0, "role": "shard", "device": "cpu"}]
        for position, frame in enumerate(frames[number::WORKERS]):
            at_s = float(position)
            seconds = {"build": 0.1, "render": 0.8, "annotate": 0.02, "commit": 0.03}
            events.append({"event": "begin", "at_s": at_s, "frame": frame})
            events.append(
                {"event": "done", "at_s": at_s + 0.95, "frame": frame, "status": "accepted", "seconds": seconds}
            )
        events.append({"event": "end", "at_s": float(len(frames)), "outcome": "done"})
        lines = "".join(json.dumps(event) + "\n" for event in events)
        (folder / f"node{number}-{1000 + number}-{frames.start:08x}.jsonl").write_text(lines)


def table(measured: Mapping[int, Mapping[str, Cost]]) -> list[str]:
    """Return seconds, processor seconds and peak memory of each step at each size, and how the last two grow."""
    sizes = list(measured)
    heads = [f"{size:>8} frames" for size in sizes]
    ratios = [f"x{later / earlier:.0f} frames" for earlier, later in zip(sizes, sizes[1:], strict=False)]
    lines = [f"{'step':<28}" + "".join(f"{head:>27}" for head in (*heads, *ratios))]
    for step in measured[sizes[0]]:
        costs = [measured[size][step] for size in sizes]
        cells = [f"{cost.seconds:6.1f} s {cost.cpu_s:6.1f} s {cost.memory_mib:4.0f} MiB" for cost in costs]
        for earlier, later in zip(costs, costs[1:], strict=False):
            cells.append(f"x{later.cpu_s / earlier.cpu_s:.1f}, x{later.memory_mib / earlier.memory_mib:.1f}")
        lines.append(f"{step:<28}" + "".join(f"{cell:>27}" for cell in cells))
    return lines


if __name__ == "__main__":
    main()
