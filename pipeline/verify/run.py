"""A whole dataset, frame by frame in several processes, and the report of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

from pipeline.dataset.create import read_dataset
from pipeline.dataset.layout import FRAMES
from pipeline.dataset.pool import Progress, in_processes
from pipeline.dataset.read import read_job
from pipeline.job import Job, assets_of
from pipeline.records import Asset
from pipeline.verify.dataset import list_frames, missing_frames, read_checked_job
from pipeline.verify.finding import Finding
from pipeline.verify.frame import FrameResult, check_frame
from pipeline.verify.replay import compare_replayed, sample_of
from pipeline.verify.report import Report, make_report, with_findings

BATCH = 4  # frames that a process takes at a time
FEW = 8  # so many frames are done sooner than a process is started


def verify_dataset(
    root: Path,
    frames: Sequence[int] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report on a dataset, or on some `frames` of it, checked by `workers` processes.

    By default as many as there are processors. Raises StoreError for what is no dataset. The report is the same for
    any number of workers.
    """
    job, findings = read_checked_job(root)
    if job is None:
        return make_report(expected=0, statuses={}, findings=findings, notices=("no frame was checked",))
    wanted = range(job.config.frames) if frames is None else frames
    listing = list_frames(root, job.config.frames)
    present = sorted(set(listing.present) & set(wanted))
    findings += missing_frames(wanted, listing.present)
    if frames is None:
        findings += listing.foreign
    shared = _Shared()
    statuses: dict[int, str] = {}
    for done, result in enumerate(_results(root, job, present, workers), start=1):
        findings += (*result.findings, *shared.differences(result))
        statuses[result.frame] = result.status
        if progress is not None:
            progress(done, len(present))
    return make_report(expected=len(wanted), statuses=statuses, findings=findings, notices=listing.notices)


def replay_dataset(
    root: Path, report: Report, count: int, scratch: Path, render_again: Callable[[Path, Sequence[int], Path], None]
) -> Report:
    """Return the report with what differs in a sample of `count` frames, rendered again by `render_again` (dataset,
    frames, dataset to make) into `scratch`."""
    sample = sample_of(read_dataset(root)["job_digest"], report.readable, count)
    if not sample:
        return report
    again = scratch / "again"
    render_again(root, sample, again)
    replayed = [compare_replayed(root, again, frame) for frame in sample]
    findings = (finding for one in replayed for finding in one.findings)
    return with_findings(report, findings, [notice for one in replayed for notice in one.notices])


class _Shared:
    """What the first view of each scene said of what all its views share."""

    def __init__(self) -> None:
        self._first: dict[tuple[int, str], tuple[int, str]] = {}

    def differences(self, result: FrameResult) -> Iterator[Finding]:
        for name, value in (result.scene_facts or {}).items():
            frame, before = self._first.setdefault((result.scene, name), (result.frame, value))
            if value != before:
                yield Finding(
                    kind="view-mismatch",
                    where=f"{FRAMES}/{result.frame:06d}",
                    message=f"its {name} are not those of frame {frame}, another view of scene {result.scene} "
                    "(remove both folders and run render again)",
                    frame=result.frame,
                )


def _results(root: Path, job: Job, frames: Sequence[int], workers: int | None) -> Iterator[FrameResult]:
    """Yield the results in the order of `frames`."""
    if len(frames) <= FEW:
        assets = _assets(job)
        yield from (check_frame(root, frame, job, assets) for frame in frames)
        return
    yield from in_processes(partial(_check_batch, str(root)), frames, batch=BATCH, few=FEW, workers=workers)


def _check_batch(root: str, frames: Sequence[int]) -> list[FrameResult]:
    job, assets = _job_of(root)
    return [check_frame(Path(root), frame, job, assets) for frame in frames]


@lru_cache(maxsize=1)
def _job_of(root: str) -> tuple[Job, Mapping[str, Asset]]:
    job = read_job(Path(root))
    return job, _assets(job)


def _assets(job: Job) -> dict[str, Asset]:
    return {asset.asset_id: asset for asset in assets_of(job.catalogue)}
