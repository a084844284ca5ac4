"""What is done with a scene file: render it, check it, preview it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from pipeline.commands.options import (
    device_option,
    frames_option,
    retry_option,
    scene_argument,
    seed_option,
    set_option,
    with_seed,
)
from pipeline.commands.render_workers import GRACE_S, render_with_workers
from pipeline.commands.workers import given_limits, worker_options
from pipeline.config.load import base_dir_of, load_config
from pipeline.frames import OF_SCENE, parse_frames
from pipeline.job_file import write_job_file
from pipeline.pace import show_duration
from pipeline.plurals import counted
from pipeline.reporting import Summary
from pipeline.terminal import (
    import_run,
    open_job,
    replay,
    session,
)

SHEET_TYPES = (".png", ".jpg", ".jpeg", ".webp")
PREVIEW_FRAMES = 9


@click.command(
    epilog="""\b
Examples:
  variegate render scenes/tabletop.yaml --out out/table
  variegate render scenes/dice_tray.yaml --out out/dice --frames 0-9,20 --set render.quality=final
  variegate render scenes/tabletop.yaml --out out/table --workers auto
  variegate render --plan out/dice/frames/000012/plan.json --out out/again"""
)
@scene_argument(required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DATASET",
    help='Folder of the dataset; made if needed. With --plan by default the plan\'s own dataset plus "-replay".',
)
@frames_option("all that the scene file asks for")
@seed_option
@set_option
@device_option
@retry_option
@click.option("--save-blend", is_flag=True, help="Keep each frame's built scene as DATASET/blends/NUMBER.blend.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    metavar="PLAN.json",
    help="Make the one frame of this plan again, next to the job.json of its dataset.",
)
@worker_options(None, "Render with so many supervised processes; auto: as many as the machine takes.", GRACE_S)
@click.option("--attempts", type=click.IntRange(min=1), metavar="N", help="Failures after which a frame is given up.")
@click.option("--blender", metavar="COMMAND", default="", help="With --workers: a real Blender to render with.")
@click.option("--path-map", "pairs", multiple=True, metavar="A=B", help="Folder A is called B in that Blender.")
def render(
    scene: Path | None,
    out: Path | None,
    frames: str | None,
    seed: int | None,
    overrides: tuple[str, ...],
    device: str,
    retry_quarantined: bool,
    save_blend: bool,
    plan: Path | None,
    **options: Any,
) -> None:
    """Render and commit frames, resuming what is there.

    Frames that DATASET already holds are not made again, and stopping at any moment loses at most the frame in
    progress: run the same command to go on. SCENE.yaml may also be a job.json.
    """
    if not options["workers"] and (given := given_limits(options)):
        raise click.UsageError(f"{given} goes with --workers")
    if plan is not None:
        if frames is not None or seed is not None or overrides or save_blend or options["workers"]:
            raise click.UsageError(
                "--plan makes exactly what the plan says: leave out --frames, --seed, --set, --save-blend, --workers"
            )
        folder, verdict = replay(plan, scene, out, device)
        click.echo(f"wrote {folder}; {verdict}")
        return
    if scene is None or out is None:
        raise click.UsageError("render needs SCENE.yaml and --out DATASET, or --plan PLAN.json")
    overrides = with_seed(overrides, seed)
    config = load_config(scene, overrides)
    wanted = parse_frames(frames, config.frames, remedy=OF_SCENE) if frames is not None else range(config.frames)
    if options["workers"]:
        options["save_blend"] = save_blend
        summary = render_with_workers(
            scene, config, overrides, out, wanted, device, options, retry_quarantined=retry_quarantined
        )
    else:
        with session(out) as report:
            engine, job = open_job(scene, config, device, report, overrides=overrides)
            summary = import_run().render_frames(
                engine, job, out, wanted, report, save_blend=save_blend, retry_quarantined=retry_quarantined
            )
    click.echo(_describe(summary, out))
    if summary.given_up:
        raise click.exceptions.Exit(1)


@click.command(
    short_help="Say all that is wrong with a scene file, or what it would make.",
    epilog="""\b
