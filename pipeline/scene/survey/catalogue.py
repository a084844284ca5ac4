"""`survey`: from the files a scene file names to a catalogue of measured assets, with all that is wrong at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.addresses import Places, resolve
from pipeline.canonical import digest
from pipeline.config.contexts_section import own_count
from pipeline.config.distributions import bounds
from pipeline.config.globals_section import all_ranges, widened
from pipeline.config.schema import Config
from pipeline.errors import AssetError, Problem
from pipeline.records import Asset, AssetRecipe, Catalogue, Marks, TemplateObject
from pipeline.scene.assets.asset_files import Model, file_sha256, licence_beside, problem_of
from pipeline.scene.assets.catalogue_cache import FactsCache, cache_folder
from pipeline.scene.assets.importers import can_read_draco
from pipeline.scene.assets.library import Library, recipe_name
from pipeline.scene.assets.probe import try_import
from pipeline.scene.assets.shapes import SHAPES_VERSION
from pipeline.scene.compat import blender_series
from pipeline.scene.session import Session
from pipeline.scene.survey.candidates import Candidate, Work, candidates, model_of
from pipeline.scene.survey.inspect import AssetFacts, measure
from pipeline.scene.survey.marks import survey_marks
from pipeline.scene.survey.names import Inquiry, find_keypoints, find_parts
from pipeline.scene.survey.pictures import Pictures, survey_pictures
from pipeline.scene.survey.template import survey_template
from pipeline.scene.template.files import check_files, template_digest
from pipeline.structure import unstructure

SHAPE_LICENCE = "CC0-1.0"  # of what this project made itself, see assets/README.md
PROGRESS_STEP = 25
MARK_TARGETS = "name groups of targets or template.targets, or mark some in the template"


def survey(
    config: Config, places: Places, library: Library, progress: Callable[[str], None], session: Session | None = None
) -> Catalogue:
    """Find, check and measure everything that `config` names; `progress` gets a line now and then.

    `session` is the open template, needed where the scene file labels any of it.
    Raises AssetError with every problem found. Facts are cached by content, so that a second survey imports nothing.
    """
    cache = FactsCache(folder=cache_folder(), series=blender_series())
    work = Work(places, library, cache, progress, "part" in config.outputs)
    targets = [candidates(group, f"targets[{i}]", work) for i, group in enumerate(config.targets)]
    distractors = [candidates(group, f"distractors[{i}]", work) for i, group in enumerate(config.distractors)]
    _check_unique(config, targets, distractors, work)
    ids = _asset_ids([one.recipe for listing in (*targets, *distractors) for one in listing])
    groups = [[tuple(_assets(listing, ids, work)) for listing in role] for role in (targets, distractors)]
    template = _template_sha256(config, session, work)
    marks = Marks()
    held: tuple[TemplateObject, ...] = ()
    if session is not None:
        marks = survey_marks(config, session, cache, template, work.report)
        held = survey_template(config, marks, session, work.report, progress)
    if not config.targets and not held and not work.problems:
        work.report("targets", Problem(message="there are no targets", remedy=MARK_TARGETS))
    pictures = survey_pictures(config, Pictures(places=places, cache=work.cache, report=work.report))
    if work.problems:
        raise AssetError(work.problems)
    return Catalogue(
        targets=tuple(groups[0]),
        distractors=tuple(groups[1]),
        hdris=pictures.hdris,
        textures=pictures.textures,
        photos=pictures.photos,
        template_sha256=template,
        template_objects=held,
        marks=marks,
    )


def _check_unique(
    config: Config, targets: Sequence[list[Candidate]], distractors: Sequence[list[Candidate]], work: Work
) -> None:
    """Report groups that are to have more different assets than they hold."""
    wide = widened(config, all_ranges(config.globals, config.scenarios))
    for role, groups, listings in (("targets", wide.targets, targets), ("distractors", wide.distractors, distractors)):
        for i, (group, listing) in enumerate(zip(groups, listings, strict=True)):
            most = round(bounds(own_count(group, wide.contexts.values()))[1])
            if group.unique and 0 < len(listing) < most:
                text = f"{most} different assets are asked for, and there are {len(listing)}"
                remedy = "lower it, name more, or leave unique out"
                work.report(f"{role}[{i}].count", Problem(message=text, remedy=remedy))


def _template_sha256(config: Config, session: Session | None, work: Work) -> str:
    """Return what identifies the template with all files that it needs, and report those that are missing."""
    if config.template is None:
        return ""
    path = resolve(config.template.file, work.places)
    try:
        sha256 = file_sha256(path)
        if session is None:
            return sha256
        report = partial(work.report, "template.file")
        check_files(session, report, lambda text: work.progress(f"template: {text}"))
        return template_digest(session, sha256)
    except OSError as error:
        text = f"{config.template.file}: cannot be read: {error.strerror}"
        work.report("template.file", Problem(message=text, remedy=f"looked at {path}"))
        return ""


def _asset_ids(recipes: list[AssetRecipe]) -> dict[AssetRecipe, str]:
    """Return an id for each recipe: its plain name, or with how it is turned where one file is used in two ways."""
    plain: dict[str, set[AssetRecipe]] = {}
    for recipe in recipes:
        plain.setdefault(recipe_name(recipe), set()).add(recipe)
    return {recipe: name if len(same) == 1 else _long_id(recipe) for name, same in plain.items() for recipe in same}


def _long_id(recipe: AssetRecipe) -> str:
    kind = "object" if recipe.object_name else "collection" if recipe.collection_name else ""
    told = [kind, f"up {recipe.up_axis}" if recipe.up_axis else "", f"origin {recipe.origin}"]
    return f"{recipe_name(recipe)} ({', '.join(word for word in told if word)})"


def _assets(listing: list[Candidate], ids: dict[AssetRecipe, str], work: Work) -> Iterator[Asset]:
    for one in listing:
        try:
            asset = _asset(one, ids[one.recipe], work)
        except AssetError as error:
            for problem in error.problems:
                work.report(one.path, problem, recipe_name(one.recipe))
            continue
        except ValueError as error:
            work.report(one.path, problem_of(error), recipe_name(one.recipe))
            continue
        yield _with_names(one, asset, work) if one.group.keypoints or one.parts else asset


def _with_names(one: Candidate, asset: Asset, work: Work) -> Asset:
    """Return the asset with its keypoints and parts; names that it does not hold are reported."""
    recipe = one.recipe
    stem = "" if one.file is None else one.file.name  # formats without names call an object like its file
    key = (asset.sha256, stem, recipe.object_name, recipe.collection_name, recipe.up_axis, recipe.origin)
    inquiry = Inquiry(load=lambda: work.library.load(recipe), cache=work.cache, key=key)
    path, name = f"{one.group_path}.keypoints", recipe_name(recipe)
    return replace(
        asset,
        keypoints=find_keypoints(inquiry, asset, one.group.keypoints, lambda k, p: work.report(path + k, p, name)),
        parts=find_parts(inquiry, one.parts) if one.parts else (),
    )


def _asset(one: Candidate, asset_id: str, work: Work) -> Asset:
    if one.file is None:
        sha256 = hashlib.sha256(f"{one.recipe.source}/{SHAPES_VERSION}".encode()).hexdigest()
        return _record(one.recipe, asset_id, sha256, _facts(one, sha256, work), SHAPE_LICENCE)
    model = model_of(one.file, work)
    if isinstance(model, ValueError):
        raise model
    problems = [*model.missing_data, *(model.missing_looks if one.keeps_materials else ())]
    if model.draco and not can_read_draco():
        remedy = "export it without compression, or use a Blender build with the Draco library"
        text = "its meshes are Draco-compressed, which this Blender cannot read"
        problems.append(Problem(message=text, remedy=remedy))
    if problems:
        raise AssetError(problems)
    facts = _facts(one, _content(model), work)
    if facts.broken_textures and one.keeps_materials:
        raise AssetError([_broken(name) for name in facts.broken_textures])
    outside = {name: file_sha256(one.file.parent / name) for name in facts.textures}
    sha256 = digest([model.sha256, {**_hashes(model), **outside}])
    return _record(one.recipe, asset_id, sha256, facts, licence_beside(one.file) or model.licence)


def _record(recipe: AssetRecipe, asset_id: str, sha256: str, facts: AssetFacts, licence: str) -> Asset:
    return Asset(
        asset_id=asset_id,
        recipe=recipe,
        sha256=sha256,
        low_m=facts.low_m,
        high_m=facts.high_m,
        radius_m=facts.radius_m,
        triangles=facts.triangles,
        has_alpha=facts.has_alpha,
        resting=facts.resting,
        licence=licence,
    )


def _broken(name: str) -> Problem:
    which = f"texture {name!r}" if not name.startswith("of ") else f"texture of material {name[3:]!r}"
    return Problem(message=f"its {which} is missing or holds no picture", remedy="put it back, or pack it")


def _hashes(model: Model) -> dict[str, str]:
    return {name: file_sha256(path) for name, path in sorted(model.others.items())}


def _content(model: Model) -> str:
    return digest([model.sha256, _hashes(model)])


def _facts(one: Candidate, content: str, work: Work) -> AssetFacts:
    """Return the facts of an asset from the cache, or measure them. A texture that went away counts as unmeasured."""
    recipe = one.recipe
    part = [recipe.object_name, recipe.collection_name, recipe.up_axis, recipe.origin]
    suffix = recipe.source if one.file is None else one.file.suffix.lower()
    key: tuple[Any, ...] = ("asset", suffix, content, part)
    folder = one.file.parent if one.file is not None else Path()
    kept = work.cache.get_record(AssetFacts, *key)
    if kept is not None and not kept.broken_textures and all((folder / name).is_file() for name in kept.textures):
        return kept
    work.measured += 1
    if work.measured % PROGRESS_STEP == 1:
        work.progress(f"measuring models: {recipe_name(recipe)}" if work.measured == 1 else f"{work.measured} so far")
    if one.file is not None:
        try_import(one.file)
    facts = measure(work.library.load(recipe), folder)
    work.cache.put(unstructure(facts), *key)
    return facts
