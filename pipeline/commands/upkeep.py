"""What is done with datasets by those who run them: make several one, mend one."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from pipeline.dataset.bring import Brought, carry_out
from pipeline.dataset.create import read_dataset
from pipeline.dataset.merge import MIXABLE, MergePlan, Mixable, plan_merge, shorten_frames
from pipeline.dataset.repair import Repaired, repair
from pipeline.frames import frames_are, parse_frames, show_frames
from pipeline.plurals import counted
from pipeline.progress import counting

SHOWN = 20  # damaged frames told one by one


@click.command(
    short_help="Make several datasets of one job one, or take a part out.",
    epilog="""\b
Examples:
  variegate merge node1/dice node2/dice --out out/dice
  variegate merge out/more --out out/dice                        (out/dice grows)
  variegate merge out/dice --frames 0-999 --out out/dice-first   (a part)""",
)
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DATASET...")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DATASET", help="Made, or added to.")
@click.option("--frames", metavar="LIST", help="Only these, like 0-9,20,30-40:2.  [default: all]")
@click.option(
    "--allow-mixed",
    metavar="LIST",
    default="",
    help=f"Take frames of different renderers: {', '.join(MIXABLE)}, or both with a comma between. Never other jobs.",
)
@click.option(
    "--copy",
    is_flag=True,
    help="Copy files although they could be linked. Hard links share the disk space, and damage: a file that is spoilt "
    "in one dataset is spoilt in the other. Copies do not.",
)
@click.option("--quick", is_flag=True, help="Compare sizes alone, not the sha256 of every file.")
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Processes that check.  [default: one a processor]"
)
def merge(
    datasets: tuple[Path, ...],
    out: Path,
    frames: str | None,
    allow_mixed: str,
    copy: bool,
    quick: bool,
    workers: int | None,
) -> None:
    """Make datasets of one job one dataset, the same to the byte as if one machine had rendered it.

    Frames that are damaged are left out, and told; of frames that are there twice one is taken when they are the same.
    Safe to stop and to run again. Datasets of different jobs, Blender builds or device classes are refused.
    """
    console = Console(stderr=True)
    allowed = _mixable(allow_mixed)
    wanted = None if frames is None else parse_frames(frames, max(int(read_dataset(one)["frames"]) for one in datasets))
    with counting(console, "checking") as progress:
        plan = plan_merge(
            datasets, out, frames=wanted, allow_mixed=allowed, deep=not quick, workers=workers, progress=progress
        )
    with counting(console, "merging") as progress:
        brought = carry_out(plan, copy=copy, progress=progress)
    for line in _merge_lines(plan, brought):
        click.echo(line)


def _mixable(text: str) -> tuple[Mixable, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in MIXABLE]
    if unknown:
        raise click.UsageError(f"--allow-mixed has {unknown[0]!r}, expected {' or '.join(MIXABLE)}")
    return tuple(kind for kind in MIXABLE if kind in words)


def _merge_lines(plan: MergePlan, brought: Brought) -> list[str]:
    lines = [f"{one.root} frame {one.frame} is left out: {one.problem}" for one in plan.damaged[:SHOWN]]
    if len(plan.damaged) > SHOWN:
        lines.append(f"and {counted(len(plan.damaged) - SHOWN, 'more damaged frame')}")
    if plan.beyond:
        left_out = counted(len(plan.beyond), "folder is", "folders are")
        lines.append(f"{left_out} left out: beyond the {counted(plan.job.config.frames, 'frame')} of the job")
    if plan.notice:
        lines.append(f"note: {plan.notice}")
    lines += [f"{root} was copied, not linked: {reason}" for root, reason in brought.copied.items()]
    total, there = plan.job.config.frames, len(plan.sources)
    parts = [f"{counted(brought.frames, 'frame')} brought"]
    if there > brought.frames:
        parts.append(f"{counted(there - brought.frames, 'was', 'were')} there already")
    if there < total:
        absent = shorten_frames(frame for frame in range(total) if frame not in plan.sources)
        parts.append(f"{total - there} of {total} missing: {absent}")
    if brought.given_up:
        parts.append(f"given up: {shorten_frames(brought.given_up)}")
    return [*lines, f"{plan.out}: {', '.join(parts)}"]


@click.command(
    "repair",
    short_help="Mend a dataset after crashes and bad disks.",
    epilog="""\b
Examples:
  variegate repair out/dice --dry-run
  variegate repair out/dice""",
)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--force", is_flag=True, help="Also clear what silent processes of other machines left unfinished.")
@click.option("--quick", is_flag=True, help="Compare sizes alone, not the sha256 of every file.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes.  [default: one a processor]")
def repair_command(dataset: Path, dry_run: bool, force: bool, quick: bool, workers: int | None) -> None:
    """Remove what dead processes left, and move damaged frames to DATASET/damaged/, so that they are made again.

    Nothing is deleted but unfinished files, and what living processes work on is left alone. Exit code 0, or 1 when
    something is left that a person must mend.
    """
    with counting(Console(stderr=True), "checking") as progress:
        found = repair(dataset, dry_run=dry_run, force=force, deep=not quick, workers=workers, progress=progress)
    for line in _repair_lines(dataset, found, dry_run):
        click.echo(line)
    if found.left:
        raise click.exceptions.Exit(1)


def _repair_lines(dataset: Path, found: Repaired, dry_run: bool) -> list[str]:
    verb = "would be " if dry_run else ""
    lines = [f"would be mended: {line}" if dry_run else line for line in found.done]
    if found.temporaries:
        lines.append(f"unfinished files and folders of dead processes {verb}removed: {found.temporaries}")
    if found.claims:
        lines.append(f"claims of dead processes {verb}removed: {found.claims}")
    if found.busy:
        lines.append(f"unfinished files and folders left to processes that may live (see --force): {found.busy}")
    damaged = list(found.again.items())
    lines += [f"frame {frame} {verb}moved to damaged/: {problem}" for frame, problem in damaged[:SHOWN]]
    if len(damaged) > SHOWN:
        lines.append(f"and {counted(len(damaged) - SHOWN, 'more damaged frame')}: {show_frames(dict(damaged[SHOWN:]))}")
    if found.released:
        lines.append(f"{frames_are(found.released)} there: {verb}no longer given up")
    lines += [f"to mend by hand: {line}" for line in found.left]
    there = found.total - len(found.missing)
    if found.missing:
        end = f"missing: {shorten_frames(found.missing)} (render or resume makes them)"
    else:
        end = "all are there"
    return [*lines, f"{dataset}: {there} of {counted(found.total, 'frame is', 'frames are')} whole; {end}"]
