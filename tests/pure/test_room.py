"""Whether frames that are yet to be made will fit on the disk."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pipeline.farm import room
from pipeline.farm.room import measure_room, show_bytes, show_room


def lay(root, frames, size=1000, files=3):
    for frame in frames:
        folder = root / f"frames/{frame:06d}"
        folder.mkdir(parents=True)
        for number in range(files):
            (folder / f"{number}.bin").write_bytes(b"x" * size)


def disk(monkeypatch, free, free_files=10**6, files=10**7):
    told = SimpleNamespace(f_bavail=free, f_frsize=1, f_favail=free_files, f_files=files)
    monkeypatch.setattr(room.os, "statvfs", lambda path: told)


def test_frames_that_are_there_tell_what_others_take(tmp_path, monkeypatch):
    lay(tmp_path, (0, 1), size=1000)
    lay(tmp_path, (2, 3), size=0)  # rejected ones are small, and some of the others will be
    disk(monkeypatch, free=40 * 10**9)
    found = measure_room(tmp_path, (0, 1, 2, 3), 100_000)
    assert found is not None and (found.needed, found.needed_files, found.is_enough) == (150_000_000, 400_000, True)
    assert show_room(found) == "about 150 MB for 100000 frames; 40 GB free"
    last = measure_room(tmp_path, (0, 1, 2, 3), 1)
    assert last is not None and show_room(last) == "about 1.5 kB for 1 frame; 40 GB free"


def test_what_does_not_fit_is_told_with_a_remedy(tmp_path, monkeypatch):
    lay(tmp_path, (0,), size=320_000)
    disk(monkeypatch, free=40 * 10**9)
    found = measure_room(tmp_path, (0,), 100_000)
    assert found is not None and not found.is_enough
    assert show_room(found).startswith("about 96 GB for 100000 frames; 40 GB free: they will not fit. Make room, or")


def test_a_disk_without_names_for_so_many_files_is_told(tmp_path, monkeypatch):
    lay(tmp_path, (0,), size=10)
    disk(monkeypatch, free=10**12, free_files=300_000)
    found = measure_room(tmp_path, (0,), 100_000)
    assert found is not None and not found.is_enough
    assert "they are about 400000 files and folders, and the disk takes 300000 more" in show_room(found)
    disk(monkeypatch, free=10**12, free_files=0, files=0)  # as btrfs has it: no number of them
    found = measure_room(tmp_path, (0,), 100_000)
    assert found is not None and found.is_enough


def test_few_of_many_frames_are_looked_into(tmp_path, monkeypatch):
    there = tuple(range(5000))
    looked = []
    monkeypatch.setattr(room, "_sizes", lambda folder: looked.append(folder.name) or iter([5]))
    found = measure_room(tmp_path, there, 10)
    assert found is not None and found.needed == 50
    assert len(looked) == room.LOOKED_INTO and (looked[0], looked[-1]) == ("000000", "004900")


def test_nothing_is_told_where_there_is_nothing_to_go_by(tmp_path):
    assert measure_room(tmp_path, (), 10) is None
    assert measure_room(tmp_path, (7,), 10) is None, "a frame that went meanwhile"
    lay(tmp_path, (0,))
    assert measure_room(tmp_path, (0,), 0) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (9.96e6, "10 MB"), (96.4e9, "96 GB"), (2.14e12, "2.1 TB")],
)
def test_sizes_are_shown_as_people_read_them(size, text):
    assert show_bytes(size) == text
