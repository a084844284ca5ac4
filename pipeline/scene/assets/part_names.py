"""What the parts of an asset are called: by the materials its faces have, or by the objects they come from."""

from __future__ import annotations

from typing import Literal

import bpy
import numpy as np

from pipeline.scene.assets.library import LoadedAsset

PartsBy = Literal["materials", "objects"]
NO_MATERIAL = "(none)"  # the faces without one, where others of the asset have one


def part_names(asset: LoadedAsset, by: PartsBy) -> tuple[str, ...]:
    """Return the names of an asset's parts, sorted, each once; none by materials where no face has one."""
    found: set[str] = set()
    for mesh, names in zip(asset.parts, slot_names(asset, by), strict=True):
        found.update(names[slot] for slot in _used_slots(mesh))
    return () if found <= {NO_MATERIAL} else tuple(sorted(found))


def slot_names(asset: LoadedAsset, by: PartsBy) -> tuple[tuple[str, ...], ...]:
    """Return for each mesh of an asset the part that each of its material slots belongs to."""
    if by == "objects":
        return tuple((name,) * len(slots) for name, slots in zip(asset.objects, asset.slots, strict=True))
    return tuple(tuple(name or NO_MATERIAL for name in slots) for slots in asset.slots)


def _used_slots(mesh: bpy.types.Mesh) -> list[int]:
    """Return the slots that faces use; Blender takes the last one for an index beyond them."""
    slots = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    return np.unique(np.clip(slots, 0, len(mesh.materials) - 1)).tolist()
