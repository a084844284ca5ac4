"""A job: a scene file made final, with the catalogue of its assets. With a seed and an index it decides a frame.

The digest covers the configuration and the content of every asset, not where the files lie and nothing measured by
Blender, so the same job has the same digest on every machine and in every Blender version. The number of frames is not
part of it: a longer dataset begins with the same frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.canonical import digest
from pipeline.config.schema import Config
from pipeline.config.template_section import TemplateTarget
from pipeline.conventions import FORMAT_VERSION
from pipeline.records import Asset, Catalogue, Marks
from pipeline.structure import from_json, unstructure


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`digest` is 64 hex digits over `config` and the contents of `catalogue`."""

    config: Config
    catalogue: Catalogue
    digest: str


def make_job(config: Config, catalogue: Catalogue) -> Job:
    """Return the job of a configuration and the catalogue surveyed for it, both as their JSON reads back."""
    config = from_json(unstructure(config), Config, "config")
    catalogue = from_json(unstructure(catalogue), Catalogue, "catalogue")
    return Job(config=config, catalogue=catalogue, digest=digest(_identity(config, catalogue)))


def job_to_json(job: Job, base_dir: str) -> dict[str, Any]:
    """Return job.json. `base_dir` is where its relative addresses start, relative to the folder of job.json."""
    return {
        "format_version": FORMAT_VERSION,
        "digest": job.digest,
        "base_dir": base_dir,
        "config": unstructure(job.config),
        "catalogue": unstructure(job.catalogue),
    }


def job_from_json(data: dict[str, Any], where: str) -> Job:
    """Return the job of job.json data. Raises ValueError when it is damaged or of another format."""
    if data.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{where}: format_version is {data.get('format_version')!r}, this version reads {FORMAT_VERSION}"
        )
    job = make_job(from_json(data.get("config"), Config, where), from_json(data.get("catalogue"), Catalogue, where))
    if job.digest != data.get("digest"):
        raise ValueError(f"{where}: its content does not match its digest; it was edited or made by another version")
    return job


def labelled_targets(config: Config, marks: Marks) -> tuple[TemplateTarget, ...]:
    """Return what of the template is labelled: what the scene file names, then what is marked, category by category."""
    named = config.template.targets if config.template is not None else ()
    marked: dict[str, list[str]] = {}
    for one in marks.targets:
        marked.setdefault(one.category, []).append(one.object_name)
    return (*named, *(TemplateTarget(objects=tuple(marked[name]), category=name) for name in sorted(marked)))


def assets_of(catalogue: Catalogue) -> tuple[Asset, ...]:
    """Return every asset once, sorted by id."""
    groups = (*catalogue.targets, *catalogue.distractors)
    found = {asset.asset_id: asset for group in groups for asset in group}
    return tuple(found[key] for key in sorted(found))


def part_classes(catalogue: Catalogue) -> dict[str, int]:
    """Return the class id of each name of a part, 1..C in the order of the names."""
    groups = (*catalogue.targets, *catalogue.distractors)
    names = {name for group in groups for asset in group for name in asset.parts}
    return {name: number for number, name in enumerate(sorted(names), start=1)}


def _identity(config: Config, catalogue: Catalogue) -> dict[str, Any]:
    def contents(groups: tuple[tuple[Asset, ...], ...]) -> list[list[list[str]]]:
        return [[[asset.asset_id, asset.sha256] for asset in group] for group in groups]

    return {
        "format_version": FORMAT_VERSION,
        "config": {key: value for key, value in unstructure(config).items() if key != "frames"},
        "targets": contents(catalogue.targets),
        "distractors": contents(catalogue.distractors),
        "hdris": [[hdri.source, hdri.sha256] for hdri in catalogue.hdris],
        "textures": {key: [[t.texture_id, t.sha256] for t in sets] for key, sets in catalogue.textures.items()},
        "photos": [[photo.source, photo.sha256] for photo in catalogue.photos],
        "template": catalogue.template_sha256,
    }
