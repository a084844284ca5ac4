"""BOP's scenewise format (bop_toolkit, docs/bop_datasets_format.md): 6D poses, masks, depth and visibility.

    train_pbr/SSSSSS/  rgb/ depth/ mask/ mask_visib/ scene_camera.json scene_gt.json scene_gt_info.json
    val_pbr/SSSSSS/    the same
    models/            assets.json models_info.json, and obj_OOOOOO.ply once they are written
    camera.json dataset_info.md

Frame i is image i % 1000 of scene i // 1000, whatever its split. Objects are the targets that the export policy keeps,
in the order of their ids; distractors have no annotation. Poses are of the object's own axes and origin (the asset's
`origin` in the scene file, its middle unless told otherwise), millimetres. BOP's pixel centres lie on integers: cam_K
has 0.5 less in cx and cy. Depth is 16 bit: tenths of a millimetre (depth_scale 0.1) where the whole picture is nearer
than 6.5535 m, else millimetres (1.0); 0 where there is none, or none that fits.

scene_gt_info.json is what scripts/calc_gt_info.py means, from the renderer's own ids instead of a second renderer and a
tolerance: px_count_all of the silhouette on a canvas of three by three pictures, px_count_valid of it in the picture
where there is depth, px_count_visib of the mask. Boxes are x, y, width, height with true widths: one pixel is 1 wide
(that script has 0). bbox_obj may reach beyond the picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.canonical import json_bytes
from pipeline.codecs.png import encode_png
from pipeline.dataset.disk import remove, storing
from pipeline.dataset.layout import frame_folder
from pipeline.dataset.outputs import DEPTH_PNG, OUTPUTS
from pipeline.dataset.read import read_commit, read_image, read_instance
from pipeline.errors import StoreError
from pipeline.exporters.bop.objects import Objects, find_objects, write_objects
from pipeline.exporters.files import put_file
from pipeline.exporters.images import place_image
from pipeline.exporters.licences import licence_lines
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import (
    camera_of,
    masks_full_of,
    pinhole_of,
    pixel_matrix,
    plain_rgb_name,
    silhouette_of,
    visible_mask,
)
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source
from pipeline.geometry import inverse_rigid
from pipeline.lenses import Lens
from pipeline.records import InstanceLabel

FORM = "bop"
SPLITS = {"train": "train_pbr", "val": "val_pbr"}
CAMERA, INFO = "camera.json", "dataset_info.md"
SCENE_FRAMES = 1000
SCENE_FILES = ("scene_camera.json", "scene_gt.json", "scene_gt_info.json")
FINE, COARSE = 0.1, 1.0  # millimetres a step of depth
NO_BOX = [-1, -1, -1, -1]


def export_bop(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset of pinhole pictures as BOP into `out`.

    Raises StoreError when frames are missing, unless partial, have no rgb, depth or silhouettes, a lens that distorts,
    or an asset in many sizes.
    """
    options = with_images(options, FORM, ("copy", "link"))
    source = open_source(dataset, options)
    objects = find_objects(source)
    begin_export(out, FORM, source, options)
    write_objects(out, source, objects)
    put_file(out / INFO, _info(source).encode())
    ids = {(item.asset.asset_id, item.scale): item.obj_id for item in objects}
    images = annotations = ignored = 0
    scenes: dict[Path, None] = {}
    for one in export_frames(source, options, progress):
        scene = out / SPLITS[one.split] / f"{one.frame // SCENE_FRAMES:06d}"
        if scene not in scenes:
            scenes[scene] = None
            for name in SCENE_FILES:
                remove(scene / name)
        scale = _write_frame(source, one, scene, ids, options)
        if not images:
            lens = pinhole_of(source, one, FORM)
            put_file(out / CAMERA, json_bytes(_sensor(lens, scale), indent=1))
        images, annotations, ignored = images + 1, annotations + len(one.kept), ignored + len(one.ignored)
    for scene in scenes:
        _close(scene)
    return end_export(out, FORM, source, options, out, images=images, annotations=annotations, ignored=ignored)


