"""A process as queues start it: progress on stdout, signals obeyed, an exit code.

What Blender writes goes to a log of the dataset, so that a queue takes none of it for ours.
"""

from __future__ import annotations

import faulthandler
import os
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pipeline.blender_log import blender_log
from pipeline.dataset.last_words import LAST_LINES
from pipeline.dataset.layout import LOGS
from pipeline.dataset.scratch import end_at_once, own_temporary_folder
from pipeline.dataset.worker_log import tell_stopping
from pipeline.errors import PipelineError
from pipeline.exit_codes import TRANSIENT, code_of
from pipeline.interrupts import interrupts
from pipeline.progress_lines import LineReporter, is_read
from pipeline.watchdog import STDERR

Work: TypeAlias = Callable[[LineReporter, Callable[[], str]], int]
"""What is given a reporter and the last words of Blender, and returns an exit code."""


def run_for_queue(dataset: Path, work: Work) -> int:
    """Do some `work` on a dataset, which loads Blender if it is not there yet, and return its exit code or the one of
    the error it raised; 75 after a stop, which waits for the frame in progress but not for a second signal.

    Raises ScratchError where there is no room for a log, before anything is done.
    """
    with own_temporary_folder(), blender_log() as log:

        def say(line: str) -> None:
            if is_read(line, os.environ):
                log.output.write(f"{line}\n")
            log.note(line)  # among what Blender writes it tells which frame and stage that was at

        def stop_soon() -> None:
            tell_stopping(dataset)
            say("Note: stopping after this frame; a second signal stops at once")

        def tell_log() -> None:
            if log.is_kept:
                say(f"Note: what Blender writes is in {log.path}")

        def keep_log() -> None:
            if not log.is_kept:  # there was no dataset yet
                log.move_to(dataset / LOGS)
                tell_log()

        faulthandler.enable(STDERR)
        with interrupts(stop_soon, lambda: end_at_once(TRANSIENT)) as flag:
            keep_log()
            report = LineReporter(dataset, say, keep_log, log.trim, flag.is_set)
            try:
                return work(report, partial(log.tail, LAST_LINES))
            except (Exception, KeyboardInterrupt) as error:
                text = str(error) or "stopped"
                say(f"openjd_fail: {text.splitlines()[0]}")
                if not isinstance(error, PipelineError | KeyboardInterrupt):
                    text = "".join(traceback.format_exception(error))
                log.terminal.write(f"{text}\n")
                return code_of(error)
