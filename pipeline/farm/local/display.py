"""One display for all workers: a bar and a line each at a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.farm.local.worker_process import WorkerProcess
from pipeline.pace import Pace
from pipeline.plurals import counted
from pipeline.progress_lines import frame_lines
from pipeline.reporting import Summary

REFRESH_S = 0.25


class WorkersDisplay:
    """What all workers do, on `console`. Where that is no terminal, `say` is given the lines that render managers look
    for, and every stage of every frame too where the run `is_shard`."""

    def __init__(self, out: Path, console: Console, say: Callable[[str], None], *, is_shard: bool = False) -> None:
        self._out, self._console, self._say, self._is_shard = out, console, say, is_shard
        self._noticed: set[str] = set()
        self._pace = Pace()
        self._live: Live | None = None
        self._shown_s = 0.0

    def begin(self, total: int, already_done: int) -> None:
        self._pace = Pace(total, already_done)
        if already_done:
            self.notice(f"{already_done} of {counted(total, 'frame is', 'frames are')} there already")
        if self._console.is_terminal and already_done < total:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()

    def frame_done(self, frame: int, status: str, seconds: float, worker: int) -> None:
        self._pace.add(made=status != "there")
        if self._live is not None:
            return
        how = "came from another process" if status == "there" else f"{status} in {seconds:.1f} s"
        self._print(f"frame {frame} {how} (worker {worker} · {self._pace})")
        if not self._console.is_terminal:
            for line in frame_lines(self._out, frame, seconds, self._pace.done, self._pace.total):
                self._say(line)

    def stage(self, frame: int, name: str) -> None:
        self._tell_status(f"frame {frame}: {name}")

    def end(self, summary: Summary) -> None:
        self.close()
        self._tell_status(f"{counted(summary.accepted, 'frame')} made, {summary.rejected} rejected")

    def notice(self, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._print(f"note: {text}")

    def show(self, workers: Sequence[WorkerProcess]) -> None:
        if self._live is not None and monotonic() - self._shown_s >= REFRESH_S:
            self._shown_s = monotonic()
            self._live.update(Group(self._bar(), _table(workers)), refresh=True)

    def close(self) -> None:
        """Take the bar away, whatever happened."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _tell_status(self, text: str) -> None:
        if self._is_shard and not self._console.is_terminal:
            self._say(f"openjd_status: {text}")

    def _bar(self) -> Table:
        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(self._pace.total, 1), completed=self._pace.done, width=40)
        row.add_row(bar, Text(str(self._pace)))
        return row

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _table(workers: Sequence[WorkerProcess]) -> Table:
    table = Table.grid(padding=(0, 2))
    for worker in sorted(workers, key=lambda one: one.slot.number):
        place = f"worker {worker.slot.number}" + ("" if worker.slot.gpu is None else f" · GPU {worker.slot.gpu}")
        what = "" if worker.frame is None else f"frame {worker.frame}"
        seconds = f"{monotonic() - worker.since_s:.0f} s" if worker.stage else ""
        table.add_row(place, what, worker.stage or "waits", seconds, f"{worker.memory_mib:.0f} MiB")
    return table
