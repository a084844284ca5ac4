"""Blender at a terminal: its own output kept in a log, Ctrl-C counted, and a clear word where there is no Blender."""

from __future__ import annotations

import faulthandler
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from rich.console import Console

from pipeline.blender_log import blender_log
from pipeline.config.load import base_dir_of, places_in
from pipeline.config.schema import Config
from pipeline.dataset.layout import JOB, LABELS, LOGS, PLAN, frame_folder
from pipeline.dataset.presence import present
from pipeline.dataset.read import read_base_dir, read_commit, read_job, read_plan
from pipeline.dataset.scratch import end_at_once, own_temporary_folder
from pipeline.dataset.worker_log import tell_stopping
from pipeline.errors import AssetError, DeviceError, PipelineError, Problem, StoreError
from pipeline.interrupts import interrupts
from pipeline.job import Job
from pipeline.job_file import read_job_file
from pipeline.plurals import counted
from pipeline.progress import ConsoleReporter

if TYPE_CHECKING:
    from pipeline.engine import Engine

NO_BLENDER = (
    "this Python has no Blender (pip install 'bpy==5.2.*' on Python 3.13, 'bpy==4.5.*' on Python 3.11; "
    "or use a real Blender with scripts/render.py)"
)
NO_LIBRARY = (
    "Blender cannot be loaded: {} (on Debian or Ubuntu: "
    "apt-get install libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 libegl1)"
)


INTERRUPTED = 130  # exit code, as shells have it


class Interrupted(Exception):
    """Ctrl-C. `committed` frames are in the dataset; None where there is no dataset."""

    def __init__(self, committed: int | None) -> None:
        self.committed = committed
        super().__init__()


@contextmanager
def session(out: Path | None = None) -> Iterator[ConsoleReporter]:
    """Yield the reporter of a run. With a dataset folder `out`, Blender's output is kept in its logs/.

    Raises Interrupted after Ctrl-C, once the stage at hand is done; a second Ctrl-C ends the process at once.
    """

    def say(text: str) -> None:
        log.terminal.write(f"{text}\n")
        log.terminal.flush()

    def stop_soon() -> None:
        if out is not None:
            tell_stopping(out)
        say("stopping as soon as it is safe; Ctrl-C again stops at once")

    def stop_at_once() -> None:
        say(describe_interruption(None if out is None else count_frames(out)))
        end_at_once(INTERRUPTED)

    with (
        own_temporary_folder(),
        blender_log() as log,
        interrupts(stop_soon, stop_at_once) as flag,
    ):
        faulthandler.enable(log.terminal)
        report = ConsoleReporter(
            Console(file=log.terminal),
            at_begin=lambda: log.move_to(out / LOGS) if out is not None else None,
            after_frame=log.trim,
            should_stop=flag.is_set,
        )
        try:
            yield report
        except KeyboardInterrupt as stop:
            raise Interrupted(None if out is None else count_frames(out)) from stop
        except PipelineError:
            raise
        except Exception as error:
            error.add_note(f"Blender's last words:\n{log.tail()}")
            raise
        finally:
            report.close()
            faulthandler.disable()


def describe_interruption(committed: int | None) -> str:
    """Return what to say after Ctrl-C."""
    if committed is None:
        return "interrupted"
    return f"interrupted: {counted(committed, 'frame is', 'frames are')} committed; run the same command to go on"


def count_frames(out: Path) -> int:
    """Return how many frames are in their place, whether or not this run came to say so."""
    try:
        return len(present(out))
    except StoreError:
        return 0


def load_blender() -> None:
    """Load Blender, which cannot be interrupted in that: Ctrl-C is obeyed after it. Raises PipelineError without one,
    and Interrupted."""
    with interrupts(lambda: None, lambda: end_at_once(INTERRUPTED)) as flag:
        import_run()
    if flag.is_set():
        raise Interrupted(None)


def import_run() -> ModuleType:
    """Return `pipeline.run`, which needs Blender. Raises PipelineError saying how to get one."""
    return import_with_blender("pipeline.run")


