"""COCO panoptic: a picture of ids for each image, and what category each id has. Every category is a thing.

The picture of ids lies in a folder named like the JSON file, where panopticapi looks for it: annotations/000012.png,
its R + 256 G + 65536 B the instance id, 0 (void) where no object of a category is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.annotations.panoptic import panoptic_image
from pipeline.codecs.png import encode_png
from pipeline.exporters.coco.export import Annotation, Content, categories_of, write_coco
from pipeline.exporters.coco.file import file_names
from pipeline.exporters.files import put_file
from pipeline.exporters.masks import mask_in_box
from pipeline.exporters.options import DEFAULTS, ExportOptions
from pipeline.exporters.record import ExportSummary
from pipeline.exporters.source import ExportFrame, Progress, Source


def export_coco_panoptic(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write OUT/annotations.json and OUT/annotations/, of each split its own; see `write_coco`."""
    folders = {split: out / Path(name).stem for split, name in file_names(options).items()}

    def fill(source: Source) -> Content:
        def describe(one: ExportFrame, instance: NDArray[np.uint16]) -> list[Annotation]:
            path = folders[one.split] / f"{one.frame:06d}.png"
            put_file(path, encode_png(panoptic_image(instance, _category(one, instance))))
            segments = [
                {
                    "id": item.instance_id,
                    "category_id": item.category_id,
                    "area": int(np.count_nonzero(mask_in_box(source.root, one.frame, instance, item))),
                    "bbox": list(item.bbox_xywh_px or ()),
                    "iscrowd": int(item.instance_id in one.ignored_ids),
                }
                for item in one.objects
            ]
            return [{"image_id": one.frame, "file_name": path.name, "segments_info": segments}]

        categories = [{**item, "isthing": 1} for item in categories_of(source)]
        return Content(categories=categories, describe=describe, count=lambda item: len(item["segments_info"]))

    return write_coco("coco-panoptic", dataset, out, options, progress, fill)


def _category(one: ExportFrame, instance: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the category (H, W) of every pixel by the labels, 0 none."""
    of_id = np.zeros(int(instance.max()) + 1, dtype=np.uint16)
    for item in one.labels.instances:
        if item.visible_px:
            of_id[item.instance_id] = item.category_id
    return of_id[instance]
