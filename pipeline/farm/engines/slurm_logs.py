"""How shards of Slurm ended, by the ends of their logs: what render.sbatch says there, the shard, and Slurm itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.dataset.layout import LOGS
from pipeline.farm.engine import End, Ends
from pipeline.farm.engines.slurm_scripts import CRASHES
from pipeline.farm.submission import Submission

TAIL_BYTES = 16_384
LOOKED_INTO = 100  # logs: thousands of shards may end alike

_START = re.compile(r"shard \d+: task \S+ on (?P<node>\S+), start \d+$")
_CODE = re.compile(r"shard \d+: exit code (?P<code>\d+)$")
_OWN = re.compile(r"shard \d+: (task |queued again|crashed |started )")

# slurmstepd's words of a memory limit that was met, of several of its versions.
_STARVED = re.compile(r"error: .*(oom[-_]kill|exceeded (job |step )?memory limit)", re.IGNORECASE)

# Somebody's scancel, not Slurm's own reasons: a time limit, a node that failed.
_CANCELLED = re.compile(r"error: \*\*\* .* CANCELLED AT \S+ (DUE TO SIGNAL \w+ )?\*\*\*")

# What may stand last and says nothing of why: a shard that queued itself again, progress, Blender's farewell.
_IDLE = re.compile(
    r"DUE TO JOB REQUEUE|^Terminated$|^Blender quit$|error: .*oom[-_]kill"
    r"|^(openjd_progress|openjd_status|Progress|Time|Saved): |^ALF_PROGRESS "
)
# Bash tells by the script's line what could not be run or was killed.
_BASH = re.compile(r"^\S*/slurm_script: line \d+: ")


def read_ends(submission: Submission, ids: tuple[str, ...], shards: Sequence[int]) -> Ends:
    """Return how shards ended, by LOOKED_INTO of their logs at most: those of crashed shards first."""
    root = Path(submission.dataset)
    there, crashed = _names(root / LOGS), _names(root / submission.folder)
    logs = {shard: name for shard in shards if (name := _log_of(shard, ids)) in there}
    first = [shard for shard in logs if CRASHES.format(shard) in crashed][:LOOKED_INTO]
    others = [shard for shard in logs if shard not in first]
    chosen = sorted([*first, *_spread(others, LOOKED_INTO - len(first))])
    texts = {shard: _tail(root / LOGS / logs[shard]) for shard in chosen}
    return Ends(
        looked_into=frozenset(shards).difference(logs).union(chosen),
        told={shard: read_end(text, f"{LOGS}/{logs[shard]}") for shard, text in texts.items() if text},
    )


def read_end(text: str, where: str) -> End:
    """Return how a shard ended whose log ends with `text`."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    starts = [place for place, line in enumerate(lines) if _START.match(line)]
    last = lines[starts[-1] :] if starts else lines
    start = _START.match(last[0]) if last else None
    codes = [(place, int(match["code"])) for place, line in enumerate(last) if (match := _CODE.match(line))]
    place, code = codes[-1] if codes else (len(last), None)
    return End(
        reason=next(_words(last[:place]), ""),  # what follows is of the script's own end
        where=where,
        exit_code=code,
        node=start["node"] if start and start["node"] != "?" else "",
        is_starved=any(_STARVED.search(line) for line in lines),  # Slurm's other starts had the same memory
        is_cancelled=any(_CANCELLED.search(line) for line in last),
    )


def _words(lines: Sequence[str]) -> Iterator[str]:
    """Yield what a shard said, the last line first."""
    for line in reversed(lines):
        if not _OWN.match(line) and not _IDLE.search(line):
            yield " ".join(_BASH.sub("", line).removeprefix("openjd_fail: ").split())


def _log_of(shard: int, ids: Sequence[str]) -> str:
    """Return the log of a shard: of the array that begins last at or before it; the job at the end is no array."""
    parts = [one.partition("+") for place, one in enumerate(ids) if not place or "+" in one]
    arrays = [(int(offset or 0), job) for job, _, offset in parts]
    first, job = max((array for array in arrays if array[0] <= shard), default=(0, ""))
    return f"slurm-{job}_{shard - first}.log"


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _spread(items: Sequence[int], most: int) -> Sequence[int]:
    return items[:: -(-len(items) // most) or 1] if most else ()


def _tail(path: Path) -> str:
    with suppress(OSError), open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace")
    return ""
