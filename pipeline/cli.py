"""The command line; it and its commands alone print. A PipelineError is one message and exit code 2."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pipeline import __version__
from pipeline.commands.cancel import cancel
from pipeline.commands.datasets import export, show, verify
from pipeline.commands.farm import resume, submit
from pipeline.commands.production import status
from pipeline.commands.scenes import check, preview, render
from pipeline.commands.shard import shard
from pipeline.commands.upkeep import merge, repair_command
from pipeline.commands.worker import survey, worker
from pipeline.errors import PipelineError
from pipeline.terminal import INTERRUPTED, Interrupted, describe_interruption


def main(args: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 something lacks or is wrong, 2 something the user can mend,
    130 interrupted."""
    try:
        code = cli.main(None if args is None else list(args), prog_name="variegate", standalone_mode=False)
    except PipelineError as error:
        click.echo(f"{error}", err=True)
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (Interrupted, click.Abort) as stop:
        click.echo(describe_interruption(getattr(stop, "committed", None)), err=True)
        return INTERRUPTED
    except click.exceptions.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Each command has its own --help with examples.",
)
@click.version_option(__version__, prog_name="variegate")
def cli() -> None:
    """Labelled training images from 3D assets, rendered headless with Blender.

    A scene file (YAML) says what may vary; a frame is a pure function of it, the assets, the seed and its number.
    """


for _command in (
    *(render, check, preview, export, show, verify),
    *(shard, status, submit, resume, cancel),
    *(merge, repair_command),
    *(worker, survey),
):
    cli.add_command(_command)
