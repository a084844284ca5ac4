"""`render --workers`: survey apart, then a supervisor over worker processes; this process holds no Blender."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from pipeline.addresses import parse_path_map
from pipeline.commands.workers import Options, Run, crew_of, limits_of, stoppable, supervise
from pipeline.config.load import base_dir_of
from pipeline.config.schema import Config
from pipeline.dataset.create import open_store
from pipeline.errors import FarmError
from pipeline.farm.local.crew import Crew
from pipeline.farm.local.survey_process import Surveyor, survey_apart
from pipeline.job import Job
from pipeline.job_file import read_job_file
from pipeline.reporting import Summary
from pipeline.terminal import INTERRUPTED, Interrupted, count_frames, located

GRACE_S = 30.0


def render_with_workers(
    scene: Path,
    config: Config,
    overrides: tuple[str, ...],
    out: Path,
    wanted: Sequence[int],
    device: str,
    options: Options,
    *,
    retry_quarantined: bool,
) -> Summary:
    """Make the frames of a scene file that `out` lacks, and return what was made.

    Raises Interrupted after a stop, and FarmError when no frame can be made any more.
    """
    blender, path_map = options["blender"], parse_path_map(options["pairs"])
    crew = crew_of(options, len(wanted), device, out, path_map, blender)
    console = Console(stderr=True)
    job = _job(scene, config, overrides, out, crew, console)
    run = Run(
        store=open_store(out, job, base_dir_of(scene)),
        wanted=wanted,
        crew=crew,
        limits=limits_of(options, crew.workers, GRACE_S),
        retry_quarantined=retry_quarantined,
    )
    outcome = supervise(run, console, INTERRUPTED)
    if outcome.reason:
        raise FarmError(outcome.reason)
    if outcome.was_stopped:
        raise Interrupted(count_frames(out))
    return outcome.summary


def _job(scene: Path, config: Config, overrides: tuple[str, ...], out: Path, crew: Crew, console: Console) -> Job:
    if scene.suffix == ".json" and not overrides:
        return read_job_file(scene)

    def notice(text: str) -> None:
        console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)

    surveyor = Surveyor(program=crew.program, path_map=crew.path_map, threads=crew.cpus)
    with stoppable(notice, 0.0, INTERRUPTED) as stop, located(scene, overrides):
        job = survey_apart(config, base_dir_of(scene), out, surveyor, notice, stop)
    if job is None:
        raise Interrupted(None)
    return job
