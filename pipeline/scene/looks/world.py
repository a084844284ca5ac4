"""The environment: an HDRI or a sky that lights the scene, and what the camera sees behind everything."""

from __future__ import annotations

import math as pymath

import bpy
from mathutils import Matrix, Vector

from pipeline.addresses import Places, resolve
from pipeline.geometry import matrix_from_quaternion, multiply_quaternions, quaternion_about
from pipeline.records import BackgroundPlan, Hdri, Photo, WorldPlan
from pipeline.scene.camera_lens import Window
from pipeline.scene.compat import shader_tree
from pipeline.scene.looks.images import ImageCache, color_space_of, load_image
from pipeline.scene.looks.nodes import Socket, Tree, add_node, mapping, output_of, vector_math
from pipeline.scene.looks.sky import add_sky

CLEAR = (1.0, 1.0, 1.0)
IMPORTANCE_MAP_PX = 1024
SKY_MAP_PX = 256  # a sky without its sun is smooth
WHOLE: Window = (0.0, 0.0, 1.0, 1.0)


def add_world(
    scene: bpy.types.Scene,
    plan: WorldPlan,
    images: ImageCache,
    places: Places,
    resolution: tuple[int, int],
    window: Window = WHOLE,
) -> bpy.types.World:
    """Give `scene` the world of a plan and return it. Raises AssetError for an unreadable image.

    `resolution` is that of what is rendered, `window` its part of the camera's frame: see `camera_lens.window_of`.

    The picture's middle column points along +x and its left half towards +y before `yaw_deg` turns the sky from +x
    towards +y; then its zenith leans by `tilt_deg` towards `tilt_azimuth_deg`. A background replaces only what the
    camera sees directly: light, reflections and refractions stay the HDRI's. A photo fills what is rendered; a lens
    that is remapped bends it with the rest.
    """
    world = bpy.data.worlds.new("world")
    tree = shader_tree(world)
    surface = _hdri(tree, plan, plan.hdri, images, places) if plan.hdri is not None else _sky(tree, plan)
    if plan.background is not None:
        behind = _background(tree, plan.background, images, places, resolution, window)
        seen = output_of(add_node(tree, "ShaderNodeLightPath"), "Is Camera Ray")
        mixed = {"Fac": seen, "Shader": surface, "Shader_001": behind}
        surface = add_node(tree, "ShaderNodeMixShader", mixed).outputs[0]
    add_node(tree, "ShaderNodeOutputWorld", {"Surface": surface})
    # Cycles' own choice is a map of 4096 px whatever the image, three seconds of work a frame; half the image's width
    # finds the same bright spots.
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = IMPORTANCE_MAP_PX if plan.sky is None else SKY_MAP_PX
    scene.world = world
    return world


def _sky(tree: Tree, plan: WorldPlan) -> Socket:
    if plan.sky is None:
        raise ValueError("a world plan holds neither hdri nor sky")
    color = add_sky(tree, plan.sky, plan.tint)
    return add_node(tree, "ShaderNodeBackground", {"Color": color, "Strength": 1.0}).outputs[0]


def _hdri(tree: Tree, plan: WorldPlan, hdri: Hdri, images: ImageCache, places: Places) -> Socket:
    path = resolve(hdri.source, places)
    image = load_image(path, color_space_of(path), images)
    direction = output_of(add_node(tree, "ShaderNodeTexCoord"), "Generated")
    # "TEXTURE" applies the inverse: the direction looked up is the one the turned sky shows
    turned = mapping(tree, direction, rotation_rad=sky_rotation(plan).to_euler("XYZ"), vector_type="TEXTURE")
    color = add_node(tree, "ShaderNodeTexEnvironment", {"Vector": turned}, image=image).outputs[0]
    if plan.tint != CLEAR:
        color = vector_math(tree, "MULTIPLY", color, plan.tint)
    return add_node(tree, "ShaderNodeBackground", {"Color": color, "Strength": plan.strength}).outputs[0]


def sky_rotation(plan: WorldPlan) -> Matrix:
    """Return the (3, 3) rotation that turns the HDRI's sky into the world's."""
    azimuth = pymath.radians(plan.tilt_azimuth_deg)
    level = (-pymath.sin(azimuth), pymath.cos(azimuth), 0.0)
    tilt = quaternion_about(level, pymath.radians(plan.tilt_deg))
    yaw = quaternion_about((0.0, 0.0, 1.0), pymath.radians(plan.yaw_deg))
    return Matrix(matrix_from_quaternion(multiply_quaternions(tilt, yaw)))


def _background(
    tree: Tree,
    plan: BackgroundPlan,
    images: ImageCache,
    places: Places,
    resolution: tuple[int, int],
    window: Window,
) -> Socket:
    color: object = plan.color
    if plan.photo is not None:
        path = resolve(plan.photo.source, places)
        image = load_image(path, color_space_of(path), images)
        color = _plate(tree, image, plan.photo, resolution, window)
    return add_node(tree, "ShaderNodeBackground", {"Color": color, "Strength": 1.0}).outputs[0]


def _plate(tree: Tree, image: bpy.types.Image, photo: Photo, resolution: tuple[int, int], window: Window) -> Socket:
    """Return the colour of a photo that fills the picture: its middle, cropped to the picture's aspect."""
    left, low, width, height = window
    picture = resolution[0] / resolution[1]
    own = photo.width_px / photo.height_px
    across, up = min(1.0, picture / own), min(1.0, own / picture)
    scale = Vector((across / width, up / height, 1.0))
    corner = (0.5 - across / 2 - left * scale.x, 0.5 - up / 2 - low * scale.y, 0.0)
    uv = mapping(tree, output_of(add_node(tree, "ShaderNodeTexCoord"), "Window"), location=corner, scale=scale)
    return output_of(add_node(tree, "ShaderNodeTexImage", {"Vector": uv}, image=image, extension="EXTEND"), "Color")
