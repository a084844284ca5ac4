"""Ways to break a dataset. Raw: a file changes under its record. Forged: the record is made to fit, so that only what
the file says can tell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.annotations.box_3d import box_3d
from pipeline.canonical import json_bytes
from pipeline.codecs.exr import decode_exr, encode_exr
from pipeline.codecs.png import decode_png, encode_png
from pipeline.codecs.rle import counts_of, decode_counts, encode_counts, mask_of_counts
from pipeline.dataset.pictures import pixels_sha256
from pipeline.geometry import inverse_rigid
from pipeline.records import CameraLabel, RealisedCamera, RealisedInstance
from pipeline.structure import from_json, unstructure

FRAME = 1  # the frame that is broken
Change = Callable[[Path], None]


def folder_of(root: Path, frame: int = FRAME) -> Path:
    return root / "frames" / f"{frame:06d}"


def seal(folder: Path) -> None:
    """Make frame.json fit the files that are there."""
    record = json.loads((folder / "frame.json").read_bytes())
    for name in list(record["files"]):
        path = folder / name
        if not path.exists():
            del record["files"][name]
            continue
        data = path.read_bytes()
        record["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if name.endswith(".exr"):
            record["files"][name]["pixels_sha256"] = pixels_sha256(decode_exr(data))
    (folder / "frame.json").write_bytes(json_bytes(record))


def edit_json(path: Path, change: Callable[[dict], None]) -> None:
    data = json.loads(path.read_bytes())
    change(data)
    path.write_bytes(json_bytes(data))


def edit_png(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    path.write_bytes(encode_png(change(decode_png(path.read_bytes()).copy())))


def edit_exr(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    channels = decode_exr(path.read_bytes())
    names = sorted(channels)
    array = change(np.stack([channels[name] for name in names], axis=-1))
    path.write_bytes(encode_exr({name: array[..., i].astype(channels[name].dtype) for i, name in enumerate(names)}))


def labels(change: Callable[[dict], None]) -> Change:
    return lambda folder: edit_json(folder / "labels.json", change)


def instance(key: str, change: Callable) -> Change:
    """Change one value of the instance with the most pixels."""

    def edit(data: dict) -> None:
        item = most_seen(data)
        at = item
        *path, last = key.split(".")
        for part in path:
            at = at[part]
        at[last] = change(at[last])

    return labels(edit)


def most_seen(data: dict) -> dict:
    return max(data["instances"], key=lambda item: item["visible_px"])


def png(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    return lambda folder: edit_png(folder / name, change)


def exr(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    return lambda folder: edit_exr(folder / name, change)


def both(*changes: Change) -> Change:
    def apply(folder: Path) -> None:
        for change in changes:
            change(folder)

    return apply


# --- forgeries that fit together in all but one respect -------------------------------------------------------------


def recount(folder: Path) -> None:
    """Make labels and derived pictures fit the id image, as if the renderer had made it so."""
    ids = decode_png((folder / "instance.png").read_bytes())
    categories = np.zeros(ids.shape, dtype=np.uint16)

    def edit(data: dict) -> None:
        for item in data["instances"]:
            rows, columns = np.nonzero(ids == item["instance_id"])
            item["visible_px"] = len(rows)
            box = None
            if len(rows):
                x, y = int(columns.min()), int(rows.min())
                box = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
            item["bbox_xywh_px"] = box
            categories[ids == item["instance_id"]] = item["category_id"]
            reshare(item)

    edit_json(folder / "labels.json", edit)
    (folder / "category.png").write_bytes(encode_png(categories))
    seen = np.where(categories > 0, ids, 0)
    (folder / "panoptic.png").write_bytes(
        encode_png(np.stack([seen & 255, seen >> 8, seen * 0], axis=-1).astype(np.uint8))
    )


def reshare(item: dict) -> None:
    full, visible = item["silhouette"], item["visible_px"]
    full["visibility"] = visible / full["px_beyond"] if full["px_beyond"] else 0.0
    full["occlusion"] = 1 - visible / full["px"] if full["px"] else 0.0


def swap_ids(folder: Path) -> None:
    """The two targets that are seen most change places in the id image, with all that follows from it."""
    ids = decode_png((folder / "instance.png").read_bytes())
    counts = np.bincount(ids.ravel(), minlength=3)
    a, b = (int(key) for key in np.argsort(counts[1:])[::-1][:2] + 1)
    table = np.arange(len(counts), dtype=np.uint16)
    table[a], table[b] = b, a
    edit_png(folder / "instance.png", lambda image: table[image])
    recount(folder)


def shift_masks(folder: Path) -> None:
    """All masks move by one pixel, with all that follows from it."""
    edit_png(folder / "instance.png", lambda image: np.roll(image, 1, axis=1))
    recount(folder)


def shift_silhouette(folder: Path) -> None:
    """The silhouette of the instance seen most moves by four pixels, its box with it."""

    def move(mask: np.ndarray) -> np.ndarray:
        return np.roll(mask, 4, axis=1)

    edit_silhouette(folder, move)


def shrink_silhouette(folder: Path) -> None:
    """The silhouette of the instance seen most loses its first column, its counts and box with it."""

    def shrink(mask: np.ndarray) -> np.ndarray:
        mask[:, np.flatnonzero(mask.any(axis=0))[0]] = False
        return mask

    edit_silhouette(folder, shrink)


def edit_silhouette(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    def edit(data: dict) -> None:
        item = most_seen(data)
        path = folder / "mask_full.json"
        masks = json.loads(path.read_bytes())
        height, width = masks["size"]
        key = str(item["instance_id"])
        before = mask_of_counts(decode_counts(masks["counts"][key]), height, width)
        after = change(before.copy())
        masks["counts"][key] = encode_counts(counts_of(after))
        path.write_bytes(json_bytes(masks))
        full = item["silhouette"]
        full["px_beyond"] += int(after.sum()) - int(before.sum())
        full["px"] = int(after.sum())
        if full["px_beyond"] == full["px"]:
            rows, columns = np.nonzero(after)
            x, y = int(columns.min()), int(rows.min())
            full["bbox_xywh_px"] = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
        full["truncation"] = 1 - full["px"] / full["px_beyond"]
        reshare(item)

    edit_json(folder / "labels.json", edit)


def nudge(share: float) -> Change:
    """The object seen most moves by a share of its size away from the middle of the picture, and every label of its
    place with it."""

    def edit(data: dict) -> None:
        item = most_seen(data)
        camera = data["camera"]
        pose = np.array(camera["world_from_camera"])
        step = share * max(item["dimensions_m"]) * pose[:3, 0]
        world = np.array(item["world_from_object"])
        world[:3, 3] += step
        center = np.array(item["box_3d"]["center_world_m"]) + step
        item["world_from_object"] = world.tolist()
        item["camera_from_object"] = (inverse_rigid(pose) @ world).tolist()
        item["distance_m"] = float(np.linalg.norm(center - pose[:3, 3]))
        label = from_json(camera, CameraLabel, "camera")
        real = RealisedCamera(
            model=label.model,
            k=label.k,
            distortion=label.distortion,
            world_from_camera=label.world_from_camera,
            resolution=label.resolution,
            clip_start_m=0.001,
            clip_end_m=9.0,
            f_stop=None,
            attempt=0,
        )
        one = RealisedInstance(
            instance_id=1,
            role="target",
            asset_id="",
            category_id=1,
            world_from_object=world,
            scale=(1.0, 1.0, 1.0),
            dimensions_m=item["dimensions_m"],
            center_m=tuple(center.tolist()),
        )
        item["box_3d"] = unstructure(box_3d(one, real))

    return labels(edit)


def longer_lens(folder: Path) -> None:
    """The focal length is 3 % too long, and the 3D boxes in the picture with it."""

    def edit(data: dict) -> None:
        k = data["camera"]["k"]
        before = [k[0][0], k[1][1]]
        k[0][0], k[1][1] = (value * 1.03 for value in before)
        for item in data["instances"]:
            corners = item["box_3d"]["corners_px"]
            for i, corner in enumerate(corners):
                if corner is not None:
                    corners[i] = [k[j][2] + (corner[j] - k[j][2]) * 1.03 for j in (0, 1)]

    edit_json(folder / "labels.json", edit)


def scale_depth(factor: float) -> Change:
    """Both depths are scaled, so that they still agree."""
    return both(*(exr(name, lambda image: image * np.float32(factor)) for name in ("depth.exr", "distance.exr")))
