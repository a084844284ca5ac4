"""Progress as render managers look for it on stdout: at the start of a line, at once, each in its own dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.dataset.layout import frame_folder
from pipeline.plurals import counted
from pipeline.reporting import Summary


class LineReporter:
    """A Reporter for queues. `say` writes one line at once, `at_begin` is called once the dataset is open,
    `after_frame` after each frame.

    When `should_stop` says so it raises KeyboardInterrupt, but not between a frame's render and its commit.
    """

    def __init__(
        self,
        out: Path,
        say: Callable[[str], None],
        at_begin: Callable[[], None] = lambda: None,
        after_frame: Callable[[], None] = lambda: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._out, self._say = out, say
        self._at_begin, self._after_frame, self._should_stop = at_begin, after_frame, should_stop
        self._noticed: set[str] = set()
        self._total = self._done = 0

    def begin(self, total: int, already_done: int) -> None:
        self._total, self._done = total, already_done
        self._at_begin()
        self._say(f"openjd_status: {already_done} of {counted(total, 'frame is', 'frames are')} there already")

    def stage(self, frame: int, name: str) -> None:
        if name not in AFTER_RENDER:
            self._stop_if_asked()
        self._say(f"openjd_status: frame {frame}: {name}")

    def frame_done(self, frame: int, status: str, seconds: float) -> None:
        self._done += 1
        for line in frame_lines(self._out, frame, seconds, self._done, self._total):
            self._say(line)
        self._after_frame()
        self._stop_if_asked()

    def notice(self, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._say(f"Note: {text}")

    def end(self, summary: Summary) -> None:
        self._say(f"openjd_status: {counted(summary.accepted, 'frame')} made, {summary.rejected} rejected")

    def _stop_if_asked(self) -> None:
        if self._should_stop():
            raise KeyboardInterrupt


NO_OPENJD = "VARIEGATE_NO_OPENJD"  # the variable that says so, set where people alone read what is printed
_OPENJD = ("openjd_status: ", "openjd_progress: ")  # what it leaves out; why a shard failed concerns people too


def is_read(line: str, env: Mapping[str, str]) -> bool:
    """Return whether anybody reads a line of progress where the environment is `env`."""
    return not env.get(NO_OPENJD) or not line.startswith(_OPENJD)


AFTER_RENDER = ("annotate", "clean", "commit")  # stages too short to interrupt a frame that is all but done


def frame_lines(out: Path, frame: int, seconds: float, done: int, total: int) -> tuple[str, ...]:
    """Return what to print when a frame is done, `done` of `total` with it."""
    percent = 100 * done / max(total, 1)
    minutes, rest = divmod(seconds, 60)
    return (
        f"Saved: '{saved_file(out, frame)}'",  # Flamenco, Afanasy
        f"Time: {minutes:02.0f}:{rest:05.2f}",
        f"Progress: {percent:.0f}%",  # Deadline
        f"ALF_PROGRESS {percent:.0f}%",  # Tractor
        f"openjd_progress: {percent:.1f}",
    )


def saved_file(out: Path, frame: int) -> Path:
    """Return what was saved for a frame: its picture, or its folder when it was rejected."""
    folder = frame_folder(out, frame)
    return next(iter(sorted(folder.glob("rgb.*"))), folder)
