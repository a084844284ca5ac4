"""The command line of a real Blender that runs this program by scripts/render.py."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import FarmError

PACKAGE = Path(__file__).resolve().parents[2]  # the folder that holds `pipeline`
SHOWN = 80  # characters of what another program says
ANSWER_S = 300.0  # for a Blender to say its version: a container may have to be unpacked first

_VERSION = re.compile(r"^Blender \d+\.\d+", re.MULTILINE)


def check_blender(blender: Sequence[str]) -> None:
    """Raise FarmError where a command line on this machine does not answer --version as a Blender does."""
    shown, asked = shlex.join(blender), (*blender, "--version")
    expected = "expected a line like Blender 5.2.2 (give the path of a Blender)"
    try:
        done = subprocess.run(
            asked,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=ANSWER_S,
            check=False,
        )
    except OSError as error:
        raise FarmError(f"--blender {shown}: cannot be started: {error.strerror} (is its path right?)") from error
    except subprocess.TimeoutExpired as error:
        raise FarmError(f"--blender {shown}: no answer to --version within {ANSWER_S:.0f} s; {expected}") from error
    if not _VERSION.search(done.stdout):
        words = done.stdout.strip().splitlines()
        said = f"{words[0][:SHOWN]!r}" if words else "nothing"
        raise FarmError(
            f"--blender {shown}: this is no Blender: to --version it said {said}, with exit code {done.returncode}; "
            f"{expected}"
        )


def script_here() -> Path:
    """Return scripts/render.py of this checkout. Raises FarmError where this is none."""
    script = PACKAGE / "scripts" / "render.py"
    if not script.is_file():
        raise FarmError(f"--blender needs {script}, which is not here (work from a checkout of Variegate)")
    return script


def blender_command(blender: Sequence[str], script: str, options: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what starts this program in a Blender, up to its own arguments; `script` is what that one calls
    scripts/render.py, and `options` are Blender's own."""
    start = (*blender, "--background", "--factory-startup", *options)
    # The code for an exception must be set before the script is named, or it ends with 0.
    return (*start, "--python-exit-code", "1", "--python", script, "--")
