"""Which keypoints a category has, so that every object of it names the same ones in the same order."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.dataset.read import read_labels
from pipeline.errors import ExportError
from pipeline.exporters.source import Source
from pipeline.records import InstanceLabel, KeypointLabel

Names = Mapping[int, tuple[str, ...]]


def keypoint_names(source: Source) -> Names:
    """Return the keypoint names of each category that has any: as dataset.json lists them, else all that its labels
    name, in the order they are met in. Raises ExportError when there are none at all."""
    names: dict[int, dict[str, None]] = {
        item["id"]: dict.fromkeys(item.get("keypoints") or ()) for item in source.header["categories"]
    }
    if not any(names.values()):
        for frame in source.frames:
            for item in read_labels(source.root, frame).instances:
                if item.category_id in names:
                    names[item.category_id].update(dict.fromkeys(point.name for point in item.keypoints or ()))
    if not any(names.values()):
        raise ExportError(
            f"{source.root} has no keypoints, which this format is about "
            "(declare them for the assets, add keypoints to outputs, and render to another --out)"
        )
    return {category_id: tuple(found) for category_id, found in sorted(names.items()) if found}


def keypoints_of(item: InstanceLabel, names: Names) -> list[KeypointLabel | None]:
    """Return an instance's keypoints in the order of its category, None for one it does not have."""
    found = {point.name: point for point in item.keypoints or ()}
    return [found.get(name) for name in names[item.category_id]]
