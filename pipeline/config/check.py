"""What no single record can see: names that must match and parts that can never work together.

Only what is certain is an error. Each check reads the parts it needs by itself, so that a mistake elsewhere in the
file does not hide these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from pipeline.config.category_keypoints import check_category_keypoints
from pipeline.config.check_camera import check_camera, check_lens, check_motion_blur
from pipeline.config.check_contexts import check_contexts
from pipeline.config.check_drops import check_drops
from pipeline.config.check_frustums import check_frustums
from pipeline.config.check_globals import global_ranges, widened_data
from pipeline.config.contexts_section import own_count
from pipeline.config.distributions import Number, bounds
from pipeline.config.schema import FLOWS, AssetGroup, Config
from pipeline.conventions import MAX_INSTANCES
from pipeline.structure import FAILED, Reader, did_you_mean, field_types, structure
from pipeline.structure import Path as KeyPath

Groups = list[tuple[KeyPath, AssetGroup]]


def check_config(data: Any, reader: Reader) -> None:
    """Report to `reader` what is wrong between the parts of a scene file, given as plain data."""
    if not isinstance(data, Mapping):
        return
    ranges = global_ranges(data, reader)
    if ranges is None:
        return  # whatever depends on a global is still unknown
    if ranges:
        data = widened_data(data, ranges)
        _check_widened(data, reader)
    part = {f.name: _read(data, f.name) for f in fields(Config)}
    targets, distractors = _groups(data, "targets"), _groups(data, "distractors")
    in_template = _template_targets(data)
    uses = [*_category_uses([*targets, *distractors]), *_template_uses(in_template)]
    _check_categories(part["categories"], uses, reader)
    _check_targets(data, targets, reader)
    check_category_keypoints([*targets, *distractors], reader)
    _check_asked_keypoints(data, part["outputs"], [*targets, *distractors], reader)
    check_contexts(data, [*targets, *distractors], reader)
    countable = _all_read(data, "targets") and "targets" in data and not data.get("template") and not part["contexts"]
    _check_counts(part, [*targets, *distractors], targets if countable else [], reader)
    check_drops(part, [*targets, *distractors], reader)
    check_camera(part["camera"], reader)
    check_frustums(part, [group for _, group in (*targets, *distractors)], reader)
    check_lens(part, reader)
    check_motion_blur(part, reader)
    _check_light(part, reader)
    _check_flow(part, reader)
    _check_image(part, reader)
    for name in ("outputs", "reroll_per_view"):
        _check_repeats(part[name], (name,), reader)


def _check_widened(data: Mapping[str, Any], reader: Reader) -> None:
    """Report limits that a global may leave. What is wrong without it has been told before."""
    told = {problem.path for problem in reader.problems}
    wide = Reader(address_of=reader.address_of, where_of=reader.where_of)
    structure(data, Config, wide)
    reader.problems += [problem for problem in wide.problems if problem.path not in told]


def _read(data: Mapping[str, Any], name: str) -> Any:
    """Return one section as its record, its default where it is absent, FAILED where it has problems of its own."""
    if name in data:
        return structure(data[name], field_types(Config)[name], Reader(), (name,))
    field = next(f for f in fields(Config) if f.name == name)
    if field.default_factory is not MISSING:
        return field.default_factory()
    return FAILED if field.default is MISSING else field.default


def _groups(data: Mapping[str, Any], name: str) -> Groups:
    """Return the asset groups that can be read, with their key paths."""
    items = data.get(name)
    if isinstance(items, Mapping):
        items = [items]
    if not isinstance(items, list | tuple):
        return []
    read = [((name, i), structure(item, AssetGroup, Reader(), (name, i))) for i, item in enumerate(items)]
    return [(path, group) for path, group in read if group is not FAILED]


def _all_read(data: Mapping[str, Any], name: str) -> bool:
    return structure(data.get(name, ()), tuple[AssetGroup, ...], Reader(), (name,)) is not FAILED


def _template_targets(data: Mapping[str, Any]) -> Sequence[Any]:
    """Return what the template's section says is labelled, as plain data; it may hold mistakes."""
    template = data.get("template")
    items = template.get("targets", ()) if isinstance(template, Mapping) else ()
    return items if isinstance(items, list | tuple) else (items,)


def _template_uses(items: Sequence[Any]) -> Iterator[tuple[KeyPath, str]]:
    for i, item in enumerate(items):
        if isinstance(item, Mapping) and isinstance(item.get("category"), str):
            yield ("template", "targets", i, "category"), item["category"]


def _check_categories(categories: Any, uses: Sequence[tuple[KeyPath, str]], reader: Reader) -> None:
    if categories is FAILED:
        return
    if not categories:
        reader.report(("categories",), "there are no categories", "name at least one: [{id: 1, name: mug}]")
        return
    for key in ("id", "name"):
        seen: dict[Any, int] = {}
        for i, category in enumerate(categories):
            value = getattr(category, key)
            if value in seen:
                first = f"categories[{seen[value]}]"
                reader.report(("categories", i, key), f"{value!r} is taken by {first}", f"give each its own {key}")
            seen.setdefault(value, i)
    names = [category.name for category in categories]
    for path, name in uses:
        if name not in names:
            reader.report(path, f"{name!r} is not in categories", did_you_mean(name, names))


