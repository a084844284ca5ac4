"""The objects of a BOP export: BOP models have one size, so every size of an asset is an object of its own.

`obj_id` counts from 1 in the order of asset_id and, within an asset, of scale. It depends only on which target assets
the job has and in which sizes they appear: with one size each, a longer dataset keeps them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.canonical import json_bytes, rounded
from pipeline.conventions import TEMPLATE_ASSET
from pipeline.dataset.disk import remove
from pipeline.dataset.read import read_job, read_labels
from pipeline.errors import StoreError
from pipeline.exporters.files import put_file
from pipeline.exporters.source import Source
from pipeline.job import Job
from pipeline.records import Asset, Vector

MODELS = "models"
ASSETS = "assets.json"
MODELS_INFO = "models_info.json"
MAX_SIZES = 32  # of one asset; a drawn size differs every time

Objects = Mapping[tuple[str, Vector], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BopObject:
    """One BOP object: an asset at one scale. Bounds are in millimetres, in the object's own axes."""

    obj_id: int
    asset: Asset
    scale: Vector

    @property
    def low_mm(self) -> Vector:
        """The lower corner of its box."""
        x, y, z = (1000 * low * scale for low, scale in zip(self.asset.low_m, self.scale, strict=True))
        return (x, y, z)

    @property
    def size_mm(self) -> Vector:
        """The edges of its box."""
        bounds = zip(self.asset.low_m, self.asset.high_m, self.scale, strict=True)
        x, y, z = (1000 * (high - low) * scale for low, high, scale in bounds)
        return (x, y, z)


def find_objects(source: Source) -> tuple[BopObject, ...]:
    """Return the objects of a dataset, from one pass over its labels.

    Raises StoreError for an asset with more than MAX_SIZES sizes.
    """
    sizes: dict[str, set[Vector]] = {asset_id: set() for asset_id in _targets(read_job(source.root))}
    for frame in source.frames:
        for item in read_labels(source.root, frame).instances:
            if item.role == "target":
                seen = sizes.setdefault(item.asset_id, set())
                seen.add(item.scale)
                _check_sizes(source, item.asset_id, seen)
    assets = _targets(read_job(source.root))
    pairs = [(asset_id, scale) for asset_id in sorted(sizes) for scale in sorted(sizes[asset_id])]
    return tuple(
        BopObject(obj_id=obj_id, asset=_asset(source, assets, asset_id), scale=scale)
        for obj_id, (asset_id, scale) in enumerate(pairs, start=1)
    )


def write_objects(out: Path, source: Source, objects: tuple[BopObject, ...]) -> None:
    """Write models/assets.json and models/models_info.json. Boxes come from the catalogue; a diameter needs meshes."""
    licences = {item["asset_id"]: item["licence"] for item in source.header["assets"]}
    listed = [
        {
            "obj_id": item.obj_id,
            "asset_id": item.asset.asset_id,
            "scale": list(item.scale),
            "licence": licences.get(item.asset.asset_id, "unknown"),
            "sha256": item.asset.sha256,
        }
        for item in objects
    ]
    for left in (out / MODELS).glob(model_name("*")):
        remove(left)
    put_file(out / MODELS / ASSETS, json_bytes(listed, indent=1))
    put_file(out / MODELS / MODELS_INFO, models_info({item.obj_id: box_info(item) for item in objects}))


def model_name(obj_id: int | str) -> str:
    """Return the file name of an object's model in models/."""
    return f"obj_{obj_id:06d}.ply" if isinstance(obj_id, int) else f"obj_{obj_id}.ply"


def box_info(item: BopObject) -> dict[str, float]:
    """Return the box of an object as models_info.json holds it, millimetres."""
    low = zip(("min_x", "min_y", "min_z"), item.low_mm, strict=True)
    size = zip(("size_x", "size_y", "size_z"), item.size_mm, strict=True)
    return {**dict(low), **dict(size)}


def models_info(infos: Mapping[int, Mapping[str, float]]) -> bytes:
    """Return models_info.json of objects by obj_id."""
    data: dict[str, Any] = {str(obj_id): rounded(dict(info)) for obj_id, info in infos.items()}
    return json_bytes(data, indent=1)


def _targets(job: Job) -> dict[str, Asset]:
    return {asset.asset_id: asset for group in job.catalogue.targets for asset in group}


def _check_sizes(source: Source, asset_id: str, seen: set[Vector]) -> None:
    if len(seen) > MAX_SIZES:
        raise StoreError(
            f"{source.root}: {asset_id} comes in more than {MAX_SIZES} sizes, and a BOP model has one "
            "(give its group a constant size_m, or a choice of a few, and render to another --out)"
        )


def _asset(source: Source, assets: Mapping[str, Asset], asset_id: str) -> Asset:
    if asset_id.startswith(TEMPLATE_ASSET):
        raise StoreError(f"{source.root}: {asset_id} is part of the template, and BOP needs a model of each object")
    if asset_id not in assets:
        raise StoreError(f"{source.root}: {asset_id} is no target of its job.json (the labels are of another job)")
    return assets[asset_id]
