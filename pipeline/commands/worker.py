"""What `render --workers` and `shard --workers` start their processes with; people never type it."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import click

from pipeline import worker_messages
from pipeline.addresses import parse_path_map
from pipeline.commands.options import device_option
from pipeline.dataset.scratch import end_at_once, own_temporary_folder
from pipeline.errors import PipelineError
from pipeline.exit_codes import DO_NOT_RETRY
from pipeline.terminal import import_with_blender
from pipeline.worker_channel import Channel, open_channel


@click.command(hidden=True)
@click.argument("dataset", type=click.Path(path_type=Path))
@device_option
@click.option("--threads", type=click.IntRange(min=0), default=0)
@click.option("--path-map", "pairs", multiple=True)
@click.option("--save-blend", is_flag=True)
@click.option("--facts", default="{}", help="For its log, as JSON.")
def worker(dataset: Path, device: str, threads: int, pairs: tuple[str, ...], save_blend: bool, facts: str) -> None:
    """Make the frames of DATASET that standard input names."""
    with own_temporary_folder(), open_channel(dataset) as channel:
        module = _import("pipeline.worker", channel)
        options = module.WorkerOptions(
            device=device,
            threads=threads,
            path_map=parse_path_map(pairs),
            save_blend=save_blend,
            facts=json.loads(facts),
        )
        # Without Blender's own farewell, which takes time and in some builds crashes.
        end_at_once(module.serve(dataset, options, channel))


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("base_dir", type=click.Path(path_type=Path))
def survey(folder: Path, base_dir: Path) -> None:
    """Make FOLDER/job.json of FOLDER/config.json."""
    with own_temporary_folder(), open_channel() as channel:
        end_at_once(_import("pipeline.surveyor", channel).survey_folder(folder, base_dir, channel))


def _import(module: str, channel: Channel) -> ModuleType:
    try:
        return import_with_blender(module)
    except PipelineError as error:
        channel.send(worker_messages.FATAL, code=DO_NOT_RETRY, reason=str(error), problems=[])
        end_at_once(DO_NOT_RETRY)
