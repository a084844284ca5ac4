"""The check of each export format against the dataset it was made of.

A new format is one file or more here and one line in `EXPORT_CHECKS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.dataset.create import read_dataset
from pipeline.errors import PipelineError, StoreError
from pipeline.exporters.record import EXPORT
from pipeline.verify.exports.bop import check_bop
from pipeline.verify.exports.coco import check_coco
from pipeline.verify.exports.kitti import check_kitti
from pipeline.verify.exports.voc import check_voc
from pipeline.verify.exports.yolo import check_yolo
from pipeline.verify.finding import Finding
from pipeline.verify.report import Report, make_report

Progress = Callable[[int, int], None]
ExportCheck = Callable[[Path, Path, Progress | None], Iterator[Finding]]  # (export's folder, dataset, progress)

EXPORT_CHECKS: Mapping[str, ExportCheck] = {
    "coco": check_coco,
    "coco-polygons": check_coco,
    "coco-keypoints": check_coco,
    "coco-panoptic": check_coco,
    "yolo": check_yolo,
    "yolo-segment": check_yolo,
    "yolo-pose": check_yolo,
    "yolo-obb": check_yolo,
    "voc": check_voc,
    "kitti": check_kitti,
    "bop": check_bop,
}


def verify_export(form: str, folder: Path, dataset: Path, progress: Progress | None = None) -> Report:
    """Return the report on the export in `folder`, of `dataset`.

    Raises StoreError for what is no export, PipelineError for a format without a check.
    """
    if form not in EXPORT_CHECKS:
        raise PipelineError(f"exports of the format {form} cannot be checked; those that can: {_known()}")
    about = _read_about(folder)
    header = read_dataset(dataset)
    foreign = [
        Finding(kind="export-foreign", where=EXPORT, message=f"{key} is {seen!r}, expected {wanted!r} (export again)")
        for key, seen, wanted in (
            ("format", about.get("format"), form),
            ("job_digest", about.get("job_digest"), header["job_digest"]),
        )
        if seen != wanted
    ]
    findings = foreign or list(EXPORT_CHECKS[form](folder, dataset, progress))
    return make_report(expected=0, statuses={}, findings=findings)


def _known() -> str:
    return ", ".join(sorted(EXPORT_CHECKS)) or "none"


def _read_about(folder: Path) -> dict[str, Any]:
    path = folder / EXPORT
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is no export: it has no {EXPORT} (name what export had as --out)") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error} (export again)") from error
    if not isinstance(data, dict):
        raise StoreError(f"{path} is damaged: expected a JSON object (export again)")
    return data
