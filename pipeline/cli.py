"""The command line, and the only place that prints. A PipelineError is one message and exit code 2."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pipeline import __version__
from pipeline.config.load import base_dir_of, load_config
from pipeline.dataset.create import read_dataset
from pipeline.errors import PipelineError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import ExportOptions
from pipeline.frames import parse_frames
from pipeline.job_file import write_job_file
from pipeline.progress import counting, show_duration
from pipeline.reporting import Summary
from pipeline.terminal import (
    INTERRUPTED,
    Interrupted,
    describe_interruption,
    import_run,
    open_job,
    render_again,
    replay,
    session,
    write_models,
)

DEVICES = ("auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi")
SHEET_TYPES = (".png", ".jpg", ".jpeg", ".webp")
PREVIEW_FRAMES = 9


def main(args: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 verify found something, 2 something the user can mend,
    130 interrupted."""
    try:
        code = cli.main(None if args is None else list(args), prog_name="variegate", standalone_mode=False)
    except PipelineError as error:
        click.echo(f"{error}", err=True)
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (Interrupted, click.Abort) as stop:
        click.echo(describe_interruption(getattr(stop, "committed", None)), err=True)
        return INTERRUPTED
    except click.exceptions.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Each command has its own --help with examples.",
)
@click.version_option(__version__, prog_name="variegate")
def cli() -> None:
    """Labelled training images from 3D assets, rendered headless with Blender.

    A scene file (YAML) says what may vary; a frame is a pure function of it, the assets, the seed and its number.
    """


# --- options that several commands share ----------------------------------------------------------------------------


def _scene_argument(required: bool = True) -> Callable[[Any], Any]:
    return click.argument(
        "scene",
        required=required,
        type=click.Path(path_type=Path),
        metavar="SCENE.yaml" if required else "[SCENE.yaml]",
    )


_seed_option = click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Instead of the scene file's seed.")
_set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a key of the scene file: camera.fov_deg=60, 'targets[0].count={integer: [1, 3]}'. Repeatable.",
)
_device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    metavar="NAME",
    help=f"What renders: {', '.join(DEVICES)}; auto takes the best there is.",
)


def _frames_option(default: str, verb: str = "make") -> Callable[[Any], Any]:
    text = f"Frames to {verb}, like 0-9,20,30-40:2 (counted from 0).  [default: {default}]"
    return click.option("--frames", metavar="LIST", help=text)


# --- commands -------------------------------------------------------------------------------------------------------


@cli.command(
    epilog="""\b
Examples:
  variegate render scenes/tabletop.yaml --out out/table
  variegate render scenes/dice_tray.yaml --out out/dice --frames 0-9,20 --set render.quality=final
  variegate render --plan out/dice/frames/000012/plan.json --out out/again"""
)
@_scene_argument(required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DATASET",
    help='Folder of the dataset; made if needed. With --plan by default the plan\'s own dataset plus "-replay".',
)
@_frames_option("all that the scene file asks for")
@_seed_option
@_set_option
@_device_option
@click.option("--save-blend", is_flag=True, help="Keep each frame's built scene as DATASET/blends/NUMBER.blend.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    metavar="PLAN.json",
    help="Make the one frame of this plan again, next to the job.json of its dataset.",
)
def render(
    scene: Path | None,
    out: Path | None,
    frames: str | None,
    seed: int | None,
    overrides: tuple[str, ...],
    device: str,
    save_blend: bool,
    plan: Path | None,
) -> None:
    """Render and commit frames, resuming what is there.

    Frames that DATASET already holds are not made again, and stopping at any moment loses at most the frame in
    progress: run the same command to go on. SCENE.yaml may also be a job.json.
    """
    if plan is not None:
        if frames is not None or seed is not None or overrides or save_blend:
            raise click.UsageError(
                "--plan makes exactly what the plan says: leave out --frames, --seed, --set, --save-blend"
            )
        folder, verdict = replay(plan, scene, out, device)
        click.echo(f"wrote {folder}; {verdict}")
        return
    if scene is None or out is None:
        raise click.UsageError("render needs SCENE.yaml and --out DATASET, or --plan PLAN.json")
    overrides = _with_seed(overrides, seed)
    config = load_config(scene, overrides)
    wanted = parse_frames(frames, config.frames) if frames is not None else range(config.frames)
    with session(out) as report:
        engine, job = open_job(scene, config, device, report, overrides=overrides)
        summary = import_run().render_frames(engine, job, out, wanted, report, save_blend=save_blend)
    click.echo(_show_summary(summary, out))


