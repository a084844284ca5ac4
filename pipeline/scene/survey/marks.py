"""What the artist marked in the open template: measured, kept, and held against what the scene file says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Protocol

from pipeline.config.built_names import built_names
from pipeline.config.globals_section import all_ranges, widened
from pipeline.config.schema import Config
from pipeline.errors import Problem
from pipeline.records import Marks
from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.marks.find import article
from pipeline.scene.marks.lint import check_animated
from pipeline.scene.marks.read import read_marks
from pipeline.scene.session import Session
from pipeline.structure import did_you_mean, unstructure

Report = Callable[[str, Problem], None]
NO_MARKS = "mark one in Blender: put it in a collection vg.ROLE, or give it the custom property vg.role = ROLE"
NO_BUILT = "give surroundings a road, a shelf, a bin or a grid, or a template whose artist marks one"


class Mark(Protocol):
    """What every mark has."""

    @property
    def name(self) -> str: ...

    @property
    def object_name(self) -> str: ...


def survey_marks(config: Config, session: Session, cache: FactsCache, template: str, report: Report) -> Marks:
    """Return the marks of the open template, `template` the digest of all its files. All that is wrong is reported, and
    what the scene file asks for and nothing is marked as."""
    if config.template is None:
        _check_names(config, Marks(), report)
    if config.template is None or not template:
        return Marks()
    marks = cache.get_record(Marks, "marks", template)
    problems: list[Problem] = []
    if marks is None:
        marks = read_marks(session.scene, lambda text, remedy: problems.append(Problem(message=text, remedy=remedy)))
        for problem in problems:
            report("template", problem)
        if not problems:
            cache.put(unstructure(marks), "marks", template)
    if config.template.frame is not None:
        check_animated(
            session.scene, lambda text, remedy: report("template.frame", Problem(message=text, remedy=remedy))
        )
    _check_categories(config, marks, report)
    if not problems:  # a mark that is wrong is not missing
        _check_names(config, marks, report)
    return marks


def _check_categories(config: Config, marks: Marks, report: Report) -> None:
    known = [one.name for one in config.categories]
    for one in marks.targets:
        if one.category not in known:
            message = f"target `{one.object_name}` has vg.category = {one.category!r}, which is not in categories"
            report("template", Problem(message=message, remedy=did_you_mean(one.category, known)))


def _check_names(config: Config, marks: Marks, report: Report) -> None:
    """Report marks that contexts and the camera name and nothing has, neither the template nor what is built."""
    built = built_names(widened(config.surroundings, all_ranges(config.globals, config.scenarios)))
    kinds = {
        "surface": _names(marks.surfaces) | built["surface"],
        "spline": _names(marks.splines) | built["spline"],
        "volume": _names(marks.volumes) | built["volume"],
        "anchor": _names(marks.anchors) | built["anchor"],
        "slot": _names(marks.slots),
    }
    where = "the template" if config.template is not None else "the surroundings"
    for name, context in sorted(config.contexts.items()):
        path = f"contexts.{name}.{context.place}"
        law = getattr(context, context.place)
        for key, kind in (("marks", context.place), ("onto", "surface")):
            for i, pattern in enumerate(getattr(law, key, ())):
                _check_name(pattern, kind, kinds, f"{path}.{key}[{i}]", where, report)
    if config.camera.ride is not None:
        rides = {**kinds, "camera": kinds["surface"] | kinds["spline"] | kinds["volume"] | _names(marks.cameras)}
        for i, pattern in enumerate(config.camera.ride.marks):
            _check_name(pattern, "camera", rides, f"camera.ride.marks[{i}]", where, report)


def _names(marks: Iterable[Mark]) -> set[str]:
    return {name for one in marks for name in (one.name, one.object_name)}


def _check_name(pattern: str, kind: str, kinds: Mapping[str, set[str]], path: str, where: str, report: Report) -> None:
    if any(fnmatchcase(name, pattern) for name in kinds[kind]):
        return
    others = [other for other, names in kinds.items() if any(fnmatchcase(name, pattern) for name in names)]
    message = f"{where} {'have' if where.endswith('s') else 'has'} no {kind} {pattern!r}"
    if others:
        remedy = f"it is marked as {article(others[0])} {others[0]}"
    else:
        remedy = did_you_mean(pattern, kinds[kind]) or (NO_BUILT if where != "the template" else NO_MARKS)
        remedy = remedy.replace("ROLE", kind)
    report(path, Problem(message=message, remedy=remedy))
