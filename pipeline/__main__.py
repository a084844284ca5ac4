"""`python -m pipeline`, the same as `variegate`. Any Python can read this file, so that an old one gets a sentence."""

import atexit
import os
import sys

SUPPORTED = ((3, 11), (3, 13))


def main():  # type: () -> int
    """Run the command line and return its exit code."""
    if sys.version_info[:2] not in SUPPORTED:
        sys.stderr.write(
            "Variegate runs on Python 3.11 (Blender 4.5) and Python 3.13 (Blender 5.2), this is Python {}.{}; "
            "inside a real Blender use scripts/render.py.\n".format(*sys.version_info[:2])
        )
        return 2
    atexit.register(silence_blender)
    try:
        from pipeline.cli import main as run_cli

        return run_cli()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


def silence_blender():  # type: () -> None
    """Drop what Blender says after Python has ended: 4.5 calls memory that it left to the system an error."""
    if "bpy" in sys.modules:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
                os.dup2(nowhere, stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
