"""Many processes at once on one folder: committing, claiming, merging, mending and cleaning lose and double nothing."""

import multiprocessing
import os
from collections.abc import Callable
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from store_samples import commit_samples, contents, open_sample, sample_job

from pipeline.cli import main
from pipeline.dataset import quarantine as quarantine_module
from pipeline.dataset import resume
from pipeline.dataset.bring import carry_out
from pipeline.dataset.claims import sweep_claims
from pipeline.dataset.merge import plan_merge
from pipeline.dataset.quarantine import quarantine, quarantine_reason, quarantined, release
from pipeline.dataset.read import iter_frames
from pipeline.dataset.repair import repair
from pipeline.dataset.soundness import check_frames
from pipeline.dataset.store import WorkerLog, clean_stale, missing, share_out

FRAMES = 40
JOB = sample_job(frames=FRAMES)
PATIENCE_S = 600.0


def render(root: Path, scratch: Path) -> None:
    scratch.mkdir()
    store = open_sample(root, JOB)
    with (
        WorkerLog(root, {"role": "render"}),
        closing(share_out(store, missing(store, range(FRAMES)), lambda others: None)) as ours,
    ):
        for frame in ours:
            commit_samples(store, scratch, (frame,))
            quarantine(store, frame, ["given up by a process that came late"], None, "")
            if frame % 7 == 0:  # a bad disk
                path = store.folder(frame) / "labels.json"
                path.unlink(missing_ok=True)


def bring(root: Path, part: Path) -> None:
    for _ in range(3):
        carry_out(plan_merge([part], root))


def mend(root: Path, _: Path) -> None:
    for _ in range(5):
        repair(root)
        clean_stale(open_sample(root, JOB))
        sweep_claims(root)


def look(root: Path, _: Path) -> None:
    """A reader meets whole frames only, whatever happens around it."""
    for _ in range(20):
        for frame in iter_frames(root):
            assert frame < FRAMES


def together(barrier: Barrier, work: Callable[[Path, Path], None], root: Path, argument: Path) -> None:
    barrier.wait()
    work(root, argument)


def test_nothing_is_lost_doubled_or_damaged(tmp_path):
    part, root = tmp_path / "part", tmp_path / "ds"
    (tmp_path / "made").mkdir()
    commit_samples(open_sample(part, JOB), tmp_path / "made", range(0, FRAMES, 3))
    open_sample(root, JOB)
    works = [(render, tmp_path / "s1"), (render, tmp_path / "s2"), (bring, part), (mend, part), (look, part)]
    # Spawned, for a fork of a process with threads in it may hang.
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(works), timeout=PATIENCE_S)
    processes = [context.Process(target=together, args=(barrier, work, root, one), daemon=True) for work, one in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * len(works)
    store = open_sample(root, JOB)
    repair(root)
    commit_samples(store, tmp_path / "made", missing(store, range(FRAMES)))
    repair(root)
    whole = open_sample(tmp_path / "whole", JOB)
    commit_samples(whole, tmp_path / "made", range(FRAMES))
    assert contents(root) == contents(whole.root)
    assert sorted(os.listdir(root / "frames")) == [f"{frame:06d}" for frame in range(FRAMES)]
    assert resume.temporaries(root) == () and quarantined(root) == () and os.listdir(root / "claims") == []


def test_a_frame_that_was_whole_when_looked_at_is_so_though_it_is_moved_away_at_once(tmp_path, monkeypatch):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, (3,))
    (sound,) = check_frames([(store.root, 3)], JOB.digest)
    real = resume._file_problem

    def then_moved_away(folder, name, facts, deep):
        problem = real(folder, name, facts, deep)
        (folder / "frame.json").unlink(missing_ok=True)
        return problem

    monkeypatch.setattr(resume, "_file_problem", then_moved_away)
    assert list(check_frames([(store.root, 3)], JOB.digest)) == [sound] and not sound.problem


def test_a_frame_is_given_up_though_others_release_it_at_that_moment(tmp_path, monkeypatch):
    store = open_sample(tmp_path / "ds", JOB)
    quarantine(store, 3, ["at first"], None, "")
    real = quarantine_module.replace_file

    def released_first(path, data, workplace):
        release(store.root, [3])
        real(path, data, workplace)

    monkeypatch.setattr(quarantine_module, "replace_file", released_first)
    quarantine(store, 3, ["later"], None, "last words")
    assert quarantined(store.root) == (3,) and quarantine_reason(store.root, 3) == "later"
    assert resume.temporaries(store.root) == ()


def test_a_folder_of_submissions_may_vanish_while_it_is_looked_at(tmp_path, monkeypatch):
    store = open_sample(tmp_path / "ds", JOB)
    (store.root / "farm/0001-slurm").mkdir(parents=True)
    real = os.listdir

    def vanished_first(folder):
        if str(folder).endswith("slurm"):
            os.rmdir(folder)
        return real(folder)

    monkeypatch.setattr(os, "listdir", vanished_first)
    assert clean_stale(store) == 0


def test_work_grows_with_the_frames_and_no_faster(tmp_path, monkeypatch):
    """Counted in files opened, looked at and listed, so that no clock has a say."""
    small, large = calls_of(tmp_path, 8, monkeypatch), calls_of(tmp_path, 32, monkeypatch)
    for step, count in large.items():
        assert 8 < count <= 4 * small[step], step


def calls_of(tmp_path: Path, frames: int, monkeypatch) -> dict[str, int]:
    """Return how many calls of the file system each step takes with so many frames."""
    root, job = tmp_path / f"of{frames}", sample_job(frames=frames)
    scratch = tmp_path / f"scratch{frames}"
    scratch.mkdir()
    parts = [root / "a", root / "b"]
    for number, part in enumerate(parts):
        commit_samples(open_sample(part, job), scratch, range(number, frames, 2))
    steps = {
        "merge": ["merge", *parts, "--out", root / "c"],
        "export": ["export", root / "c", "--format", "coco", "--out", root / "coco"],
        "repair": ["repair", root / "c"],
        "status": ["status", root / "c"],
    }
    counts = {}
    for step, words in steps.items():
        seen = [0]
        with monkeypatch.context() as counted:
            for name in ("stat", "scandir", "listdir", "mkdir", "rename", "link", "open", "fsync"):
                counted.setattr(os, name, counting(getattr(os, name), seen))
            assert main([str(word) for word in words]) == 0
        counts[step] = seen[0]
    return counts


def counting(real, seen):
    def call(*args, **options):
        seen[0] += 1
        return real(*args, **options)

    return call
