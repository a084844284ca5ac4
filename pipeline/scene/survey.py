"""`survey`: everything a scene file names, found, opened once, checked and measured; every problem at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.addresses import Places, resolve
from pipeline.config.schema import AssetGroup, Config, MaterialOption
from pipeline.errors import AssetError, PipelineError, Problem
from pipeline.records import Asset, AssetRecipe, Catalogue, Hdri, Photo, TextureSet
from pipeline.scene.asset_files import belonging_files, expand, missing_maps
from pipeline.scene.catalogue_cache import Cache, default_folder, file_sha256
from pipeline.scene.compat import blender_series
from pipeline.scene.importers import SUFFIXES, gltf_header
from pipeline.scene.inspect import image_size, mean_radiance, measure_asset
from pipeline.scene.library import Library
from pipeline.scene.shapes import shape_names
from pipeline.structure import did_you_mean, from_json, unstructure
from pipeline.texture_sets import IMAGE_SUFFIXES, find_image_sets

HDRI_SUFFIXES = (".hdr", ".exr")
Progress = Callable[[str], None]


@dataclass(slots=True)
class _Survey:
    places: Places
    library: Library
    cache: Cache
    progress: Progress
    problems: list[Problem] = field(default_factory=list)
    hashes: dict[tuple[Path, ...], str] = field(default_factory=dict)

    @contextmanager
    def gathering(self, path: str) -> Iterator[None]:
        """Keep the problems of one file and go on with the next."""
        try:
            yield
        except AssetError as error:
            self.problems += [replace(problem, path=problem.path or path) for problem in error.problems]
        except OSError as error:
            self.problems.append(Problem(message=f"cannot be read: {error}", path=path))

    def sha256(self, *files: Path) -> str:
        if files not in self.hashes:
            self.hashes[files] = file_sha256(*files)
        return self.hashes[files]


def survey(config: Config, places: Places, library: Library, progress: Progress = lambda text: None) -> Catalogue:
    """Return the catalogue of a configuration. Raises AssetError with every file that cannot be used.

    Models measured before, in any job, are taken from the cache and not opened. `progress` hears the name of each
    file that has to be.
    """
    work = _Survey(
        places=places,
        library=library,
        cache=Cache(folder=default_folder(), series=blender_series()),
        progress=progress,
    )
    catalogue = Catalogue(
        targets=_groups(work, "targets", config.targets),
        distractors=_groups(work, "distractors", config.distractors),
        hdris=_hdris(work, config),
        textures=_textures(work, config),
        photos=_photos(work, config),
        template_sha256=_template(work, config),
    )
    if work.problems:
        raise AssetError(work.problems)
    return catalogue


# --- models ---------------------------------------------------------------------------------------------------------


def _groups(work: _Survey, name: str, groups: tuple[AssetGroup, ...]) -> tuple[tuple[Asset, ...], ...]:
    return tuple(tuple(_group(work, f"{name}[{i}].files", group)) for i, group in enumerate(groups))


def _group(work: _Survey, path: str, group: AssetGroup) -> Iterator[Asset]:
    for shape in group.shapes:
        for name in shape_names(shape):
            yield _asset(work, AssetRecipe(source=f"shape:{name}", origin=group.origin), f"shape:{name}", (), name, "CC0-1.0")
    for address in group.files:
        found: list[tuple[str, Path]] = []
        with work.gathering(path):
            found = expand(address, SUFFIXES, work.places, path)
        for source, file in found:
            with work.gathering(path):
                yield from _assets_of_file(work, group, source, file)


def _assets_of_file(work: _Survey, group: AssetGroup, source: str, file: Path) -> Iterator[Asset]:
    recipe = AssetRecipe(source=source, up_axis=group.up_axis or "", origin=group.origin)
    files = tuple(belonging_files(file))
    for selected in _selections(work, group, recipe, file):
        part = selected.object_name or selected.collection_name
        yield _asset(work, selected, f"{source}#{part}" if part else source, files, work.sha256(*files), licence_of(file))


def _selections(work: _Survey, group: AssetGroup, recipe: AssetRecipe, file: Path) -> list[AssetRecipe]:
    if not group.objects and not group.collections:
        return [recipe]
    if file.suffix.lower() != ".blend":
        raise AssetError([Problem(message="objects and collections select within .blend files", where=str(file))])
    blend = work.library.blend(file)
    objects = _matching(file, "object", group.objects, list(blend.objects))
    collections = _matching(file, "collection", group.collections, list(blend.collections))
    return [
        *(replace(recipe, object_name=name) for name in objects),
        *(replace(recipe, collection_name=name) for name in collections),
    ]


def _matching(file: Path, kind: str, patterns: tuple[str, ...], names: list[str]) -> list[str]:
    matched: dict[str, None] = {}
    for pattern in patterns:
        hits = [name for name in sorted(names) if fnmatchcase(name, pattern)]
        if not hits:
            remedy = did_you_mean(pattern, names)
            raise AssetError([Problem(message=f"no {kind} is called {pattern!r}", where=str(file), remedy=remedy)])
        matched.update(dict.fromkeys(hits))
    return list(matched)


def _asset(
    work: _Survey, recipe: AssetRecipe, asset_id: str, files: tuple[Path, ...], sha256: str, licence: str
) -> Asset:
    """Return a catalogue entry, measured now or before. The cache knows content, not places."""
    shape = unstructure(replace(recipe, source=recipe.source if not files else files[0].suffix.lower()))
    if files and (lost := missing_maps(files[0])):
        message = f"its texture {lost[0]} is missing" + (f", and {len(lost) - 1} more" if len(lost) > 1 else "")
        raise AssetError([Problem(message=message, where=str(files[0]), remedy="put the texture there, or export again")])
    known = work.cache.get("asset", sha256, shape)
    if known is not None:
        return replace(from_json(known, Asset, "cache"), asset_id=asset_id, recipe=recipe, licence=licence)
    if files:
        work.progress(f"measuring {asset_id}")
    asset = measure_asset(asset_id, recipe, sha256, work.library.load(recipe), licence)
    work.cache.put(unstructure(asset), "asset", sha256, shape)
    return asset


def licence_of(file: Path) -> str:
    """Return the licence of a model as a listing beside it ("FOLDER/FOLDER.json") or the glTF itself says, else ""."""
    listing = file.parent / f"{file.parent.name}.json"
    if listing.is_file():
        try:
            entries = json.loads(listing.read_text(encoding="utf-8"))
            return next((str(e.get("licence", "")) for e in entries if e.get("file") == file.name), "")
        except (ValueError, AttributeError, TypeError):
            return ""
    if file.suffix.lower() in (".gltf", ".glb"):
        asset = gltf_header(file).get("asset")
        return str(asset.get("copyright", "")) if isinstance(asset, dict) else ""
    return ""


# --- images ---------------------------------------------------------------------------------------------------------


def _hdris(work: _Survey, config: Config) -> tuple[Hdri, ...]:
    if config.environment is None and config.template is not None:
        return ()
    named = () if config.environment is None else config.environment.hdris
    hdris = []
    for source, file in _expanded(work, "environment.hdris", named or ("bundled:",), HDRI_SUFFIXES):
        with work.gathering("environment.hdris"):
            hdris.append(_hdri(work, source, file))
    return tuple(hdris)


def _hdri(work: _Survey, source: str, file: Path) -> Hdri:
    sha256 = work.sha256(file)
    mean = work.cache.get("radiance", sha256)
    if mean is None:
        work.progress(f"measuring {source}")
        mean = mean_radiance(file)
        work.cache.put(mean, "radiance", sha256)
    return Hdri(source=source, sha256=sha256, mean_radiance=float(mean))


def _expanded(work: _Survey, path: str, addresses: tuple[str, ...], suffixes: tuple[str, ...]) -> list[tuple[str, Path]]:
    found: dict[str, Path] = {}
    for address in addresses:
        with work.gathering(path):
            found.update(expand(address, suffixes, work.places, path))
    return list(found.items())


def _textures(work: _Survey, config: Config) -> dict[str, tuple[TextureSet, ...]]:
    sets = {}
    for surface in ("floor", "surroundings", "distractors", "targets"):
        options: tuple[MaterialOption, ...] = getattr(config.materials, surface)
        for number, option in enumerate(options):
            if option.textures is not None:
                path = f"materials.{surface}[{number}].textures"
                sets[path] = _texture_sets(work, path, option.textures.files)
    return sets


def _texture_sets(work: _Survey, path: str, addresses: tuple[str, ...]) -> tuple[TextureSet, ...]:
    files = dict(_expanded(work, f"{path}.files", addresses, IMAGE_SUFFIXES))
    found = find_image_sets(files)
    if files and not found:
        message = f"{len(files)} images, and none is a base colour"
        work.problems.append(Problem(message=message, path=f"{path}.files", remedy="name one ..._Color or ..._diff"))
    sets = []
    for one in found:
        with work.gathering(f"{path}.files"):
            sha256 = work.sha256(*(files[file] for file in one.files()))
            if work.cache.get("image", sha256) is None:
                for file in one.files():
                    image_size(files[file])
                work.cache.put(True, "image", sha256)
            sets.append(
                TextureSet(
                    texture_id=one.name,
                    base_color=one.base_color,
                    roughness=one.roughness,
                    metallic=one.metallic,
                    normal=one.normal,
                    sha256=sha256,
                )
            )
    return tuple(sets)


def _photos(work: _Survey, config: Config) -> tuple[Photo, ...]:
    background = None if config.environment is None else config.environment.background
    if background is None or background.photos is None:
        return ()
    path = "environment.background.photos"
    photos = []
    for source, file in _expanded(work, path, background.photos, IMAGE_SUFFIXES):
        with work.gathering(path):
            width, height = image_size(file)
            photos.append(Photo(source=source, sha256=work.sha256(file), width_px=width, height_px=height))
    return tuple(photos)


def _template(work: _Survey, config: Config) -> str:
    if config.template is None:
        return ""
    try:
        return work.sha256(resolve(config.template.file, work.places))
    except (OSError, PipelineError) as error:
        work.problems.append(Problem(message=f"cannot be read: {error}", path="template.file"))
        return ""
