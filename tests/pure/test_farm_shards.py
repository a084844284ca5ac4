"""Frames cut into shards of a good size, and a shard found again by its number."""

from __future__ import annotations

import pytest
from status_samples import dead, done, failed, start, write_log
from store_samples import open_sample, sample_job

from pipeline.errors import FarmError
from pipeline.farm.shards import SHARDS, cut_shards, read_shard, read_shards
from pipeline.farm.sizing import frames_per_shard, seconds_per_frame


def test_shards_are_in_order_full_and_hold_each_frame_once():
    assert cut_shards([7, 0, 2, 1, 3, 7, 9, 8], 3) == ((0, 1, 2), (3, 7, 8), (9,))
    assert cut_shards((), 3) == () and cut_shards(range(3), 1) == ((0,), (1,), (2,))
    assert cut_shards(range(5), 100) == (tuple(range(5)),)


def test_a_shard_ends_where_a_scene_does_and_holds_no_more_than_asked_for():
    assert cut_shards(range(12), 6, 4) == ((0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11))
    assert cut_shards(range(12), 8, 4) == (tuple(range(8)), (8, 9, 10, 11))
    assert cut_shards([1, 2, 5, 11], 3, 4) == ((1, 2, 5), (11,)), "scenes of which frames are there already"


def test_a_scene_with_more_views_than_a_shard_should_have_stays_whole():
    assert cut_shards(range(2, 13), 3, 5) == ((2, 3, 4), (5, 6, 7, 8, 9), (10, 11, 12))


def test_a_hundred_thousand_frames_are_cut_at_once():
    shards = cut_shards(range(100_000), 7, 3)
    assert sum(map(len, shards)) == 100_000 and max(map(len, shards)) == 6


def test_a_shard_without_room_for_a_frame_is_none():
    with pytest.raises(ValueError, match="at least one frame, not 0"):
        cut_shards(range(3), 0)


def test_a_shard_is_found_by_its_number(tmp_path):
    folder = tmp_path / "farm/0001-slurm"
    folder.mkdir(parents=True)
    (folder / SHARDS).write_text("0-6\n7,9\n")
    assert read_shards(tmp_path, "farm/0001-slurm") == ("0-6", "7,9")
    assert read_shard(tmp_path, "farm/0001-slurm", 1) == "7,9"
    for index in (2, -1):
        with pytest.raises(FarmError, match=rf"--index {index}: .*shards.txt has shards 0-1"):
            read_shard(tmp_path, "farm/0001-slurm", index)
    with pytest.raises(FarmError, match="is 'farm/0002-slurm' a submission of it"):
        read_shard(tmp_path, "farm/0002-slurm", 0)


def test_rejected_frames_take_their_time_too(tmp_path):
    store = open_sample(tmp_path / "ds", sample_job())
    events = [done(0, 10, render=10.0), done(1, 12, "rejected", build=2.0), failed(2, 30, "ValueError: no")]
    write_log(store.root, dead(), [start(), *events])
    assert seconds_per_frame(store.root) == 6.0 and frames_per_shard(store.root, None, 5.0) == 50
    assert frames_per_shard(store.root, None, 0.01) == 1 and seconds_per_frame(tmp_path / "none") is None
