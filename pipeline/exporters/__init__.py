"""Datasets in the formats that training code reads, each built from the store alone, streaming.

A new format is one file here and one line in `EXPORTERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.exporters.coco import export_coco
from pipeline.exporters.options import ExportOptions, ExportSummary, Progress

Exporter = Callable[[Path, Path, ExportOptions, Progress | None], ExportSummary]  # (dataset, out, options, progress)

EXPORTERS: Mapping[str, Exporter] = {
    "coco": export_coco,
}
