"""A process that surveys a scene file's assets for one that holds no Blender."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline import worker_messages
from pipeline.config.schema import Config
from pipeline.engine import open_engine
from pipeline.errors import PipelineError, ProblemsError
from pipeline.exit_codes import DO_NOT_RETRY, DONE
from pipeline.job import make_job
from pipeline.job_file import write_job_file
from pipeline.scene.survey.catalogue import survey
from pipeline.structure import from_json, unstructure
from pipeline.worker_channel import Channel

CONFIG = "config.json"
JOB = "job.json"


def survey_folder(folder: Path, base_dir: Path, channel: Channel) -> int:
    """Make FOLDER/job.json of FOLDER/config.json, whose relative addresses start at `base_dir`; return the exit code.

    What the user can mend is told as "fatal", with the single problems where there are some.
    """
    try:
        config = from_json(json.loads((folder / CONFIG).read_bytes()), Config, CONFIG)
        engine = open_engine("cpu", base_dir, None if config.template is None else config.template.file)
        shop = engine.workshop

        def notice(text: str) -> None:
            channel.send(worker_messages.NOTICE, text=text)

        job = make_job(config, survey(config, shop.places, shop.library, notice, shop.session))
        write_job_file(folder / JOB, job, base_dir)
    except PipelineError as error:
        problems = [unstructure(one) for one in error.problems] if isinstance(error, ProblemsError) else []
        channel.send(worker_messages.FATAL, code=DO_NOT_RETRY, reason=str(error), problems=problems)
        return DO_NOT_RETRY
    return DONE
