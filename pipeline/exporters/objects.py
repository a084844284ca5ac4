"""The kept objects of a frame as plain rows, for formats without a scheme of their own (WebDataset, Hugging Face)."""

from __future__ import annotations

from typing import Any

from pipeline.exporters.source import ExportFrame, Source

Row = dict[str, Any]


def category_index(source: Source) -> dict[int, int]:
    """Return the position of each category id in the class map: classes counted from 0 without gaps."""
    return {item["id"]: index for index, item in enumerate(source.header["categories"])}


def object_columns(one: ExportFrame, index: dict[int, int]) -> dict[str, list[Any]]:
    """Return the kept objects column by column, in the order of their ids.

    `bbox` xywh, half-open pixel edges, floats; `categories` counted from 0; `category_id` as in the class map;
    `visibility` of the silhouette, None where the dataset has none.
    """
    return {
        "id": [item.instance_id for item in one.kept],
        "bbox": [[float(value) for value in item.bbox_xywh_px or ()] for item in one.kept],
        "categories": [index[item.category_id] for item in one.kept],
        "category_id": [item.category_id for item in one.kept],
        "category": [item.category for item in one.kept],
        "area": [item.visible_px for item in one.kept],
        "visibility": [None if item.silhouette is None else item.silhouette.visibility for item in one.kept],
    }
