"""A machine that breaks what it gets is named, and no other."""

from __future__ import annotations

import pytest
from status_samples import CPU, T0, begin, clock, dead, end, failed, frames_made, lay_frames, start
from status_samples import write_log as log
from store_samples import open_sample, sample_job

from pipeline.dataset.attempts import visit_attempts
from pipeline.dataset.process_log import Worker, node_of
from pipeline.status.nodes import find_bad_nodes
from pipeline.status.overview import read_status
from pipeline.status.tally import Tally

JOB = sample_job(frames=300)
DRIVER = "DeviceError: no CUDA driver"


@pytest.fixture
def store(tmp_path, monkeypatch):
    clock(monkeypatch)(1000)
    return open_sample(tmp_path / "ds", JOB)


def on(node, number=0, **facts):
    return start(0, **{**CPU, "role": "shard", "task": f"slurm 12_{number} on {node}, start 1", **facts})


def make(store, node, number, frames, broken=()):
    """Have a process on a node of one host make frames, and fail the broken ones."""
    events = [on(node, number), *frames_made(frames, 1, 1, build=0.1, render=0.8)]
    for frame in broken:
        events += [begin(frame, 300), failed(frame, 301, f"Traceback\n{DRIVER}")]
    log(store.root, dead(machine=f"h{number}"), [*events, end(400)])
    lay_frames(store.root, frames)


def bad_nodes(store):
    status = read_status(store.root, range(300))
    return status.bad_nodes, [hint for hint in status.hints if "the other machines" in hint]


def test_a_machine_that_fails_nearly_all_of_its_frames_is_named(store):
    make(store, "n1", 1, range(100))
    make(store, "n2", 2, range(100, 199), broken=(199,))
    make(store, "n3", 3, (200,), broken=range(201, 213))
    (bad,), (hint,) = bad_nodes(store)
    assert (bad.node, bad.what, bad.failed, bad.tries, bad.others_failed, bad.others) == (
        "n3",
        "frames",
        12,
        13,
        1,
        200,
    )
    assert hint == (f"n3 failed 12 of its 13 frames, the other machines 1 of 200 ({DRIVER}): leave it out, or mend it")


def test_two_such_machines_are_both_named(store):
    make(store, "n1", 1, range(100))
    make(store, "n3", 3, (), broken=range(200, 212))
    make(store, "n4", 4, (), broken=range(212, 232))
    found, _ = bad_nodes(store)
    assert [(one.node, one.others) for one in found] == [("n4", 112), ("n3", 100)]


def test_two_failures_say_nothing(store):
    make(store, "n1", 1, range(100))
    make(store, "n3", 3, (), broken=(200, 201))
    assert bad_nodes(store) == ((), [])


def test_frames_that_fail_everywhere_speak_against_themselves(store):
    make(store, "n1", 1, range(100), broken=range(200, 212))
    make(store, "n3", 3, (), broken=range(200, 212))
    assert bad_nodes(store) == ((), [])


def test_failures_on_all_machines_are_no_machines_fault(store):
    for number in range(1, 4):
        make(
            store,
            f"n{number}",
            number,
            range(50 * number, 50 * number + 5),
            broken=range(50 * number + 5, 50 * number + 20),
        )
    assert bad_nodes(store) == ((), [])


def test_a_single_machine_has_none_to_be_compared_with(store):
    make(store, "n1", 1, (0,), broken=range(1, 20))
    assert bad_nodes(store) == ((), [])


def test_a_share_that_may_be_chance_is_not_told(store):
    make(store, "n1", 1, range(6))
    make(store, "n3", 3, range(10, 14), broken=range(14, 19))
    assert bad_nodes(store) == ((), []), "5 of 9 against 0 of 6: one in 55"


def test_a_machine_that_makes_most_of_its_frames_is_left_in_peace(store):
    make(store, "n1", 1, range(140))
    make(store, "n2", 2, range(140, 200), broken=range(200, 240))  # four in ten: no chance, yet worth having
    assert bad_nodes(store) == ((), [])


