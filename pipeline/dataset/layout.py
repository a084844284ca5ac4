"""Names of files and folders in a dataset, and the `Store` that points at one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.job import Job

DATASET = "dataset.json"
JOB = "job.json"
FRAMES = "frames"
LOGS = "logs"
BLENDS = "blends"
TIMING = "timing"
CLAIMS = "claims"
QUARANTINE = "quarantine"
FARM = "farm"
DAMAGED = "damaged"

PLAN = "plan.json"
LABELS = "labels.json"
COMMIT = "frame.json"

TEMPORARY = ".tmp-"  # what any unfinished file or folder begins with; no reader looks at it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Store:
    """An open dataset of one job. `facts` says what renders here (Blender, C library, device), frame by frame."""

    root: Path
    job: Job
    facts: dict[str, str] = field(default_factory=dict)

    def folder(self, frame: int) -> Path:
        """Return the folder of a frame, there or not."""
        return frame_folder(self.root, frame)


def frame_folder(root: Path, frame: int) -> Path:
    """Return the folder of a frame in the dataset `root`, there or not."""
    return root / FRAMES / frame_name(frame)


def frame_name(frame: int) -> str:
    """Return the name of a frame's folder."""
    return f"{frame:06d}"


def blend_file(root: Path, frame: int) -> Path:
    """Return where the dataset `root` keeps the scene of a frame, there or not."""
    return root / BLENDS / f"{frame_name(frame)}.blend"


def is_frame_name(name: str) -> bool:
    """Return whether a folder of this name is a frame's: "12" is not, so no frame has two folders."""
    return name.isascii() and name.isdecimal() and name == frame_name(int(name))
