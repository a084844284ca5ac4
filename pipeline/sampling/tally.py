"""What contexts did in many scenes, summed up: for `check`, and for whoever watches a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.job import Job
from pipeline.plurals import counted
from pipeline.records import FramePlan
from pipeline.sampling.plan import plan_frame

HELP = {
    "no room": " (make room, lower clearance_m, or let fewer things come)",
    "wider than the line": " (widen it, or turn things that look along another axis with heading_deg)",
}  # what can be done about things that are dropped
TRIAL_SCENES = 5  # that are planned to see what contexts place


@dataclass(slots=True, kw_only=True)
class ContextTotal:
    """What one context did: things placed, left out by chance, and dropped, by the reason."""

    placed: int = 0
    absent: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def planned(self) -> int:
        """All that it was to place."""
        return self.placed + self.absent + self.dropped.total()


@dataclass(slots=True, kw_only=True)
class Tally:
    """The sums over scenes, by context. Views of one scene count once."""

    totals: dict[str, ContextTotal] = field(default_factory=dict)
    scenes: int = 0
    last: int | None = None

    def add(self, plan: FramePlan) -> None:
        """Count what the contexts did in the scene of a plan, unless the plan before was of the same."""
        if plan.scene == self.last:
            return
        self.last = plan.scene
        self.scenes += 1
        for report in plan.contexts:
            total = self.totals.setdefault(report.name, ContextTotal())
            total.placed += report.placed
            total.absent += report.absent
            total.dropped.update(report.dropped)

    def notices(self) -> Iterator[str]:
        """Yield a sentence for each context and reason that things were dropped for."""
        for name, total in sorted(self.totals.items()):
            for reason, count in sorted(total.dropped.items()):
                yield f"context {name}: {count} of {total.planned} dropped: {reason}"

    def failures(self) -> Iterator[str]:
        """Yield a sentence for each context that places nothing of what it was to place."""
        for name, total in sorted(self.totals.items()):
            if total.dropped and not total.placed + total.absent:
                reason = max(sorted(total.dropped), key=lambda one: total.dropped[one])
                yield f"context {name} places nothing: {reason}{HELP.get(reason, '')}"


def tally_of(job: Job, most: int) -> Tally:
    """Return the tally of the first scenes of a job, `most` at most, by planning them."""
    tally = Tally()
    for frame in range(0, job.config.frames, job.config.views_per_scene)[:most]:
        tally.add(plan_frame(job, frame))
    return tally


def context_rows(job: Job, tally: Tally) -> Iterator[tuple[str, str]]:
    """Yield (heading, text) for each context: what it places, as planned for the first scenes (`tally`)."""
    if not job.config.contexts:
        return
    scenes = counted(tally.scenes, "scene")
    for name, context in sorted(job.config.contexts.items()):
        law = context.place if context.related is None else context.related.relation
        total = tally.totals.get(name)
        if total is None:
            yield f"context {name}", f"{law}: in none of the first {scenes}"
            continue
        parts = [f"{total.placed / tally.scenes:.3g} placed a scene"]
        parts += [f"{total.absent} absent"] if total.absent else []
        parts += [f"{count} dropped: {reason}" for reason, count in sorted(total.dropped.items())]
        yield f"context {name}", f"{law}: {', '.join(parts)} (of {total.planned} in {scenes})"
