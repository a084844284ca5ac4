"""Opening a dataset folder, and making it when it is new. Any number of processes may do so at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.canonical import json_bytes
from pipeline.config.category_keypoints import category_keypoints
from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset.disk import (
    again_if_stale,
    create_file,
    make_folder,
    remove,
    replace_file,
    storing,
    sync,
    temporary_name,
)
from pipeline.dataset.layout import DATASET, FRAMES, JOB, LOGS, TEMPORARY, TIMING, Store
from pipeline.errors import StoreError
from pipeline.job import Job, assets_of, job_to_json, part_classes
from pipeline.structure import unstructure


def open_store(
    root: Path, job: Job, base_dir: Path, facts: Mapping[str, str] | None = None, header: bytes | None = None
) -> Store:
    """Return the dataset `root` of `job`, made when it is not there.

    `base_dir` is where the job's relative addresses start. `facts` (Blender, C library, device) goes into the
    record of every frame committed through this store; `header` is a dataset.json of this job to take instead of one
    that names this version. Raises StoreError for the dataset of another job, for a folder that holds something else,
    and for one that cannot be written.
    """
    header = header or json_bytes(dataset_json(job), indent=1)
    with storing(root):
        make_folder(root)
        names = os.listdir(root)
        # dataset.json comes first into a new folder: whoever sees anything else in it sees dataset.json too.
        if not (root / DATASET).exists():
            _refuse_foreign(root, names)
            create_file(root / DATASET, header)
        _check_same_job(root, job)
        for name in (FRAMES, LOGS, TIMING):
            (root / name).mkdir(exist_ok=True)
        job_file = json_bytes(job_to_json(job, _relative(base_dir, root)), indent=1)
        if not (root / JOB).exists():
            create_file(root / JOB, job_file)
        if read_dataset(root)["frames"] < job.config.frames:  # the same job, made longer
            replace_file(root / JOB, job_file)
            replace_file(root / DATASET, header)
        _check_writable(root / FRAMES)
        # Also what another process made and did not come to wait for.
        for folder in (root / FRAMES, root, root.parent):
            sync(folder)
    return Store(root=root, job=job, facts=dict(facts or {}))


def dataset_json(job: Job) -> dict[str, Any]:
    """Return dataset.json: what the dataset is, the same for one job whoever makes it, wherever and with what."""
    classes = part_classes(job.catalogue)
    return {
        "format_version": FORMAT_VERSION,
        "versions": {"variegate": __version__},
        "title": job.config.title,
        "job_digest": job.digest,
        "seed": job.config.seed,
        "frames": job.config.frames,
        "categories": _categories(job),
        **({"parts": [{"class_id": number, "name": name} for name, number in classes.items()]} if classes else {}),
        "assets": [
            {"asset_id": asset.asset_id, "sha256": asset.sha256, "licence": asset.licence or "unknown"}
            for asset in assets_of(job.catalogue)
        ],
    }


def _categories(job: Job) -> list[dict[str, Any]]:
    """Return the class map; a category with keypoints lists their names, the pairs to join, and the pairs that swap
    places in a mirrored picture."""
    config = job.config
    points = category_keypoints((*config.targets, *config.distractors)) if "keypoints" in config.outputs else {}
    return [
        unstructure(category) | (unstructure(points[category.name]) if category.name in points else {})
        for category in config.categories
    ]


def read_dataset(root: Path) -> dict[str, Any]:
    """Return dataset.json of the dataset `root`. Raises StoreError when it is not there or of another format."""
    path = root / DATASET
    try:
        data = json.loads(again_if_stale(path.read_bytes))
    except FileNotFoundError as error:
        raise StoreError(f"{root} is not a dataset: it has no {DATASET} (name what render had as --out)") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error} (bring it back from a copy, or choose another --out)") from error
    if not isinstance(data, dict):
        raise StoreError(f"{path} is damaged: expected a JSON object")
    if data.get("format_version") != FORMAT_VERSION:
        raise StoreError(
            f"{path}: format_version is {data.get('format_version')!r}, this version reads {FORMAT_VERSION}"
        )
    return data


def _refuse_foreign(root: Path, names: list[str]) -> None:
    foreign = sorted(name for name in names if not name.startswith(TEMPORARY))
    if foreign:
        seen = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise StoreError(f"{root} is not empty and not a dataset: it holds {seen} (choose another --out)")


def _check_same_job(root: Path, job: Job) -> None:
    found = read_dataset(root).get("job_digest")
    if found != job.digest:
        raise StoreError(
            f"{root} holds the frames of job {str(found)[:12]}, this is job {job.digest[:12]} "
            "(the scene file, an override or an asset differs: choose another --out, or remove that folder)"
        )


def _check_writable(folder: Path) -> None:
    """Fail before the first frame is rendered, not after."""
    probe = folder / temporary_name("probe")
    try:
        probe.mkdir(exist_ok=True)
    finally:
        remove(probe)


def _relative(base_dir: Path, root: Path) -> str:
    """Return `base_dir` as the job.json of the dataset `root` has it."""
    try:
        return Path(os.path.relpath(base_dir.resolve(), root.resolve())).as_posix()
    except ValueError:  # Windows: another drive
        return base_dir.resolve().as_posix()
