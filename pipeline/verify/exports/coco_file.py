"""A COCO file of an export as read, and what all checks of it need."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.verify.exports.expected import About


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CocoFile:
    """A COCO file: its images and annotations by image id. It is held in memory whole."""

    name: str
    data: Mapping[str, Any]
    images: Mapping[int, list[dict[str, Any]]]
    annotations: Mapping[int, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CocoExport:
    """What is checked: the export's folder and options, its dataset, and the keypoint names by category id."""

    folder: Path
    dataset: Path
    about: About
    keypoints: Mapping[int, list[str]]


def read_coco(folder: Path, name: str) -> CocoFile:
    """Return a file of the export.

    Raises OSError, ValueError, KeyError, TypeError or AttributeError for a damaged one.
    """
    data = json.loads((folder / name).read_bytes())
    images: dict[int, list[dict[str, Any]]] = defaultdict(list)
    annotations: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for image in data["images"]:
        images[int(image["id"])].append(image)
    for annotation in data["annotations"]:
        annotations[int(annotation["image_id"])].append(annotation)
    return CocoFile(name=name, data=data, images=images, annotations=annotations)
