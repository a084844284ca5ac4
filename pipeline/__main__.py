"""`python -m pipeline`, the same as `variegate`. Any Python can read this file, so that an old one gets a sentence."""

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
    try:
        from pipeline.cli import main as run_cli

        return run_cli()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
