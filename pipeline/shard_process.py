"""A shard in this very process, as queues have it: progress on stdout, signals obeyed, an exit code.

What Blender writes goes to a log of the dataset, so that a queue takes none of it for ours.
"""

from __future__ import annotations

import faulthandler
import os
import traceback
from functools import partial
from pathlib import Path

from pipeline.blender_log import blender_log
from pipeline.dataset.last_words import LAST_LINES
from pipeline.dataset.layout import LOGS
from pipeline.dataset.worker_log import tell_stopping
from pipeline.errors import PipelineError
from pipeline.exit_codes import TRANSIENT, code_of
from pipeline.interrupts import interrupts
from pipeline.progress_lines import LineReporter
from pipeline.shard import ShardOptions, run_shard
from pipeline.watchdog import STDERR


def run_shard_here(dataset: Path, frames: str, options: ShardOptions) -> int:
    """Make those of `frames` that the dataset lacks, and return the exit code.

    Raises ScratchError where there is no room for a log, before anything is done.
    """
    with blender_log() as log:

        def say(line: str) -> None:
            log.output.write(f"{line}\n")
            log.note(line)  # among what Blender writes it tells which frame and stage that was at

        def stop_soon() -> None:
            tell_stopping(dataset)
            say("Note: stopping after this frame; a second signal stops at once")

        log.move_to(dataset / LOGS)
        faulthandler.enable(STDERR)
        with interrupts(stop_soon, lambda: os._exit(TRANSIENT)) as flag:
            if log.is_kept:
                say(f"Note: what Blender writes is in {log.path}")
            report = LineReporter(dataset, say, flag.is_set, log.trim)
            try:
                return run_shard(dataset, frames, report, options, partial(log.tail, LAST_LINES))
            except (Exception, KeyboardInterrupt) as error:
                text = str(error) or "stopped"
                say(f"openjd_fail: {text.splitlines()[0]}")
                if not isinstance(error, PipelineError | KeyboardInterrupt):
                    text = "".join(traceback.format_exception(error))
                log.terminal.write(f"{text}\n")
                return code_of(error)
