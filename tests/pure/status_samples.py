"""Made-up logs and frames for the tests of status: times are seconds after the Unix time T0."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pipeline.dataset import attempts
from pipeline.dataset.processes import host
from pipeline.status import overview

T0 = 1_700_000_000.0
GPU = {"device": "optix", "models": ["RTX 4090"], "threads": 0, "cores": 16, "role": "shard"}
CPU = {"device": "cpu", "models": ["CPU"], "threads": 0, "cores": 16, "role": "render"}


def write_log(root: Path, name: str, events: Iterable[dict[str, Any]]) -> Path:
    path = root / "timing" / f"{name}.jsonl"
    path.write_text("".join(json.dumps(event, sort_keys=True) + "\n" for event in events))
    return path


def dead(number: int = 1, machine: str = "") -> str:
    """The name of a process that has ended: of this machine, or of another with an old log."""
    return f"{machine or host()}-99999999{number}-0badf00d"


def start(at: float = 0.0, **facts: Any) -> dict[str, Any]:
    return {"event": "start", "at_s": T0 + at, **facts}


def end(at: float, outcome: str = "done") -> dict[str, Any]:
    return {"event": "end", "at_s": T0 + at, "outcome": outcome}


def begin(frame: int, at: float) -> dict[str, Any]:
    return {"event": "begin", "frame": frame, "at_s": T0 + at}


def done(frame: int, at: float, status: str = "accepted", memory: float = 0.0, **seconds: float) -> dict[str, Any]:
    return {
        "event": "done",
        "frame": frame,
        "at_s": T0 + at,
        "status": status,
        "memory_mib": memory,
        "seconds": seconds,
    }


def rejected(frame: int, at: float, reason: str) -> dict[str, Any]:
    return done(frame, at, "rejected", build=1.0) | {"reason": reason}


def failed(frame: int, at: float, reason: str) -> dict[str, Any]:
    return {"event": "failed", "frame": frame, "at_s": T0 + at, "reason": reason}


def frames_made(frames: Iterable[int], at: float, each: float, memory: float = 0.0, **seconds: float) -> list[dict]:
    """One frame after the other from `at` on, `each` seconds apart."""
    events = []
    for number, frame in enumerate(frames):
        events += [begin(frame, at + number * each), done(frame, at + (number + 1) * each, memory=memory, **seconds)]
    return events


def lay_frames(root: Path, frames: Iterable[int]) -> None:
    """Put folders in the place of frames, each with as much of a record as the status looks at."""
    for frame in frames:
        folder = root / "frames" / f"{frame:06d}"
        folder.mkdir(parents=True)
        (folder / "frame.json").write_text('{"status": "accepted"}')


def clock(monkeypatch: Any) -> Callable[[float], None]:
    """Return what sets the disk's clock, in seconds after T0; 100 to begin with."""

    def set_clock(seconds: float) -> None:
        for module in (attempts, overview):
            monkeypatch.setattr(module, "now_s", lambda root: T0 + seconds)

    set_clock(100)
    return set_clock
