"""The only place that asks which Blender this is."""

from __future__ import annotations

import math
from pathlib import Path

import bpy

IS_5 = bpy.app.version >= (5, 0)
EEVEE = "BLENDER_EEVEE" if IS_5 else "BLENDER_EEVEE_NEXT"


def blender_series() -> str:
    """Return the series, e.g. "5.2": builds of one series give the same labels."""
    return f"{bpy.app.version[0]}.{bpy.app.version[1]}"


def blender_facts() -> dict[str, str]:
    """Return what tells this build from others; recorded with every frame."""
    return {"blender": bpy.app.version_string, "build_hash": bpy.app.build_hash.decode(errors="replace")}


def bundled_hdris_dir() -> Path | None:
    """Return the folder of the HDRIs that come with Blender, or None in a build without them."""
    for kind in ("LOCAL", "SYSTEM"):
        root = bpy.utils.resource_path(kind)
        folder = Path(root) / "datafiles" / "studiolights" / "world"
        if root and folder.is_dir():
            return folder
    return None


def set_multilayer(settings: bpy.types.ImageFormatSettings) -> None:
    """Make saved renders uncompressed float32 EXRs of every pass. 5.x would split them into parts, one a pass."""
    if IS_5:
        settings.media_type = "MULTI_LAYER_IMAGE"
        settings.use_exr_interleave = True
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_management = "FOLLOW_SCENE"
    settings.color_depth = "32"
    settings.exr_codec = "NONE"


def set_picture(
    settings: bpy.types.ImageFormatSettings, file_format: str, quality: int = 92, color_depth: str = "8"
) -> None:
    """Make saved renders RGB pictures ("PNG" of 8 or 16 bits, "JPEG" at `quality` 1..100) under the view transform."""
    if IS_5:
        settings.media_type = "IMAGE"
    settings.file_format = file_format
    settings.color_management = "FOLLOW_SCENE"
    settings.color_mode = "RGB"
    settings.color_depth = color_depth
    settings.compression = 15
    settings.quality = quality


def prepare_render(scene: bpy.types.Scene) -> None:
    """5.x composites on the GPU by default, and without a graphics driver that ends the process."""
    if IS_5:
        scene.render.compositor_device = "CPU"


def shader_tree(owner: bpy.types.Material | bpy.types.World) -> bpy.types.ShaderNodeTree:
    """Return the emptied node tree of a new material or world; from 5.0 on it is there from the start."""
    if not IS_5:
        owner.use_nodes = True
    owner.node_tree.nodes.clear()
    return owner.node_tree


def add_sky_texture(
    tree: bpy.types.ShaderNodeTree, model: str, elevation_rad: float, azimuth_rad: float, aerosols: float
) -> bpy.types.Node:
    """Add a sky texture without the sun's disc. `azimuth_rad` is from +x towards +y; Blender counts from +y back."""
    node = tree.nodes.new("ShaderNodeTexSky")
    node.sky_type = model
    node.sun_disc = False
    node.sun_elevation = elevation_rad
    node.sun_rotation = math.pi / 2 - azimuth_rad
    node.altitude = 0.0
    setattr(node, "aerosol_density" if IS_5 else "dust_density", aerosols)
    return node


def uses_nodes(material: bpy.types.Material) -> bool:
    """Return whether a material is drawn by its nodes; from 5.0 on every material is."""
    return material.node_tree is not None and (IS_5 or material.use_nodes)
