"""Each hint is said on its numbers, and on no others."""

from __future__ import annotations

import pytest
from status_samples import CPU, GPU, T0, begin, clock, dead, done, end, failed, frames_made, lay_frames, rejected, start
from status_samples import write_log as log
from store_samples import open_sample, sample_job, sample_plan

from pipeline.canonical import json_bytes
from pipeline.dataset.processes import process_name
from pipeline.dataset.quarantine import quarantine
from pipeline.records import Hdri, WorldPlan
from pipeline.status.overview import read_status
from pipeline.structure import unstructure

JOB = sample_job(frames=200)
BALANCED = {"build": 0.5, "render": 9.0, "commit": 0.1}  # seconds of a frame that gives no cause for any hint
SHARD = CPU | {"role": "shard"}


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", JOB)


@pytest.fixture
def at(monkeypatch):
    return clock(monkeypatch)


def hints(store, frames=20):
    return list(read_status(store.root, range(frames)).hints)


def made(frames=20, each=10.0, facts=CPU, **seconds):
    return [start(0, **facts), *frames_made(range(frames), 0, each, **seconds), end(frames * each)]


def test_a_dataset_without_trouble_gives_no_hint(store, at):
    log(store.root, dead(), made(**BALANCED, memory=900))
    lay_frames(store.root, range(20))
    assert hints(store) == []


@pytest.mark.parametrize(
    ("render", "cores", "workers"),
    [
        (0.25, 64, 4),  # busy a quarter of the time: 0.9 / 0.25 are 3.6
        (0.08, 64, 12),  # 0.9 / 0.08 are 11.25
        (0.08, 8, 4),  # two cores each
        (0.02, 64, 16),  # never more
        (0.7, 64, None),
        (0.25, 2, None),  # no cores for a second one
    ],
)
def test_a_gpu_that_waits_wants_more_workers(store, at, render, cores, workers):
    log(store.root, dead(), made(each=1, facts=GPU | {"cores": cores}, build=1 - render, render=render))
    lay_frames(store.root, range(20))
    found = hints(store)
    if workers is None:
        assert found == []
    else:
        (hint,) = found
        assert f"a GPU renders at most {render:.0%} of the time, fed by 1 process:" in hint
        assert f"start {workers} workers (shard --workers {workers})" in hint


def test_processes_that_share_a_gpu_feed_it_together(store, at):
    """Four of them, each rendering a quarter of its time, fill one GPU, but not four."""
    for number in range(4):
        facts = GPU | {"cores": 64, "gpu": 0}
        events = [start(0, **facts), *frames_made(range(number * 5, number * 5 + 5), 0, 1, build=0.75, render=0.25)]
        log(store.root, dead(number), [*events, end(5)])
    lay_frames(store.root, range(20))
    assert hints(store) == []
    for number in range(4):
        facts = GPU | {"cores": 64, "gpu": number}
        events = [start(0, **facts), *frames_made(range(number * 5, number * 5 + 5), 0, 1, build=0.75, render=0.25)]
        log(store.root, dead(number), [*events, end(5)])
    (hint,) = hints(store)
    assert "at most 25% of the time, fed by 4 processes: start 15 workers" in hint  # 4 * 0.9 / 0.25 are 14.4


def test_machines_with_the_same_need_are_named_once(store, at):
    for number in range(3):
        events = [start(0, **GPU), *frames_made(range(number * 6, number * 6 + 6), 0, 1, build=0.75, render=0.25)]
        log(store.root, dead(number, f"node{number}"), [*events, end(6)])
    lay_frames(store.root, range(18))
    (hint,) = hints(store, 18)
    assert hint.startswith("node0 and 2 others: a GPU renders at most 25%")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, True),
        ({"threads": 16}, True),
        ({"threads": 4}, False),
        ({"cores": 2}, False),
        ({"device": "optix", "models": ["A"]}, False),
    ],
)
def test_a_lone_process_on_many_cores_leaves_them_idle(store, at, facts, said):
    log(store.root, dead(), made(facts=CPU | facts, each=1, build=0.3, render=0.4, denoise=0.3))
    lay_frames(store.root, range(20))
    found = [hint for hint in hints(store) if "on 16 cores uses a single one of them for 30%" in hint]
    assert bool(found) is said
    assert all("render --workers auto" in hint for hint in found)


def test_two_processes_on_many_cores_are_left_alone(store, at):
    for number in range(2):
        events = [start(0, **CPU), *frames_made(range(number * 10, number * 10 + 10), 0, 1, build=0.3, render=0.7)]
        log(store.root, dead(number), [*events, end(10)])
    lay_frames(store.root, range(20))
    assert hints(store) == []


