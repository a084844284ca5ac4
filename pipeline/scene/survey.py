"""`survey`: from the files a scene file names to a catalogue of measured assets, with all that is wrong at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pipeline.addresses import Places, resolve
from pipeline.canonical import digest
from pipeline.config.schema import AssetGroup, Config
from pipeline.errors import AssetError, Problem
from pipeline.records import Asset, AssetRecipe, Catalogue
from pipeline.scene.asset_files import (
    Found,
    Model,
    Wanted,
    file_sha256,
    find_files,
    licence_beside,
    problem_of,
    read_model_file,
)
from pipeline.scene.catalogue_cache import FactsCache, cache_folder
from pipeline.scene.compat import blender_series
from pipeline.scene.importers import FORMATS, can_read_draco
from pipeline.scene.inspect import AssetFacts, measure
from pipeline.scene.library import BlendNames, Library, recipe_name
from pipeline.scene.probe import try_import
from pipeline.scene.shapes import SHAPES_VERSION, shape_names
from pipeline.scene.survey_pictures import Pictures, survey_pictures
from pipeline.structure import did_you_mean, unstructure

MODELS = Wanted(what="models", named=tuple(FORMATS), gathered=tuple(FORMATS))
SHAPE_LICENCE = "CC0-1.0"  # of what this project made itself, see assets/README.md
PROGRESS_STEP = 25


@dataclass(slots=True)
class Work:
    """One survey under way: what was found wrong so far, and what was looked into already."""

    places: Places
    library: Library
    cache: FactsCache
    progress: Callable[[str], None]
    problems: list[Problem] = field(default_factory=list)
    models: dict[Path, Model | ValueError] = field(default_factory=dict)
    measured: int = 0

    def report(self, path: str, problem: Problem, address: str = "") -> None:
        message = f"{address}: {problem.message}" if address else problem.message
        told = replace(problem, path=path, message=message)
        if told not in self.problems:
            self.problems.append(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """One asset to be: its recipe, its file (None for a shape) and where the scene file asks for it."""

    recipe: AssetRecipe
    file: Path | None
    path: str
    keeps_materials: bool


def survey(config: Config, places: Places, library: Library, progress: Callable[[str], None]) -> Catalogue:
    """Find, check and measure everything that `config` names; `progress` gets a line now and then.

    Raises AssetError with every problem found. Facts are cached by content, so that a second survey imports nothing.
    """
    work = Work(places, library, FactsCache(folder=cache_folder(), series=blender_series()), progress)
    targets = [_candidates(group, f"targets[{i}]", work) for i, group in enumerate(config.targets)]
    distractors = [_candidates(group, f"distractors[{i}]", work) for i, group in enumerate(config.distractors)]
    ids = _asset_ids([one.recipe for listing in (*targets, *distractors) for one in listing])
    groups = [[tuple(_assets(listing, ids, work)) for listing in role] for role in (targets, distractors)]
    template = _template_sha256(config, work)
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
    )


def _template_sha256(config: Config, work: Work) -> str:
    if config.template is None:
        return ""
    path = resolve(config.template.file, work.places)
    try:
        return file_sha256(path)
    except OSError as error:
        text = f"{config.template.file}: cannot be read: {error.strerror}"
        work.report("template.file", Problem(message=text, remedy=f"looked at {path}"))
        return ""


# --- what is asked for ----------------------------------------------------------------------------------------------


def _candidates(group: AssetGroup, path: str, work: Work) -> list[_Candidate]:
    keeps = not group.shapes and group.materials != "replace"

    def candidate(source: str, file: Path | None, key: str, **part: str) -> _Candidate:
        recipe = AssetRecipe(source=source, up_axis=group.up_axis or "", origin=group.origin, **part)
        return _Candidate(recipe=recipe, file=file, path=key, keeps_materials=keeps)

    shapes = [name for shape in group.shapes for name in shape_names(shape)]
    listing = [candidate(f"shape:{name}", None, f"{path}.shapes") for name in shapes]
    files = _files(group, f"{path}.files", work)
    named = bool(group.objects or group.collections)
    for key, found in files:
        if not (named and found.path.suffix.lower() == ".blend"):
            listing.append(candidate(found.address, found.path, key))
    for found, kind, name in _named_parts(group, [found for _, found in files], path, work) if named else ():
        listing.append(candidate(found.address, found.path, f"{path}.{kind}s", **{f"{kind}_name": name}))
    return list({one.recipe: one for one in listing}.values())


def _files(group: AssetGroup, key: str, work: Work) -> list[tuple[str, Found]]:
    listing: dict[str, tuple[str, Found]] = {}
    for index, address in enumerate(group.files):
        path = key if len(group.files) == 1 else f"{key}[{index}]"
        try:
            for found in find_files(address, work.places, MODELS):
                listing.setdefault(found.address, (path, found))
        except ValueError as error:
            work.report(path, problem_of(error))
    return list(listing.values())


def _named_parts(group: AssetGroup, files: list[Found], path: str, work: Work) -> Iterator[tuple[Found, str, str]]:
    """Yield (file, "object" or "collection", name) for each name or pattern of a group; report those without any."""
    blends = [found for found in files if found.path.suffix.lower() == ".blend"]
    names = [(found, listing) for found in blends if (listing := _blend_names(found, path, work)) is not None]
    for kind, patterns in (("object", group.objects), ("collection", group.collections)):
        if patterns and files and not blends:
            remedy = "name a .blend file in files"
            work.report(f"{path}.{kind}s", Problem(message=f"only .blend files hold {kind}s by name", remedy=remedy))
            continue
        for pattern in patterns:
            hits = [(found, name) for found, listing in names for name in _matching(pattern, kind, listing)]
            if names and not hits:
                work.report(f"{path}.{kind}s", _no_such(pattern, kind, names))
            yield from ((found, kind, name) for found, name in hits)


def _matching(pattern: str, kind: str, names: BlendNames) -> list[str]:
    known: dict[str, tuple[str, ...]] = names.objects if kind == "object" else dict.fromkeys(names.collections, ())
    if pattern in known:
        return [pattern]
    hits = {name for name in known if fnmatchcase(name, pattern)}
    return sorted(name for name in hits if not hits.intersection(known[name]))  # a child comes with its parent


def _no_such(pattern: str, kind: str, names: list[tuple[Found, BlendNames]]) -> Problem:
    where = ", ".join(found.address for found, _ in names)
    if any(pattern in listing.silent for _, listing in names):
        remedy = "give it a surface, and let it show in renders (camera icon)"
        return Problem(message=f"{where}: {kind} {pattern!r} holds no mesh with faces", remedy=remedy)
    known = {name for _, listing in names for name in (listing.objects if kind == "object" else listing.collections)}
    return Problem(message=f"{where}: there is no {kind} {pattern!r}", remedy=did_you_mean(pattern, known))


def _blend_names(found: Found, path: str, work: Work) -> BlendNames | None:
    model = _model(found.path, work)
    key = ("names", model.sha256) if isinstance(model, Model) else ()
    if (kept := work.cache.get_record(BlendNames, *key)) is not None:
        return kept
    try:
        names = work.library.names(found.address)
    except AssetError as error:
        for problem in error.problems:
            work.report(f"{path}.files", problem, found.address)
        return None
    work.cache.put(unstructure(names), *key)
    return names


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


# --- measuring ------------------------------------------------------------------------------------------------------


def _assets(listing: list[_Candidate], ids: dict[AssetRecipe, str], work: Work) -> Iterator[Asset]:
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
        if asset is not None:
            yield asset


def _asset(one: _Candidate, asset_id: str, work: Work) -> Asset | None:
    if one.file is None:
        sha256 = hashlib.sha256(f"{one.recipe.source}/{SHAPES_VERSION}".encode()).hexdigest()
        return _record(one.recipe, asset_id, sha256, _facts(one, sha256, work), SHAPE_LICENCE)
    model = _model(one.file, work)
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


def _model(path: Path, work: Work) -> Model | ValueError:
    if path not in work.models:
        try:
            work.models[path] = read_model_file(path)
        except ValueError as error:
            work.models[path] = error
        except OSError as error:
            work.models[path] = ValueError(f"cannot be read: {error.strerror}", f"looked at {path}")
    return work.models[path]


def _hashes(model: Model) -> dict[str, str]:
    return {name: file_sha256(path) for name, path in sorted(model.others.items())}


def _content(model: Model) -> str:
    return digest([model.sha256, _hashes(model)])


def _facts(one: _Candidate, content: str, work: Work) -> AssetFacts:
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