def _write_frame(source: Source, one: ExportFrame, scene: Path, ids: Objects, options: ExportOptions) -> float:
    """Write one frame into its scene's folder and return its depth_scale."""
    lens = pinhole_of(source, one, FORM)
    image = one.frame % SCENE_FRAMES
    picture = plain_rgb_name(source.root, one.frame, FORM)
    place_image(source.root, one.frame, picture, scene, options.images, "rgb", f"{image:06d}")
    depth, scale = depth_steps(_depth_m(source, one.frame))
    put_file(scene / "depth" / f"{image:06d}.png", encode_png(depth))
    instance, masks = read_instance(source.root, one.frame), masks_full_of(source, one)
    infos = []
    for number, item in enumerate(one.kept):
        full, visible = masks[item.instance_id], visible_mask(source, one, item, instance)
        for folder, mask in (("mask", full), ("mask_visib", visible)):
            put_file(scene / folder / f"{image:06d}_{number:06d}.png", encode_png(np.where(mask, 255, 0).astype("u1")))
        infos.append(_gt_info(source, one, item, valid_px=int(np.count_nonzero(depth[full]))))
    poses = [_gt(item, ids[item.asset_id, item.scale]) for item in one.kept]
    for name, value in zip(SCENE_FILES, (_camera(source, one, lens, scale), poses, infos), strict=True):
        _append(scene / name, image, value)
    return scale


def depth_steps(depth_m: NDArray[np.floating[Any]]) -> tuple[NDArray[np.uint16], float]:
    """Return depth (H, W) in metres as 16-bit steps, 0 for none, and how many millimetres a step is."""
    there = np.isfinite(depth_m) & (depth_m > 0)
    millimetres = np.where(there, depth_m.astype(np.float64), 0.0) * 1000
    scale = FINE if millimetres.max(initial=0.0) <= 65_535 * FINE else COARSE
    steps = np.rint(millimetres / scale)
    return np.where(steps <= 65_535, steps, 0).astype(np.uint16), scale


def _depth_m(source: Source, frame: int) -> NDArray[Any]:
    files = read_commit(source.root, frame)["files"]
    if not {OUTPUTS["depth"].file, DEPTH_PNG} & set(files):
        raise StoreError(
            f"{frame_folder(source.root, frame)} has no depth, which BOP needs "
            "(add depth to outputs and render to another --out)"
        )
    return read_image(source.root, frame, "depth")


def _camera(source: Source, one: ExportFrame, lens: Lens, scale: float) -> dict[str, Any]:
    world_to_camera = inverse_rigid(camera_of(source, one).world_from_camera)
    return {
        "cam_K": [value for row in pixel_matrix(lens) for value in row],
        "cam_R_w2c": world_to_camera[:3, :3].ravel().tolist(),
        "cam_t_w2c": (1000 * world_to_camera[:3, 3]).tolist(),
        "depth_scale": scale,
    }


def _gt(item: InstanceLabel, obj_id: int) -> dict[str, Any]:
    pose = np.asarray(item.camera_from_object, dtype=np.float64)
    return {
        "cam_R_m2c": pose[:3, :3].ravel().tolist(),
        "cam_t_m2c": (1000 * pose[:3, 3]).tolist(),
        "obj_id": obj_id,
    }


def _gt_info(source: Source, one: ExportFrame, item: InstanceLabel, valid_px: int) -> dict[str, Any]:
    silhouette = silhouette_of(source, one, item)
    return {
        "bbox_obj": NO_BOX if silhouette.bbox_xywh_px is None else list(silhouette.bbox_xywh_px),
        "bbox_visib": NO_BOX if item.bbox_xywh_px is None else list(item.bbox_xywh_px),
        "px_count_all": silhouette.px_beyond,
        "px_count_valid": valid_px,
        "px_count_visib": item.visible_px,
        "visib_fract": silhouette.visibility,
    }


def _sensor(lens: Lens, scale: float) -> dict[str, float]:
    (fx, _, cx), (_, fy, cy), _ = pixel_matrix(lens)
    width, height = lens.resolution
    return {"cx": cx, "cy": cy, "depth_scale": scale, "fx": fx, "fy": fy, "height": height, "width": width}


def _append(path: Path, image: int, value: Any) -> None:
    """Add an image to a scene's JSON, one line each, as bop_toolkit's save_json writes them."""
    line = f'  "{image}": {json_bytes(value).decode().rstrip()}'
    with storing(path), open(path, "a", encoding="utf-8", newline="\n") as file:
        file.write(f"{{\n{line}" if file.tell() == 0 else f",\n{line}")


def _close(scene: Path) -> None:
    for name in SCENE_FILES:
        with storing(scene / name), open(scene / name, "a", encoding="utf-8", newline="\n") as file:
            file.write("\n}\n")


def _info(source: Source) -> str:
    header = source.header
    return "\n".join(
        [
            f"# {header['title'] or 'BOP dataset'}",
            "",
            f"Rendered with Variegate {header['versions']['variegate']}, job {header['job_digest']}, "
            f"seed {header['seed']}.",
            "",
            "Frame i of the dataset is image i % 1000 of scene i // 1000. Pixel centres lie on integers. "
            "What each object is: models/assets.json.",
            "",
            *licence_lines(header),
            "",
        ]
    )
