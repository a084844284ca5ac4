"""One frame of a dataset, read piece by piece when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import Counts, mask_of_counts
from pipeline.dataset.layout import LABELS, PLAN, frame_folder
from pipeline.dataset.outputs import DEPTH_PNG, IN_LABELS, MASK_FULL, OUTPUTS, RGB
from pipeline.dataset.read import read_commit, read_image, read_instance, read_labels, read_masks_full, read_plan
from pipeline.dataset.rgb import read_rgb
from pipeline.errors import StoreError
from pipeline.records import FramePlan, InstanceLabel, Labels
from pipeline.structure import did_you_mean

Mask = NDArray[np.bool_]

_OUTPUT_OF = {
    **{row.file: name for name, row in OUTPUTS.items()},
    **dict.fromkeys(RGB.values(), "rgb"),
    DEPTH_PNG: "depth",
    MASK_FULL: "mask_full",
}
FLOW_REMEDY = "the last view of a scene has none, nor has one before a rejected view"


class Frame:
    """A committed frame. Nothing is read before it is asked for; records are kept once read, arrays are not.

    It pickles as its place alone, so a worker of a data loader reads for itself.
    """

    def __init__(self, root: Path, number: int) -> None:
        self.root = root
        self.number = number

    def __repr__(self) -> str:
        return f"Frame({self.root}, {self.number})"

    def __reduce__(self) -> tuple[type[Frame], tuple[Path, int]]:
        return Frame, (self.root, self.number)

    @property
    def folder(self) -> Path:
        """The folder of the frame's files."""
        return frame_folder(self.root, self.number)

    @cached_property
    def commit(self) -> dict[str, Any]:
        """frame.json: status, reason, renderer, and the size and sha256 of every file."""
        return read_commit(self.root, self.number)

    @cached_property
    def labels(self) -> Labels:
        """labels.json: the camera, the lights and every instance."""
        return read_labels(self.root, self.number)

    @cached_property
    def plan(self) -> FramePlan:
        """plan.json: every number drawn for the frame."""
        return read_plan(self.folder / PLAN)

    @property
    def is_accepted(self) -> bool:
        """Whether the frame shows something; a rejected one has `labels.reason` and no arrays."""
        return bool(self.commit["status"] == "accepted")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that the frame holds: those with a file, then box_3d and keypoints where its labels have them."""
        files = {_OUTPUT_OF[name] for name in self.commit["files"] if name in _OUTPUT_OF}
        return (*sorted(files), *(name for name in sorted(IN_LABELS) if self._is_labelled(name)))

    def read(self, output: str) -> NDArray[Any]:
        """Return an output as an array; pixels are (H, W) or (H, W, C), N counts `labels.instances` in their order.

        | output | array |
        |---|---|
        | rgb | (H, W, 3) uint8 sRGB; of an EXR float32 scene-referred linear RGB |
        | depth, distance | (H, W) float32 metres along the optical axis, along the ray; inf background |
        | instance, category, part | (H, W) uint16 ids, 0 background |
        | others with a file | as `dataset.outputs.OUTPUTS` describes them, in the type they are kept in |
        | masks | (N, H, W) bool, visible pixels; disjoint |
        | mask_full | (N, H, W) bool, silhouettes as if nothing were before them |
        | boxes | (N, 4) float64 x y w h in pixels, half-open, of what is visible; 0 0 0 0 for what is not |
        | box_3d | (N, 8, 3) float64 corners in the world in metres, in the order of `geometry.box_corners` |
        | keypoints | (N, K, 3) float64 x y in pixels and visibility 0, 1 or 2; NaN NaN 0 where there is none |

        Raises StoreError when the frame does not hold it, saying how to get it, or when it is damaged.
        """
        if not self.is_accepted:
            raise StoreError(f"{self.folder} was rejected, it has no arrays: {self.commit['reason']}")
        if output in _DERIVED:
            needed, derive = _DERIVED[output]
            self._require(needed)
            return derive(self)
        self._require(output)
        if output == "rgb":
            return read_rgb(self.folder / next(name for name in RGB.values() if name in self.commit["files"]))
        return read_image(self.root, self.number, output)

    def instance(self, instance_id: int) -> InstanceLabel:
        """Return the label of an instance. Raises StoreError for an id that the frame does not have."""
        for item in self.labels.instances:
            if item.instance_id == instance_id:
                return item
        known = ", ".join(str(item.instance_id) for item in self.labels.instances) or "none"
        raise StoreError(f"{self.folder / LABELS} has no instance {instance_id} (it has: {known})")

    def mask(self, instance_id: int) -> Mask:
        """Return the visible pixels (H, W) bool of an instance; none of them where it is hidden."""
        self.instance(instance_id)
        mask: Mask = self._instance_image == instance_id
        return mask

    def mask_full(self, instance_id: int) -> Mask:
        """Return the silhouette (H, W) bool of an instance as if nothing were before it."""
        self.instance(instance_id)
        self._require("mask_full")
        return self._silhouette(instance_id)

    @cached_property
    def _instance_image(self) -> NDArray[np.uint16]:
        self._require("instance")
        return read_instance(self.root, self.number)

    @cached_property
    def _silhouettes(self) -> tuple[tuple[int, int], dict[int, Counts]]:
        return read_masks_full(self.root, self.number)

    def _silhouette(self, instance_id: int) -> Mask:
        (height, width), counts = self._silhouettes
        try:
            return mask_of_counts(counts[instance_id], height, width) if instance_id in counts else _empty(self)
        except ValueError as error:
            raise StoreError(f"{self.folder / MASK_FULL} is damaged: instance {instance_id}: {error}") from error

    def _is_labelled(self, output: str) -> bool:
        """Without instances nothing tells, and an empty array is right either way."""
        values = [getattr(item, output) for item in self.labels.instances]
        return self.is_accepted and (not values or any(value is not None for value in values))

    def _require(self, output: str) -> None:
        if output in self.outputs:
            return
        if output not in KNOWN:
            raise StoreError(f"no output is called {output!r} ({did_you_mean(output, KNOWN)})")
        remedy = f"add {output} to outputs and render to another --out"
        if output.startswith("flow"):
            remedy += f"; {FLOW_REMEDY}"
        raise StoreError(f"{self.folder} holds no {output}, only {', '.join(self.outputs) or 'nothing'} ({remedy})")


def _empty(frame: Frame) -> Mask:
    (height, width), _ = frame._silhouettes
    return np.zeros((height, width), dtype=bool)


def _masks(frame: Frame) -> Mask:
    ids = np.array([item.instance_id for item in frame.labels.instances], dtype=np.uint16)
    masks: Mask = frame._instance_image[None] == ids[:, None, None]
    return masks


def _masks_full(frame: Frame) -> Mask:
    masks = [frame._silhouette(item.instance_id) for item in frame.labels.instances]
    return np.stack(masks) if masks else _empty(frame)[None][:0]


def _boxes(frame: Frame) -> NDArray[np.float64]:
    boxes = [item.bbox_xywh_px or (0, 0, 0, 0) for item in frame.labels.instances]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _boxes_3d(frame: Frame) -> NDArray[np.float64]:
    corners = [item.box_3d.corners_world_m for item in frame.labels.instances if item.box_3d is not None]
    return np.array(corners, dtype=np.float64).reshape(-1, 8, 3)


def _keypoints(frame: Frame) -> NDArray[np.float64]:
    rows = [item.keypoints or () for item in frame.labels.instances]
    array = np.full((len(rows), max(map(len, rows), default=0), 3), np.nan)
    array[..., 2] = 0.0
    for i, row in enumerate(rows):
        for j, point in enumerate(row):
            array[i, j] = (*(point.position_px or (np.nan, np.nan)), point.visibility)
    return array


# What is made of other outputs: the one it needs, and how.
_DERIVED: Mapping[str, tuple[str, Callable[[Frame], NDArray[Any]]]] = {
    "masks": ("instance", _masks),
    "boxes": ("instance", _boxes),
    "mask_full": ("mask_full", _masks_full),
    "box_3d": ("box_3d", _boxes_3d),
    "keypoints": ("keypoints", _keypoints),
}
KNOWN = frozenset({*OUTPUTS, "rgb", *_DERIVED})
