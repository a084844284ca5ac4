"""COCO keypoints: the objects of the categories that have any, each with x, y, v of every keypoint of its category.

COCO counts pixels by their centres (the middle of the first one is 0, 0): half a pixel is taken off. v is 0 for what
is not in the picture (x and y are then 0), 1 for hidden, 2 for visible.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.exporters.coco.export import Annotation, Content, categories_of, mask_annotations, write_coco
from pipeline.exporters.keypoints import Names, keypoint_names, keypoints_of
from pipeline.exporters.options import DEFAULTS, ExportOptions
from pipeline.exporters.record import ExportSummary
from pipeline.exporters.source import ExportFrame, Progress, Source
from pipeline.records import KeypointLabel

CENTRE_PX = 0.5


def export_coco_keypoints(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write masks as run lengths and keypoints; see `write_coco`. Raises ExportError when there are no keypoints."""
    return write_coco("coco-keypoints", dataset, out, options, progress, _with_keypoints)


def _with_keypoints(source: Source) -> Content:
    names = keypoint_names(source)

    def describe(one: ExportFrame, instance: NDArray[np.uint16]) -> list[Annotation]:
        one = replace(
            one,
            kept=tuple(item for item in one.kept if item.category_id in names),
            ignored=tuple(item for item in one.ignored if item.category_id in names),
        )
        found = mask_annotations(source.root, one, instance)
        items = {item.instance_id: item for item in (*one.kept, *one.ignored)}
        for annotation in found:
            points = keypoints_of(items[annotation["instance_id"]], names)
            annotation["keypoints"] = [value for point in points for value in _xyv(point)]
            annotation["num_keypoints"] = sum(value > 0 for value in annotation["keypoints"][2::3])
        return found

    return Content(categories=_categories(source, names), describe=describe)


def _categories(source: Source, names: Names) -> list[dict[str, Any]]:
    """Return the categories with keypoints; COCO's skeletons are pairs of their numbers, from 1."""
    joined = {item["id"]: item.get("skeleton") or [] for item in source.header["categories"]}
    return [
        {
            **item,
            "keypoints": list(names[item["id"]]),
            "skeleton": [[names[item["id"]].index(name) + 1 for name in pair] for pair in joined[item["id"]]],
        }
        for item in categories_of(source)
        if item["id"] in names
    ]


def _xyv(point: KeypointLabel | None) -> tuple[float, float, int]:
    if point is None or point.position_px is None or point.visibility == 0:
        return (0.0, 0.0, 0)
    x, y = (round(value - CENTRE_PX, 9) for value in point.position_px)
    return (x, y, point.visibility)
