"""Shows a run on a terminal: a bar with frame, rate, time left and stage; plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from pipeline.progress_lines import AFTER_RENDER
from pipeline.reporting import Summary


class ConsoleReporter:
    """A Reporter for `console`. `at_begin` is called once the dataset is open, `after_frame` after each frame.

    When `should_stop` says so it raises KeyboardInterrupt, but not between a frame's render and its commit.
    """

    def __init__(
        self,
        console: Console,
        at_begin: Callable[[], None] = lambda: None,
        after_frame: Callable[[], None] = lambda: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._console = console
        self._at_begin, self._after_frame, self._should_stop = at_begin, after_frame, should_stop
        self._noticed: set[str] = set()
        self._total = self._done = self._made = 0
        self._start_s = 0.0
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def begin(self, total: int, already_done: int) -> None:
        self._total, self._done, self._made = total, already_done, 0
        self._start_s = time.monotonic()
        self._at_begin()
        if already_done:
            self.notice(f"{already_done} of {total} frames are there already")
        if self._console.is_terminal and already_done < total:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("rendering", total=total, completed=already_done, state="")
            self._bar.start()

    def stage(self, frame: int, name: str) -> None:
        if name not in AFTER_RENDER:
            self._stop_if_asked()
        if self._bar is not None:
            self._bar.update(self._task, description=f"frame {frame}", state=f"{self._pace()} · {name}")

    def frame_done(self, frame: int, status: str, seconds: float) -> None:
        self._done += 1
        self._made += 1
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)
        else:
            line = f"frame {frame} {status} in {seconds:.1f} s ({self._pace()})"
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._after_frame()
        self._stop_if_asked()

    def notice(self, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._console.print(f"note: {text}", highlight=False, markup=False, soft_wrap=True)
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._should_stop():
            raise KeyboardInterrupt

    def end(self, summary: Summary) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away, whatever happened."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _pace(self) -> str:
        counted = f"{self._done} of {self._total}"
        if not self._made:
            return counted
        each_s = (time.monotonic() - self._start_s) / self._made
        pace = f"{counted} · {each_s:.1f} s a frame"
        left = self._total - self._done
        return f"{pace} · {show_duration(each_s * left)} left" if left else pace


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to be told (done, total), which shows a bar where there is a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show_duration(seconds: float) -> str:
    """Return a time as people read it: "45 s", "12 min", "3 h 05 min", "2 d 4 h"."""
    minutes = round(seconds / 60)
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24} h"
