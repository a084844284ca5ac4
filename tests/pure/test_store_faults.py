"""Every call that changes the file system goes wrong once: the process dies there, power fails, or the disk refuses.

Whatever happens, readers see whole frames only, what was said to be there is there, other frames are untouched, errors
name a remedy, and the same work done again ends as if nothing had happened.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from faults import DIED, REFUSED, Faults, Kind, forked
from store_samples import FACTS, contents, open_sample, sample_frame, sample_job, sample_plan

from pipeline.canonical import json_bytes
from pipeline.dataset import heads, processes, read
from pipeline.dataset.bring import carry_out
from pipeline.dataset.claims import claimed, sweep_claims
from pipeline.dataset.layout import DATASET, frame_folder
from pipeline.dataset.merge import plan_merge
from pipeline.dataset.quarantine import quarantine, quarantined
from pipeline.dataset.read import iter_frames
from pipeline.dataset.repair import repair
from pipeline.dataset.resume import folder_problem, temporaries
from pipeline.dataset.store import clean_stale, commit, open_store
from pipeline.dataset.worker_log import WorkerLog
from pipeline.errors import StoreError
from pipeline.job import Job, job_from_json, job_to_json
from pipeline.records import Annotation, FramePlan, RenderedFrame

JOB = sample_job(frames=6)
LONGER = sample_job(frames=9)
DEAD = f"{processes.host()}-999999999-0badf00d"

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Work:
    """Something done with the datasets in a folder, and how that folder looks before. `replaces` is the folder of a
    damaged frame that it makes anew."""

    prepare: Callable[[Path], None]
    do: Callable[[Path, Tell], None]
    replaces: str = "nothing"


def sample(case: Path, name: str, frames: tuple[int, ...]) -> None:
    store = open_sample(case / name, JOB)
    for frame in frames:
        commit(store, *small_frame(frame, case))


def small_frame(frame: int, case: Path) -> tuple[FramePlan, RenderedFrame | None, Annotation]:
    """A frame with few files, its picture where nobody waited for it to reach the disk."""
    plan, rendered, annotation, data = _small_frame(frame)
    if rendered is not None:
        rendered = replace(rendered, rgb_file=case / "scratch/rgb.png")
        rendered.rgb_file.write_bytes(data)
    return plan, rendered, annotation


@cache
def _small_frame(frame: int) -> tuple[FramePlan, RenderedFrame | None, Annotation, bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        plan, rendered, annotation = sample_frame(JOB, frame, Path(scratch))
        data = b"" if rendered is None else rendered.rgb_file.read_bytes()
    return replace(plan, outputs=("rgb", "instance")), rendered, annotation, data


def put_samples(case: Path, tell: Tell, *frames: int) -> None:
    """Commit frames to the dataset "c", and tell of each once it is there."""
    store = open_store(case / "c", JOB, case, FACTS)
    clean_stale(store)
    for frame in frames:
        commit(store, *small_frame(frame, case))
        tell(f"there {frame}")


def with_a_damaged_frame(case: Path) -> None:
    sample(case, "c", (0, 1))
    store = open_sample(case / "c", JOB)
    quarantine(store, 1, ["it failed"], sample_plan(JOB, 1), "")
    path = store.folder(1) / "rgb.png"
    path.write_bytes(path.read_bytes()[:-7])


def give_up(case: Path, tell: Tell) -> None:
    store = open_store(case / "c", JOB, case, FACTS)
    clean_stale(store)
    sweep_claims(store.root)
    with WorkerLog(store.root, {"role": "render"}) as log, claimed(store.root, 2):
        log.begin(2)
        log.failed(2, "it failed")
        for reasons in (["first"], ["first", "second"]):
            quarantine(store, 2, reasons, sample_plan(JOB, 2), "last words")
            tell("given up 2")


def two_parts(case: Path) -> None:
    sample(case, "a", (0, 4))
    sample(case, "b", (1, 4))
    quarantine(open_sample(case / "b", JOB), 2, ["it failed"], None, "last words")
    (case / "a/timing/host-1-0badf00d.jsonl").write_text('{"event": "start", "at_s": 1.0}\n')


def merge(case: Path, tell: Tell) -> None:
    carry_out(plan_merge([case / "a", case / "b"], case / "c"))
    for frame in (0, 1, 4):
        tell(f"there {frame}")
    tell("given up 2")


def merge_a_copy(case: Path, tell: Tell) -> None:
    carry_out(plan_merge([case / "a"], case / "c"), copy=True)
    tell("there 0")


def in_disorder(case: Path) -> None:
    sample(case, "c", (0, 1, 4))
    store = open_sample(case / "c", JOB)
    quarantine(store, 0, ["it failed once"], None, "")
    path = store.folder(1) / "rgb.png"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    (store.root / "frames" / f".tmp-000002.1-{DEAD}").mkdir()
    (store.root / "frames" / f".tmp-000002.1-{DEAD}" / "rgb.png").write_bytes(b"half")
    (store.root / "claims").mkdir()
    (store.root / "claims/000002.json").write_text(json.dumps({"worker": DEAD}))
    (store.root / "dataset.json").write_text("{")


def mend(case: Path, tell: Tell) -> None:
    repair(case / "c")


WORKS = {
    "new": Work(prepare=lambda case: None, do=lambda case, tell: put_samples(case, tell, 0, 4)),
    "again": Work(
        prepare=with_a_damaged_frame, do=lambda case, tell: put_samples(case, tell, 1), replaces="c/frames/000001"
    ),
    "give up": Work(prepare=lambda case: sample(case, "c", (0,)), do=give_up),
    "longer": Work(
        prepare=lambda case: sample(case, "c", (0,)),
        do=lambda case, tell: open_store(case / "c", LONGER, case) and None,
    ),
    "merge": Work(prepare=two_parts, do=merge),
    "merge by copying": Work(prepare=lambda case: sample(case, "a", (0,)), do=merge_a_copy),
    "repair": Work(prepare=in_disorder, do=mend),
}
FAULTS: dict[str, list[tuple[Kind, int]]] = {
    "death": [("die", 0)],
    "power failure": [("power", 0), ("power-names-lost", 0)],
    "error": [
        ("error", errno.EIO),
        ("error", errno.EACCES),
        ("error-from-then-on", errno.ENOSPC),
        ("error-from-then-on", errno.EROFS),
    ],
}
END = "end of work"
EVERY = bool(os.environ.get("VARIEGATE_EVERY_FAULT"))  # else one of each kind at each call: minutes, not seconds


@pytest.fixture(autouse=True)
def known_jobs(monkeypatch):
    """Reading a job takes longer than all the rest: the two that are here are recognised instead."""
    known = [(json.loads(json_bytes(job_to_json(job, ""))), job) for job in (JOB, LONGER)]

    def job_of(data: dict[str, object], where: str) -> Job:
        return next((job for text, job in known if data | {"base_dir": ""} == text), None) or job_from_json(data, where)

    for module in (heads, read):
        monkeypatch.setattr(module, "job_from_json", job_of)


@pytest.fixture(scope="module")
def fast_disk() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of fsyncs are waited for."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="variegate-faults-", dir=parent))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", WORKS)
def test_whatever_goes_wrong_nothing_is_lost_and_the_same_work_again_ends_well(fast_disk, name, fault):
    work = WORKS[name]
    before = fast_disk / f"{name}-before"
    if not before.exists():
        (before / "scratch").mkdir(parents=True)
        work.prepare(before)
    whole = {path.relative_to(before): path.read_bytes() for path in before.rglob("frames/0*/*")}
    whole = {path: data for path, data in whole.items() if not path.is_relative_to(work.replaces)}
    expected, calls = undisturbed(work, before, fast_disk / "whole")
    assert len(calls) > 15
    for at, call in enumerate((*calls, END), start=1):
        kinds = FAULTS[fault]
        for kind, code in kinds if EVERY or call == END else [kinds[zlib.crc32(f"{name} {at}".encode()) % len(kinds)]]:
            case = fast_disk / "case"
            copy(before, case)
            outcome, told = forked(lambda tell: disturbed(work, case, tell, kind, at, code))  # noqa: B023
            where = f"{kind} {code or ''} at {at}: {call} -> {outcome} {told}"
            check_outcome(kind, outcome, told, where)
            check_promises(whole, case, told, where)
            check_again(work, case, expected, where)


def undisturbed(work: Work, before: Path, case: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return what the work leaves in the end, and every call that it takes."""
    copy(before, case)

    def counted(tell: Tell) -> None:
        with Faults(case) as faults:
            work.do(case, lambda text: None)
        for call in faults.calls:
            tell(call)

    code, calls = forked(counted)
    assert code == 0, "\n".join(calls)
    return result_of(case / "c"), [call.replace(str(case), "") for call in calls]


