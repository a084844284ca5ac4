"""The command line of a real Blender that runs this program by scripts/render.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import FarmError

PACKAGE = Path(__file__).resolve().parents[2]  # the folder that holds `pipeline`


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
