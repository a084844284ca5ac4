"""The picture side of a survey: HDRIs, image textures and background photos, found, checked and measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.addresses import Places
from pipeline.canonical import digest
from pipeline.config.materials_lists import LISTS
from pipeline.config.schema import Config
from pipeline.errors import Problem
from pipeline.records import Hdri, Photo, TextureSet
from pipeline.scene.assets.asset_files import Found, Wanted, file_sha256, find_files, problem_of
from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.survey.inspect import PictureFacts, measure_picture
from pipeline.structure import unstructure
from pipeline.texture_sets import IMAGE_EXTENSIONS, find_texture_sets

PHOTOS = Wanted(what="pictures", named=IMAGE_EXTENSIONS, gathered=IMAGE_EXTENSIONS)
HDRIS = Wanted(what="HDRIs", named=IMAGE_EXTENSIONS, gathered=(".hdr", ".exr"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What a survey of pictures needs; `report(path, problem, address)` takes what is wrong."""

    places: Places
    cache: FactsCache
    report: Callable[[str, Problem, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureListing:
    """The picture fields of a Catalogue."""

    hdris: tuple[Hdri, ...] = ()
    textures: dict[str, tuple[TextureSet, ...]] = field(default_factory=dict)
    photos: tuple[Photo, ...] = ()


def survey_pictures(config: Config, work: Pictures) -> PictureListing:
    """Return every picture that `config` names, measured; problems are reported."""
    background = config.environment.background if config.environment is not None else None
    photos = background.photos or () if background is not None else ()
    return PictureListing(
        hdris=_hdris(config, work),
        textures={key: _texture_sets(key, files, work) for key, files in _texture_options(config)},
        photos=tuple(_photos("environment.background.photos", photos, work)),
    )


def _hdris(config: Config, work: Pictures) -> tuple[Hdri, ...]:
    has_sky = config.environment is not None and config.environment.sky is not None
    if has_sky or (config.environment is None and config.template is not None):
        return ()
    named = config.environment.hdris if config.environment is not None else ()
    path = "environment.hdris"
    found = _find(path, named, HDRIS, work) if named else _bundled(path, work)
    measured = [(one, _measure(path, one, work, radiance=True)) for one in found]
    return tuple(
        Hdri(source=one.address, sha256=sha256, mean_radiance=facts.mean_radiance)
        for one, (sha256, facts) in measured
        if facts is not None
    )


def _bundled(path: str, work: Pictures) -> list[Found]:
    folder = work.places.bundled_hdris
    files = sorted(folder.glob("*.exr")) if folder is not None else []
    if not files:
        text = "this Blender build comes without HDRIs"
        work.report(path, Problem(message=text, remedy="name your own in environment.hdris"), "")
    return [Found(address=f"bundled:{file.name}", path=file) for file in files]


def _photos(path: str, addresses: tuple[str, ...], work: Pictures) -> list[Photo]:
    photos = []
    for one in _find(path, addresses, PHOTOS, work):
        sha256, facts = _measure(path, one, work)
        if facts is not None:
            photos.append(Photo(source=one.address, sha256=sha256, width_px=facts.width_px, height_px=facts.height_px))
    return photos


def _texture_options(config: Config) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (f"materials.{name}[{index}].textures", option.textures.files)
        for name in LISTS
        for index, option in enumerate(getattr(config.materials, name))
        if option.textures is not None
    ]


def _texture_sets(key: str, addresses: tuple[str, ...], work: Pictures) -> tuple[TextureSet, ...]:
    path = f"{key}.files"
    found = {one.address: one for one in _find(path, addresses, PHOTOS, work)}
    listing = find_texture_sets(list(found))
    if found and not listing.sets:
        text = f"no base colour among {len(found)} maps, {next(iter(found))} for one"
        work.report(path, Problem(message=text, remedy='name it like "wood_Color.jpg" or "wood_diff.jpg"'), "")
    sets = [_with_sha256(path, one, found, work) for one in listing.sets]
    return tuple(one for one in sets if one is not None)


def _with_sha256(path: str, one: TextureSet, found: dict[str, Found], work: Pictures) -> TextureSet | None:
    files = [name for name in (one.base_color, one.roughness, one.metallic, one.normal) if name]
    measured = [_measure(path, found[name], work) for name in files]
    if any(facts is None for _, facts in measured):
        return None
    return replace(one, sha256=digest([sha256 for sha256, _ in measured]))


def _find(path: str, addresses: tuple[str, ...], wanted: Wanted, work: Pictures) -> list[Found]:
    listing: dict[str, Found] = {}
    for index, address in enumerate(addresses):
        try:
            for found in find_files(address, work.places, wanted):
                listing.setdefault(found.address, found)
        except ValueError as error:
            work.report(path if len(addresses) == 1 else f"{path}[{index}]", problem_of(error), "")
    return list(listing.values())


def _measure(path: str, one: Found, work: Pictures, *, radiance: bool = False) -> tuple[str, PictureFacts | None]:
    """Return the sha256 of a picture and its facts, None after reporting that it cannot be used."""
    try:
        sha256 = file_sha256(one.path)
        return sha256, _facts(one.path, sha256, work.cache, radiance)
    except OSError as error:
        work.report(path, Problem(message=f"cannot be read: {error.strerror}", remedy=f"{one.path}"), one.address)
    except ValueError as error:
        work.report(path, problem_of(error), one.address)
    return "", None


def _facts(path: Path, sha256: str, cache: FactsCache, radiance: bool) -> PictureFacts:
    key = ("picture", path.suffix.lower(), radiance, sha256)
    if (kept := cache.get_record(PictureFacts, *key)) is not None:
        return kept
    facts = measure_picture(path, radiance=radiance)
    cache.put(unstructure(facts), *key)
    return facts
