"""What is done with a finished dataset: export it, show it, verify it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from pipeline.commands.options import FiniteRange, frames_option
from pipeline.dataset.create import read_dataset
from pipeline.dataset.scratch import own_temporary_folder
from pipeline.errors import PipelineError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import ExportOptions
from pipeline.frames import parse_frames
from pipeline.plurals import counted
from pipeline.progress import counting
from pipeline.terminal import load_blender, render_again, write_models


@click.command(
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
    type=FiniteRange(0, 1),
    default=0.0,
    metavar="F",
    help="Ignore objects of which a smaller share is visible (0..1); needs the output mask_full.",
)
@click.option(
    "--min-pixels", type=click.IntRange(min=1), default=1, metavar="N", help="Ignore objects with fewer visible pixels."
)
@click.option(
    "--val-fraction",
    type=FiniteRange(0, 1),
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
        f"wrote {summary.file}: {counted(summary.images, 'image')}, {counted(summary.annotations, 'annotation')}, "
        f"{counted(summary.ignored, 'object')} ignored, {counted(summary.rejected, 'rejected frame')} left out, "
        f"{counted(summary.missing, 'frame')} missing"
    )
    if models:
        click.echo(write_models(dataset, out))


@click.command(
    short_help="Draw the labels of a dataset.",
    epilog="""\b
Examples:
  variegate show out/dice
  variegate show out/dice --frames 12 --side-by-side --out frame12.png
  variegate show out/dice --frames 0-99 --layers rgb,depth,normal,boxes --out out/dice-pictures""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@frames_option("the first 16, or 4 side by side", "draw")
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
    click.echo(f"wrote {out}" if written == (out,) else f"wrote {counted(len(written), 'picture')} to {out}")


@click.command(
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
    "--format", "form", metavar="NAME", help="EXPORT is of this format: coco, yolo, voc, kitti, bop and their kinds."
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
    if form is not None and dataset is None:
        raise click.UsageError("--format needs --dataset: what the export was made of")
    if count:
        click.get_current_context().with_resource(own_temporary_folder())
        load_blender()  # without Blender, say so before the long part
    with counting(Console(stderr=True), "verifying") as progress:
        if form is not None and dataset is not None:
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
