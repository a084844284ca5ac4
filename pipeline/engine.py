"""Blender, open and ready for a dataset, and that dataset: what every process that makes frames begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.addresses import PathMap, Places, resolve
from pipeline.config.schema import Config
from pipeline.dataset.read import base_dir_there, read_job
from pipeline.dataset.store import Store, WorkerLog, open_store
from pipeline.job import Job, make_job
from pipeline.render.c_library import c_library
from pipeline.render.device import Device, choose_device, denoiser_notice, pick_denoiser
from pipeline.render.eevee import require_eevee, software_notice
from pipeline.reporting import Reporter
from pipeline.scene.compat import blender_facts
from pipeline.scene.survey.catalogue import survey
from pipeline.scene.workshop import Workshop, open_workshop


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engine:
    """Blender, open and ready: files are read once as long as it lives."""

    workshop: Workshop
    device: Device


def open_engine(
    device: str, base_dir: Path, template: str | None = None, *, threads: int = 0, path_map: PathMap = ()
) -> Engine:
    """Open Blender on the template (an address) or an empty file, to render with `threads` of the processor, 0 for all.

    Raises DeviceError when the device is not there.
    """
    places = Places(base_dir=base_dir, path_map=path_map)
    file = None if template is None else resolve(template, places)
    return Engine(workshop=open_workshop(places, file), device=choose_device(device, threads))


def survey_job(engine: Engine, config: Config, report: Reporter) -> Job:
    """Return the job of a configuration: its assets found, checked and measured."""
    shop = engine.workshop
    return make_job(config, survey(config, shop.places, shop.library, report.notice, shop.session))


def open_dataset_for(engine: Engine, job: Job, out: Path) -> Store:
    """Open or make the dataset `out` of a job; its frames will say which Blender, C library and device made them."""
    facts = {**blender_facts(), "c_library": c_library(), "device": engine.device.name}
    return open_store(out, job, engine.workshop.places.base_dir, facts)


def open_dataset(
    dataset: Path, report: Reporter, *, device: str, threads: int, path_map: PathMap
) -> tuple[Engine, Store]:
    """Open Blender for the job of a dataset, and the dataset, for a process that makes some of its frames."""
    job = read_job(dataset)
    template = None if job.config.template is None else job.config.template.file
    base_dir = base_dir_there(dataset, path_map)
    engine = open_engine(device, base_dir, template, threads=threads, path_map=path_map)
    check_renderer(engine, job.config.render.denoiser, job.config.render.engine, report)
    return engine, open_dataset_for(engine, job, dataset)


def open_log(store: Store, engine: Engine, role: str, facts: Mapping[str, Any] | None = None) -> WorkerLog:
    """Begin this process's log in the dataset: what it is, what it renders with, and further `facts`."""
    device = {"device": engine.device.name, "models": list(engine.device.models), "threads": engine.device.threads}
    return WorkerLog(store.root, {"role": role, **device, **store.facts, **(facts or {})})


def check_renderer(engine: Engine, denoiser: str, renderer: str, report: Reporter) -> None:
    """Find out before anything is written whether this Blender has what the job asks of it."""
    pick_denoiser(denoiser, engine.device)
    if text := denoiser_notice(denoiser, engine.device):
        report.notice(text)
    if renderer == "eevee" and (text := software_notice(require_eevee())):
        report.notice(text)
