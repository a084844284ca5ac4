"""What `placement.frustum` asks of the rest of a scene file: a camera that stands without what lies before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.schema import AssetGroup
from pipeline.structure import FAILED, Reader


def check_frustums(part: Mapping[str, Any], groups: Sequence[AssetGroup], reader: Reader) -> None:
    """Report what no frame can meet. `part` holds the sections that were read, FAILED for one that was not."""
    placements = [group.placement or part["placement"] for group in groups]
    camera, views = part["camera"], part["views_per_scene"]
    if camera is FAILED or not any(one is not FAILED and one.frustum is not None for one in placements):
        return
    why = "and placement.frustum puts things before a camera that none of them decides"
    if camera.around is not None or (camera.shell is not None and camera.center in ("targets", "target")):
        reader.report(("camera",), f"the camera stands around targets, {why}", "use box, or a shell around a point")
    if camera.ride is not None:
        reader.report(("camera", "ride"), f"the camera rides on a mark, {why}", "use box, or a shell around a point")
    if camera.look_at in ("targets", "target"):
        message = f"the camera looks at {camera.look_at}, {why}"
        reader.report(("camera", "look_at"), message, "look at the origin or a point")
    if camera.lens is not None and camera.lens.model == "equirectangular":
        reader.report(("camera", "lens"), "a panorama has no frustum to place things in", "use placement.flying")
    if views is not FAILED and views > 1:
        message = f"the {views} cameras of a scene differ, {why}"
        reader.report(("views_per_scene",), message, "set it to 1, or use placement.flying")
