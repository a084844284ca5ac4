"""Machines on which far more fails than on the others: a broken GPU driver, a full /tmp."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma

from pipeline.dataset.process_log import Worker, node_of
from pipeline.status.pace import busy_spans
from pipeline.status.reasons import last_line
from pipeline.status.tally import Tally

LEAST = 5  # failures of one machine
LEAST_OTHERS = 3  # tries of the others: a machine that ends all at once leaves them little
SHARE = 0.5  # of its tries that fail
TIMES = 5  # as much as on the others
CHANCE = 1e-3  # that so many fail there by chance, however many machines there are

WELL = ("", "done", "stopped", "died")  # how processes end that say nothing against their machine


@dataclass(frozen=True, slots=True, kw_only=True)
class BadNode:
    """A machine that `failed` of `tries`, all others together `others_failed` of `others`. `what` was tried: "frames",
    or "starts" of processes that ended before a frame; `reason` is the most frequent one."""

    node: str
    what: str
    failed: int
    tries: int
    others_failed: int
    others: int
    reason: str = ""


def find_bad_nodes(
    workers: Sequence[Worker], tally: Tally, unbegun: Mapping[str, int], now_s: float
) -> tuple[BadNode, ...]:
    """Return the machines that fail in the present run, or in the last one. `unbegun` counts, by machine, shards that
    ended before their first frame, whether or not a process of theirs has a log."""
    if not workers:
        return ()
    begin_s, _ = busy_spans(workers, now_s)[-1]
    lately = {worker.name: worker for worker in workers if worker.start_s >= begin_s}
    frames = tuple(_outliers("frames", *_frames(lately, tally)))
    named = {one.node for one in frames}
    starts = _outliers("starts", *_starts(lately.values(), tally.makers, unbegun))
    return (*frames, *(one for one in starts if one.node not in named))


def _frames(workers: Mapping[str, Worker], tally: Tally) -> tuple[Counter[str], Counter[str], dict[str, Counter[str]]]:
    """Return how many frames each machine failed and tried, and why. Those that failed on several machines speak
    against themselves, and count for none."""
    failed: dict[int, set[str]] = {}
    reasons: dict[str, Counter[str]] = {}
    for process, attempt in tally.troubles:
        if process in workers and attempt.outcome in ("failed", "lost"):
            node = node_of(workers[process])
            failed.setdefault(attempt.frame, set()).add(node)
            reasons.setdefault(node, Counter())[last_line(attempt.reason)] += 1
    bad = Counter(node for nodes in failed.values() if len(nodes) == 1 for node in nodes)
    tries = bad.copy()
    for name, made in tally.processes.items():
        if name in workers:
            tries[node_of(workers[name])] += made.frames
    return bad, tries, reasons


def _starts(
    workers: Iterable[Worker], makers: Collection[str], unbegun: Mapping[str, int]
) -> tuple[Counter[str], Counter[str], dict[str, Counter[str]]]:
    """Return how many processes of each machine ended with an error before a frame, how many were started, and why."""
    bad, tries, reasons = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    workers = tuple(workers)
    watching = {str(worker.start.get("supervisor")) for worker in workers if worker.name in makers}
    for worker in workers:
        if worker.start.get("supervisor") or worker.start.get("role") in ("submit", "render"):
            continue
        node = node_of(worker)
        tries[node] += 1
        if worker.outcome not in WELL and worker.name not in makers and worker.name not in watching:
            bad[node] += 1
            reasons.setdefault(node, Counter())[last_line(worker.outcome)] += 1
    for node, shards in unbegun.items():
        silent = max(0, shards - bad[node])  # the others had a process, which has been counted
        bad[node] += silent
        tries[node] += silent
    return bad, tries, reasons


def _outliers(
    what: str, bad: Counter[str], tries: Counter[str], reasons: Mapping[str, Counter[str]]
) -> Iterator[BadNode]:
    """Yield the machines that stand out, the worst first; each is compared with those that do not."""
    number = len(tries)
    left = tries.copy()
    for node in sorted(bad, key=lambda node: (-bad[node] / tries[node], -bad[node], node)):
        failed, tried = bad[node], tries[node]
        others = left.total() - tried
        others_failed = sum(bad[other] for other in left) - failed
        if (
            failed < LEAST
            or others < LEAST_OTHERS
            or failed < SHARE * tried
            or failed * others < TIMES * others_failed * tried
        ):
            continue
        if _chance(failed, tried, others_failed, others) * number > CHANCE:
            continue
        del left[node]
        why = reasons.get(node, Counter()).most_common(1)
        yield BadNode(
            node=node,
            what=what,
            failed=failed,
            tries=tried,
            others_failed=others_failed,
            others=others,
            reason=why[0][0] if why else "",
        )


def _chance(failed: int, tries: int, others_failed: int, others: int) -> float:
    """Return how likely it is that at least `failed` of a machine's `tries` are among all failures when these fall
    anywhere: Fisher's exact test, one-sided."""
    total = failed + others_failed
    whole = _log_comb(tries + others, total)
    most = min(tries, total)
    return sum(
        exp(_log_comb(tries, one) + _log_comb(others, total - one) - whole)
        for one in range(failed, most + 1)
        if total - one <= others
    )


def _log_comb(whole: int, part: int) -> float:
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
