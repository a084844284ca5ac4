"""DOPE's training data (Deep_Object_Pose, data_generation/readme.md): train/ and val/ with NNNNNN.png and NNNNNN.json.

Metres; camera axes are OpenCV's; pixel centres lie on integers: intrinsics and projected points are 0.5 less than the
dataset's. `location` is the middle of the object's box (DOPE's origin of a model), `quaternion_xyzw` its rotation.
`visibility` is the visible share of the silhouette, the part beyond the border counted (DOPE's px_count_visib /
px_count_all), not a number of pixels as DOPE's own BlenderProc script writes.

The corners of `cuboid` and `projected_cuboid` go by the object's axes in DOPE's documented order, which is that of its
NVISII script and of the Cuboid3d that its solver fits (its BlenderProc script wrote another one from 2024-06-10 on; do
not mix them): 0 +x-y+z, 1 -x-y+z, 2 -x+y+z, 3 +x+y+z, 4 +x-y-z, 5 -x-y-z, 6 -x+y-z, 7 +x+y-z, and of
`projected_cuboid` 8 the middle. Each file says so in `cuboid_order`.

DOPE cannot say that a corner is behind the camera: such objects are left out and count as ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.canonical import json_bytes
from pipeline.exporters.files import put_file
from pipeline.exporters.images import place_image
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import box_of, camera_of, pinhole_of, plain_rgb_name, silhouette_of
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source
from pipeline.geometry import inverse_rigid, quaternion_from_matrix
from pipeline.lenses import Lens, project_camera_points
from pipeline.records import InstanceLabel

FORM = "dope"
# DOPE's corners among those of geometry.box_corners: x slowest, z fastest, low before high.
CORNERS = (5, 1, 3, 7, 4, 0, 2, 6)
CUBOID_ORDER = ("+x-y+z", "-x-y+z", "-x+y+z", "+x+y+z", "+x-y-z", "-x-y-z", "-x+y-z", "+x+y-z")


def export_dope(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset of pinhole pictures as DOPE's training data into `out`.

    Raises StoreError when frames are missing, unless partial, have no rgb, silhouettes or 3D boxes, or a lens that
    distorts.
    """
    options = with_images(options, FORM, ("copy", "link"))
    source = open_source(dataset, options)
    begin_export(out, FORM, source, options)
    images = annotations = ignored = 0
    for one in export_frames(source, options, progress):
        objects = _objects(source, one)
        picture = plain_rgb_name(dataset, one.frame, FORM)
        place_image(dataset, one.frame, picture, out, options.images, one.split)
        data = {"camera_data": _camera(source, one), "cuboid_order": CUBOID_ORDER, "units": "m", "objects": objects}
        put_file(out / one.split / f"{one.frame:06d}.json", json_bytes(data, indent=1))
        images, annotations = images + 1, annotations + len(objects)
        ignored += len(one.ignored) + len(one.kept) - len(objects)
    return end_export(out, FORM, source, options, out, images=images, annotations=annotations, ignored=ignored)


def _camera(source: Source, one: ExportFrame) -> dict[str, Any]:
    lens = pinhole_of(source, one, FORM)
    (fx, _, cx), (_, fy, cy), _ = lens.k
    width, height = lens.resolution
    return {
        "width": width,
        "height": height,
        "intrinsics": {"fx": fx, "fy": fy, "cx": cx - 0.5, "cy": cy - 0.5},
        "camera_view_matrix": inverse_rigid(camera_of(source, one).world_from_camera).tolist(),
    }


def _objects(source: Source, one: ExportFrame) -> list[dict[str, Any]]:
    lens = pinhole_of(source, one, FORM)
    found = (_object(source, one, item, lens) for item in one.kept)
    return [item for item in found if item is not None]


def _object(source: Source, one: ExportFrame, item: InstanceLabel, lens: Lens) -> dict[str, Any] | None:
    corners = np.asarray(box_of(source, one, item).corners_camera_m, dtype=np.float64)[list(CORNERS)]
    center = corners.mean(axis=0)
    pixels = project_camera_points(lens, np.vstack([corners, center]))
    if np.isnan(pixels).any():
        return None
    w, x, y, z = quaternion_from_matrix(np.asarray(item.camera_from_object)[:3, :3])
    return {
        "class": item.category,
        "name": f"{item.category}_{item.instance_id:03d}",
        "instance_id": item.instance_id,
        "asset_id": item.asset_id,
        "visibility": silhouette_of(source, one, item).visibility,
        "visible_px": item.visible_px,
        "location": center.tolist(),
        "quaternion_xyzw": [x, y, z, w],
        "local_to_world_matrix": [list(row) for row in item.world_from_object],
        "dimensions_m": list(item.dimensions_m),
        "cuboid": corners.tolist(),
        "cuboid_centroid": center.tolist(),
        "projected_cuboid": (pixels - 0.5).tolist(),
    }
