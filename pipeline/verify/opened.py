"""One frame of a dataset, read and decoded once: what every check looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codecs.rle import Counts
from pipeline.dataset.layout import FRAMES
from pipeline.geometry import Array
from pipeline.job import Job
from pipeline.lens_remap import sampled_rays
from pipeline.records import Asset, CameraLabel, FramePlan, InstanceLabel, Labels
from pipeline.verify.finding import Finding

REMEDY = "run variegate repair, or remove that folder; then render again"


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """An accepted frame whose files are all there. `images`: output -> array as `dataset.outputs` describes, depth of
    a PNG in metres; `rgb` (H, W, 3); `masks_full`: instance id -> COCO run lengths. What could not be read is absent.

    `assets` are those of the job by id, `next_labels` those of the frame which optical flow leads to. Not slotted: its
    derived arrays are made once, when a check first asks.
    """

    frame: int
    job: Job
    assets: Mapping[str, Asset]
    plan: FramePlan
    labels: Labels
    camera: CameraLabel
    images: Mapping[str, NDArray[Any]]
    rgb: NDArray[Any] | None = None
    masks_full: Mapping[int, Counts] | None = None
    next_labels: Labels | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """The picture's (height, width)."""
        width, height = self.plan.camera.resolution
        return height, width

    @property
    def instance(self) -> NDArray[np.uint16]:
        """The id image (H, W)."""
        return self.images["instance"]

    @cached_property
    def items(self) -> dict[int, InstanceLabel]:
        """The labelled instances by id."""
        return {item.instance_id: item for item in self.labels.instances}

    @cached_property
    def rays(self) -> Array:
        """Unit rays (H, W, 3), camera axes, that the labels were sampled along; NaN where the lens shows nothing."""
        return sampled_rays(self.camera.lens)

    @cached_property
    def distance_m(self) -> Array | None:
        """Distances along the rays (H, W) float64, inf background, from distance or depth; None without either."""
        if "distance" in self.images:
            return self.images["distance"].astype(np.float64)
        if "depth" not in self.images:
            return None
        depth = self.images["depth"].astype(np.float64)
        if self.camera.model == "equirectangular":
            return depth
        along = self.rays[..., 2]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.isfinite(depth), depth / along, np.inf)

    @cached_property
    def depth_step_m(self) -> float:
        """How far the depth may be off because its file holds whole millimetres."""
        return 0.0005 if self.plan.depth_format == "png" and "distance" not in self.images else 0.0

    @cached_property
    def pixels_of(self) -> dict[int, NDArray[np.int64]]:
        """The flat indices of the pixels of each id in the id image, background left out."""
        flat = self.instance.ravel()
        some = np.flatnonzero(flat)
        order = some[np.argsort(flat[some], kind="stable")]
        ids, first = np.unique(flat[order], return_index=True)
        return {int(key): part for key, part in zip(ids, np.split(order, first[1:]), strict=True)}

    def found(self, kind: str, file: str, message: str) -> Finding:
        """Return a finding in a file of this frame."""
        return frame_finding(kind, self.frame, file, message)


def frame_finding(kind: str, frame: int, file: str, message: str, remedy: str = REMEDY) -> Finding:
    """Return a finding in a file of a frame; file "" is the folder itself."""
    where = f"{FRAMES}/{frame:06d}" + (f"/{file}" if file else "")
    return Finding(kind=kind, where=where, message=f"{message} ({remedy})" if remedy else message, frame=frame)


def each_instance(opened: Opened) -> Iterator[tuple[InstanceLabel, str]]:
    """Yield the labelled instances and how messages name them."""
    for item in opened.labels.instances:
        yield item, f"instance {item.instance_id}"