Examples:
  variegate check scenes/tabletop.yaml
  variegate check my.yaml --job job.json      (to render in a real Blender, see scripts/render.py)""",
)
@scene_argument()
@seed_option
@set_option
@click.option(
    "--job",
    "job_file",
    type=click.Path(path_type=Path),
    metavar="JOB.json",
    help="Also write the scene file made final.",
)
def check(scene: Path, seed: int | None, overrides: tuple[str, ...], job_file: Path | None) -> None:
    """Say everything that is wrong with a scene file and its assets, or what would be rendered."""
    from pipeline.check import describe_job

    overrides = with_seed(overrides, seed)
    config = load_config(scene, overrides)
    with session() as report:
        _, job = open_job(scene, config, "cpu", report, overrides=overrides)
    rows = list(describe_job(job))
    width = max(len(heading) for heading, _ in rows)
    click.echo(f"{scene} is fine. It would make:")
    for heading, text in rows:
        click.echo(f"  {heading:<{width}}  {text}")
    if job_file is not None:
        write_job_file(job_file, job, base_dir_of(scene))
        click.echo(f"wrote {job_file}")


@click.command(
    short_help="Make a contact sheet in seconds, labels drawn.",
    epilog="""\b
Examples:
  variegate preview scenes/tabletop.yaml
  variegate preview my.yaml --frames 0-24 --out sheet.png --set environment.strength=0.2""",
)
@scene_argument()
@frames_option(f"0-{PREVIEW_FRAMES - 1}")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("preview.png"),
    show_default=True,
    metavar="FILE.png",
    help="Picture to write.",
)
@click.option(
    "--width",
    type=click.IntRange(16, 4096),
    metavar="PX",
    default=320,
    show_default=True,
    help="Rendered width of a frame.",
)
@click.option("--marks", is_flag=True, help="Draw the places of things and cameras, by name, instead of the labels.")
@seed_option
@set_option
@device_option
def preview(
    scene: Path,
    frames: str | None,
    out: Path,
    width: int,
    marks: bool,
    seed: int | None,
    overrides: tuple[str, ...],
    device: str,
) -> None:
    """Make a contact sheet in seconds: boxes, names and mask outlines drawn.

    Small pictures of few samples, drawn from the same seeds: what frame 3 shows here, frame 3 of the render shows.
    """
    from pipeline.built.places import build_places
    from pipeline.preview import draw_sheet, preview_config
    from pipeline.records import FramePlan
    from pipeline.sampling.structured.places import Places, places_of
    from pipeline.show.tiles import save_sheet

    if out.suffix.lower() not in SHEET_TYPES:
        raise click.BadParameter(
            f"{out} is not a picture; end it in one of {', '.join(SHEET_TYPES)}", param_hint="--out"
        )
    overrides = with_seed(overrides, seed)
    config = load_config(scene, overrides)
    wanted = (
        range(min(PREVIEW_FRAMES, config.frames))
        if frames is None
        else parse_frames(frames, config.frames, remedy=OF_SCENE)
    )
    with session() as report, tempfile.TemporaryDirectory(prefix="variegate-") as scratch:
        engine, job = open_job(
            scene, preview_config(config, width), device, report, overrides=overrides, is_changed=True
        )

        def places(plan: FramePlan) -> Places:
            return places_of(job.catalogue.marks, build_places(plan.surroundings))

        made = import_run().preview_frames(engine, job, wanted, report, Path(scratch))
        sheet = draw_sheet(made, places if marks else None)
    save_sheet(sheet, out)
    click.echo(f"wrote {out}")


def _describe(summary: Summary, out: Path) -> str:
    parts = [f"{counted(summary.accepted, 'frame')} made"]
    if summary.rejected:
        parts.append(f"{summary.rejected} rejected (labels.json of each says why)")
    if summary.given_up:
        parts.append(f"{summary.given_up} given up (quarantine/ says why)")
    if summary.already_done:
        parts.append(f"{counted(summary.already_done, 'was', 'were')} there already")
    text = f"{out}: {', '.join(parts)}"
    if not summary.made:
        return text
    return f"{text}; {show_duration(summary.seconds)}, {summary.seconds / summary.made:.1f} s a frame"
