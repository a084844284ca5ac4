"""What to change, in plain words, each said only when the numbers say so."""

from __future__ import annotations

from pipeline.status import hints_farm, hints_frames, hints_machines
from pipeline.status.evidence import Evidence

RULES = (*hints_farm.RULES, *hints_frames.RULES, *hints_machines.RULES)


def find_hints(evidence: Evidence) -> tuple[str, ...]:
    """Return what to change, the most pressing first."""
    return tuple(hint for rule in RULES for hint in rule(evidence))
