"""An engine's own programs: are they here, and what did they say."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence

from pipeline.errors import FarmError


def need_program(name: str, remedy: str) -> None:
    """Raise FarmError with `remedy` where the program is not on PATH."""
    if shutil.which(name) is None:
        raise FarmError(f"{name} is not on this machine's PATH ({remedy})")


def run_program(command: Sequence[str], remedy: str) -> str:
    """Run a command line to its end and return what it wrote to its standard output.

    Raises FarmError with `remedy` where the program is missing, and with the program's own words where it fails.
    """
    need_program(command[0], remedy)
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").removeprefix("error: ")
        raise FarmError(f"{shlex.join(command)} ended with exit code {done.returncode}: {said}")
    return done.stdout
