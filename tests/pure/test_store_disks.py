"""Real disks and odd ones: full, read-only, network file systems, and clocks that jump."""

import errno
import os
import subprocess
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from store_samples import commit_samples, contents, open_sample, sample_job

from pipeline.dataset import commit as commit_module
from pipeline.dataset import disk, read, resume
from pipeline.dataset.attempts import is_alive
from pipeline.dataset.claims import claimed, dead_claims
from pipeline.dataset.disk import create_file, sync
from pipeline.dataset.repair import repair
from pipeline.dataset.store import clean_stale, is_complete, missing
from pipeline.errors import StoreError

JOB = sample_job()
DAY_S = 24 * 3600.0
STRANGER = "elsewhere-7-0badf00d"


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", JOB)


@pytest.fixture
def mounted(tmp_path):
    """Mount a small file system in memory, where that is allowed."""
    place = tmp_path / "mount"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=640k", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_keeps_every_frame_and_can_be_gone_on_with(mounted, tmp_path):
    store = open_sample(mounted / "ds", JOB)
    ballast = mounted / "ballast"
    ballast.write_bytes(bytes(400_000))
    done = []
    with pytest.raises(StoreError, match="the disk is full: free some space and run the same command again"):
        for frame in range(12):
            commit_samples(store, tmp_path, (frame,))
            done.append(frame)
    assert done and all(is_complete(store, frame, deep=True) for frame in done)
    assert resume.temporaries(store.root) == ()
    ballast.unlink()
    commit_samples(store, tmp_path, missing(store, range(6)))
    assert list(read.iter_frames(store.root))[:6] == list(range(6))


def test_a_disk_that_became_read_only_is_one_clear_error_and_can_still_be_read(mounted, tmp_path):
    store = open_sample(mounted / "ds", JOB)
    commit_samples(store, tmp_path, (0,))
    before = contents(store.root)
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    with pytest.raises(StoreError, match="read-only: choose another --out"):
        open_sample(store.root, JOB)
    with pytest.raises(StoreError, match="read-only: choose another --out"):
        commit_samples(store, tmp_path, (1,))
    assert list(read.iter_frames(store.root)) == [0] and contents(store.root) == before
    assert repair(store.root, dry_run=True).missing == tuple(range(1, 12))


@pytest.mark.parametrize("jump_s", [-30 * DAY_S, -2 * DAY_S, 2 * DAY_S, 30 * DAY_S])
def test_a_clock_of_this_machine_that_jumps_deletes_nothing_that_lives(store, monkeypatch, jump_s):
    folder = store.root / f"frames/.tmp-000001.1-{STRANGER}"
    folder.mkdir()
    now_s = time.time()
    monkeypatch.setattr(disk.time, "time", lambda: now_s + jump_s)
    assert clean_stale(store) == 0 and folder.exists()


@pytest.mark.parametrize("jump_s", [-30 * DAY_S, -2 * DAY_S, 2 * DAY_S, 30 * DAY_S])
def test_a_clock_of_the_file_server_that_jumps_deletes_nothing_that_lives(store, monkeypatch, jump_s):
    folder = store.root / f"frames/.tmp-000001.1-{STRANGER}"
    folder.mkdir()
    monkeypatch.setattr(disk, "server_time_s", lambda parent: time.time() + jump_s)
    assert clean_stale(store) == 0 and folder.exists()


def test_what_both_clocks_call_old_is_left_behind(store):
    folder = store.root / f"frames/.tmp-000001.1-{STRANGER}"
    folder.mkdir()
    old = time.time() - disk.STRANGER_AGE_S - 60
    os.utime(folder, (old, old))
    assert clean_stale(store) == 1 and not folder.exists()


def test_a_heartbeat_of_the_future_is_of_a_clock_put_back_since_and_holds_no_frame(store):
    path = store.root / f"timing/{STRANGER}.jsonl"
    path.write_text('{"event": "start", "at_s": 1.0}\n')
    assert is_alive(store.root, STRANGER)
    (store.root / "claims").mkdir()
    (store.root / "claims/000003.json").write_text(f'{{"worker": "{STRANGER}"}}')
    assert dead_claims(store.root) == ()
    ahead = path.stat().st_mtime + 2 * DAY_S
    os.utime(path, (ahead, ahead))
    assert not is_alive(store.root, STRANGER)
    with claimed(store.root, 3) as is_ours:
        assert is_ours


