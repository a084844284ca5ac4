"""Hints about shards in queues and the machines that they run on."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.farm.starved import COUNT_MEMORY, NO_MEMORY, show_memory, tell_starved
from pipeline.frames import show_frames
from pipeline.status.evidence import Evidence, Rule
from pipeline.status.nodes import BadNode
from pipeline.status.submissions import Submitted

LIST_WIDTH = 40  # of a list of shards


def _unbegun(evidence: Evidence) -> Iterator[str]:
    """Shards ended in the queue before their first frame."""
    for one in evidence.submissions:
        if text := tell_unbegun(one):
            yield f"{text}: mend that first" if text.endswith(")") else text


def tell_unbegun(one: Submitted) -> str:
    """Return how the shards of a submission ended that never began a frame, "" for none; those that ran out of memory
    are told by themselves."""
    starved = one.starved.shards if one.starved and one.starved.is_certain else ()
    groups = [group for group in one.unbegun if not set(group.shards) <= set(starved)]
    told = [group for group in groups if group.reason]
    if not told:
        return ""
    shards = sorted(index for group in groups for index in group.shards)
    looked_into, most = sum(len(group.shards) for group in told), told[0]
    said = most.reason if len(most.shards) == len(shards) else f"{len(most.shards)} of {looked_into} say {most.reason}"
    where = f" ({most.where})" if most.where else ""
    return f"{_shards(shards)} of {one.folder} ended before the first frame: {said}{where}"


def _starved(evidence: Evidence) -> Iterator[str]:
    """Shards ran out of memory."""
    for one in evidence.submissions:
        if (starved := one.starved) is None:
            continue
        again = f"variegate resume {evidence.root} --memory"
        if starved.next_mb:
            remedy = f"{again} {show_memory(starved.next_mb)}"
        elif one.engine in COUNT_MEMORY:
            remedy = f"{again} SIZE, more than the site gives unasked"
        else:
            remedy = NO_MEMORY
        if evidence.counts.given_up:
            remedy += " (--retry-quarantined for frames given up)"
        yield f"{tell_starved(one.folder, starved)}: {'' if starved.is_certain else 'if so, '}{remedy}"


def _bad_nodes(evidence: Evidence) -> Iterator[str]:
    """Far more fails on a machine than on the others, and it is not left out yet."""
    last = evidence.submissions[-1] if evidence.submissions else None
    excluded = [name for name in (last.excluded if last else "").split(",") if name]
    found = [bad for bad in evidence.bad_nodes if bad.node not in excluded]
    excluded += [bad.node for bad in found]
    for bad in found:
        why = f" ({bad.reason})" if bad.reason else ""
        yield f"{_failed(bad)}{why}: {_without(evidence, last, bad, ','.join(excluded))}"


def _failed(bad: BadNode) -> str:
    if bad.what == "frames":
        return (
            f"{bad.node} failed {bad.failed} of its {bad.tries} frames, the other machines {bad.others_failed} of "
            f"{bad.others}"
        )
    return (
        f"on {bad.node} {bad.failed} of {bad.tries} processes ended before a frame, on the other machines "
        f"{bad.others_failed} of {bad.others}"
    )


def _without(evidence: Evidence, last: Submitted | None, bad: BadNode, excluded: str) -> str:
    """Return how to go on without a machine."""
    if last is not None and last.engine == "slurm":
        first = f"variegate cancel {evidence.root}, then " if evidence.is_queued else ""
        return f"leave it out: {first}variegate resume {evidence.root} --engine-option exclude={excluded}"
    if last is not None and last.engine == "kubernetes":
        return f"leave it out: kubectl cordon {bad.node}"
    return "leave it out, or mend it"


def _shards(shards: list[int]) -> str:
    if len(shards) == 1:
        return f"shard {shards[0]}"
    text = show_frames(shards)
    return f"shards {text}" if len(text) <= LIST_WIDTH else f"{len(shards)} shards"


RULES: tuple[Rule, ...] = (_unbegun, _starved, _bad_nodes)