def import_with_blender(module: str) -> ModuleType:
    """Return a module that needs Blender. Raises PipelineError saying how to get one."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if error.name == "bpy" and isinstance(error, ModuleNotFoundError):
            raise PipelineError(NO_BLENDER) from error
        if ".so" in str(error) or ".dylib" in str(error) or "DLL" in str(error):
            raise PipelineError(NO_LIBRARY.format(error)) from error
        raise


def write_models(dataset: Path, out: Path) -> str:
    """Write the meshes of a BOP export with Blender and return what to say; where there is none, that they lack."""
    try:
        models = import_with_blender("pipeline.models")
    except PipelineError as error:
        return f"{out / 'models'} holds models_info.json with boxes alone, no meshes and no diameters: {error}"
    with session():
        count: int = models.write_bop_models(dataset, out)
    return f"wrote {out / 'models'}: {count} meshes"


def open_job(
    scene: Path,
    config: Config,
    device: str,
    report: ConsoleReporter,
    *,
    overrides: tuple[str, ...] = (),
    is_changed: bool = False,
) -> tuple[Engine, Job]:
    """Open Blender and return it with the job: a job.json that nothing changes as it is, anything else surveyed.

    `config` is `scene` with `overrides`, or made from it (`is_changed`). Raises AssetError with file, line and key.
    """
    blender = import_with_blender("pipeline.engine")
    template = None if config.template is None else config.template.file
    engine: Engine = blender.open_engine(device, base_dir_of(scene), template)
    if scene.suffix == ".json" and not overrides and not is_changed:
        return engine, read_job_file(scene)
    with located(scene, overrides):
        job: Job = blender.survey_job(engine, config, report)
    return engine, job


@contextmanager
def located(scene: Path, overrides: tuple[str, ...]) -> Iterator[None]:
    """Put the lines of the scene file before what a survey within the block finds wrong."""
    try:
        yield
    except AssetError as error:
        where = places_in(scene, overrides)
        raise AssetError([_located(problem, where) for problem in error.problems]) from error


def _located(problem: Problem, where: Callable[[str], str]) -> Problem:
    """Put the scene file's line before what the survey found; a file it names goes into the message."""
    place = where(problem.path)
    if not place or not problem.path:
        return problem
    message = f"{problem.where}: {problem.message}" if problem.where else problem.message
    return replace(problem, where=place, message=message)


def replay(plan_file: Path, job_file: Path | None, out: Path | None, device: str) -> tuple[Path, str]:
    """Make the frame of a plan again and return its folder, with a word on whether the labels came out the same.

    The job is `job_file`, or the job.json of the dataset the plan lies in; without `out` the frame goes to a dataset
    of its own beside that one.
    """
    dataset = plan_file.resolve().parent.parent.parent
    if job_file is None and not (dataset / JOB).is_file():
        raise PipelineError(f"{plan_file}: not in a dataset; name its job too: render job.json --plan {plan_file}")
    plan = read_plan(plan_file)
    job = read_job(dataset) if job_file is None else read_job_file(job_file)
    base_dir = read_base_dir(dataset) if job_file is None else base_dir_of(job_file)
    out = out or dataset.with_name(f"{dataset.name}-replay")
    with session(out) as report:
        run, blender = import_run(), import_with_blender("pipeline.engine")
        engine = blender.open_engine(device, base_dir, plan.template or None)
        folder: Path = run.render_plan(engine, job, plan, out, report)
    return folder, _compare(plan_file.parent / LABELS, folder / LABELS)


def _compare(before: Path, after: Path) -> str:
    if not before.is_file():
        return "there are no labels beside the plan to compare with"
    same = before.read_bytes() == after.read_bytes()
    return f"labels.json is {'the same as' if same else 'NOT the same as'} {before}"


def render_again(root: Path, frames: Sequence[int], out: Path) -> None:
    """Render frames of the dataset `root` again, from their plans, into the dataset `out`.

    On the device that made them where it is there. Raises PipelineError for a Blender of another series, whose physics
    and poses may differ in their last bits.
    """
    job, base_dir = read_job(root), read_base_dir(root)
    plans = [read_plan(frame_folder(root, frame) / PLAN) for frame in frames]
    with session() as report:
        run, blender = import_run(), import_with_blender("pipeline.engine")
        for frame, plan in zip(frames, plans, strict=True):
            renderer = read_commit(root, frame)["renderer"]
            _check_series(renderer.get("blender", ""), blender.blender_facts()["blender"], frame)
            try:
                engine = blender.open_engine(renderer.get("device", "auto"), base_dir, plan.template or None)
            except DeviceError:
                engine = blender.open_engine("auto", base_dir, plan.template or None)
            run.render_plan(engine, job, plan, out, report)


def _check_series(made: str, here: str, frame: int) -> None:
    if made.split(".")[:2] != here.split(".")[:2]:
        raise PipelineError(f"frame {frame} was made by Blender {made}, this is {here}: replay it with that series")
