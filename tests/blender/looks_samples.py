"""Plans, tiny renders and pictures shared by the tests of materials, lights, world and surroundings."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from pipeline.addresses import Places
from pipeline.geometry import look_at
from pipeline.records import (
    BackgroundPlan,
    Hdri,
    LightPlan,
    MaterialPlan,
    PbrPlan,
    ProceduralPlan,
    TexturePlan,
    TextureSet,
    WorldPlan,
)
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.looks.world import add_world

Pixels = NDArray[np.float32]
BLACK, WHITE, RED, BLUE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def places(folder: Path) -> Places:
    return Places(base_dir=folder)


def empty_scene() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.use_denoising = False
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.max_bounces = 2
    return scene


def add_camera(scene: bpy.types.Scene, eye, target, *, width_m: float | None = None, fov_rad: float = 0.6) -> None:
    """An orthographic camera where `width_m` is given."""
    camera = bpy.data.cameras.new("camera")
    if width_m is None:
        camera.angle = fov_rad
    else:
        camera.type, camera.ortho_scale = "ORTHO", width_m
    thing = bpy.data.objects.new("camera", camera)
    thing.matrix_world = Matrix(look_at(eye, target) @ np.diag([1.0, -1.0, -1.0, 1.0]))
    scene.collection.objects.link(thing)
    scene.camera = thing


def render(scene: bpy.types.Scene, folder: Path, size: tuple[int, int] = (32, 32), spp: int = 4) -> Pixels:
    """Return linear pixels (H, W, 3), top row first."""
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.cycles.samples = spp
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.filepath = str(folder / "render.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = read_pixels(image)
    bpy.data.images.remove(image)
    return pixels


def read_pixels(image: bpy.types.Image) -> Pixels:
    flat = np.empty(image.size[0] * image.size[1] * 4, dtype=np.float32)
    image.pixels.foreach_get(flat)
    return flat.reshape(image.size[1], image.size[0], 4)[::-1, :, :3]


def write_picture(path: Path, pixels: Pixels) -> str:
    """Write (H, W, 3), top row first: stored values for PNG, linear for EXR. Return the file's name."""
    height, width = pixels.shape[:2]
    exr = path.suffix == ".exr"
    image = bpy.data.images.new("picture", width, height, float_buffer=exr)
    if exr:
        image.colorspace_settings.name = "Non-Color"  # or saving would encode it as sRGB
    full = np.ones((height, width, 4), dtype=np.float32)
    full[..., :3] = pixels[::-1]
    image.pixels.foreach_set(full.ravel())
    image.filepath_raw, image.file_format = str(path), "OPEN_EXR" if exr else "PNG"
    image.save()
    bpy.data.images.remove(image)
    return path.name


def uniform_sky(folder: Path, radiance: float = 1.0) -> str:
    return write_picture(folder / "uniform.exr", np.full((8, 16, 3), radiance, dtype=np.float32))


def world_plan(
    source: str,
    *,
    strength: float = 1.0,
    yaw_deg: float = 0.0,
    tilt_deg: float = 0.0,
    tilt_azimuth_deg: float = 0.0,
    tint: tuple[float, float, float] = WHITE,
    background: BackgroundPlan | None = None,
) -> WorldPlan:
    return WorldPlan(
        hdri=Hdri(source=source, sha256="", mean_radiance=1.0),
        strength=strength,
        yaw_deg=yaw_deg,
        tilt_deg=tilt_deg,
        tilt_azimuth_deg=tilt_azimuth_deg,
        tint=tint,
        background=background,
    )


def light_everything(scene: bpy.types.Scene, folder: Path) -> None:
    """Uniform light of radiance 1: a diffuse surface that sees nothing else shines as its albedo."""
    add_world(scene, world_plan(uniform_sky(folder)), ImageCache(), places(folder), (32, 32))


def pbr(color=(0.5, 0.5, 0.5), *, roughness: float = 1.0, metallic: float = 0.0, specular: float = 0.0) -> MaterialPlan:
    plan = PbrPlan(base_color=color, roughness=roughness, metallic=metallic, specular=specular, coat=0.0)
    return MaterialPlan(pbr=plan)


def procedural(pattern: str, **changes) -> MaterialPlan:
    values = {
        "color_a": RED,
        "color_b": BLUE,
        "scale_m": 0.25,
        "rotation_deg": 0.0,
        "offset": (0.1, 0.2, 0.3),
        "distortion": 0.0,
        "roughness": 1.0,
        "metallic": 0.0,
        "bump": 0.0,
    }
    return MaterialPlan(procedural=ProceduralPlan(pattern=pattern, **(values | changes)))


def textures(base_color: str, *, normal: str = "", roughness_map: str = "", metallic_map: str = "", **changes):
    values = {
        "projection": "box",
        "scale_m": 1.0,
        "rotation_deg": 0.0,
        "offset": (0.0, 0.0, 0.0),
        "hue_shift": 0.0,
        "value_scale": 1.0,
        "roughness": 1.0,
    }
    maps = TextureSet(
        texture_id="maps", base_color=base_color, roughness=roughness_map, metallic=metallic_map, normal=normal
    )
    return MaterialPlan(textures=TexturePlan(textures=maps, **(values | changes)))


def lamp(kind: str, **changes) -> LightPlan:
    values = {
        "anchor": "origin",
        "anchor_index": 0,
        "offset_m": (0.0, 0.0, 1.0),
        "energy_w": 30.0,
        "size_m": 0.02,
        "spot_angle_deg": 60.0,
        "color": WHITE,
    }
    return LightPlan(kind=kind, **(values | changes))  # type: ignore[arg-type]


def add_plane(scene: bpy.types.Scene, material: bpy.types.Material | None, size_m: float = 1.0) -> bpy.types.Object:
    """A square in the xy plane, its UV in metres from its centre, as the floor's."""
    half = size_m / 2
    outline = [(-half, -half), (half, -half), (half, half), (-half, half)]
    mesh = bpy.data.meshes.new("plane")
    mesh.from_pydata([(x, y, 0.0) for x, y in outline], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", np.array(outline, dtype=np.float32).ravel())
    return _add(scene, mesh, material)


def add_cube(scene: bpy.types.Scene, material: bpy.types.Material | None, size_m: float = 1.0) -> bpy.types.Object:
    """A cube around the origin, without a UV map."""
    half = size_m / 2
    vertices = [(x, y, z) for x in (-half, half) for y in (-half, half) for z in (-half, half)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh = bpy.data.meshes.new("cube")
    mesh.from_pydata(vertices, [], faces)
    return _add(scene, mesh, material)


def _add(scene: bpy.types.Scene, mesh: bpy.types.Mesh, material: bpy.types.Material | None) -> bpy.types.Object:
    if material is not None:
        mesh.materials.append(material)
    thing = bpy.data.objects.new(mesh.name, mesh)
    scene.collection.objects.link(thing)
    return thing
