"""job.json on its own: a scene file made final, to be rendered where no YAML can be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.errors import ConfigError, Problem, StoreError
from pipeline.job import Job, job_from_json, job_to_json


def read_job_file(path: Path) -> Job:
    """Return the job of a job.json. Raises ConfigError when it is not one, was edited, or is of another format."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("expected a JSON object")
        return job_from_json(data, str(path))
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _problem(path, f"not a job.json that can be used: {error}") from error


def write_job_file(path: Path, job: Job, base_dir: Path) -> None:
    """Write the job; `base_dir` is where its relative addresses start. Raises StoreError when that fails."""
    relative = Path(os.path.relpath(base_dir, path.resolve().parent)).as_posix()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json_bytes(job_to_json(job, relative), indent=1))
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror} (choose another --job)") from error


def _problem(path: Path, message: str) -> ConfigError:
    remedy = "make it again: variegate check SCENE.yaml --job job.json"
    return ConfigError([Problem(message=message, where=str(path), remedy=remedy)])
