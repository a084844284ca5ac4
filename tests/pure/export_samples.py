"""Datasets for the tests of exporters and their checks: traced boxes with keypoints, some of them hidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from store_samples import FACTS, sample_job
from traced_scenes import LENS, OUTPUTS, traced_frame

from pipeline.annotations.annotate import rejected_labels
from pipeline.dataset.read import read_instance
from pipeline.dataset.store import Store, commit, open_store
from pipeline.records import InstanceLabel, KeypointLabel

NAMES = {3: ("left_rim", "right_rim", "handle"), 7: ("left_rim", "right_rim")}
REJECTED = 2  # this frame of each dataset


def keypoint_dataset(root: Path, frames: int = 6, outputs=OUTPUTS) -> Store:
    """A dataset of traced frames, frame 2 of them rejected, whose targets have keypoints in three states."""
    job = sample_job(frames=frames)
    store = open_store(root, job, root.parent, FACTS)
    for frame in range(frames):
        plan, rendered, annotation = traced_frame(job, frame, root, LENS, outputs)
        if frame == REJECTED:
            commit(store, plan, None, rejected_labels(plan, "nothing to see"))
            continue
        instances = tuple(_with_keypoints(item) for item in annotation.labels.instances)
        annotation = replace(annotation, labels=replace(annotation.labels, instances=instances))
        commit(store, plan, rendered, annotation)
    return store


def _with_keypoints(item: InstanceLabel) -> InstanceLabel:
    """Corners of the box of what is visible: the first visible, the second hidden, the third not in the picture."""
    if not item.category_id:
        return item
    x, y, width, height = item.bbox_xywh_px or (1, 2, 3, 4)
    places = {
        "left_rim": (x + 0.25, y + 0.5),
        "right_rim": (x + width - 0.25, y + 0.5),
        "handle": (x - 70.0, y + height),
    }
    found = tuple(
        KeypointLabel(
            name=name,
            visibility=visibility if item.bbox_xywh_px else 0,  # type: ignore[arg-type]
            position_px=places[name],
            camera_m=(0.0, 0.0, 1.0),
            world_m=(0.0, 0.0, 0.0),
        )
        for name, visibility in zip(NAMES[item.category_id], (2, 1, 0), strict=False)
    )
    return replace(item, keypoints=found)


def masks_of(store: Store, frame: int) -> dict[int, np.ndarray]:
    """The mask (H, W) of every id in instance.png."""
    instance = read_instance(store.root, frame)
    return {int(i): instance == i for i in np.unique(instance) if i}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of an export by its name in it, links followed."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