@cli.command(
    short_help="Say all that is wrong with a scene file, or what it would make.",
    epilog="""\b
Examples:
  variegate check scenes/tabletop.yaml
  variegate check my.yaml --job job.json      (to render in a real Blender, see scripts/render.py)""",
)
@_scene_argument()
@_seed_option
@_set_option
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

    overrides = _with_seed(overrides, seed)
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


@cli.command(
    short_help="Make a contact sheet in seconds, labels drawn.",
    epilog="""\b
Examples:
  variegate preview scenes/tabletop.yaml
  variegate preview my.yaml --frames 0-24 --out sheet.png --set environment.strength=0.2""",
)
@_scene_argument()
@_frames_option(f"0-{PREVIEW_FRAMES - 1}")
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
@_seed_option
@_set_option
@_device_option
def preview(
    scene: Path, frames: str | None, out: Path, width: int, seed: int | None, overrides: tuple[str, ...], device: str
) -> None:
    """Make a contact sheet in seconds: boxes, names and mask outlines drawn.

    Small pictures of few samples, drawn from the same seeds: what frame 3 shows here, frame 3 of the render shows.
    """
    from pipeline.preview import draw_sheet, preview_config
    from pipeline.show.tiles import save_sheet

    if out.suffix.lower() not in SHEET_TYPES:
        raise click.BadParameter(
            f"{out} is not a picture; end it in one of {', '.join(SHEET_TYPES)}", param_hint="--out"
        )
    overrides = _with_seed(overrides, seed)
    config = load_config(scene, overrides)
    wanted = range(min(PREVIEW_FRAMES, config.frames)) if frames is None else parse_frames(frames, config.frames)
    with session() as report, tempfile.TemporaryDirectory(prefix="variegate-") as scratch:
        engine, job = open_job(
            scene, preview_config(config, width), device, report, overrides=overrides, is_changed=True
        )
        sheet = draw_sheet(import_run().preview_frames(engine, job, wanted, report, Path(scratch)))
    save_sheet(sheet, out)
    click.echo(f"wrote {out}")


@cli.command(
    epilog="""\b
Examples:
  variegate export out/dice --format coco --out out/dice-coco
  variegate export out/dice --format coco --out out/dice-coco --val-fraction 0.1 --min-visibility 0.2 --images link"""
)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(list(EXPORTERS)),
    required=True,
    metavar="NAME",
    help=f"What the training code reads: {', '.join(EXPORTERS)}.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write to.")
@click.option(
    "--images",
    type=click.Choice(["reference", "copy", "link"]),
    help="Name the pictures of DATASET, copy them, or link them (symbolic links); by default what suits the format.",
)
@click.option("--partial", is_flag=True, help="Export what is there although frames are missing.")
@click.option(
    "--min-visibility",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="F",
    help="Ignore objects of which a smaller share is visible (0..1); needs the output mask_full.",
)
@click.option(
    "--min-pixels", type=click.IntRange(min=1), default=1, metavar="N", help="Ignore objects with fewer visible pixels."
)
@click.option(
    "--val-fraction",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="F",
    help="Share of the scenes (0..1) that goes to the split val; which ones never changes as a dataset grows.",
)
@click.option("--models", is_flag=True, help="bop: write the meshes of the objects too, with Blender.")
def export(dataset: Path, form: str, out: Path, models: bool, **options: Any) -> None:
    """Write a dataset in the format of a training framework.

    Ignored objects are marked as the format can (COCO iscrowd, KITTI DontCare, VOC difficult), else left out.
    """
    if models and form != "bop":
        raise PipelineError(f"--models is for --format bop; {form} has no meshes (leave it out)")
    with counting(Console(stderr=True), "exporting") as progress:
        summary = EXPORTERS[form](dataset, out, ExportOptions(**options), progress)
    click.echo(
        f"wrote {summary.file}: {summary.images} images, {summary.annotations} annotations, "
        f"{summary.ignored} objects ignored, {summary.rejected} rejected frames left out, "
        f"{summary.missing} frames missing"
    )
    if models:
        click.echo(write_models(dataset, out))


