"""Which frames to render again, and what must come out the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.codecs.exr import decode_exr
from pipeline.dataset.layout import PLAN, frame_folder
from pipeline.dataset.outputs import OUTPUTS, RGB
from pipeline.dataset.pictures import pixels_sha256
from pipeline.dataset.read import read_commit
from pipeline.verify.finding import Finding
from pipeline.verify.opened import frame_finding

# Their light is the same only from the same build of Blender on the same device; all other files always are.
LIT = frozenset({*RGB.values(), OUTPUTS["linear"].file, OUTPUTS["albedo"].file})
SAME_LIGHT = ("blender", "build_hash", "device")


def sample_of(job_digest: str, frames: Sequence[int], count: int) -> tuple[int, ...]:
    """Return `count` of the frames, ascending: by a hash of the job and their numbers, so always the same ones."""

    def order(frame: int) -> str:
        return hashlib.sha256(f"{job_digest}/replay/{frame}".encode()).hexdigest()

    return tuple(sorted(sorted(frames, key=order)[:count]))


def compare_replayed(root: Path, again: Path, frame: int) -> Iterator[Finding]:
    """Yield what differs between a frame of the dataset `root` and the same frame rendered again into `again`."""
    before, after = read_commit(root, frame), read_commit(again, frame)
    facts = [{key: record["renderer"].get(key) for key in SAME_LIGHT} for record in (before, after)]
    left_out = {PLAN} if facts[0] == facts[1] else {PLAN, *LIT}
    for name in sorted((before["files"].keys() | after["files"].keys()) - left_out):
        first, second = (_content(frame_folder(one, frame) / name) for one in (root, again))
        if first != second:
            made = "otherwise" if first and second else "with this file" if second else "without this file"
            text = f"the frame comes out {made} when it is rendered again from its plan"
            yield frame_finding("replay-mismatch", frame, name, text)


def _content(path: Path) -> Any:
    """Return the sha256 of a file, of an EXR's pixels; "" where there is none."""
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    if path.suffix == ".exr":
        try:
            return pixels_sha256(decode_exr(data))
        except ValueError:
            return hashlib.sha256(data).hexdigest()
    return hashlib.sha256(data).hexdigest()
