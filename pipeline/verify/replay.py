"""Which frames to render again, and what must come out the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.exr import decode_exr
from pipeline.dataset.layout import PLAN, frame_folder
from pipeline.dataset.outputs import OUTPUTS, RGB
from pipeline.dataset.pictures import pixels_sha256
from pipeline.dataset.read import read_commit
from pipeline.dataset.renderers import differing
from pipeline.dataset.rgb import read_rgb
from pipeline.errors import StoreError
from pipeline.verify.finding import Finding
from pipeline.verify.opened import frame_finding

# Their light is the same only from the same build of Blender on the same device; all other files always are, but for
# the rounding of numbers in EXR files.
LIT = frozenset({*RGB.values(), OUTPUTS["linear"].file, OUTPUTS["albedo"].file})
SAME_LIGHT = ("blender", "build_hash", "device")

# The most that another C library was seen to do to light is one step of 255 in 8 of 10 000 pixels; to JPEG, which
# spreads it over a block, three steps in 5 of 1000. This leaves some room.
LITTLE_STEPS = 4.0
LITTLE_SHARE = 0.01

# Of a number, and of 1 where it is smaller: other builds and C libraries were seen to move depths (metres) by 7e-7.
ROUNDING = 2e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How far two pictures are apart: at most `steps` of 255, and half a step or more in a `share` (0..1) of the
    pixels; of linear light, as shares of 1 and of what is brighter."""

    steps: float
    share: float

    @property
    def is_little(self) -> bool:
        """Whether another C library may be all there is to it."""
        return self.steps <= LITTLE_STEPS and self.share <= LITTLE_SHARE

    def __str__(self) -> str:
        return f"up to {self.steps:.2g} of 255 in {self.share:.2%} of the pixels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a frame that was rendered again: what is wrong, and as notices what another Blender, device or C
    library explains."""

    findings: tuple[Finding, ...]
    notices: tuple[str, ...] = ()


def sample_of(job_digest: str, frames: Sequence[int], count: int) -> tuple[int, ...]:
    """Return `count` of the frames, ascending: by a hash of the job and their numbers, so always the same ones."""

    def order(frame: int) -> str:
        return hashlib.sha256(f"{job_digest}/replay/{frame}".encode()).hexdigest()

    return tuple(sorted(sorted(frames, key=order)[:count]))


def compare_replayed(root: Path, again: Path, frame: int) -> Replayed:
    """Return what differs between a frame of the dataset `root` and the same frame rendered again into `again`.

    Light is compared where Blender's build and the device are the same. Where the C library is another one, pictures
    that are a little apart are no finding; where any of these is, neither are numbers that differ by rounding.
    """
    before, after = read_commit(root, frame), read_commit(again, frame)
    facts = [{key: record["renderer"].get(key) for key in SAME_LIGHT} for record in (before, after)]
    made, here = (str(record["renderer"].get("c_library", "")) for record in (before, after))
    left_out = {PLAN} if facts[0] == facts[1] else {PLAN, *LIT}
    findings, notices = [], []
    for name in sorted((before["files"].keys() | after["files"].keys()) - left_out):
        files = [frame_folder(one, frame) / name for one in (root, again)]
        first, second = map(_content, files)
        if first == second:
            continue
        is_elsewhere = facts[0] != facts[1] or made != here
        if is_elsewhere and name.endswith(".exr") and name not in LIT and _is_rounded(*files):
            notices.append(
                f"frame {frame}: {name} comes out otherwise by rounding alone: {_told_makers(before, after)}"
            )
            continue
        apart = _apart(*files) if name in LIT and first and second else None
        if apart is not None and apart.is_little and made and here != made:
            notices.append(f"frame {frame}: {name} comes out otherwise, {apart}: {made} made it, here is {here}")
            continue
        how = "otherwise" if first and second else "with this file" if second else "without this file"
        text = f"the frame comes out {how} when it is rendered again from its plan"
        if apart is not None:
            text += f", {apart}{_doubt(apart, made, here)}"
        elif makers := _told_makers(before, after):
            text += f"; {makers}"
        findings.append(frame_finding("replay-mismatch", frame, name, text))
    return Replayed(findings=tuple(findings), notices=tuple(notices))


def _doubt(apart: Apart, made: str, here: str) -> str:
    """Return what C libraries have to do with pictures that differ, "" for nothing."""
    if not made and apart.is_little:
        return f"; which C library made it is not known, and another than {here} does that much"
    return f"; {made} made it, here is {here}, and that alone does less" if made and made != here else ""


def _told_makers(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return in what the renderers of two records differ, "" for nothing."""
    pairs = differing(before, after)
    made, here = (", ".join(names) for names in zip(*pairs, strict=True)) if pairs else ("", "")
    return f"{made} made it, here is {here}" if pairs else ""


def _is_rounded(one: Path, other: Path) -> bool:
    """Return whether two EXR files hold the same but for ROUNDING."""
    try:
        first, second = (decode_exr(path.read_bytes()) for path in (one, other))
    except (OSError, ValueError):
        return False
    return first.keys() == second.keys() and all(_is_near(first[name], second[name]) for name in first)


def _is_near(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype or one.dtype.kind != "f":
        return False
    first, second = one.astype(np.float64), other.astype(np.float64)
    return bool(np.isclose(first, second, rtol=ROUNDING, atol=ROUNDING, equal_nan=True).all())


def _apart(one: Path, other: Path) -> Apart | None:
    """Return how far two pictures are apart, None where they cannot be compared."""
    try:
        first, second = (read_rgb(path) for path in (one, other))
    except StoreError:
        return None
    if first.shape != second.shape or first.dtype != second.dtype:
        return None
    full = 255.0 if first.dtype == np.uint8 else np.maximum(1.0, np.abs(first))
    steps = (np.abs(first.astype(np.float64) - second) / full * 255.0).max(axis=-1)
    return Apart(steps=float(steps.max()), share=float((steps >= 0.5).mean()))


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