@pytest.mark.parametrize("code", [errno.ENOTEMPTY, errno.EEXIST])
def test_a_folder_in_the_way_is_told_by_either_error(store, tmp_path, monkeypatch, code):
    """Linux says ENOTEMPTY, some NFS servers EEXIST."""
    store.folder(0).mkdir()
    (store.folder(0) / "rgb.png").write_bytes(b"half")
    real = os.rename

    def rename(source, target):
        if Path(target) == store.folder(0) and store.folder(0).exists():
            raise OSError(code, os.strerror(code), str(source))
        real(source, target)

    monkeypatch.setattr(commit_module.os, "rename", rename)
    commit_samples(store, tmp_path, (0,))
    assert is_complete(store, 0, deep=True) and resume.temporaries(store.root) == ()


def test_a_file_that_is_there_is_not_made_again(tmp_path):
    path = tmp_path / "dataset.json"
    assert create_file(path, b"first") and not create_file(path, b"second", lasting=False)
    assert path.read_bytes() == b"first" and [one.name for one in tmp_path.iterdir()] == ["dataset.json"]


@pytest.mark.parametrize(
    ("code", "name", "is_error"),
    [
        (errno.EIO, "frames", True),
        (errno.EINVAL, "frames", False),  # some network file systems cannot be asked to keep a list of names
        (errno.ENOTSUP, "frames", False),
        (errno.EINVAL, "frames/file", True),
    ],
)
def test_what_the_disk_could_not_keep_is_an_error(tmp_path, monkeypatch, code, name, is_error):
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames/file").write_bytes(b"data")

    def refuses(handle):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk.os, "fsync", refuses)
    with pytest.raises(OSError, match=os.strerror(code)) if is_error else nullcontext():
        sync(tmp_path / name)


def test_a_file_that_another_machine_replaced_is_opened_anew(store, tmp_path, monkeypatch):
    commit_samples(store, tmp_path, (0,))
    real, stale = Path.read_bytes, []

    def read_bytes(self):
        if self not in stale:
            stale.append(self)
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self))
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert list(read.iter_frames(store.root)) == [0] and read.read_labels(store.root, 0).frame == 0
    assert len(stale) == 3  # dataset.json, frame.json, labels.json


def test_a_file_that_stays_stale_is_an_error(store, tmp_path, monkeypatch):
    commit_samples(store, tmp_path, (0,))

    def read_bytes(self):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(self))

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    with pytest.raises(StoreError, match="Stale file handle"):
        is_complete(store, 0)


def test_deleted_files_that_nfs_still_shows_break_nothing(store, tmp_path):
    commit_samples(store, tmp_path, (0, 1))
    for folder in (store.root / "frames", store.folder(0), store.root / "timing"):
        (folder / ".nfs00000000000000ab").write_bytes(b"open elsewhere")
    (store.folder(1) / "rgb.png").unlink()
    commit_samples(store, tmp_path, (1,))
    assert list(read.iter_frames(store.root)) == [0, 1]
    found = repair(store.root)
    assert found.again == {} and found.left == []


def test_a_folder_that_cannot_be_removed_yet_stays_unseen_and_hinders_nothing(store, tmp_path, monkeypatch):
    """On NFS a folder with a deleted file that is open elsewhere cannot be removed before it is closed."""
    store.folder(0).mkdir()
    (store.folder(0) / "rgb.png").write_bytes(b"half")
    with monkeypatch.context() as busy:
        busy.setattr(commit_module, "remove", lambda path: None)
        commit_samples(store, tmp_path, (0,))
        (store.folder(0) / "rgb.png").unlink()
        commit_samples(store, tmp_path, (0,))
    assert list(read.iter_frames(store.root)) == [0]
    assert len(resume.temporaries(store.root)) == 2
    assert missing(store, (0,)) == ()
