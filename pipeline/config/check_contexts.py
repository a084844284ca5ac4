"""What no single context can see: groups that it allows, contexts that it relates to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from pipeline.config.context_places import Related
from pipeline.config.contexts_section import Context, names_of
from pipeline.config.distributions import bounds
from pipeline.config.globals_section import Scenario
from pipeline.config.objects_section import AssetGroup
from pipeline.conventions import MAX_INSTANCES
from pipeline.structure import FAILED, Reader, did_you_mean, structure
from pipeline.structure import Path as KeyPath


def check_contexts(data: Mapping[str, Any], groups: Sequence[tuple[KeyPath, AssetGroup]], reader: Reader) -> None:
    """Report names of groups and of contexts that there are none of, and relations that go in a circle."""
    named = data.get("contexts") or {}
    if not isinstance(named, Mapping):
        return
    read = {name: structure(item, Context, Reader(), ("contexts", name)) for name, item in named.items()}
    contexts = {name: one for name, one in read.items() if one is not FAILED}
    known = sorted({name for _, group in groups for name in names_of(group)})
    for name, context in contexts.items():
        if "/" in name or not name:
            reader.report(("contexts", name), f"{name!r} is no name for a context", "use letters, digits, _ and -")
        for allowed in context.allowed:
            if allowed not in known:
                message = f"no group of targets or distractors has the name or category {allowed!r}"
                reader.report(("contexts", name, "allowed", allowed), message, did_you_mean(allowed, known))
        if context.count is not None and bounds(context.count)[0] > MAX_INSTANCES:
            message = f"every scene would have {bounds(context.count)[0]:g} things or more"
            reader.report(("contexts", name, "count"), message, f"a frame holds {MAX_INSTANCES} at most")
        if context.related is not None and context.related.other not in read:
            path = ("contexts", name, "related", context.related.relation)
            remedy = did_you_mean(context.related.other, [one for one in read if one != name])
            reader.report(path, f"there is no context {context.related.other!r}", remedy)
        if context.related is not None and context.related.other in contexts:
            _check_relation(("contexts", name, "related"), context.related, contexts[context.related.other], reader)
    _check_circles(contexts, reader)
    _check_scenarios(data, list(read), reader)


def _check_relation(path: KeyPath, law: Related, other: Context, reader: Reader) -> None:
    """Report a relation to things whose place is not known before they have fallen, or that do not stand still."""
    falls = getattr(getattr(other, other.place), "pose", None) == "drop"
    if falls or (other.related is not None and other.related.relation == "inside"):
        message = f"the things of {law.other!r} fall, and where they come to lie is not known when others are placed"
        reader.report((*path, law.relation), message, "let them stand: pose upright or resting")
    elif law.relation == "inside" and other.spline is not None and bounds(other.spline.speed_m_s)[1] > 0:
        message = f"the things of {law.other!r} move from view to view, and what lies in them would stay behind"
        reader.report((*path, law.relation), message, "let them stand still: speed_m_s 0, or use on")


def _check_circles(contexts: Mapping[str, Context], reader: Reader) -> None:
    for name in contexts:
        chain = [name]
        while (law := contexts[chain[-1]].related) is not None and law.other in contexts:
            if law.other in chain:
                if law.other == name:
                    message = "contexts relate to each other in a circle: " + " -> ".join([*chain, name])
                    reader.report(("contexts", name, "related"), message, "begin with one that has a place")
                break
            chain.append(law.other)


def _check_scenarios(data: Mapping[str, Any], known: Sequence[str], reader: Reader) -> None:
    scenarios = structure(data.get("scenarios") or {}, dict[str, Scenario], Reader(), ("scenarios",))
    if scenarios is FAILED:
        return
    for name, scenario in scenarios.items():
        for i, pattern in enumerate(scenario.contexts or ()):
            if not any(fnmatchcase(one, pattern) for one in known):
                path = ("scenarios", name, "contexts", i)
                reader.report(path, f"there is no context {pattern!r}", did_you_mean(pattern, known))
