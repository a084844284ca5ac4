"""Which assets a scene file asks for: files, folders and globs, and names in .blend files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.addresses import Places
from pipeline.config.schema import AssetGroup
from pipeline.errors import AssetError, Problem
from pipeline.records import AssetRecipe
from pipeline.scene.assets.asset_files import Found, Model, Wanted, find_files, problem_of, read_model_file
from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.assets.importers import FORMATS
from pipeline.scene.assets.library import BlendNames, Library
from pipeline.scene.assets.part_names import PartsBy
from pipeline.scene.assets.shapes import shape_names
from pipeline.structure import did_you_mean, unstructure

MODELS = Wanted(what="models", named=tuple(FORMATS), gathered=tuple(FORMATS))


@dataclass(slots=True)
class Work:
    """One survey under way: what was found wrong so far, and what was looked into already."""

    places: Places
    library: Library
    cache: FactsCache
    progress: Callable[[str], None]
    wants_parts: bool
    problems: list[Problem] = field(default_factory=list)
    models: dict[Path, Model | ValueError] = field(default_factory=dict)
    measured: int = 0

    def report(self, path: str, problem: Problem, address: str = "") -> None:
        message = f"{address}: {problem.message}" if address else problem.message
        told = replace(problem, where="", path=path, message=message)
        if told not in self.problems:
            self.problems.append(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One asset to be: its recipe, its file (None for a shape) and where the scene file asks for it."""

    recipe: AssetRecipe
    file: Path | None
    path: str
    keeps_materials: bool
    group: AssetGroup
    group_path: str
    parts: PartsBy | None


def candidates(group: AssetGroup, path: str, work: Work) -> list[Candidate]:
    """Return the assets that a group asks for, each once; problems go to `work`."""
    keeps = not group.shapes and group.materials != "replace"
    default: PartsBy | None = "materials" if group.files and path.startswith("targets") else None
    parts = (group.parts or default) if work.wants_parts else None

    def candidate(source: str, file: Path | None, key: str, **part: str) -> Candidate:
        recipe = AssetRecipe(source=source, up_axis=group.up_axis or "", origin=group.origin, **part)
        return Candidate(
            recipe=recipe,
            file=file,
            path=key,
            keeps_materials=keeps,
            group=group,
            group_path=path,
            parts=parts,
        )

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
    model = model_of(found.path, work)
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


def model_of(path: Path, work: Work) -> Model | ValueError:
    """Return what a model file holds, or why it cannot be read; each is read once."""
    if path not in work.models:
        try:
            work.models[path] = read_model_file(path)
        except ValueError as error:
            work.models[path] = error
        except OSError as error:
            work.models[path] = ValueError(f"cannot be read: {error.strerror}", f"looked at {path}")
    return work.models[path]
