"""dataset.json and job.json, which speak for all frames: mended, each from the other, where that can be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.canonical import json_bytes
from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset.create import dataset_json
from pipeline.dataset.damage import set_aside
from pipeline.dataset.disk import again_if_stale, replace_file, storing
from pipeline.dataset.layout import DATASET, FRAMES, JOB
from pipeline.errors import StoreError
from pipeline.job import Job, job_from_json, job_to_json, make_job
from pipeline.plurals import counted

JOB_REMEDY = (
    "bring it back from a copy or from another part of the dataset, or make it again: "
    "variegate check SCENE.yaml --job {}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What the two files say, once mended: whose frames these are, and how many there are to be. `done` tells what was
    mended, `left` what a person must."""

    job_digest: str
    frames: int
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def mend_heads(root: Path, *, dry_run: bool = False) -> Heads:
    """Return what dataset.json and job.json say, with one that is missing or damaged made again from the other.

    Raises StoreError when neither can be used, when they are of different jobs, or of another format.
    """
    header, header_problem = _load(root / DATASET)
    data, job_problem = _load(root / JOB)
    job: Job | None = None
    if data is not None:
        try:
            job = job_from_json(data, JOB)
        except ValueError as error:
            job_problem = str(error)
    if job is None:
        if header is None:
            raise StoreError(_neither(root, header_problem, job_problem))
        return _without_job(root, header, job_problem, dry_run)
    if header is None:
        return _write_header(root, job, header_problem, dry_run)
    if header.get("job_digest") != job.digest:
        raise StoreError(
            f"{root / DATASET} is of job {str(header.get('job_digest'))[:12]}, {JOB} of job {job.digest[:12]} "
            "(bring the right one back from a copy)"
        )
    return _agreeing(root, header, data or {}, job, dry_run)


def _load(path: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the content of a file, or None and what is wrong with it. Raises StoreError for one of another format."""
    try:
        data = json.loads(again_if_stale(path.read_bytes))
    except FileNotFoundError:
        return None, f"{path.name} is not there"
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror} (check the disk)") from error
    except ValueError as error:
        return None, f"{path.name} is damaged: {error}"
    if not isinstance(data, dict):
        return None, f"{path.name} is damaged: it holds no JSON object"
    if data.get("format_version") != FORMAT_VERSION:
        seen = data.get("format_version")
        raise StoreError(f"{path}: format_version is {seen!r}, this version reads {FORMAT_VERSION}")
    return data, ""


def _neither(root: Path, header_problem: str, job_problem: str) -> str:
    if not (root / FRAMES).is_dir():
        return f"{root} is not a dataset: it has no {DATASET}, {JOB} or {FRAMES}/ (name what render had as --out)"
    return (
        f"{root}: {header_problem}, and {job_problem}: nothing says which job these frames are of "
        f"({JOB_REMEDY.format(root / JOB)}; then repair again)"
    )


def _without_job(root: Path, header: dict[str, Any], problem: str, dry_run: bool) -> Heads:
    done = []
    if (root / JOB).exists():
        if not dry_run:
            set_aside(root, root / JOB, problem)
        done.append(f"{problem}: moved to damaged/")
    return Heads(
        job_digest=str(header["job_digest"]),
        frames=int(header["frames"]),
        done=tuple(done),
        left=(f"{JOB} is not there, so no frame can be made again ({JOB_REMEDY.format(root / JOB)})",),
    )


def _write_header(root: Path, job: Job, problem: str, dry_run: bool) -> Heads:
    if not dry_run:
        if (root / DATASET).exists():
            set_aside(root, root / DATASET, problem)
        _replace(root / DATASET, dataset_json(job))
    return Heads(job_digest=job.digest, frames=job.config.frames, done=(f"{problem}: made again from {JOB}",))


def _agreeing(root: Path, header: dict[str, Any], data: dict[str, Any], job: Job, dry_run: bool) -> Heads:
    """The longer of the two wins: frames may be there that the shorter does not count."""
    done = []
    frames = header.get("frames")
    if isinstance(frames, int) and frames > job.config.frames:
        done.append(f"{JOB} was of {counted(job.config.frames, 'frame')}, {DATASET} is of {frames}: made as long")
        job = make_job(replace(job.config, frames=frames), job.catalogue)
        if not dry_run:
            _replace(root / JOB, job_to_json(job, str(data.get("base_dir", "."))))
    wrong = sorted(_differing(header, dataset_json(job)))
    if wrong:
        done.append(f"{DATASET} did not say what {JOB} says ({', '.join(wrong)}): made again")
        if not dry_run:
            _replace(root / DATASET, dataset_json(job) | {"versions": header.get("versions", {})})
    return Heads(job_digest=job.digest, frames=job.config.frames, done=tuple(done))


def _differing(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    """Every key but the version of this program, which may have gone on."""
    wanted = json.loads(json_bytes(wanted))
    return (key for key in (found.keys() | wanted.keys()) - {"versions"} if found.get(key) != wanted.get(key))


def _replace(path: Path, data: dict[str, Any]) -> None:
    with storing(path):
        replace_file(path, json_bytes(data, indent=1))
