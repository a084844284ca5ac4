"""What a dataset lacks of the frames asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.create import read_dataset
from pipeline.dataset.layout import frame_folder
from pipeline.dataset.presence import absent, without_record
from pipeline.dataset.quarantine import quarantine_reason, quarantined
from pipeline.dataset.resume import folder_problem
from pipeline.farm.shards import read_shards
from pipeline.frames import parse_frames, show_frames
from pipeline.plurals import counted
from pipeline.status.reasons import last_line

SHOWN = 20  # frames that are told one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What lacks of `asked` frames: `missing` are to be made, `given_up` are in quarantine, and why; `damaged` have a
    folder that is not what was committed, and what is wrong with it."""

    asked: int
    missing: tuple[int, ...]
    given_up: dict[int, str]
    damaged: dict[int, str]

    @property
    def count(self) -> int:
        """How many frames lack."""
        return len(self.missing) + len(self.given_up) + len(self.damaged)


def asked_frames(root: Path, frames: str | None = None, submission: str | None = None) -> Collection[int] | None:
    """Return the frames in question: those of a list, or of a submission ("farm/0001-slurm"); None where neither is
    given."""
    total = int(read_dataset(root)["frames"])
    if submission is not None:
        frames = ",".join(read_shards(root, submission))
    return None if frames is None else parse_frames(frames, total)


def find_gaps(root: Path, frames: Collection[int] | None = None, *, deep: bool = False) -> Gaps:
    """Return what lacks of `frames`, by default of all that the scene has: what is complete must not hang on what
    somebody asked for. Folders in place with a record are trusted; a `deep` look compares every file's size and sha256.

    Raises StoreError for a dataset that cannot be read, and for a damaged frame of another job.
    """
    if frames is None:
        frames = range(int(read_dataset(root)["frames"]))
    lacking = absent(root, frames)
    there = sorted(set(frames).difference(lacking))
    held = set(quarantined(root))
    return Gaps(
        asked=len(frames),
        missing=tuple(frame for frame in lacking if frame not in held),
        given_up={frame: quarantine_reason(root, frame) for frame in lacking if frame in held},
        damaged=dict(_damaged(root, there if deep else without_record(root, there), deep=deep)),
    )


def gap_lines(gaps: Gaps) -> Iterator[str]:
    """Yield what to tell of the gaps, for people and for the next `--frames`."""
    yield f"{gaps.asked - gaps.count} of {counted(gaps.asked, 'frame is', 'frames are')} there"
    if gaps.missing:
        yield f"missing: {show_frames(gaps.missing)}"
    for what, frames in (("given up", gaps.given_up), ("damaged", gaps.damaged)):
        if frames:
            yield f"{what}: {show_frames(frames)}"
        for frame, why in sorted(frames.items())[:SHOWN]:
            yield f"  frame {frame}: {last_line(why) or 'no reason is told'}"
        if len(frames) > SHOWN:
            yield f"  and {len(frames) - SHOWN} more"


def _damaged(root: Path, frames: list[int], *, deep: bool) -> Iterator[tuple[int, str]]:
    digest = str(read_dataset(root).get("job_digest"))
    for frame in frames:
        if problem := folder_problem(frame_folder(root, frame), frame, digest, deep=deep):
            yield frame, problem