def disturbed(work: Work, case: Path, tell: Tell, kind: Kind, at: int, code: int) -> None:
    with Faults(case, kind, at, code) as faults:
        work.do(case, tell)
        if not kind.startswith("error"):
            faults.reach(END)


def check_outcome(kind: str, outcome: int, told: list[str], where: str) -> None:
    if kind in ("die", "power", "power-names-lost"):
        assert outcome in (DIED, 0), where
    else:
        assert outcome in (0, REFUSED), where + "\n".join(told)
        if outcome == REFUSED:
            assert "(" in told[-1] and told[-1].endswith(")"), where


def check_promises(before: dict[Path, bytes], case: Path, told: list[str], where: str) -> None:
    """Whole frames alone are seen, all that was told is there, and what was whole before still is."""
    for root in sorted(path for path in case.iterdir() if path.name != "scratch"):
        for frame in frames_seen(root):
            folder = frame_folder(root, frame)
            if folder_problem(folder, frame, JOB.digest, deep=True):  # then it was so before
                assert all(path.read_bytes() == before.get(path.relative_to(case)) for path in folder.iterdir()), where
    there = {int(line.split()[-1]) for line in told if line.startswith("there ")}
    assert there <= frames_seen(case / "c"), where
    given_up = {int(line.split()[-1]) for line in told if line.startswith("given up ")}
    assert not given_up or given_up <= set(quarantined(case / "c")), where
    for path, data in before.items():
        kept = [case / path]
        if path.parts[0] == "c":  # where damage may be replaced, or moved
            kept += case.glob(f"c/damaged/*/{path.parent.name}/{path.name}")
        assert any(one.exists() and one.read_bytes() == data for one in kept), f"{where}: {path}"


def frames_seen(root: Path) -> set[int]:
    """Return what a reader finds; nothing where there is no dataset yet, or its dataset.json was damaged before."""
    header = root / DATASET
    return set(iter_frames(root)) if header.exists() and header.read_bytes() != b"{" else set()


def check_again(work: Work, case: Path, expected: dict[str, bytes], where: str) -> None:
    try:
        work.do(case, lambda text: None)
        repair(case / "c")
    except StoreError as error:
        raise AssertionError(where) from error
    assert temporaries(case / "c") == (), where
    found = result_of(case / "c")
    assert found.keys() == expected.keys(), f"{where}: {found.keys() ^ expected.keys()}"
    assert found == expected, where


def result_of(root: Path) -> dict[str, bytes]:
    """Return what must not differ between equal runs, what is given up, and claims."""
    found = contents(root)
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.relative_to(root).parts[0] in ("quarantine", "claims"):
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def copy(source: Path, target: Path) -> None:
    """Links are enough: no file of a dataset is ever changed in place."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=os.link)
