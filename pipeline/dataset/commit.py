"""One frame to disk, all of it or nothing: written in a temporary folder, its record last, then renamed into place.

Killed at any moment, a process leaves at most a temporary folder that `clean_stale` finds. Of two processes that make
the same frame, the second drops its own.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from pipeline.canonical import json_bytes
from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset.disk import OCCUPIED, move_file, remove, storing, sync, temporary_name, write_file
from pipeline.dataset.layout import COMMIT, FRAMES, LABELS, PLAN, Store
from pipeline.dataset.pictures import Picture, encode_pictures, frame_files, rgb_source
from pipeline.dataset.quarantine import release
from pipeline.dataset.resume import folder_problem, is_complete
from pipeline.errors import StoreError
from pipeline.records import Annotation, FramePlan, RenderedFrame
from pipeline.structure import unstructure

ATTEMPTS = 10  # at putting a folder in the place of a damaged one, while others do the same


def commit(store: Store, plan: FramePlan, rendered: RenderedFrame | None, annotation: Annotation) -> None:
    """Write one frame into the dataset; `rendered.rgb_file` is moved.

    A frame that is already complete stays as it is; a damaged one is replaced, and one that had been given up is so no
    more. A rejected frame gets no pictures.
    Raises StoreError when the disk refuses; the dataset is then as before.
    """
    if plan.job_digest != store.job.digest:
        raise StoreError(
            f"frame {plan.frame} was planned by job {plan.job_digest[:12]}, {store.root} is of job "
            f"{store.job.digest[:12]} (replay a plan into the dataset it came from)"
        )
    if not is_complete(store, plan.frame):
        frames = store.root / FRAMES
        temporary = frames / temporary_name(f"{plan.frame:06d}")
        with storing(store.folder(plan.frame)):
            try:
                _write_frame(temporary, store, plan, rendered, annotation)
                put_in_place(temporary, store.folder(plan.frame), plan.frame, store.job.digest)
            finally:
                remove(temporary)
            sync(frames)
    release(store.root, [plan.frame])


def _write_frame(
    folder: Path, store: Store, plan: FramePlan, rendered: RenderedFrame | None, annotation: Annotation
) -> None:
    labels = annotation.labels
    files = {
        PLAN: Picture(data=json_bytes(unstructure(plan))),
        LABELS: Picture(data=json_bytes(unstructure(labels))),
    }
    moved: dict[str, Path] = {}
    if labels.status == "accepted":
        if rendered is None:
            raise ValueError(f"frame {plan.frame} is accepted without having been rendered")
        files |= encode_pictures(plan, rendered, annotation)
        moved = {name: rgb_source(rendered) for name in frame_files(plan, annotation).values() if name not in files}
    folder.mkdir()
    for name, picture in files.items():
        write_file(folder / name, picture.data)
    facts = {name: _facts(picture.data, picture.pixels_sha256) for name, picture in files.items()}
    for name, source in moved.items():
        facts[name] = _facts(source.read_bytes())
        move_file(source, folder / name)
    write_file(folder / COMMIT, json_bytes(_record(store, plan, annotation, facts)))
    sync(folder)


def _facts(data: bytes, pixels_sha256: str = "") -> dict[str, Any]:
    facts: dict[str, Any] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return {**facts, "pixels_sha256": pixels_sha256} if pixels_sha256 else facts


def _record(store: Store, plan: FramePlan, annotation: Annotation, files: dict[str, Any]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "frame": plan.frame,
        "status": annotation.labels.status,
        "reason": annotation.labels.reason,
        "job_digest": store.job.digest,
        "id_source": annotation.labels.id_source,
        "id_reason": annotation.labels.id_reason,
        "renderer": {**store.facts, "engine": plan.render.engine},
        "files": files,
    }


def put_in_place(temporary: Path, target: Path, frame: int, job_digest: str) -> None:
    """Rename a finished folder to its place. What is in the way is kept when it is complete, and set aside when not."""
    for _ in range(ATTEMPTS):
        try:
            os.rename(temporary, target)
            return
        except FileNotFoundError:
            # NFS asks again for a rename whose answer was lost, and then there is nothing to rename any more.
            if folder_problem(target, frame, job_digest):
                raise
        except OSError as error:
            if error.errno not in OCCUPIED:
                raise
        if not folder_problem(target, frame, job_digest):
            return
        _set_aside(target, frame, job_digest)
    raise StoreError(f"{target}: other processes keep changing it (run one render on a dataset's frame at a time)")


def _set_aside(target: Path, frame: int, job_digest: str) -> None:
    """Take a damaged folder out of the way; one that another process completed meanwhile goes back."""
    aside = target.parent / temporary_name(f"{target.name}.damaged")
    try:
        os.rename(target, aside)
    except FileNotFoundError:
        return
    try:
        if not folder_problem(aside, frame, job_digest):
            os.rename(aside, target)
    except OSError:
        pass  # a third process has put the same frame there
    finally:
        remove(aside)
