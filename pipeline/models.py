"""The meshes of an export, made by Blender from the assets of its dataset."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.addresses import Places
from pipeline.codecs.ply import encode_ply
from pipeline.dataset.read import read_base_dir, read_job
from pipeline.errors import StoreError
from pipeline.exporters.bop.objects import ASSETS, MODELS, MODELS_INFO, BopObject, box_info, model_name, models_info
from pipeline.exporters.files import put_file
from pipeline.scene.assets.model_files import model_mesh
from pipeline.scene.workshop import open_workshop


def write_bop_models(dataset: Path, out: Path) -> int:
    """Write models/obj_OOOOOO.ply of every object of the BOP export `out` and add diameters to models_info.json.

    Returns how many models there are. Raises AssetError for an asset that is not there any more or has changed.
    """
    objects = _objects(dataset, out)
    library = open_workshop(Places(base_dir=read_base_dir(dataset)), None).library
    infos = {}
    for item in objects:
        mesh = model_mesh(library, item.asset, item.scale)
        put_file(out / MODELS / model_name(item.obj_id), encode_ply(mesh.vertices_mm, mesh.normals, mesh.triangles))
        infos[item.obj_id] = {**box_info(item), "diameter": mesh.diameter_mm}
    put_file(out / MODELS / MODELS_INFO, models_info(infos))
    return len(objects)


def _objects(dataset: Path, out: Path) -> list[BopObject]:
    assets = {asset.asset_id: asset for group in read_job(dataset).catalogue.targets for asset in group}
    path = out / MODELS / ASSETS
    try:
        return [
            BopObject(obj_id=item["obj_id"], asset=assets[item["asset_id"]], scale=tuple(item["scale"]))
            for item in json.loads(path.read_bytes())
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} does not fit {dataset}: {error!r} (export again)") from error
