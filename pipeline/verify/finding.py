"""What a check reports, and the closed set of its kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KINDS: Mapping[str, str] = {
    # the store
    "dataset-mismatch": "dataset.json and job.json do not agree, or a folder of the dataset does not belong there",
    "missing-frame": "a frame that the job asks for is not there",
    "incomplete-frame": "a frame's folder lacks its record or a file its record or its plan names",
    "doubled-frame": "a folder whose record names another frame",
    "foreign-job": "a frame that another job made",
    "foreign-folder": "something in frames/ that is no frame of this job",
    "stray-file": "a file in a frame's folder that its record does not list",
    "hash-mismatch": "a file that is not what was written",
    "unreadable-json": "a JSON file that is damaged, not canonical, or of another format",
    "unreadable-picture": "a picture that cannot be decoded, or has another size or type than it should",
    "record-mismatch": "frame.json, labels.json and plan.json of a frame do not say the same",
    "plan-mismatch": "a plan that its job, seed and number do not give",
    "view-mismatch": "views of one scene that do not share the scene",
    # the pictures
    "black-picture": "an rgb without light",
    "broken-pixels": "a picture that holds nan or infinities where it cannot",
    "constant-picture": "an rgb of one colour, though objects are in it",
    "depth-mismatch": "depth or distance that does not fit the lens, or an object without depth",
    "normal-mismatch": "normals that are not of unit length, point away, or differ between camera and world",
    "coordinates-mismatch": "object coordinates or NOCS that are not the pixels' own points",
    "flow-mismatch": "optical flow that is not finite where it must be, or leads nowhere",
    # the labels
    "id-unknown": "an id in a picture that no instance or part of the labels has",
    "mask-mismatch": "pixel counts that the id image does not show",
    "box-mismatch": "a box that is not the extent of its mask",
    "category-mismatch": "a category that the class map, the plan or the category picture contradicts",
    "panoptic-mismatch": "a panoptic picture that is not made of ids and categories",
    "part-mismatch": "parts that do not belong to their instances",
    "silhouette-mismatch": "a silhouette that does not hold its mask, or whose size or box is wrong",
    "visibility-mismatch": "visibility, occlusion or truncation that the pixel counts contradict",
    "camera-mismatch": "a camera that is not rigid, has no valid lens, or is not the plan's",
    "pose-mismatch": "a pose that is not rigid or that camera, distance or plan contradict",
    "box-3d-mismatch": "a 3D box that is not that of pose, dimensions and lens, or does not hold its object",
    "surface-mismatch": "pixels whose points in space lie outside the box of the object they are labelled with",
    "keypoint-mismatch": "a keypoint that is not where its point is seen, or says the wrong visibility",
    "light-mismatch": "lamps or HDRI that are not the plan's",
    "accept-mismatch": "an accepted frame that its own rules reject",
    "replay-mismatch": "a frame that comes out otherwise when it is rendered again",
    # an export
    "export-unreadable": "a file of an export that is not there or cannot be read",
    "export-foreign": "an export of another dataset, format or job",
    "export-missing": "a frame or an object of the dataset that its export lacks",
    "export-extra": "a picture or an object of an export that the dataset does not have",
    "export-mismatch": "a value of an export that the dataset contradicts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. `kind` is a key of KINDS, `where` a path, in the dataset or export relative to it;
    `message` says what is wrong, the value seen, and what to do; `frame` is None for what concerns no single frame.

    Raises ValueError for a kind that KINDS does not have.
    """

    kind: str
    where: str
    message: str
    frame: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of finding; add it to pipeline.verify.finding.KINDS")


def sort_key(finding: Finding) -> tuple[int, str, str, str]:
    """Return what findings are ordered by in a report: those of no frame first, then frame by frame."""
    frame = -1 if finding.frame is None else finding.frame
    return (frame, finding.where, finding.kind, finding.message)