@pytest.mark.parametrize(("denoise", "said"), [(4.0, True), (2.0, False)])
def test_a_denoiser_that_takes_much_is_named(store, at, denoise, said):
    log(store.root, dead(), made(build=0.5, render=9.5 - denoise, denoise=denoise))
    lay_frames(store.root, range(20))
    found = hints(store)
    assert found == [] if not said else "the denoiser takes at least 40% of a frame" in found[0]


@pytest.mark.parametrize(("commit", "said"), [(3.0, True), (1.0, False)])
def test_a_slow_disk_is_named(store, at, commit, said):
    log(store.root, dead(), made(facts=CPU | {"threads": 2}, render=10 - commit, commit=commit))
    lay_frames(store.root, range(20))
    found = hints(store)
    assert found == [] if not said else "frames wait for the disk: commit takes 30% of their time" in found[0]


def lay_short_shard(root, number, facts=SHARD):
    events = [start(0, age_s=6.0, **facts), *frames_made((2 * number, 2 * number + 1), 1, 4, render=3.5, build=0.0)]
    log(root, dead(number), [*events, end(9)])


def test_workers_of_one_machine_that_start_often_have_no_shards_to_make_larger(store, at):
    for number in range(5):
        lay_short_shard(store.root, number, CPU)
    lay_frames(store.root, range(10))
    assert hints(store, 10) == []


def test_shards_too_short_for_their_start_are_named(store, at):
    for number in range(5):
        lay_short_shard(store.root, number)
    lay_frames(store.root, range(10))
    (hint,) = hints(store, 10)
    assert hint.startswith("50% of the time goes into starting 5 processes for 2 frames each")  # 7 s of 14
    log(store.root, dead(0), [start(0, age_s=0.1, **SHARD), *frames_made(range(10), 0.1, 10, render=10.0), end(101)])
    assert hints(store, 10) == []


def test_memory_that_grows_over_a_process_life_is_named(store, at):
    grows = [
        event | ({"memory_mib": 600.0 + 20 * event["frame"]} if event["event"] == "done" else {})
        for event in frames_made(range(80), 0, 10, **BALANCED)
    ]
    log(store.root, dead(), [start(0, **CPU), *grows, end(800)])
    lay_frames(store.root, range(80))
    (hint,) = hints(store, 80)
    assert "grew from 1190 to 1990 MiB in 80 frames" in hint and "--recycle 26" in hint  # means of frames 20-39, 60-79


def test_memory_that_is_only_filled_at_first_is_left_alone(store, at):
    fills = [
        event | ({"memory_mib": min(2000.0, 600.0 + 100 * event["frame"])} if event["event"] == "done" else {})
        for event in frames_made(range(80), 0, 10, **BALANCED)
    ]
    log(store.root, dead(), [start(0, **CPU), *fills, end(800)])
    lay_frames(store.root, range(80))
    assert hints(store, 80) == []


@pytest.mark.parametrize(("at_first", "each"), [(6000.0, 10.0), (100.0, 3.0)])
def test_memory_that_grows_by_little_or_in_a_small_process_is_left_alone(store, at, at_first, each):
    grows = [
        event | ({"memory_mib": at_first + each * event["frame"]} if event["event"] == "done" else {})
        for event in frames_made(range(80), 0, 10, **BALANCED)
    ]
    log(store.root, dead(), [start(0, **CPU), *grows, end(800)])
    lay_frames(store.root, range(80))
    assert hints(store, 80) == []


@pytest.mark.parametrize(("silent_s", "slowest_s", "said"), [(700, 10, True), (500, 10, False), (700, 200, False)])
def test_a_process_without_a_word_may_hang(store, at, silent_s, slowest_s, said):
    each = {"build": 0.05 * slowest_s, "render": 0.95 * slowest_s}
    begun = 5 * slowest_s
    log(store.root, process_name(), [start(0, **CPU), *frames_made(range(5), 0, slowest_s, **each), begin(5, begun)])
    lay_frames(store.root, range(5))
    at(begun + silent_s)
    found = hints(store, 6)
    assert found == [] if not said else "has been at frame 5 for 12 min without a word" in found[0]
    assert not said or f"kill -9 {process_name().rsplit('-', 2)[1]}" in found[0]


def test_many_rejections_are_told_with_their_reason(store, at):
    events = [rejected(frame, frame, f"no room for object {frame % 2}; lower counts") for frame in range(6)]
    log(store.root, dead(), [start(), *events, *frames_made(range(6, 20), 100, 10, **BALANCED)])
    lay_frames(store.root, range(20))
    (hint,) = hints(store)
    assert hint == "30% of the frames are rejected, all because: no room for object N; lower counts"


