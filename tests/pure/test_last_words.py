"""Why a process died, as the end of its log tells."""

from __future__ import annotations

import json

import pytest
from store_samples import open_sample, sample_job

from pipeline.dataset.attempts import failures_of, read_workers
from pipeline.dataset.last_words import LAST_LINES, TAIL_BYTES, log_file, read_last_words, why_it_died
from pipeline.dataset.processes import host
from pipeline.dataset.quarantine import quarantined, read_quarantine
from pipeline.farm.local.failures import Failures

NAME = f"{host()}-999999991-0badf00d"
TIMEOUT = 'Timeout (0:05:00)!\nThread 0x00007f (most recent call first):\n  File "engine.py", line 92 in render\n'
FAULT = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f (most recent call first):\n"
CRASH = f'{FAULT}  File "engine.py", line 92 in render\n\nBlender 5.2.2 LTS\nWriting: /tmp/blender.crash.txt\n'


@pytest.fixture
def store(tmp_path):
    return open_sample(tmp_path / "ds", sample_job())


def write_log(store, text, name=NAME):
    log_file(store.root / "logs", name).write_text(text)


def write_attempt(store, frame=7, name=NAME, role="shard"):
    events = ({"event": "start", "role": role, "at_s": 0.5}, {"event": "begin", "frame": frame, "at_s": 1.0})
    (store.root / "timing" / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (TIMEOUT, "the frame took more than 300 s (--frame-time-limit)"),
        (
            f"openjd_status: frame 6: commit\nopenjd_status: frame 7: render\nFra:1 Mem:8M{TIMEOUT}",
            "render: the frame took more than 300 s (--frame-time-limit)",
        ),
        (TIMEOUT.replace("0:05:00", "2:00:01.500000"), "the frame took more than 7201.5 s (--frame-time-limit)"),
        (FAULT, "Blender crashed: Segmentation fault"),
        (CRASH, "Blender crashed: Segmentation fault"),
        ("Writing: /tmp/room.crash.txt\n", "Blender crashed"),
        ("Fra:1 Mem:8M\nSaved: '/tmp/a.png'\n", ""),
        ("", ""),
    ],
)
def test_a_timeout_and_a_crash_are_known_by_what_they_write(store, text, why):
    write_log(store, text)
    assert why_it_died(store.root, NAME) == why
    write_attempt(store)
    (worker,) = read_workers(store.root)
    assert [(one.outcome, one.reason) for one in worker.attempts] == [("lost", why or "the process ended: died")]


def test_of_a_long_log_the_end_is_read(store):
    write_log(store, "Timeout (0:05:00)!\n" + "x" * TAIL_BYTES + "\n" + "\n".join(map(str, range(999))))
    assert why_it_died(store.root, NAME) == ""
    assert read_last_words(store.root, NAME).splitlines() == [str(line) for line in range(999 - LAST_LINES, 999)]


def test_without_a_log_there_are_no_words(store):
    assert read_last_words(store.root, NAME) == why_it_died(store.root, NAME) == ""


def test_what_a_log_tells_takes_nothing_back_that_speaks_for_the_frame(store):
    write_log(store, CRASH)
    write_attempt(store, role="render")
    assert failures_of(read_workers(store.root)) == {}


def test_a_frame_given_up_after_its_process_died_keeps_the_last_words_of_that(store):
    for number, words in enumerate(("first", CRASH), start=1):
        name = f"{host()}-99999999{number}-0badf00d"
        write_log(store, words, name)
        write_attempt(store, name=name)
    workers = read_workers(store.root)
    failures = Failures(store, 2, failures_of(workers))
    assert failures.worth_trying([6, 7], workers) == [6] and quarantined(store.root) == (7,)
    kept = read_quarantine(store.root, 7)
    assert kept["log.txt"].decode() == CRASH.rstrip()
    assert json.loads(kept["reason.json"])["reason"] == "Blender crashed: Segmentation fault"