def test_a_machine_that_fails_twice_as_often_as_all_is_left_in_peace(store):
    make(store, "n1", 1, range(70), broken=range(70, 100))
    make(store, "n2", 2, range(100, 130), broken=range(130, 200))
    assert bad_nodes(store) == ((), [])


def test_a_machine_on_which_nothing_begins_is_named(store):
    """A broken driver ends each shard at its start: no frame fails."""
    make(store, "n1", 1, range(40))
    for number in range(2, 12):
        make(store, "n2", number, range(40 + 4 * number, 44 + 4 * number))
        log(store.root, dead(machine=f"h{number + 100}"), [on("n3", number), end(5, DRIVER)])
    (bad,), (hint,) = bad_nodes(store)
    assert (bad.node, bad.what, bad.failed, bad.tries, bad.others_failed, bad.others) == ("n3", "starts", 10, 10, 0, 11)
    assert hint.startswith("on n3 10 of 10 processes ended before a frame, on the other machines 0 of 11 (DeviceError")


def test_a_machine_that_takes_all_shards_at_once_is_named_although_others_made_few(store):
    for number in range(1, 4):
        make(store, "n1", number, (number,))
    for number in range(4, 25):
        log(store.root, dead(machine=f"h{number}"), [on("n2", number), end(5, DRIVER)])
    assert [(one.node, one.failed, one.others) for one in bad_nodes(store)[0]] == [("n2", 21, 3)]


def test_shards_with_and_without_a_log_are_counted_once(store):
    for number in range(1, 16):
        make(store, "n1", number, (number,))
    for number in range(16, 22):
        log(store.root, dead(machine=f"h{number}"), [on("n2", number), end(5, DRIVER)])
    tally = Tally(asked=range(300))
    workers = visit_attempts(store.root, tally.add)
    for unbegun, tries in ((4, 6), (9, 9)):
        (bad,) = find_bad_nodes(workers, tally, {"n2": unbegun}, T0 + 1000)
        assert (bad.node, bad.failed, bad.tries) == ("n2", tries, tries)


def test_supervisors_count_by_what_their_workers_did(store):
    for number in range(1, 9):
        frames = range(4 * number, 4 * number + 4)
        log(
            store.root,
            dead(machine=f"h{number}"),
            [on("n1", number, role="supervisor", device=""), end(400, "lost the disk")],
        )
        events = [
            on("n1", number, role="worker", supervisor=dead(machine=f"h{number}")),
            *frames_made(frames, 1, 1, render=1.0),
        ]
        log(store.root, dead(machine=f"h{number + 50}"), [*events, end(400)])
        lay_frames(store.root, frames)
        log(
            store.root,
            dead(machine=f"h{number + 100}"),
            [on("n2", number, role="supervisor", device=""), end(5, DRIVER)],
        )
    assert [one.node for one in bad_nodes(store)[0]] == ["n2"]


def test_what_happened_in_an_earlier_run_is_forgotten(store, monkeypatch):
    make(store, "n1", 1, range(100))
    make(store, "n3", 3, (), broken=range(200, 212))
    clock(monkeypatch)(100_000)
    log(
        store.root, dead(machine="h9"), [start(99_000, **CPU), *frames_made((250,), 99_001, 1, render=1.0), end(99_100)]
    )
    assert bad_nodes(store) == ((), [])


@pytest.mark.parametrize(
    ("task", "node"),
    [
        ("slurm 12_3 on n1, start 2", "n1"),
        ("kubernetes 3 on node-7.example", "node-7.example"),
        ("slurm 12 on , start 1", "host"),
        ("", "host"),
        ("render on monday night", "host"),
    ],
)
def test_a_machine_goes_by_its_name_in_the_queue(task, node):
    assert node_of(Worker(name="host-7-abc", start={"task": task}, last_s=T0, outcome="done")) == node