def test_few_rejections_are_as_it_should_be(store, at):
    log(store.root, dead(), [start(), rejected(0, 1, "empty"), *frames_made(range(1, 20), 100, 10, **BALANCED)])
    lay_frames(store.root, range(20))
    assert hints(store) == []


def test_frames_that_nobody_makes_are_named(store, at):
    log(store.root, dead(), made(frames=19, **BALANCED))
    lay_frames(store.root, range(19))
    (hint,) = hints(store)
    assert hint.startswith("1 frame is missing and no process is running: run the same render command again")
    assert hint.endswith("or submit what is missing (variegate submit --frames 19)")
    log(store.root, process_name(), [start(0, **CPU), begin(19, 90)])
    assert hints(store) == []


def test_frames_that_a_living_process_is_at_are_not_nobodys(store, at):
    log(store.root, process_name(), [start(0, **CPU), *frames_made(range(5), 0, 10, **BALANCED), begin(5, 50)])
    lay_frames(store.root, range(5))
    assert hints(store) == []


def test_what_ended_the_last_processes_is_named(store, at):
    gone = "models/mug.glb: the file does not exist"
    log(store.root, dead(1), [start(0, role="shard"), end(50, gone)])
    log(store.root, dead(2), [start(0, role="worker", supervisor=dead(1)), end(50, f"AssetError: {gone}")])
    log(store.root, dead(3), [start(0, role="shard"), end(50, gone)])
    log(store.root, dead(4), made(frames=19, **BALANCED))
    lay_frames(store.root, range(19))
    assert hints(store)[0] == f"2 processes of the last run ended early: {gone}: mend that first"
    assert not any("ended early" in hint for hint in hints(store, 19))  # nothing lacks
    at(100_000)
    log(store.root, dead(5), [start(99_000, role="shard"), end(99_100, "stopped")])
    assert not any("ended early" in hint for hint in hints(store))


def test_a_clock_that_is_wrong_is_named(store, at):
    log(store.root, dead(1, "node7"), [start(-300, disk_s=T0, **CPU), *frames_made((0,), -300, 10, **BALANCED)])
    log(store.root, dead(2, "node8"), [start(5, disk_s=T0, **CPU), *frames_made((1,), 5, 10, **BALANCED)])
    log(store.root, dead(3, "node9"), [start(7200, disk_s=T0, **CPU), *frames_made((2,), 7200, 10, **BALANCED)])
    lay_frames(store.root, range(3))
    found = hints(store, 3)
    assert [hint.partition(" the disk")[0] for hint in found] == [
        "the clock of node7 is 5 min behind",
        "the clock of node9 is 2 h 00 min ahead of",
    ]


def test_frames_without_a_record_are_named(store, at):
    lay_frames(store.root, (0, 1))
    for path in (store.root / "frames").glob("*/frame.json"):
        path.unlink()
    words = "2 folders have no record that can be read (frames 0-1): variegate repair"
    assert any(hint.startswith(words) for hint in hints(store, 2))


def under_hdri(frame, name):
    hdri = Hdri(source=name, sha256="0" * 64, mean_radiance=1.0)
    world = WorldPlan(
        hdri=hdri, strength=1.0, yaw_deg=0.0, tilt_deg=0.0, tilt_azimuth_deg=0.0, tint=(1.0, 1.0, 1.0), background=None
    )
    return sample_plan(JOB, frame, world=world)


def test_an_asset_in_all_failed_frames_is_blamed(store, at):
    lay_frames(store.root, range(3))
    log(store.root, dead(), [start(), *(done(frame, frame, **BALANCED) for frame in range(3))])
    for frame in range(3):
        text = json_bytes(unstructure(under_hdri(frame, "hdris/noon.exr")))
        (store.root / f"frames/{frame:06d}/plan.json").write_bytes(text)
    for frame in (3, 4):
        quarantine(store, frame, ["killed by signal 11"], under_hdri(frame, "hdris/broken.exr"), "")
    assert (
        "hdris/broken.exr is in all 2 frames that failed and in none of 3 that were made (few frames: it may be "
        "chance): look there first, mend it or leave it out" in hints(store, 5)
    )
    quarantine(store, 4, ["killed by signal 11"], under_hdri(4, "hdris/noon.exr"), "")
    assert not any("hdris" in hint for hint in hints(store, 5))


def test_frames_given_up_lead_to_their_folder(store, at):
    lay_frames(store.root, range(3))
    log(store.root, dead(), [start(), *(done(frame, frame, **BALANCED) for frame in range(3)), failed(3, 9, "no")])
    quarantine(store, 3, ["no"], None, "")
    (hint,) = hints(store, 4)
    assert hint.startswith("1 frame is given up:") and "--retry-quarantined" in hint
