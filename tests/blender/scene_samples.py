"""Jobs of built-in shapes, for tests that need a real scene and no file."""

from __future__ import annotations

from pathlib import Path

from pipeline.addresses import Places
from pipeline.config.schema import Config
from pipeline.job import Job, make_job
from pipeline.scene.survey.catalogue import survey
from pipeline.scene.workshop import Workshop, open_workshop
from pipeline.structure import Reader, structure

SCENE = {
    "seed": 5,
    "categories": [{"id": 1, "name": "block"}],
    "targets": [{"shapes": ["cube", "wedge"], "category": "block", "count": 2, "size_m": 0.1}],
    "distractors": [{"shapes": ["sphere", "torus"], "count": 2, "size_m": {"uniform": [0.05, 0.1]}}],
    "placement": {"resting": {"area_m": [0.5, 0.5]}},
    "lights": [{"count": 2, "kind": ["point", "area", "spot", "sun"]}],
    "camera": {"shell": {"distance_m": 1.0}, "resolution": [32, 24]},
    "render": {"quality": "draft", "samples_per_pixel": 1, "denoiser": "none"},
}


def workshop_and_job(base_dir: Path, opened: Path | None = None, **changes: object) -> tuple[Workshop, Job]:
    """Open Blender and return it with the job of SCENE, sections replaced by `changes`."""
    workshop = open_workshop(Places(base_dir=base_dir), opened)
    return workshop, job_of(workshop, **changes)


def job_of(workshop: Workshop, **changes: object) -> Job:
    reader = Reader()
    config = structure({**SCENE, **changes}, Config, reader)
    assert not reader.problems, reader.problems
    return make_job(config, survey(config, workshop.places, workshop.library, lambda text: None, workshop.session))
