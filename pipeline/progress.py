"""Shows a run on a terminal: a bar with frame, rate, time left and stage; plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from pipeline.pace import Pace
from pipeline.plurals import counted
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
        self._pace = Pace()
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def begin(self, total: int, already_done: int) -> None:
        self._pace = Pace(total, already_done)
        self._at_begin()
        if already_done:
            self.notice(f"{already_done} of {counted(total, 'frame is', 'frames are')} there already")
        if self._console.is_terminal and already_done < total:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task("rendering", total=total, completed=already_done, state="")
            self._bar.start()

    def stage(self, frame: int, name: str) -> None:
        if name not in AFTER_RENDER:
            self._stop_if_asked()
        if self._bar is not None:
            self._bar.update(self._task, description=f"frame {frame}", state=f"{self._pace} · {name}")

    def frame_done(self, frame: int, status: str, seconds: float) -> None:
        self._pace.add()
        if self._bar is not None:
            self._bar.update(self._task, completed=self._pace.done)
        else:
            line = f"frame {frame} {status} in {seconds:.1f} s ({self._pace})"
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


@contextmanager
def counting(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to be told (done, total), which shows a bar where there is a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)
