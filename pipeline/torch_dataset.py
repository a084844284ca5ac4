"""A dataset as `torch.utils.data.Dataset`, with targets as torchvision's detection models take them.

    data = DetectionDataset("out/dice", split="train", val_fraction=0.2, min_visibility=0.1)
    loader = DataLoader(data, batch_size=4, shuffle=True, num_workers=2, collate_fn=collate_detections)

The one module that needs torch; frames are read in the workers, as they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    import torch
except ImportError as error:
    raise ImportError("pipeline.torch_dataset needs torch (pip install 'variegate[torch]')") from error

from pipeline.dataset import Dataset, Frame, open_dataset
from pipeline.dataset.read import read_job
from pipeline.errors import ExportError
from pipeline.exporters.keypoints import Names, keypoint_names, keypoints_of
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.source import Source, Split, export_frame, split_of
from pipeline.records import InstanceLabel

Sample = tuple[torch.Tensor, dict[str, Any]]


class DetectionDataset(torch.utils.data.Dataset):
    """The accepted frames of a dataset as (image, target).

    `image` (3, H, W) float32: sRGB 0..1, of an EXR scene-referred linear RGB. `target`, N objects in the order of their
    ids:

    | key | value |
    |---|---|
    | boxes | (N, 4) float32 x1 y1 x2 y2 in pixels: edges, half-open, of what is visible |
    | labels | (N,) int64, 1..C: the position of the category in `category_ids`; 0 would be the background |
    | masks | (N, H, W) uint8, 1 where the object is visible |
    | image_id | the frame's number, as in the COCO export |
    | area | (N,) float32 visible pixels |
    | iscrowd | (N,) int64, 1 for what falls short of the limits and is there because of `with_ignored` |
    | keypoints | (N, K, 3) float32 x y visibility, in the order of `keypoint_names`; 0 0 0 for none |

    What counts is decided as in every export (`exporters.options`): objects with a category, at least `min_pixels`
    visible pixels and `min_visibility` of the silhouette visible. `split` takes the scenes that the exports put there.
    A frame may have no object. `transforms` maps (image, target) to what is given out.

    Raises StoreError for what is no dataset, and when a frame lacks what is asked of it; ExportError for limits out of
    range and a split that is always empty.
    """

    def __init__(
        self,
        dataset: Dataset | Path | str,
        *,
        split: Split | None = None,
        val_fraction: float = 0.0,
        min_visibility: float = 0.0,
        min_pixels: int = 1,
        with_ignored: bool = False,
        with_masks: bool = True,
        transforms: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self.dataset = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
        self.options = ExportOptions(min_visibility=min_visibility, min_pixels=min_pixels, val_fraction=val_fraction)
        self.frames = _frames_of(self.dataset, split, val_fraction)
        self.category_ids = (0, *sorted(category.id for category in self.dataset.categories))
        names = {category.id: category.name for category in self.dataset.categories}
        self.categories = ("", *(names[category_id] for category_id in self.category_ids[1:]))
        self._source = Source(
            root=self.dataset.root, header=self.dataset.header, frames=self.dataset.accepted, missing=0
        )
        self.keypoint_names = _names_of(self.dataset, self._source)
        self._with_ignored, self._with_masks, self._transforms = with_ignored, with_masks, transforms

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, position: int) -> Any:
        frame = self.dataset.frame(self.frames[position])
        sample: Sample = (_image(frame), self._target(frame))
        return sample if self._transforms is None else self._transforms(*sample)

    def _target(self, frame: Frame) -> dict[str, Any]:
        chosen = export_frame(self._source, frame.labels, self.options)
        items = chosen.objects if self._with_ignored else list(chosen.kept)
        target: dict[str, Any] = {
            "boxes": _boxes(items),
            "labels": torch.tensor([self.category_ids.index(item.category_id) for item in items], dtype=torch.int64),
            "image_id": frame.number,
            "area": torch.tensor([item.visible_px for item in items], dtype=torch.float32),
            "iscrowd": torch.tensor([item.instance_id in chosen.ignored_ids for item in items], dtype=torch.int64),
        }
        if self._with_masks:
            ids = np.array([item.instance_id for item in items], dtype=np.uint16)
            masks = frame.read("instance")[None] == ids[:, None, None]
            target["masks"] = torch.from_numpy(masks.astype(np.uint8))
        if self.keypoint_names:
            target["keypoints"] = torch.from_numpy(_keypoints(items, self.keypoint_names))
        return target


def collate_detections(batch: Sequence[Sample]) -> tuple[tuple[torch.Tensor, ...], tuple[dict[str, Any], ...]]:
    """Return the images and the targets of a batch, unstacked: pictures have different numbers of objects."""
    images, targets = zip(*batch, strict=True)
    return images, targets


def _frames_of(dataset: Dataset, split: Split | None, val_fraction: float) -> tuple[int, ...]:
    if split is None:
        return dataset.accepted
    if split not in ("train", "val") or (split == "val" and not val_fraction):
        raise ExportError(
            f"split is {split!r} with val_fraction {val_fraction} (train, or val with a fraction above 0)"
        )
    views, digest = read_job(dataset.root).config.views_per_scene, dataset.header["job_digest"]
    return tuple(number for number in dataset.accepted if split_of(digest, number // views, val_fraction) == split)


def _names_of(dataset: Dataset, source: Source) -> Names:
    if not len(dataset) or "keypoints" not in dataset[0].plan.outputs:
        return {}
    try:
        return keypoint_names(source)
    except ExportError:  # asked for, and no asset declares any
        return {}


def _image(frame: Frame) -> torch.Tensor:
    rgb = frame.read("rgb")
    image = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))
    return image.to(torch.float32) / 255 if rgb.dtype == np.uint8 else image


def _boxes(items: Sequence[InstanceLabel]) -> torch.Tensor:
    boxes = [item.bbox_xywh_px for item in items if item.bbox_xywh_px is not None]
    return torch.tensor([(x, y, x + w, y + h) for x, y, w, h in boxes], dtype=torch.float32).reshape(-1, 4)


def _keypoints(items: Sequence[InstanceLabel], names: Names) -> NDArray[np.float32]:
    array = np.zeros((len(items), max(map(len, names.values())), 3), dtype=np.float32)
    for row, item in zip(array, items, strict=True):
        points = keypoints_of(item, names) if item.category_id in names else []
        for at, point in zip(row, points, strict=False):
            if point is not None and point.visibility and point.position_px is not None:
                at[:] = (*point.position_px, point.visibility)
    return array
