"""Datasets of one job made into one, byte for byte what a single machine would have made; or a part taken out of one.

`plan_merge` reads and decides, `carry_out` writes. Frames are hard links where the file system has them, whole or not
there at every moment, so a merge that was killed is taken up by the same command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.dataset.create import read_dataset
from pipeline.dataset.layout import COMMIT, DATASET, FRAMES, JOB, frame_name
from pipeline.dataset.pool import Progress
from pipeline.dataset.presence import present
from pipeline.dataset.read import read_base_dir, read_commit, read_job
from pipeline.dataset.renderers import differing
from pipeline.dataset.soundness import Soundness, check_frames
from pipeline.errors import StoreError
from pipeline.frames import show_frames
from pipeline.job import Job
from pipeline.plurals import counted

Mixable = Literal["blender", "device"]
MIXABLE: Mapping[Mixable, str] = {"blender": "Blender versions or builds", "device": "device classes"}
LIBRARY = 2  # the place of the C library among what tells renderers apart; the two above come first
SHOWN = 5  # of what is wrong, in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """What a merge will do. `sources` says where each frame comes from, `out` itself for those that are there;
    `damaged` what keeps frames of the inputs from being taken, `beyond` which lie outside the job's frames, `notice`
    what is worth knowing of the frames together, "" for nothing."""

    out: Path
    inputs: tuple[Path, ...]
    job: Job
    base_dir: Path
    header: bytes
    sources: Mapping[int, Path]
    damaged: tuple[Soundness, ...]
    beyond: tuple[tuple[Path, int], ...]
    notice: str = ""

    @property
    def new(self) -> tuple[tuple[int, Path], ...]:
        """The frames to bring, ascending, each with the dataset that has it."""
        return tuple((frame, root) for frame, root in sorted(self.sources.items()) if root != self.out)


def plan_merge(
    inputs: Sequence[Path],
    out: Path,
    *,
    frames: Iterable[int] | None = None,
    allow_mixed: Iterable[Mixable] = (),
    deep: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
) -> MergePlan:
    """Return how the datasets `inputs`, and `out` where it is one, become one, without writing anything.

    `frames` takes those alone. Every file is read and compared with its sha256, unless `deep` is false. Raises
    StoreError for datasets of different jobs, for frames of different renderers unless `allow_mixed`, and for a frame
    that is there twice and not the same.
    """
    inputs = _distinct([path for path in inputs if not _is_same(path, out)])
    roots = (out, *inputs) if (out / DATASET).exists() else inputs
    if not inputs:
        raise StoreError("there is nothing to merge: name one dataset at least, other than --out")
    digest = _common_digest(roots)
    # A merge that was killed may have left `out` without a job.json.
    jobs = {root: read_job(root) for root in roots if root != out or (root / JOB).exists()}
    longest = max(jobs, key=lambda root: jobs[root].config.frames)  # the first of several
    total = jobs[longest].config.frames
    wanted = range(total) if frames is None else frozenset(frames)
    there = {root: sorted(present(root)) for root in roots}
    asked = [(root, frame) for root in roots for frame in there[root] if root == out or frame in wanted]
    choice = _Choice(out)
    for done, found in enumerate(check_frames(asked, digest, deep=deep, workers=workers), start=1):
        choice.consider(found)
        if progress is not None:
            progress(done, len(asked))
    choice.refuse_mixture(frozenset(allow_mixed))  # first: it is why frames differ
    choice.refuse_conflicts()
    return MergePlan(
        out=out,
        inputs=inputs,
        job=jobs[longest],
        base_dir=_base_dir((longest, *jobs)),
        header=(longest / DATASET).read_bytes(),
        sources=choice.sources,
        damaged=tuple(choice.damaged),
        beyond=tuple((root, frame) for root in inputs for frame in there[root] if frame >= total),
        notice=choice.notice(),
    )


class _Choice:
    """Which dataset each frame is taken from, as frames are looked at one by one; the first that has it whole."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.sources: dict[int, Path] = {}
        self.damaged: list[Soundness] = []
        self._contents: dict[int, str] = {}
        self._conflicts: list[tuple[int, Path, Path]] = []
        # By Blender, device class and C library.
        self._renderers: dict[tuple[str, str, str], dict[Path, list[int]]] = {}

    def consider(self, found: Soundness) -> None:
        frame, root = found.frame, found.root
        if found.problem:
            self.damaged.append(found)
        elif frame not in self.sources:
            self.sources[frame] = root
            self._contents[frame] = found.content
            self._count_renderer(found)
        elif self._contents[frame] != found.content:
            self._conflicts.append((frame, self.sources[frame], root))
            self._count_renderer(found)

    def _count_renderer(self, found: Soundness) -> None:
        renderer = (found.blender, found.device, found.c_library)
        self._renderers.setdefault(renderer, {}).setdefault(found.root, []).append(found.frame)

    def refuse_conflicts(self) -> None:
        """Raise StoreError when a frame is there twice and differs."""
        if not self._conflicts:
            return
        lines = [
            f"frame {frame} is in {first} and in {second}, and {differing_file(first, second, frame)} differs"
            + _told_renderers(first, second, frame)
            for frame, first, second in self._conflicts[:SHOWN]
        ]
        more = len(self._conflicts) - len(lines)
        raise StoreError(
            "\n".join(lines)
            + (f"\nand {counted(more, 'more frame')} that differ" if more else "")
            + f"\n(of each, remove one of the two folders {FRAMES}/{frame_name(self._conflicts[0][0])}; "
            "`variegate verify --replay` tells which is right)"
        )

    def refuse_mixture(self, allowed: frozenset[Mixable]) -> None:
        """Raise StoreError when frames come from renderers that differ in more than is `allowed`."""
        for position, (kind, words) in enumerate(MIXABLE.items()):
            values = {renderer[position] for renderer in self._renderers}
            if len(values) <= 1 or kind in allowed:
                continue
            raise StoreError(
                f"these frames are of different {words}, so their pictures would not be those of one machine:\n"
                + self._listed(position, values)
                + f"\n(merge them all the same with --allow-mixed {kind}, or render one part again)"
            )

    def notice(self) -> str:
        """Return what is to be said of frames that were made with different C libraries, "" when they were not."""
        libraries = {renderer[LIBRARY] for renderer in self._renderers} - {""}
        if len(libraries) <= 1:
            return ""
        return (
            "these frames were made with different C libraries: labels are the same as with one, single pixels may be "
            f"a step of 255 apart:\n{self._listed(LIBRARY, libraries)}"
        )

    def _listed(self, position: int, values: Iterable[str]) -> str:
        return "\n".join(f"  {value}: {self._where(position, value)}" for value in sorted(values))

    def _where(self, position: int, value: str) -> str:
        by_root: dict[Path, list[int]] = {}
        for renderer, roots in self._renderers.items():
            if renderer[position] == value:
                for root, frames in roots.items():
                    by_root.setdefault(root, []).extend(frames)
        return "; ".join(f"{root} frames {shorten_frames(frames)}" for root, frames in by_root.items())


