"""Measure how bright Blender's sky texture is: the tables of pipeline/scene/looks/sky_levels.py for this Blender.

python scripts/measure_sky.py
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np

from pipeline.scene.compat import add_sky_texture, shader_tree
from pipeline.scene.looks.nodes import add_node
from pipeline.scene.looks.sky_levels import AEROSOLS, ELEVATIONS_DEG, SKY_MODEL

HEIGHT = 128


def main() -> None:
    scene = _panorama_scene()
    for aerosols in AEROSOLS:
        print("    (" + ", ".join(f"{_level(scene, elevation, aerosols):.4g}" for elevation in ELEVATIONS_DEG) + "),")


def _panorama_scene() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    data = bpy.data.cameras.new("camera")
    data.type, data.panorama_type = "PANO", "EQUIRECTANGULAR"
    scene.camera = bpy.data.objects.new("camera", data)
    scene.camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(scene.camera)
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.render.resolution_x, scene.render.resolution_y = 2 * HEIGHT, HEIGHT
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.world = bpy.data.worlds.new("world")
    scene.world.cycles.sampling_method = "NONE"
    return scene


def _level(scene: bpy.types.Scene, elevation_deg: float, aerosols: float) -> float:
    tree = shader_tree(scene.world)
    texture = add_sky_texture(tree, SKY_MODEL, math.radians(elevation_deg), 0.0, aerosols)
    background = add_node(tree, "ShaderNodeBackground", {"Color": texture.outputs[0]})
    add_node(tree, "ShaderNodeOutputWorld", {"Surface": background.outputs[0]})
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = f"{folder}/sky.exr"
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(scene.render.filepath)
        flat = np.empty(image.size[0] * image.size[1] * 4, dtype=np.float32)
        image.pixels.foreach_get(flat)
        bpy.data.images.remove(image)
    rows = flat.reshape(HEIGHT, 2 * HEIGHT, 4)[HEIGHT // 2 :, :, :3].mean(axis=1) @ (0.2126, 0.7152, 0.0722)
    elevations = (np.arange(HEIGHT // 2) + 0.5) / HEIGHT * math.pi
    weights = np.sin(elevations) * np.cos(elevations)
    return float((rows * weights).sum() / weights.sum())


if __name__ == "__main__":
    main()
