"""Datasets in the formats that training code reads, each built from the store alone, streaming.

A new format is one file or folder here and one line in `EXPORTERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.exporters.bop.export import export_bop
from pipeline.exporters.coco.export import export_coco, export_coco_polygons
from pipeline.exporters.coco.keypoints import export_coco_keypoints
from pipeline.exporters.coco.panoptic import export_coco_panoptic
from pipeline.exporters.dope import export_dope
from pipeline.exporters.hdf5 import export_hdf5
from pipeline.exporters.imagefolder import export_imagefolder
from pipeline.exporters.kitti import export_kitti
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.parquet import export_parquet
from pipeline.exporters.record import ExportSummary
from pipeline.exporters.source import Progress
from pipeline.exporters.voc.export import export_voc
from pipeline.exporters.webdataset import export_webdataset
from pipeline.exporters.yolo.export import export_yolo, export_yolo_obb, export_yolo_pose, export_yolo_segment

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
    "kitti": export_kitti,
    "bop": export_bop,
    "dope": export_dope,
    "webdataset": export_webdataset,
    "imagefolder": export_imagefolder,
    "parquet": export_parquet,
    "hdf5": export_hdf5,
}