def shorten_frames(frames: Iterable[int]) -> str:
    """Return frames as people write them, the first few runs of them when they are many."""
    runs = show_frames(frames).split(",")
    return ",".join(runs[:SHOWN]) + (f" and {counted(len(runs) - SHOWN, 'more range')}" if len(runs) > SHOWN else "")


def differing_file(first: Path, second: Path, frame: int) -> str:
    """Return the name of the first file of a frame that is not the same in two datasets."""
    one, other = (read_commit(root, frame) for root in (first, second))
    for name in sorted(one["files"].keys() | other["files"].keys()):
        if one["files"].get(name) != other["files"].get(name):
            return str(name)
    return COMMIT


def _told_renderers(first: Path, second: Path, frame: int) -> str:
    """Return in what the renderers of a frame in two datasets differ, where that is known."""
    told = [f"{one} and {other}" for one, other in differing(*(read_commit(root, frame) for root in (first, second)))]
    return f" (made with {', '.join(told)}, which may be why)" if told else ""


def _distinct(paths: Iterable[Path]) -> tuple[Path, ...]:
    found: dict[Path, Path] = {}
    for path in paths:
        found.setdefault(path.resolve(), path)
    return tuple(found.values())


def _is_same(path: Path, out: Path) -> bool:
    return path.resolve() == out.resolve()


def _common_digest(roots: Sequence[Path]) -> str:
    headers = {root: read_dataset(root) for root in roots}
    digests = {root: str(header["job_digest"]) for root, header in headers.items()}
    first = roots[0]
    for root in roots[1:]:
        if digests[root] != digests[first]:
            raise StoreError(
                f"{root} is of job {digests[root][:12]}, {first} of job {digests[first][:12]}: they differ in "
                f"{_difference(headers[first], headers[root])} (only parts of one job make one dataset)"
            )
    return digests[first]


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return what of two dataset.json tells their jobs apart."""
    told = [
        f"{key} ({one.get(key)} and {other.get(key)})" for key in ("seed", "title") if one.get(key) != other.get(key)
    ]
    told += [key for key in ("categories", "assets") if one.get(key) != other.get(key)]
    return ", ".join(told) or "the scene file or an override"


def _base_dir(roots: Sequence[Path]) -> Path:
    """Return where the job's relative addresses start: of the first dataset whose place is not of another machine."""
    places = [read_base_dir(root) for root in roots]
    return next((place for place in places if place.is_dir()), places[0])
