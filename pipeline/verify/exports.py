"""The check of each export format against the dataset it was made of.

A new format is one file here and one line in `EXPORT_CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeline.verify.finding import Finding

Progress = Callable[[int, int], None]
ExportCheck = Callable[[Path, Path, Progress | None], Iterator[Finding]]  # (export's folder, dataset, progress)

EXPORT_CHECKS: Mapping[str, ExportCheck] = {}
