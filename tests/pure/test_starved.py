"""Shards that ran out of memory, and what to ask for."""

from __future__ import annotations

import pytest
from farm_samples import sample_submission

from pipeline.dataset.process_log import Attempt
from pipeline.farm.engine import End
from pipeline.farm.local.limits import memory_limit_in, over_memory
from pipeline.farm.starved import find_starved, more_memory, show_memory, tell_starved
from pipeline.farm.submission import Resources

ENDED = {0: (0, 1, 2, 3), 1: (4, 5, 6, 7), 2: (8, 9)}
SIXTEEN = Resources(memory_mb=16384)
SIGKILL = "the process was killed by signal 9 (SIGKILL)"


def lost(frame: int, reason: str) -> Attempt:
    return Attempt(frame=frame, outcome="lost", at_s=1.0, reason=reason)


def told(submission, starved):
    return None if starved is None else tell_starved(submission.folder, starved)


def test_what_slurm_says_is_certain():
    submission = sample_submission(resources=SIXTEEN)
    ends = {1: End(reason="Killed", is_starved=True), 2: End(reason="", exit_code=137)}
    starved = find_starved(submission, ENDED, ends, [lost(0, SIGKILL)])
    assert starved is not None and starved.shards == (1,)
    assert told(submission, starved) == "1 shard of farm/0001-slurm ran out of memory at 16G"
    assert show_memory(starved.next_mb) == "24G"


def test_a_worker_that_its_supervisor_ended_for_its_memory_is_certain():
    reason = over_memory(5900.4, 5760)
    assert reason == "5900 MiB of memory, more than 5760 (--memory-limit)" and memory_limit_in(reason) == 5760
    submission = sample_submission()
    starved = find_starved(submission, ENDED, {}, [lost(0, reason), lost(9, reason), lost(99, reason)])
    assert starved is not None and starved.shards == (0, 2)
    assert (starved.had_mb, starved.next_mb) == (6400, 10240), "0.9 of it is a worker's; half as much again in whole GB"


def test_a_worker_that_does_not_even_start_is_certain():
    words = "a worker needs 3000 MiB before its first frame, --memory-limit is 1843 (start fewer workers, or ...)"
    submission = sample_submission(resources=Resources(memory_mb=2048))
    starved = find_starved(submission, ENDED, {0: End(reason=words, exit_code=2)}, [])
    assert starved is not None and (starved.shards, starved.had_mb) == ((0,), 2048)
    assert starved.next_mb == 5120, "half as much again as it needs, not as it had"


@pytest.mark.parametrize(("options", "had_mb"), [(("--workers", "4"), 25600), (("--workers", "auto"), 0)])
def test_workers_of_a_shard_share_its_memory(options, had_mb):
    submission = sample_submission(options=options)
    starved = find_starved(submission, ENDED, {}, [lost(0, over_memory(5900, 5760))])
    assert starved is not None and starved.had_mb == had_mb and bool(starved.next_mb) == bool(had_mb)


def test_kills_that_nobody_explains_are_told_as_such_and_only_where_there_are_several():
    submission = sample_submission(resources=SIXTEEN)
    assert find_starved(submission, ENDED, {}, [lost(0, SIGKILL), lost(4, SIGKILL)]) is None
    starved = find_starved(submission, ENDED, {2: End(reason="", exit_code=137)}, [lost(0, SIGKILL), lost(4, SIGKILL)])
    assert starved is not None and not starved.is_certain
    assert told(submission, starved) == (
        "3 shards of farm/0001-slurm lost processes to SIGKILL, which is often the system's, out of memory"
    )


def test_other_failures_are_no_lack_of_memory():
    reasons = ["Traceback\nMemoryError", "the process was killed by signal 11 (SIGSEGV)", "CUDA error: Out of memory"]
    assert find_starved(sample_submission(), ENDED, {}, [lost(i, why) for i, why in enumerate(reasons)]) is None


def test_engines_that_have_no_word_for_memory_get_no_figure():
    submission = sample_submission(engine="flamenco", resources=SIXTEEN)
    starved = find_starved(submission, ENDED, {}, [lost(0, over_memory(5900, 5760))])
    assert starved is not None and starved.next_mb == 0


@pytest.mark.parametrize(
    ("had", "then"), [(0, 0), (512, 768), (600, 1024), (4096, 6144), (6400, 10240), (16384, 24576)]
)
def test_memory_grows_by_half_in_round_numbers(had, then):
    assert more_memory(had) == then
