"""The conductor: the only module that knows the order plan -> build -> render -> annotate -> commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from pipeline.annotations.annotate import annotate, rejected_labels
from pipeline.dataset.claims import claimed_by
from pipeline.dataset.given_up import not_given_up
from pipeline.dataset.layout import blend_file
from pipeline.dataset.scratch import scratch_folder
from pipeline.dataset.store import Store, WorkerLog, clean_stale, commit, missing, share_out, sweep_claims
from pipeline.engine import Engine, check_renderer, open_dataset_for, open_log
from pipeline.errors import PipelineError, RejectedFrame, StoreError
from pipeline.exit_codes import is_fault_of_frame
from pipeline.frames import show_frames
from pipeline.job import Job
from pipeline.records import Annotation, FramePlan, RenderedFrame
from pipeline.render.frame import render_frame
from pipeline.render.settings import configure
from pipeline.reporting import Reporter, Summary
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.tally import Tally
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene, save_scene


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """One frame as it came out, before it is written. `rendered` is None when the frame was rejected unseen."""

    plan: FramePlan
    rendered: RenderedFrame | None
    annotation: Annotation
    seconds: dict[str, float]
    """Wall clock of each stage; goes to timing/ alone."""


WAIT_S = 2.0  # between looks at frames that other processes make


def render_frames(
    engine: Engine,
    job: Job,
    out: Path,
    frames: Sequence[int],
    report: Reporter,
    *,
    save_blend: bool = False,
    retry_quarantined: bool = False,
) -> Summary:
    """Render and commit the frames that `out` does not hold yet and that no other process makes.

    Re-running is always safe. An error in a frame ends the run. Frames given up before are left out unless asked for.
    """
    check_renderer(engine, job.config.render.denoiser, job.config.render.engine, report)
    store = open_dataset_for(engine, job, out)
    clean_stale(store)
    sweep_claims(out)
    with open_log(store, engine, "render", {"asked": show_frames(frames)}) as log:
        asked = missing(store, frames)
        left = not_given_up(store, asked, log, report.notice, retry=retry_quarantined)
        given_up = len(asked) - len(left)
        summary = Summary(total=len(frames), already_done=len(frames) - len(asked), given_up=given_up)
        report.begin(len(frames), summary.already_done)
        tally = Tally()
        with closing(share_out(store, left, lambda others: wait_for(store, others, report))) as ours:
            for frame in ours:
                made = try_frame(engine, store, frame, report, log, save_blend=save_blend)
                tally.add(made.plan)
                summary = summary.with_frame(made.annotation.labels.status, sum(made.seconds.values()))
    tell_dropped(tally, report)
    summary = replace(summary, already_done=summary.total - summary.made - summary.given_up)
    report.end(summary)
    return summary


def wait_for(store: Store, others: Sequence[int], report: Reporter) -> None:
    """Wait a little for frames that other processes make."""
    if maker := claimed_by(store.root, others[0]):
        report.notice(f"waiting for frames that other processes make: {maker}")
    report.stage(others[0], "waiting for another process")
    time.sleep(WAIT_S)


def render_plan(engine: Engine, job: Job, plan: FramePlan, out: Path, report: Reporter) -> Path:
    """Render one frame again from its plan into the dataset `out`, and return the frame's folder."""
    if plan.job_digest != job.digest:
        raise PipelineError(
            f"the plan was made by job {plan.job_digest[:12]}, job.json is {job.digest[:12]}; "
            "keep a plan next to the job.json of its dataset"
        )
    check_renderer(engine, plan.render.denoiser, plan.render.engine, report)
    store = open_dataset_for(engine, job, out)
    report.begin(1, 0)
    made = _commit_one(engine, plan, store, report)
    tally = Tally()
    tally.add(plan)
    tell_dropped(tally, report)
    report.end(Summary(total=1, already_done=0).with_frame(made.annotation.labels.status, sum(made.seconds.values())))
    return store.folder(plan.frame)


