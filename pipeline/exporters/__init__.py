"""Datasets in the formats that training code reads, each built from the store alone, streaming.

A new format is one file here and one line in `EXPORTERS`.
"""

from __future__ import annotations

from pipeline.exporters.coco import export_coco

EXPORTERS = {
    "coco": export_coco,
}
