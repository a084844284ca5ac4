"""A shard: some frames of a dataset made by this very process, for a queue that only looks at the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.addresses import PathMap
from pipeline.dataset.attempts import failures_of, read_workers
from pipeline.dataset.given_up import not_given_up
from pipeline.dataset.read import read_job
from pipeline.dataset.store import Store, WorkerLog, clean_stale, missing, quarantined, share_out, sweep_claims
from pipeline.engine import Engine, open_dataset, open_log
from pipeline.exit_codes import DO_NOT_RETRY, DONE, RETRY, is_fault_of_frame, reason_of
from pipeline.farm.local.blame import blame_of
from pipeline.farm.local.failures import Failures
from pipeline.farm.local.limits import Limits
from pipeline.frames import frames_are, parse_frames, show_frames
from pipeline.plurals import counted
from pipeline.reporting import Reporter, Summary
from pipeline.run import try_frame, wait_for
from pipeline.watchdog import ended_after


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOptions:
    """How a shard is run. `attempts` is how often a frame may fail, on any machine, before it is given up;
    `frame_time_limit_s` what one may take before this process is ended, 0: by the frames made so far."""

    device: str = "auto"
    threads: int = 0
    attempts: int = Limits().attempts
    path_map: PathMap = ()
    frame_time_limit_s: float = 0.0
    retry_quarantined: bool = False


def run_shard(
    dataset: Path, frames: str, report: Reporter, options: ShardOptions, last_words: Callable[[], str]
) -> int:
    """Make those of `frames` that the dataset lacks, and return the exit code: 0 all are there, 2 some are given up,
    1 so many failed one after another that this machine is to blame.

    A frame that fails is tried again after the others, one that ended an earlier process too. A frame that takes too
    long ends this process (exit code 1). `last_words` gives the end of Blender's log. Errors that are no frame's pass
    through; `code_of` tells their exit code.
    """
    job = read_job(dataset)
    wanted = parse_frames(frames, job.config.frames, clamp=True)
    if not wanted:
        report.notice(f"none of {frames} is among the {counted(job.config.frames, 'frame')} of {dataset}")
        return DONE
    limits = Limits(frame_s=options.frame_time_limit_s)
    with ended_after(limits.start_s):
        engine, store = open_dataset(
            dataset, report, device=options.device, threads=options.threads, path_map=options.path_map
        )
    clean_stale(store)
    sweep_claims(dataset)
    with open_log(store, engine, "shard", {"asked": show_frames(wanted)}) as log:
        asked = missing(store, wanted)
        left = not_given_up(store, asked, log, report.notice, retry=options.retry_quarantined)
        workers = read_workers(dataset)
        failures = Failures(store, options.attempts, failures_of(workers))
        shard = _Shard(engine, store, report, log, failures, limits, last_words)
        report.begin(len(wanted), len(wanted) - len(asked))
        made = shard.make(sorted(failures.worth_trying(left, workers), key=failures.count))
    given_up = set(quarantined(dataset)) & set(wanted)
    report.end(replace(made, total=len(wanted), already_done=len(wanted) - made.made - len(given_up)))
    hopeless, too_short = failures.hopeless(), failures.blame_time_limit()
    if hopeless:
        report.notice(hopeless)
    elif given_up:
        report.notice(f"{frames_are(given_up)} given up")
        if blame := blame_of(store, wanted):
            report.notice(blame)
    if too_short:
        report.notice(too_short)
    if hopeless:
        return RETRY
    return DO_NOT_RETRY if given_up else DONE


@dataclass(slots=True)
class _Shard:
    engine: Engine
    store: Store
    report: Reporter
    log: WorkerLog
    failures: Failures
    limits: Limits
    last_words: Callable[[], str]
    longest_s: float = 0.0

    def make(self, frames: Sequence[int]) -> Summary:
        """Make frames, those that fail again after the others, until each is there or given up, or it is no use."""
        summary, left = Summary(total=len(frames), already_done=0), frames
        while left and not self.failures.hopeless():
            again: list[int] = []
            with closing(share_out(self.store, left, self._wait)) as ours:
                for frame in ours:
                    try:
                        with ended_after(self.limits.time_s(summary.made, self.longest_s)):
                            made = try_frame(self.engine, self.store, frame, self.report, self.log)
                    except Exception as error:
                        if not is_fault_of_frame(error):
                            raise
                        if not self._is_given_up(frame, error):
                            again.append(frame)
                        if self.failures.hopeless():
                            break
                    else:
                        self.failures.made(frame)
                        seconds = sum(made.seconds.values())
                        self.longest_s = max(self.longest_s, seconds)
                        summary = summary.with_frame(made.annotation.labels.status, seconds)
            left = again
        return summary

    def _is_given_up(self, frame: int, error: Exception) -> bool:
        """Count a failure of a frame, and return whether it is not to be tried again."""
        reason = reason_of(error)
        is_given_up = self.failures.add(frame, reason, self.last_words())
        self.report.notice(f"frame {frame} failed: {error!r}" + ("; it is given up" if is_given_up else ""))
        return is_given_up

    def _wait(self, others: Sequence[int]) -> None:
        wait_for(self.store, others, self.report)