def _category_uses(groups: Groups) -> Iterator[tuple[KeyPath, str]]:
    for path, group in groups:
        if group.category is not None:
            yield (*path, "category"), group.category
        for axis, name in (group.category_by_up_axis or {}).items():
            yield (*path, "category_by_up_axis", axis), name


def _check_targets(data: Mapping[str, Any], targets: Groups, reader: Reader) -> None:
    if data.get("targets", ()) in ([], ()) and not data.get("template"):  # whose marks may be targets
        remedy = "name at least one group of files or shapes, or a template that holds some"
        reader.report(("targets",), "there are no targets", remedy)
    for path, group in targets:
        if group.category is None and group.category_by_up_axis is None:
            reader.report(path, "a target needs a category", "add category, or category_by_up_axis")


def _check_asked_keypoints(data: Mapping[str, Any], outputs: Any, groups: Groups, reader: Reader) -> None:
    are_read = all(_all_read(data, name) for name in ("targets", "distractors"))
    if outputs is FAILED or "keypoints" not in outputs or not are_read:
        return
    if not any(group.keypoints for _, group in groups):
        message = "keypoints are asked for, and no group has any"
        reader.report(("outputs",), message, "give a group keypoints: [{name: tip, point_m: [0, 0, 0.1]}]")


def _check_counts(part: dict[str, Any], groups: Groups, targets: Groups, reader: Reader) -> None:
    """Numbers of objects that no frame can meet. `targets` are all there are, or none when some cannot be read."""
    contexts = () if part["contexts"] is FAILED else part["contexts"].values()
    ranges = {path: bounds(own_count(group, contexts)) for path, group in groups}
    least = sum(max(0, round(low)) for low, _ in ranges.values())
    if least > MAX_INSTANCES:
        reader.report((), f"every frame has {least} objects or more, above {MAX_INSTANCES}", "lower the counts")
    if not targets:
        return
    most = sum(round(ranges[path][1]) for path, _ in targets)
    if most == 0:
        reader.report(("targets",), "no frame can have a target: every count is 0", "raise a count")
        return
    wanted = {("accept", "min_targets"): part["accept"], ("camera", "min_targets_in_view"): part["camera"]}
    for path, section in wanted.items():
        if section is not FAILED and getattr(section, path[1]) > most:
            asked = getattr(section, path[1])
            reader.report(path, f"{asked} is more than the {most} targets a frame can have", f"keep it at {most}")


def _check_flow(part: dict[str, Any], reader: Reader) -> None:
    outputs, views, template = part["outputs"], part["views_per_scene"], part["template"]
    if FAILED in (outputs, views, template):
        return
    if template is not None and template.frame is not None and part["view_interval_s"] and FLOWS & set(outputs):
        message = "flow does not follow what the timeline of a template moves from view to view"
        reader.report(("view_interval_s",), message, "leave it or template.frame out, or flow")
    if views != 1:
        return
    for i, name in enumerate(outputs):
        if name in FLOWS:
            message = f"{name} leads from one view of a scene to the next, and views_per_scene is 1"
            reader.report(("outputs", i), message, "set views_per_scene to 2 or more, or leave it out")


def _check_image(part: dict[str, Any], reader: Reader) -> None:
    image, formats = part["image"], part["formats"]
    if FAILED in (image, formats) or formats.rgb != "exr" or image.is_neutral:
        return
    message = "an EXR holds the light before colours are encoded, which image does not change"
    reader.report(("image",), message, "use formats.rgb: png or jpeg, or leave saturation and contrast at 1")


def _check_light(part: dict[str, Any], reader: Reader) -> None:
    environment, lights = part["environment"], part["lights"]
    stage = part["surroundings"]
    if FAILED in (environment, lights, stage, part["template"]) or part["template"] is not None or environment is None:
        return
    ceiling = None if stage is None else stage.ceiling
    if ceiling is not None and _can_shine(ceiling.radiance):
        return
    if bounds(environment.strength)[1] == 0 and not any(_can_shine(group.count, group.energy_w) for group in lights):
        message = "every picture is black: strength is 0 and no lamp shines"
        reader.report(("environment", "strength"), message, "raise it, or give lights")


def _can_shine(*numbers: Number) -> bool:
    return all(bounds(number)[1] > 0 for number in numbers)


def _check_repeats(values: Iterable[str], path: KeyPath, reader: Reader) -> None:
    if values is FAILED:
        return
    seen: set[str] = set()
    for i, value in enumerate(values):
        if value in seen:
            reader.report((*path, i), f"{value!r} is given twice", "remove one")
        seen.add(value)
