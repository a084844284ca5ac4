"""A time limit that nearly all frames run into is what is wrong, and is said so: at the end of a run, and in status."""

from __future__ import annotations

import pytest
from status_samples import CPU, begin, clock, dead, end, failed, frames_made, lay_frames, start
from status_samples import write_log as log
from store_samples import open_sample, sample_job

from pipeline.farm.local import failures as failures_module
from pipeline.farm.local.failures import Failures
from pipeline.farm.local.time_limit import blame_time_limit, over_time, time_limit_in
from pipeline.status.overview import read_status

LEAVE = "leave it out (20 times the longest frame so far, at least 5 minutes); --retry-quarantined tries again what was"
UNKNOWN = "none was made so far, so nobody knows how long one takes"
TOO_SHORT = over_time("build", 0.2)


@pytest.mark.parametrize(
    ("limit_s", "ended", "tried", "frame_s", "told"),
    [
        (0.2, 5, 5, None, f"ended all 5 frames that were tried; {UNKNOWN}. Give more seconds, or leave it"),
        (0.2, 1, 1, None, f"ended the one frame that was tried; {UNKNOWN}. Give more seconds, or leave it"),
        (
            0.2,
            9,
            10,
            1.25,
            "ended 9 of the 10 frames that were tried; those made so far took 1.2 s on average. Give more",
        ),
        (
            600,
            9,
            10,
            1.25,
            "took 1.2 s on average. They may hang, and logs/ says where; else give more seconds, or leave",
        ),
        (3600, 8, 8, None, f"{UNKNOWN}. They may hang, and logs/ says where; else give more seconds, or leave it out"),
    ],
)
def test_the_limit_is_named_with_what_frames_take_and_the_remedy(limit_s, ended, tried, frame_s, told):
    text = blame_time_limit(limit_s, ended, tried, frame_s)
    assert text.startswith(f"--frame-time-limit {limit_s:g} ended ") and told in text and LEAVE in text


@pytest.mark.parametrize(("ended", "tried"), [(0, 0), (0, 5), (8, 10), (1, 2)])
def test_a_limit_that_ended_few_frames_is_not_blamed(ended, tried):
    assert blame_time_limit(0.2, ended, tried, 1.0) == ""


@pytest.mark.parametrize("limit_s", [0.05, 3, 3600, 1e7])
def test_the_limit_is_read_from_the_reason(limit_s):
    assert time_limit_in(over_time("render", limit_s)) == pytest.approx(limit_s)


@pytest.mark.parametrize("reason", ["ValueError: no", "100 MiB of memory, more than 50 (--memory-limit)", ""])
def test_other_reasons_name_no_time_limit(reason):
    assert time_limit_in(reason) is None


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", sample_job(frames=20))


def run(store, made=(), late=(), other=()):
    """Return what is said after a run in which the limit ended frames `late`, and `other` ones failed otherwise."""
    found = Failures(store, 3, {})
    for frame in late:
        found.add(frame, TOO_SHORT, "")
    for frame in other:
        found.add(frame, "ValueError: no", "")
    for frame in made:
        found.made(frame)
    return found.blame_time_limit()


def test_a_run_blames_the_limit_for_nearly_all_its_frames(store):
    assert "0.2 ended all 5 frames that were tried; none was made so far" in run(store, late=range(5))
    assert "0.2 ended 9 of the 10 frames that were tried" in run(store, late=range(9), made=(9,))
    assert run(store, late=range(8), made=(8, 9)) == run(store, late=range(8), other=(8, 9)) == run(store) == ""


def test_a_frame_that_is_made_when_tried_again_speaks_for_the_limit(store):
    assert run(store, late=range(5), made=range(4)) == run(store, late=(1,), made=(1,)) == ""


def test_what_earlier_runs_made_says_how_long_a_frame_takes(store):
    log(store.root, dead(), [start(**CPU), *frames_made(range(10, 14), 0, 10, build=1.0, render=2.5), end(40)])
    assert "ended all 5 frames that were tried; those made so far took 3.5 s on average" in run(store, late=range(5))


def test_frames_given_up_for_earlier_runs_count_where_this_one_gives_them_up(store):
    """A shard that watches itself ends with each frame: the last start alone gives them up, and tries none."""
    found = Failures(store, 2, {frame: [TOO_SHORT] * 2 for frame in range(3)})
    assert found.worth_trying(range(3), ()) == [] and "ended all 3 frames" in found.blame_time_limit()


def test_nothing_is_read_anew_without_a_frame_beyond_its_time(store, monkeypatch):
    monkeypatch.setattr(failures_module, "seconds_per_frame", lambda root: pytest.fail("all logs were read"))
    assert run(store, made=range(3), other=(4,)) == ""


# --- status -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch):
    return clock(monkeypatch)


def hints(store):
    return [hint for hint in read_status(store.root, range(20)).hints if "--frame-time-limit" in hint]


def late(frames, since_s):
    return [failed(frame, since_s + frame, TOO_SHORT) for frame in frames]


def test_status_hints_at_a_limit_that_ends_all_frames(store, at):
    log(store.root, dead(), [start(**CPU), *late(range(6), 10), end(60, TOO_SHORT)])
    (hint,) = hints(store)  # and not a second time as the reason for which the run ended
    assert "0.2 ended all 6 frames that were tried; none was made so far" in hint and LEAVE in hint


def test_status_counts_from_the_first_frame_that_the_limit_ended(store, at):
    lay_frames(store.root, range(10, 20))
    log(store.root, dead(1), [start(**CPU), *frames_made(range(10, 20), 0, 2, build=1.0, render=1.0), end(20)])
    log(store.root, dead(2), [start(30, **CPU), *late(range(6), 30), end(60, TOO_SHORT)])
    (hint,) = hints(store)
    assert "ended all 6 frames that were tried; those made so far took 2 s on average" in hint


def test_status_says_nothing_once_frames_are_made_or_when_few_took_long(store, at):
    log(store.root, dead(1), [start(**CPU), *late(range(6), 10), begin(6, 20)])
    log(store.root, dead(2), [start(30, **CPU), *frames_made(range(6), 40, 5, build=1.0)])
    lay_frames(store.root, range(6))
    assert hints(store) == []
    log(store.root, dead(3), [start(80, **CPU), *late((7,), 80), *frames_made(range(8, 14), 90, 1), end(99)])
    assert hints(store) == []
