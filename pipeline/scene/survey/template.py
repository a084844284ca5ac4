"""What the open template holds of what a scene file labels: looked up, counted, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipeline.config.limits import too_many_instances
from pipeline.config.schema import Config, TemplateTarget
from pipeline.errors import Problem
from pipeline.job import labelled_targets
from pipeline.records import Marks, TemplateObject, TemplateTargetPlan
from pipeline.scene.marks.outliner import Outliner, called
from pipeline.scene.session import Session
from pipeline.scene.template.names import Named, known_names, named_objects
from pipeline.scene.template.sight import count_instances
from pipeline.structure import did_you_mean

Report = Callable[[str, Problem], None]
SHOW = "give it a surface, and let it show in renders (camera icon)"


def survey_template(
    config: Config, marks: Marks, session: Session, report: Report, progress: Callable[[str], None]
) -> tuple[TemplateObject, ...]:
    """Return the objects that `template.targets` and `marks` name, by name, and report names that nothing shown has.

    An object that renders do not show gets no label; `progress` is told so.
    """
    targets = labelled_targets(config, marks)
    own = len(config.template.targets) if config.template is not None else 0
    if not targets:
        return ()
    plans = [TemplateTargetPlan(objects=one.objects, collections=one.collections, category_id=0) for one in targets]
    named = list(named_objects(session.scene, session.baseline, plans))
    counts = count_instances(session.scene, named)
    for number, target in enumerate(targets[:own]):
        for key, patterns in (("objects", target.objects), ("collections", target.collections)):
            for i, pattern in enumerate(patterns):
                hits = [one for one in named if (one.target, one.key, one.pattern) == (number, key, pattern)]
                if not any(counts[one.root.session_uid] for one in hits):
                    report(f"template.targets[{number}].{key}[{i}]", _nothing(key, pattern, hits, session))
    _report_hidden([one for one in named if one.target >= own], counts, session, report)
    _report_conflicts(named, targets, own, report)
    if reason := too_many_instances(0, sum(counts.values())):
        report("template.targets", Problem(message=reason, remedy="name fewer"))
    first = {one.root.session_uid: one for one in reversed(named)}
    chosen = sorted(first.values(), key=lambda one: (one.root.name, one.root.name_full))
    for one in chosen:
        if one.target < own and not counts[one.root.session_uid] and (one.root.hide_render or one.root.type != "EMPTY"):
            progress(f"template.targets[{one.target}]: {one.root.name!r} is not shown in renders and gets no label")
    return tuple(
        TemplateObject(
            name=one.root.name, category=targets[one.target].category, instances=counts[one.root.session_uid]
        )
        for one in chosen
        if counts[one.root.session_uid]
    )


def _nothing(key: str, pattern: str, hits: Sequence[Named], session: Session) -> Problem:
    known = known_names(session.scene, session.baseline, key)
    if hits or pattern in known:
        return Problem(message=f"{pattern!r} shows nothing in renders", remedy=SHOW)
    kind = key.removesuffix("s")
    return Problem(message=f"the template has no {kind} {pattern!r}", remedy=did_you_mean(pattern, known))


def _report_hidden(marked: Sequence[Named], counts: Mapping[int, int], session: Session, report: Report) -> None:
    """Report marked targets that no picture shows, with what hides them."""
    outliner = Outliner(session.scene)
    for one in marked:
        if counts[one.root.session_uid]:
            continue
        why, remedy = outliner.hiding(one.root)
        message = f"{called(one.root)}{outliner.place(one.root)} is a target that no render shows"
        report("template", Problem(message=f"{message}: {why}" if why else message, remedy=remedy or SHOW))


def _report_conflicts(named: Sequence[Named], targets: Sequence[TemplateTarget], own: int, report: Report) -> None:
    first: dict[int, Named] = {}
    told: set[int] = set()
    for one in named:
        uid = one.root.session_uid
        other = first.setdefault(uid, one)
        names = [targets[which.target].category for which in (other, one)]
        if names[0] != names[1] and uid not in told:
            told.add(uid)
            where = "here" if one.target < own else "marked as such"
            message = f"{one.root.name!r} is {names[1]!r} {where}, and {names[0]!r} in template.targets[{other.target}]"
            path = f"template.targets[{one.target}].{one.key}" if one.target < own else "template"
            report(path, Problem(message=message, remedy="name it once"))
