"""Readers of model files: each brings what a file holds into a scene of its own, quietly, or says why it cannot.

Axes: OBJ, STL and PLY are read with the file's own axes; glTF's importer turns y-up to z-up, FBX's, USD's and
.blend's leave z up, so their axes are the ones Blender shows. `upright` turns all of them alike.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from pipeline.errors import AssetError, Problem
from pipeline.geometry import Array
from pipeline.scene.ply import read_ply


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
    return turn @ np.array(_TO_UP["+y"], dtype=np.float64).T if file_format.turned else turn


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


# --- reading --------------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlendContents:
    """What a .blend holds, under the names it has there. `placed` are the objects that lie in its scenes (all where it
    has none), `shown` those that they render."""

    objects: dict[str, bpy.types.Object]
    collections: dict[str, bpy.types.Collection]
    placed: tuple[str, ...]
    shown: tuple[str, ...]
    metres_per_unit: float


def read_blend(path: Path, scene: bpy.types.Scene) -> BlendContents:
    """Append everything a .blend holds and link its objects into `scene`. Raises AssetError when it cannot be read."""
    with captured():
        try:
            with bpy.data.libraries.load(str(path), link=False) as (source, target):
                names = list(source.objects), list(source.collections)
                target.scenes = list(source.scenes)
                target.objects = list(source.objects)
                target.collections = list(source.collections)
        except Exception as error:  # OSError, RuntimeError, UnicodeError: as the damage will have it
            raise unreadable(str(error)) from None
    pairs = zip(names[0], target.objects, strict=True)
    objects = {name: item for name, item in pairs if item is not None}
    collections = {name: item for name, item in zip(names[1], target.collections, strict=True) if item is not None}
    scenes = [item for item in target.scenes if item is not None]
    everything = {item.session_uid for item in objects.values()}
    shown = _rendered_objects(scenes) if scenes else everything
    placed = {item.session_uid for one in scenes for item in one.objects} if scenes else everything
    for item in objects.values():
        scene.collection.objects.link(item)
    if scenes:
        scene.frame_set(scenes[0].frame_current)
    return BlendContents(
        objects=objects,
        collections=collections,
        placed=tuple(name for name, item in objects.items() if item.session_uid in placed),
        shown=tuple(name for name, item in objects.items() if item.session_uid in shown),
        metres_per_unit=_metres_per_unit(scenes),
    )


def _metres_per_unit(scenes: list[bpy.types.Scene]) -> float:
    if not scenes or scenes[0].unit_settings.system == "NONE":
        return 1.0
    return float(f"{scenes[0].unit_settings.scale_length:.7g}")  # float32 holds 0.01 as 0.009999999776


def _rendered_objects(scenes: list[bpy.types.Scene]) -> set[int]:
    found: set[int] = set()

    def walk(layer: bpy.types.LayerCollection) -> None:
        if layer.exclude or layer.collection.hide_render:
            return
        found.update(item.session_uid for item in layer.collection.objects)
        for child in layer.children:
            walk(child)

    for scene in scenes:
        for view_layer in scene.view_layers:
            walk(view_layer.layer_collection)
    return found


# --- silence and errors ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def captured() -> Iterator[Callable[[], str]]:
    """Keep what importers print to themselves; the value returns what was said so far.

    They print from C to the process's own streams, so those are turned aside as well as Python's.
    """
    said = io.StringIO()
    _flush()
    with tempfile.TemporaryFile() as aside:

        def text() -> str:
            _flush()
            aside.seek(0)
            return said.getvalue() + aside.read().decode(errors="replace")

        saved = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(aside.fileno(), number)
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                yield text
        finally:
            _flush()
            for number, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, number)
                os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none at all in a windowed Blender
            stream.flush()
    c_library = _c_library()
    if c_library is not None:
        c_library.fflush(None)


@functools.cache
def _c_library() -> ctypes.CDLL | None:
    """What importers print waits in the C library's buffers; Windows has no way to ask for it here."""
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None


_NOISE = re.compile(r"^(Error:\s*)+|^Python:\s*|^(Location|File|Traceback)\b.*", re.IGNORECASE)


def _not_in_this_build(path: Path) -> AssetError:
    """Distributions build Blender without some importers: Debian's has no USD."""
    text = f"this Blender build cannot read {FORMATS[path.suffix.lower()].name} files"
    return AssetError([Problem(message=text, remedy="export it as glTF (.glb), or use a build from blender.org")])


_NO_NEWS = re.compile(r"^(RuntimeError|ImportError|OSError|PlyError): |, see console for detail")


def unreadable(text: str) -> AssetError:
    """Return the error for a file that an importer refuses, with the last thing it said."""
    lines = [_NOISE.sub("", line.strip()).strip() for line in text.splitlines() if not line.startswith(" ")]
    named = [line for line in lines if re.match(r"^\w*(Error|Exception): \S", line)]
    told = named or [line for line in lines if line and not line.startswith("Location")]
    reason = _NO_NEWS.sub("", told[-1]) if told else "it is damaged"
    return AssetError([Problem(message=f"cannot be read: {reason}", remedy="export it again, or leave it out")])
