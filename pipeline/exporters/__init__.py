"""Datasets in the formats that training code reads, each built from the store alone, streaming.

A new format is one file here and one line in `EXPORTERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.exporters.coco import export_coco, export_coco_polygons
from pipeline.exporters.coco_keypoints import export_coco_keypoints
from pipeline.exporters.coco_panoptic import export_coco_panoptic
from pipeline.exporters.options import ExportOptions, ExportSummary, Progress
from pipeline.exporters.voc import export_voc
from pipeline.exporters.yolo import export_yolo, export_yolo_obb, export_yolo_pose, export_yolo_segment

Exporter = Callable[[Path, Path, ExportOptions, Progress | None], ExportSummary]  # (dataset, out, options, progress)

EXPORTERS: Mapping[str, Exporter] = {
    "coco": export_coco,
    "coco-polygons": export_coco_polygons,
    "coco-keypoints": export_coco_keypoints,
    "coco-panoptic": export_coco_panoptic,
    "yolo": export_yolo,
    "yolo-segment": export_yolo_segment,
    "yolo-pose": export_yolo_pose,
    "yolo-obb": export_yolo_obb,
    "voc": export_voc,
}
