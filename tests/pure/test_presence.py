"""A frame's folder without a record is no frame: whoever asks what a dataset lacks gets the same answer."""

from __future__ import annotations

import shutil
import threading

import pytest
from store_samples import commit_samples, open_sample, sample_job

from pipeline.dataset import presence
from pipeline.dataset.presence import without_record
from pipeline.dataset.repair import repair
from pipeline.dataset.store import missing
from pipeline.errors import StoreError
from pipeline.farm.left import what_is_left
from pipeline.status import counts as counts_module
from pipeline.status.gaps import find_gaps
from pipeline.status.overview import read_status

MADE = (0, 1, 2, 3)
PATIENCE_S = 120


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", sample_job(frames=len(MADE)))
    commit_samples(store, tmp_path, MADE)
    return store


def cut_off(folder):
    (folder / "frame.json").write_bytes(b"")


def emptied(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def file_in_its_place(folder):
    shutil.rmtree(folder)
    folder.write_text("not a folder")


LOSSES = {
    "its record is gone": (lambda folder: (folder / "frame.json").unlink(), "frame.json is not there"),
    "its record is empty": (cut_off, "frame.json is damaged"),
    "all of it is gone": (emptied, "frame.json is not there"),
    "a file is in its place": (file_in_its_place, "frame.json is not there"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_render_resume_status_and_repair_agree_on_a_frame_without_a_record(store, loss):
    lose, problem = LOSSES[loss]
    lose(store.folder(2))
    assert missing(store, MADE) == (2,)
    left = what_is_left(store.root, MADE, (), {})
    assert left.frames == left.without_record == (2,)
    assert find_gaps(store.root, MADE).damaged == find_gaps(store.root, MADE, deep=True).damaged == {2: problem}
    counts = read_status(store.root, MADE).counts
    assert counts.unreadable == (2,) and counts.there == 3 and counts.missing == ()
    assert repair(store.root).again == {2: problem}
    assert what_is_left(store.root, MADE, (), {}).frames == find_gaps(store.root, MADE).missing == (2,)


def test_many_looks_are_under_way_at_a_time(store, monkeypatch):
    """A file server that answers slowly is asked for many frames at once: here none is answered before a second ask."""
    both = threading.Barrier(2)

    def answer(look):
        both.wait(PATIENCE_S)
        return look()

    monkeypatch.setattr(presence, "BATCH", 1)
    monkeypatch.setattr(presence, "again_if_stale", answer)
    assert without_record(store.root, MADE) == []


def test_batches_come_back_in_order(store, monkeypatch):
    monkeypatch.setattr(presence, "BATCH", 2)
    for frame in (0, 3):
        (store.folder(frame) / "frame.json").unlink()
    assert without_record(store.root, MADE) == [0, 3]
    assert without_record(store.root, (3, 2)) == [3]


def test_an_old_view_of_a_folder_is_not_believed(store, monkeypatch):
    """A network file system may show the damaged folder a while longer that another machine has replaced."""
    views = iter([[1, 2], [2]])
    monkeypatch.setattr(presence, "_without_record", lambda root, frames: next(views))
    assert without_record(store.root, MADE) == [2]
    assert not list((store.root / "frames").glob(".tmp-*"))


def test_a_disk_that_does_not_answer_is_an_error_and_no_missing_frame(store, monkeypatch):
    def broken(look):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(presence, "again_if_stale", broken)
    with pytest.raises(StoreError, match=r"000000/frame.json: cannot be read: Input/output error \(check the disk\)"):
        without_record(store.root, MADE)


def test_who_watches_asks_for_each_record_once(store, monkeypatch):
    asked = []

    def look(root, frames):
        asked.append(list(frames))
        return without_record(root, frames)

    monkeypatch.setattr(counts_module, "without_record", look)
    (store.folder(2) / "frame.json").unlink()
    recorded = set()
    for _ in range(2):
        assert read_status(store.root, MADE, recorded=recorded).counts.unreadable == (2,)
    assert asked == [[0, 1, 2, 3], [2]] and recorded == {0, 1, 3}
