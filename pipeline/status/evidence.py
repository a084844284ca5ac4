"""What hints are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.process_log import Worker
from pipeline.status.counts import Counts
from pipeline.status.crews import Crew
from pipeline.status.nodes import BadNode
from pipeline.status.stages import Stage
from pipeline.status.submissions import Submitted
from pipeline.status.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was read of a dataset at a moment."""

    root: Path
    now_s: float
    workers: Sequence[Worker]
    tally: Tally
    counts: Counts
    stages: Sequence[Stage]
    crews: Sequence[Crew]
    submissions: Sequence[Submitted]
    bad_nodes: Sequence[BadNode]

    @property
    def is_queued(self) -> bool:
        """Whether an engine says that shards wait or run."""
        return any(one.states for one in self.submissions)


Rule = Callable[[Evidence], Iterator[str]]
"""Yields a hint when the numbers say so."""