def preview_frames(engine: Engine, job: Job, frames: Sequence[int], report: Reporter, scratch: Path) -> Iterator[Made]:
    """Yield frames without writing a dataset; each picture lies in `scratch` until the next is asked for."""
    check_renderer(engine, job.config.render.denoiser, job.config.render.engine, report)
    report.begin(len(frames), 0)
    tally = Tally()
    for frame in frames:
        made = make_frame(engine, plan_frame(job, frame), scratch, report)
        _tell_done(made, report)
        tally.add(made.plan)
        yield made
    tell_dropped(tally, report)


def tell_dropped(tally: Tally, report: Reporter) -> None:
    """Say what contexts could not place, also in frames that were rejected."""
    for text in tally.notices():
        report.notice(text)


def make_frame(engine: Engine, plan: FramePlan, scratch: Path, report: Reporter, blend: Path | None = None) -> Made:
    """Build, render and annotate one plan; whatever happens, the session is clean afterwards."""
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        report.stage(plan.frame, name)
        start = perf_counter()
        yield
        seconds[name] = perf_counter() - start

    rendered, annotation = None, None
    try:
        rendered, annotation = _make(engine, plan, scratch, stage, seconds, blend)
    except RejectedFrame as reason:
        annotation = rejected_labels(plan, str(reason))
    finally:
        with stage("clean"):
            close_scene(engine.workshop)
    return Made(plan=plan, rendered=rendered, annotation=annotation, seconds=seconds)


def _make(
    engine: Engine,
    plan: FramePlan,
    scratch: Path,
    stage: Callable[[str], AbstractContextManager[None]],
    seconds: dict[str, float],
    blend: Path | None,
) -> tuple[RenderedFrame, Annotation]:
    with stage("build"):
        built = build_scene(plan, engine.workshop)
    if blend is not None:
        with stage("save"):
            configure(built.scene, plan.render, engine.device, plan.camera.motion)
            save_scene(blend)
    parts: dict[str, float] = {}
    with stage("render"):
        rendered = render_frame(built, plan, engine.device, scratch, parts)
    seconds |= parts | {"render": seconds["render"] - sum(parts.values())}  # stages never overlap
    with stage("annotate"):
        return rendered, annotate(plan, rendered)


def try_frame(
    engine: Engine, store: Store, frame: int, report: Reporter, log: WorkerLog, *, save_blend: bool = False
) -> Made:
    """Make and commit one frame of the store's job, and tell the log how that ended. Errors pass through."""
    log.begin(frame)
    try:
        start = perf_counter()
        plan = plan_frame(store.job, frame)
        planned_s = perf_counter() - start
        made = _commit_one(engine, plan, store, report, save_blend=save_blend)
    except KeyboardInterrupt:
        log.stopped(frame)
        raise
    except Exception as error:
        if is_fault_of_frame(error):
            log.failed(frame, f"{type(error).__name__}: {error}")
        else:
            with suppress(StoreError):
                log.stopped(frame)
        raise
    labels = made.annotation.labels
    log.done(frame, labels.status, {"plan": planned_s, **made.seconds}, labels.reason)
    return made


def _commit_one(engine: Engine, plan: FramePlan, store: Store, report: Reporter, *, save_blend: bool = False) -> Made:
    blend = blend_file(store.root, plan.frame) if save_blend else None
    with scratch_folder() as scratch:
        made = make_frame(engine, plan, scratch, report, blend)
        report.stage(plan.frame, "commit")
        start = perf_counter()
        commit(store, plan, made.rendered, made.annotation)
        made.seconds["commit"] = perf_counter() - start
    _tell_done(made, report)
    return made


def _tell_done(made: Made, report: Reporter) -> None:
    """Say that a frame is done, and why it was rejected; the reporter says the same reason once."""
    labels = made.annotation.labels
    report.frame_done(made.plan.frame, labels.status, sum(made.seconds.values()))
    if labels.reason:
        report.notice(f"rejected: {labels.reason}")
