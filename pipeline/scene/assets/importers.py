"""Readers of model files: each brings what a file holds into a scene of its own, quietly, or says why it cannot.

Axes: OBJ, STL and PLY are read with the file's own axes; glTF's importer turns y-up to z-up, FBX's, USD's and
.blend's leave z up, so their axes are the ones Blender shows. `upright` turns all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from pipeline.errors import AssetError, Problem
from pipeline.geometry import Array, product
from pipeline.scene.assets.importer_words import captured, unreadable
from pipeline.scene.assets.ply import read_ply


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of model file. `up_axis` is the axis that points up by its convention; `turned` tells whether the
    importer has turned +y to +z already."""

    name: str
    up_axis: str
    turned: bool
    read: Callable[[Path], object]


def _read_gltf(path: Path) -> object:
    _need_addon("io_scene_gltf2", "gltf")
    return bpy.ops.import_scene.gltf(filepath=str(path), disable_bone_shape=True)


def _read_obj(path: Path) -> object:
    # Validation would turn NaN into 0: it happens after the coordinates were looked at (see baking.check_meshes).
    return bpy.ops.wm.obj_import(filepath=str(path), forward_axis="Y", up_axis="Z", validate_meshes=False)


def _read_ply(path: Path) -> object:
    mesh = read_ply(path)
    bpy.context.collection.objects.link(bpy.data.objects.new(path.stem, mesh))
    return {"FINISHED"}


def _read_stl(path: Path) -> object:
    return bpy.ops.wm.stl_import(filepath=str(path), forward_axis="Y", up_axis="Z", use_mesh_validate=False)


def _read_fbx(path: Path) -> object:
    return bpy.ops.wm.fbx_import(filepath=str(path), use_anim=False, validate_meshes=False)


def _read_usd(path: Path) -> object:
    return bpy.ops.wm.usd_import(
        filepath=str(path),
        import_cameras=False,
        import_lights=False,
        create_world_material=False,
        set_frame_range=False,
        apply_unit_conversion_scale=True,
    )


_GLTF = Format(name="glTF", up_axis="+y", turned=True, read=_read_gltf)
_USD = Format(name="USD", up_axis="+z", turned=False, read=_read_usd)
_BLEND = Format(name="Blender", up_axis="+z", turned=False, read=lambda path: None)

FORMATS = {
    ".glb": _GLTF,
    ".gltf": _GLTF,
    ".obj": Format(name="OBJ", up_axis="+y", turned=False, read=_read_obj),
    ".ply": Format(name="PLY", up_axis="+z", turned=False, read=_read_ply),
    ".stl": Format(name="STL", up_axis="+z", turned=False, read=_read_stl),
    ".fbx": Format(name="FBX", up_axis="+z", turned=False, read=_read_fbx),
    ".usd": _USD,
    ".usdc": _USD,
    ".usda": _USD,
    ".usdz": _USD,
    ".blend": _BLEND,  # read by `read_blend`: it has names to choose from
}

# Rotations that take an axis to +z, the other axes as Blender's importers have them.
_TO_UP = {
    "+x": ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
    "-x": ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
    "+y": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "-y": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "+z": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-z": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}


def upright(file_format: Format, up_axis: str) -> Array:
    """Return the rotation (3, 3) that puts what was imported upright; `up_axis` "" is the format's convention."""
    turn = np.array(_TO_UP[up_axis or file_format.up_axis], dtype=np.float64)
    return product(turn, np.array(_TO_UP["+y"]).T) if file_format.turned else turn


def _need_addon(module: str, operator: str) -> None:
    if operator not in dir(bpy.ops.import_scene):
        import addon_utils  # Blender's own module, there only inside Blender

        addon_utils.enable(module)


def can_read_draco() -> bool:
    """Tell whether this build can decode glTF meshes with KHR_draco_mesh_compression."""
    with captured():
        try:
            from io_scene_gltf2.io.com.draco import dll_exists  # Blender 4.5

            return bool(dll_exists())
        except ImportError:
            pass
        try:
            from io_scene_gltf2.io.com.library import dll_exists as library_exists  # Blender 5

            return bool(library_exists("bf_intern_draco_bridge", "Draco"))
        except ImportError:
            return False


def read_model(path: Path, scene: bpy.types.Scene) -> None:
    """Import a model file (not a .blend) into `scene`. Raises AssetError with the importer's own words."""
    layer = scene.view_layers[0]
    window = bpy.context.window
    shown = window.scene if window is not None else None
    with captured() as said:
        try:
            with bpy.context.temp_override(
                scene=scene, view_layer=layer, collection=scene.collection, layer_collection=layer.layer_collection
            ):
                done = FORMATS[path.suffix.lower()].read(path)
        except AttributeError as error:
            raise _not_in_this_build(path) if "could not be found" in str(error) else unreadable(str(error)) from None
        except Exception as error:  # importers in Python let through whatever a damaged file makes them raise
            raise unreadable(str(error)) from None
        finally:
            if window is not None and window.scene != shown:
                window.scene = shown  # glTF's importer shows the scene in which it makes an armature
        if done != {"FINISHED"}:
            raise unreadable(said())


def _not_in_this_build(path: Path) -> AssetError:
    """Distributions build Blender without some importers: Debian's has no USD."""
    text = f"this Blender build cannot read {FORMATS[path.suffix.lower()].name} files"
    return AssetError([Problem(message=text, remedy="export it as glTF (.glb), or use a build from blender.org")])
