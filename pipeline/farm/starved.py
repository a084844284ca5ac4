"""Shards that ran out of memory, and how much to ask for: from what the queue, or who watches a worker, says of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pipeline.dataset.process_log import Attempt
from pipeline.farm.engine import End
from pipeline.farm.local.limits import MEMORY_SHARE, memory_limit_in
from pipeline.farm.submission import Submission
from pipeline.plurals import counted

MORE = 1.5  # of the memory that did not suffice
MOST = 4  # times the memory that was asked for first: what needs more is no usual growth
COARSE_MB, FINE_MB = 1024, 256  # steps in which memory is asked for, from COARSE_FROM_MB on and below
COARSE_FROM_MB = 4096
KILLED_LEAST = 3  # shards: fewer may have been killed by somebody who had a reason

COUNT_MEMORY = ("slurm", "openjd", "kubernetes")  # engines that give a shard the memory that it asks for
NO_MEMORY = "machines with more memory, or fewer --workers"  # what helps where an engine is not among these

_TOO_LARGE = re.compile(r"a worker needs (?P<need>\d+) MiB before its first frame, --memory-limit is (?P<limit>\d+)")
_KILLED = "the process was killed by signal 9 "
_KILLED_CODE = 137


@dataclass(frozen=True, slots=True, kw_only=True)
class Starved:
    """Shards of a submission that ran out of `had_mb` of memory, 0 where that is not known; `next_mb` is what to ask
    for, 0 for no figure. Where not `is_certain`, they were killed by SIGKILL, and nobody says why."""

    shards: tuple[int, ...]
    is_certain: bool
    had_mb: int = 0
    next_mb: int = 0


def find_starved(
    submission: Submission,
    ended: Mapping[int, Collection[int]],
    ends: Mapping[int, End],
    lost: Iterable[Attempt],
) -> Starved | None:
    """Return which of the shards that `ended` (their frames, by index) ran out of memory, None for none.

    `ends` tells how some of them ended, `lost` are attempts since the submission that came to nothing.
    """
    shard_of = {frame: index for index, frames in ended.items() for frame in frames}
    reasons = [(shard_of[one.frame], one.reason) for one in lost if one.frame in shard_of]
    reasons += [(index, end.reason) for index, end in ends.items() if index in ended]
    told = [(index, *limits) for index, reason in reasons if (limits := _limits_in(reason)) is not None]
    certain = {index for index, _, _ in told} | {index for index, end in ends.items() if end.is_starved}
    killed = {index for index, reason in reasons if reason.startswith(_KILLED)}
    killed |= {index for index, end in ends.items() if end.exit_code == _KILLED_CODE}
    if not certain and len(killed) < KILLED_LEAST:
        return None
    of_workers = _workers(submission) / MEMORY_SHARE
    limit_mb, need_mb = (round(of_workers * max((one[at] for one in told), default=0.0)) for at in (1, 2))
    had_mb = submission.resources.memory_mb or limit_mb
    return Starved(
        shards=tuple(sorted(certain or killed)),
        is_certain=bool(certain),
        had_mb=had_mb,
        next_mb=more_memory(max(had_mb, need_mb)) if submission.engine in COUNT_MEMORY else 0,
    )


def more_memory(had_mb: int) -> int:
    """Return half as much again, in a round number; 0 for 0."""
    step = COARSE_MB if had_mb >= COARSE_FROM_MB else FINE_MB
    return -(-int(MORE * had_mb) // step) * step


def show_memory(memory_mb: int) -> str:
    """Return memory as --memory reads it: "24G", "768M"."""
    return f"{memory_mb // 1024}G" if memory_mb % 1024 == 0 else f"{memory_mb}M"


def tell_starved(folder: str, starved: Starved) -> str:
    """Return what happened to the shards of a submission."""
    number = len(starved.shards)
    which = f"{counted(number, 'shard')} of {folder}"
    if not starved.is_certain:
        return f"{which} lost processes to SIGKILL, which is often the system's, out of memory"
    return f"{which} ran out of memory{f' at {show_memory(starved.had_mb)}' if starved.had_mb else ''}"


def _limits_in(reason: str) -> tuple[float, float] | None:
    """Return the limit of a worker's memory, MiB, and the least that it needs, as a reason names them; None where it
    names none."""
    if match := _TOO_LARGE.search(reason):
        return float(match["limit"]), float(match["need"])
    limit = memory_limit_in(reason)
    return None if limit is None else (limit, limit)


def _workers(submission: Submission) -> int:
    """Return the workers of a shard, 0 where each node decides."""
    options = dict(zip(submission.options[::2], submission.options[1::2], strict=True))
    workers = options.get("--workers", "1")
    return max(1, int(workers)) if workers.isdecimal() else 0