@cli.command(
    short_help="Draw the labels of a dataset.",
    epilog="""\b
Examples:
  variegate show out/dice
  variegate show out/dice --frames 12 --side-by-side --out frame12.png
  variegate show out/dice --frames 0-99 --layers rgb,depth,normal,boxes --out out/dice-pictures""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@_frames_option("the first 16, or 4 side by side", "draw")
@click.option(
    "--layers",
    metavar="LIST",
    help="Outputs, or boxes, masks and axes, like rgb,depth,boxes; all for everything that DATASET holds.  "
    "[default: masks, 3D boxes, keypoints and boxes; side by side everything]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("show.png"),
    show_default=True,
    metavar="FILE.png|DIR",
    help="Sheet to write, or a folder for a picture of each frame.",
)
@click.option(
    "--overlay/--side-by-side",
    "is_overlay",
    default=None,
    help="All layers on one picture, or a tile for each.  [default: overlay, unless layers would hide each other]",
)
@click.option("--scale", type=click.IntRange(1, 16), metavar="N", help="Pixels drawn for one of the frame.")
def show(
    dataset: Path, frames: str | None, layers: str | None, out: Path, is_overlay: bool | None, scale: int | None
) -> None:
    """Draw boxes, masks, 3D boxes, depth and all other labels, to see whether they are right."""
    from pipeline.show.sheets import ShowOptions, show_dataset

    options = ShowOptions(frames=frames, layers=layers, is_overlay=is_overlay, scale=scale)
    with counting(Console(stderr=True), "drawing") as progress:
        written = show_dataset(dataset, out, options, progress)
    click.echo(f"wrote {out}" if written == (out,) else f"wrote {len(written)} pictures to {out}")


@cli.command(
    short_help="Prove a finished dataset or an export of one.",
    epilog="""\b
Examples:
  variegate verify out/dice
  variegate verify out/dice --replay 5 --report findings.json
  variegate verify --format coco out/dice-coco --dataset out/dice""",
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DATASET|EXPORT")
@click.option("--replay", "count", type=click.IntRange(0), default=0, metavar="N", help="Also render N frames again.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes.  [default: one a processor]")
@click.option(
    "--report", "report_file", type=click.Path(path_type=Path), metavar="FILE.json", help="Write all findings."
)
@click.option("--frames", metavar="LIST", help="Only these, like 0-9,20,30-40:2.  [default: all of the dataset]")
@click.option(
    "--format",
    "form",
)
@click.option("--dataset", type=click.Path(path_type=Path), metavar="DATASET", help="What the export was made of.")
def verify(
    folder: Path,
    count: int,
    workers: int | None,
    report_file: Path | None,
    frames: str | None,
    form: str | None,
    dataset: Path | None,
) -> None:
    """Prove that every frame is there, whole, and labelled with what its pixels show; or say where not.

    Nothing is taken on trust: plans are drawn again, masks, boxes, poses and depth recomputed from each other. With
    --replay some frames are rendered again too. Exit code 0: nothing is wrong, 1: something is.
    """
    from pipeline.verify.exports import verify_export
    from pipeline.verify.report import show_report, write_report
    from pipeline.verify.run import replay_dataset, verify_dataset

    if form is None and dataset is not None:
        raise click.UsageError("--dataset goes with --format: it is what an export was made of")
    if form is not None and (count or workers or frames):
        raise click.UsageError("--replay, --workers and --frames are for datasets, not for exports")
    if count:
        import_run()  # without Blender, say so before the long part
    with counting(Console(stderr=True), "verifying") as progress:
        if form is not None:
            report = verify_export(form, folder, dataset, progress)
        else:
            wanted = None if frames is None else parse_frames(frames, int(read_dataset(folder)["frames"]))
            report = verify_dataset(folder, wanted, workers, progress)
    try:
        if count:
            with tempfile.TemporaryDirectory(prefix="variegate-") as scratch:
                report = replay_dataset(folder, report, count, Path(scratch), render_again)
    finally:  # what is known is worth telling, though no frame can be rendered again
        for line in show_report(report):
            click.echo(line)
        if report_file is not None:
            write_report(report_file, report)
    if not report.is_clean:
        raise click.exceptions.Exit(1)


def _with_seed(overrides: tuple[str, ...], seed: int | None) -> tuple[str, ...]:
    return overrides if seed is None else (*overrides, f"seed={seed}")


def _show_summary(summary: Summary, out: Path) -> str:
    parts = [f"{summary.accepted} frames made"]
    if summary.rejected:
        parts.append(f"{summary.rejected} rejected (labels.json of each says why)")
    if summary.already_done:
        parts.append(f"{summary.already_done} were there already")
    text = f"{out}: {', '.join(parts)}"
    if not summary.made:
        return text
    return f"{text}; {show_duration(summary.seconds)}, {summary.seconds / summary.made:.1f} s a frame"
