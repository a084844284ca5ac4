"""One worker process: makes the frames its supervisor names, one at a time, and tells how each one ended."""

from __future__ import annotations

import faulthandler
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import worker_messages
from pipeline.addresses import PathMap
from pipeline.dataset.claims import claimed
from pipeline.dataset.store import Store, WorkerLog, is_complete
from pipeline.engine import Engine, open_dataset, open_log
from pipeline.errors import PipelineError
from pipeline.exit_codes import DONE, code_of, is_fault_of_frame, reason_of
from pipeline.reporting import Summary
from pipeline.run import try_frame
from pipeline.worker_channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """How a worker renders. `facts` go into its log: who supervises it, which GPU it has."""

    device: str = "auto"
    threads: int = 0
    path_map: PathMap = ()
    save_blend: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


def serve(dataset: Path, options: WorkerOptions, channel: Channel) -> int:
    """Make frames of `dataset` until told to end, and return the exit code. What no other frame would escape is told
    as "fatal" with the exit code for it."""
    faulthandler.enable()
    try:
        engine, store = open_dataset(
            dataset,
            _ChannelReporter(channel),
            device=options.device,
            threads=options.threads,
            path_map=options.path_map,
        )
        with open_log(store, engine, "worker", options.facts) as log:
            channel.send(worker_messages.READY)
            worker = _Worker(engine, store, log, channel, options.save_blend)
            while (frame := channel.next_frame()) is not None:
                worker.make(frame)
                channel.log.trim()
    except (PipelineError, OSError) as error:
        return send_fatal(channel, error)
    return DONE


def send_fatal(channel: Channel, error: Exception) -> int:
    """Tell the supervisor why this worker, and any other, must end, and return the exit code for it."""
    code = code_of(error)
    channel.send(worker_messages.FATAL, code=code, reason=str(error))
    return code


@dataclass(slots=True)
class _Worker:
    engine: Engine
    store: Store
    log: WorkerLog
    channel: Channel
    save_blend: bool

    def make(self, frame: int) -> None:
        """Make a frame unless another process does or did. Raises PipelineError for what is no frame's fault."""
        with claimed(self.store.root, frame) as is_ours:
            if not is_ours:
                self.channel.send(worker_messages.BUSY, frame=frame)
            elif is_complete(self.store, frame):
                self.channel.send(worker_messages.DONE, frame=frame, status="there", seconds=0.0)
            else:
                self._try(frame)

    def _try(self, frame: int) -> None:
        report = _ChannelReporter(self.channel)
        try:
            made = try_frame(self.engine, self.store, frame, report, self.log, save_blend=self.save_blend)
        except Exception as error:
            if not is_fault_of_frame(error):
                raise
            self.channel.send(worker_messages.FAILED, frame=frame, reason=reason_of(error))
        else:
            seconds, status = sum(made.seconds.values()), made.annotation.labels.status
            self.channel.send(worker_messages.DONE, frame=frame, status=status, seconds=seconds)


class _ChannelReporter:
    """A Reporter that leaves the counting to the supervisor."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def begin(self, total: int, already_done: int) -> None: ...

    def stage(self, frame: int, name: str) -> None:
        self._channel.send(worker_messages.STAGE, frame=frame, name=name)

    def frame_done(self, frame: int, status: str, seconds: float) -> None: ...

    def notice(self, text: str) -> None:
        self._channel.send(worker_messages.NOTICE, text=text)

    def end(self, summary: Summary) -> None: ...
