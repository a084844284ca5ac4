"""Materials by name, colour and what they do with light; Blender's are made of them when a file is written."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """One surface. `colour` is sRGB hex; `image` (H, W, 3) uint8 sRGB, top row first, takes its place."""

    name: str
    colour: str = "#ffffff"
    roughness: float = 0.5
    metallic: float = 0.0
    transmission: float = 0.0
    ior: float = 1.5
    image: np.ndarray | None = None


def plastic(name: str, colour: str, roughness: float = 0.35) -> Material:
    return Material(name=name, colour=colour, roughness=roughness)


def metal(name: str, colour: str = "#c9cacc", roughness: float = 0.28) -> Material:
    return Material(name=name, colour=colour, roughness=roughness, metallic=1.0)


def glass(name: str, colour: str = "#f4fbf8", roughness: float = 0.03) -> Material:
    return Material(name=name, colour=colour, roughness=roughness, transmission=1.0)


def printed(name: str, image: np.ndarray, roughness: float = 0.45) -> Material:
    return Material(name=name, image=image, roughness=roughness)


def add_material(spec: Material) -> bpy.types.Material:
    """A Principled material with alpha 1: the label passes cannot see through blended alpha."""
    material = bpy.data.materials.new(spec.name)
    if not material.node_tree:  # bpy 5 makes the node tree at once and warns about use_nodes
        material.use_nodes = True
    tree = material.node_tree
    inputs = tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = (*linear_from_hex(spec.colour), 1.0)
    inputs["Roughness"].default_value = spec.roughness
    inputs["Metallic"].default_value = spec.metallic
    inputs["Transmission Weight"].default_value = spec.transmission
    inputs["IOR"].default_value = spec.ior
    if spec.image is not None:
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = _add_image(spec.name, spec.image)
        tree.links.new(texture.outputs["Color"], inputs["Base Color"])
    return material


def linear_from_hex(colour: str) -> tuple[float, ...]:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return tuple(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).tolist())


def _add_image(name: str, srgb: np.ndarray) -> bpy.types.Image:
    height, width, _ = srgb.shape
    image = bpy.data.images.new(name, width, height)
    rgba = np.dstack((srgb[::-1] / 255, np.ones((height, width)))).astype(np.float32)  # Blender's rows go up
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    return image
