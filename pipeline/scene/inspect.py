"""What must be measured in Blender once a file: bounds, faces, alpha, resting poses, radiance."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
import numpy as np

from pipeline.errors import AssetError, Problem
from pipeline.records import Asset, AssetRecipe, Vector
from pipeline.scene.alpha import lets_through
from pipeline.scene.hulls import resting_poses
from pipeline.scene.library import LoadedAsset, used_by

DECIMALS = 9


def measure_asset(asset_id: str, recipe: AssetRecipe, sha256: str, loaded: LoadedAsset, licence: str) -> Asset:
    """Return the catalogue entry of a loaded asset. Raises AssetError for textures that are not where it says."""
    materials = {slot.session_uid: slot for mesh in loaded.parts for slot in mesh.materials if slot is not None}
    _check_textures(recipe.source, list(materials.values()))
    return Asset(
        asset_id=asset_id,
        recipe=recipe,
        sha256=sha256,
        low_m=_rounded(loaded.low_m),
        high_m=_rounded(loaded.high_m),
        radius_m=round(float(np.sqrt((loaded.vertices**2).sum(axis=1).max())), DECIMALS),
        triangles=len(loaded.triangles),
        has_alpha=any(lets_through(material) for material in materials.values()),
        resting=resting_poses(loaded.vertices),
        licence=licence,
    )


def _rounded(vector: Vector) -> Vector:
    x, y, z = (round(value, DECIMALS) + 0.0 for value in vector)
    return (x, y, z)


def _check_textures(source: str, materials: list[bpy.types.Material]) -> None:
    problems = []
    for material in materials:
        for image in used_by(material):
            if isinstance(image, bpy.types.Image) and _is_missing(image):
                file = bpy.path.abspath(image.filepath)
                message = f"its texture {Path(file).name} is missing (looked for {file})"
                problems.append(Problem(message=message, where=source, remedy="put the texture there, or export again"))
    if problems:
        raise AssetError(problems)


def _is_missing(image: bpy.types.Image) -> bool:
    if image.source != "FILE" or image.packed_file is not None:
        return False
    return not Path(bpy.path.abspath(image.filepath)).is_file()


def image_size(path: Path) -> tuple[int, int]:
    """Return (width, height) in pixels. Raises AssetError when Blender cannot read the file as an image."""
    image = _load(path)
    size = (int(image.size[0]), int(image.size[1]))
    bpy.data.images.remove(image)
    return size


def mean_radiance(path: Path) -> float:
    """Return the mean luminance (Rec. 709) of an equirectangular image over the sphere: rows weigh by their latitude.

    Raises AssetError when the file is no image, or is black.
    """
    image = _load(path)
    width, height = image.size
    image.colorspace_settings.name = "Linear Rec.709" if image.is_float else "sRGB"
    pixels = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    rgb = pixels.reshape(height, width, image.channels)[..., :3].astype(np.float64)
    bpy.data.images.remove(image)
    luminance = (rgb @ (0.2126, 0.7152, 0.0722)).mean(axis=1)
    weights = np.cos(math.pi * ((np.arange(height) + 0.5) / height - 0.5))
    mean = float((luminance * weights).sum() / weights.sum())
    if not math.isfinite(mean) or mean <= 0:
        raise _no_image(path, f"gives no light: its mean radiance is {mean:g}")
    return float(f"{mean:.9g}")


def _load(path: Path) -> bpy.types.Image:
    try:
        image = bpy.data.images.load(str(path.absolute()), check_existing=False)
    except RuntimeError as error:
        raise _no_image(path, f"cannot be read: {str(error).strip()}") from error
    if image.size[0] == 0 or image.size[1] == 0:  # Blender decodes on this first access
        bpy.data.images.remove(image)
        raise _no_image(path, "is not an image that Blender can read")
    return image


def _no_image(path: Path, message: str) -> AssetError:
    return AssetError([Problem(message=message, where=str(path), remedy="give an image file that Blender opens")])
