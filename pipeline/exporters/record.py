"""What an export says of itself: export.json, away while it is being written, back once all is there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import remove, replace_file, storing
from pipeline.dataset.layout import DATASET
from pipeline.errors import ExportError
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.source import Source

EXPORT = "export.json"  # in the folder of every export: its format, options and dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSummary:
    """What an export wrote; `rejected` and `missing` count the frames that are not in it, `ignored` the instances that
    fell short of `min_pixels` or `min_visibility`."""

    file: Path
    images: int
    annotations: int
    rejected: int
    missing: int
    ignored: int = 0


def begin_export(out: Path, form: str, source: Source, options: ExportOptions) -> None:
    """Make the folder `out` ready to be written: what export.json says of itself holds again once the export is done.

    The same export is made again in place. Raises ExportError when `out` holds another one, whose files would stay.
    """
    path = out / EXPORT
    if (out / DATASET).exists():
        raise ExportError(f"{out} holds a dataset, which an export would litter (choose another --out)")
    with storing(path):
        out.mkdir(parents=True, exist_ok=True)
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            return
        except ValueError:
            found = None
    if _identity(found) != _identity(json.loads(json_bytes(_export_json(form, source, options)))):
        raise ExportError(
            f"{out} holds another export: its {EXPORT} is of another format, dataset or options "
            "(choose another --out, or remove that folder)"
        )
    remove(path)


def _identity(data: Any) -> Any:
    """Return what of export.json says which export it is; a partial one may be completed."""
    try:
        return data["format"], data["job_digest"], {**data["options"], "partial": None}
    except (KeyError, TypeError):
        return None


def end_export(
    out: Path,
    form: str,
    source: Source,
    options: ExportOptions,
    file: Path,
    *,
    images: int,
    annotations: int,
    ignored: int,
) -> ExportSummary:
    """Write export.json, which `verify --format` reads, last of all, and return what the export wrote.

    It holds the format, the options and the dataset's job. `file` is what a user looks at first.
    """
    with storing(out / EXPORT):
        replace_file(out / EXPORT, json_bytes(_export_json(form, source, options), indent=1))
    return ExportSummary(
        file=file,
        images=images,
        annotations=annotations,
        rejected=len(source.frames) - images,
        missing=source.missing,
        ignored=ignored,
    )


def _export_json(form: str, source: Source, options: ExportOptions) -> dict[str, Any]:
    return {
        "format": form,
        "options": asdict(options),
        "job_digest": source.header["job_digest"],
        "versions": source.header["versions"],
    }
