"""What is measured of an asset or a picture before anything is drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from pipeline.conventions import JSON_DECIMALS
from pipeline.records import RestingPose, Vector
from pipeline.scene.assets.importer_words import captured
from pipeline.scene.assets.library import LoadedAsset
from pipeline.scene.physics.resting_poses import resting_poses

REC709 = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFacts:
    """One asset at scale 1; fields as in `records.Asset`. `broken_textures` are images that hold no picture,
    `textures` the image files outside the model file that it uses, relative to its folder."""

    low_m: Vector
    high_m: Vector
    radius_m: float
    triangles: int
    has_alpha: bool
    resting: tuple[RestingPose, ...]
    broken_textures: tuple[str, ...]
    textures: tuple[str, ...]


def measure(asset: LoadedAsset, folder: Path) -> AssetFacts:
    """Return the facts of an asset whose file lies in `folder`."""
    materials = materials_of(asset.parts)
    images = [image for material in materials for image in images_of(material)]
    x, y, z = asset.vertices.T
    radius = float(np.sqrt((x * x + y * y + z * z).max()))
    with captured():
        broken = {image_label(image) for image in images if not holds_picture(image)}
    return AssetFacts(
        low_m=asset.low_m,
        high_m=asset.high_m,
        radius_m=round(radius, JSON_DECIMALS),
        triangles=len(asset.triangles),
        has_alpha=any(lets_light_through(material) for material in materials),
        resting=resting_poses(asset.vertices),
        broken_textures=tuple(sorted(broken | {f"of {name}" for name in _without_image(materials)})),
        textures=tuple(sorted({name for image in images if (name := _outside(image, folder))})),
    )


# --- materials ------------------------------------------------------------------------------------------------------


def materials_of(parts: tuple[bpy.types.Mesh, ...]) -> list[bpy.types.Material]:
    """Return the materials of an asset's slots, each once."""
    found = {material.session_uid: material for part in parts for material in part.materials if material is not None}
    return list(found.values())


def lets_light_through(material: bpy.types.Material) -> bool:
    """Tell whether camera rays can pass a material: alpha below 1, a Transparent BSDF, or no surface but a volume.

    Glass does not count: its surface is what the camera sees.
    """
    output = _output(material)
    if output is None:
        return False
    if not output.inputs["Surface"].is_linked:
        return bool(output.inputs["Volume"].is_linked)
    return any(_passes(node) for node in _feeding(material))


def _output(material: bpy.types.Material) -> bpy.types.Node | None:
    tree = material.node_tree
    return tree.get_output_node("CYCLES") or tree.get_output_node("ALL") if tree else None


def _feeding(material: bpy.types.Material) -> Iterator[bpy.types.Node]:
    output = _output(material)
    return _upstream(output.inputs["Surface"]) if output is not None else iter(())


def _passes(node: bpy.types.Node) -> bool:
    if node.mute:
        return False
    if node.type in ("BSDF_TRANSPARENT", "HOLDOUT"):
        return True
    alpha = node.inputs.get("Alpha") if node.type in ("BSDF_PRINCIPLED", "EEVEE_SPECULAR") else None
    if alpha is None:
        return False
    if not alpha.is_linked:
        return float(alpha.default_value) < 1.0
    return not _always_opaque(alpha.links[0])


def _always_opaque(link: bpy.types.NodeLink) -> bool:
    """An alpha output of an image without alpha channel is 1 everywhere."""
    node = link.from_node
    image = node.image if node.type == "TEX_IMAGE" else None
    return image is not None and link.from_socket.name == "Alpha" and image.depth in (8, 16, 24, 48)


def _upstream(socket: bpy.types.NodeSocket) -> Iterator[bpy.types.Node]:
    """Yield every node that feeds a socket; of node groups, all the nodes inside."""
    seen: set[int] = set()
    waiting = [link.from_node for link in socket.links]
    while waiting:
        node = waiting.pop()
        if node.as_pointer() in seen:
            continue
        seen.add(node.as_pointer())
        yield node
        waiting += [link.from_node for entry in node.inputs for link in entry.links]
        if node.type == "GROUP" and node.node_tree is not None:
            waiting += list(node.node_tree.nodes)


def images_of(material: bpy.types.Material) -> list[bpy.types.Image]:
    """Return the images of a material's texture nodes, groups included."""
    found: dict[int, bpy.types.Image] = {}
    trees = [material.node_tree] if material.node_tree else []
    seen = set()
    while trees:
        tree = trees.pop()
        if tree.as_pointer() in seen:
            continue
        seen.add(tree.as_pointer())
        for node in tree.nodes:
            if node.type in ("TEX_IMAGE", "TEX_ENVIRONMENT") and node.image is not None:
                found[node.image.session_uid] = node.image
            elif node.type == "GROUP" and node.node_tree is not None:
                trees.append(node.node_tree)
    return [found[key] for key in sorted(found)]


def _without_image(materials: list[bpy.types.Material]) -> Iterator[str]:
    """Yield the names of materials that use an image texture without an image: USD's importer leaves lost ones so."""
    for material in materials:
        for node in _feeding(material):
            if node.type == "TEX_IMAGE" and node.image is None and not node.mute:
                yield material.name.rsplit(":", 1)[-1]


# --- pictures -------------------------------------------------------------------------------------------------------


def holds_picture(image: bpy.types.Image) -> bool:
    """Tell whether an image can be decoded; what that took into memory is let go again."""
    if image.source not in ("FILE", "TILED", "SEQUENCE", "MOVIE"):
        return True
    if image.source == "TILED":
        return image.packed_file is not None or any(_tile_files(image))
    good = min(image.size) > 0
    image.buffers_free()
    return good


def _tile_files(image: bpy.types.Image) -> Iterator[Path]:
    path = Path(bpy.path.abspath(image.filepath_raw))
    return path.parent.glob(path.name.replace("<UDIM>", "[0-9][0-9][0-9][0-9]").replace("<UVTILE>", "u*_v*"))


def image_label(image: bpy.types.Image) -> str:
    """Return the name a user knows an image by: that of its file."""
    return Path(image.filepath_raw.replace("\\", "/")).name or image.name.rsplit(":", 1)[-1]


def _outside(image: bpy.types.Image, folder: Path) -> str:
    if image.packed_file is not None or image.source != "FILE":
        return ""
    path = Path(bpy.path.abspath(image.filepath_raw, library=image.library))
    if not path.is_file():
        return ""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """A readable picture. `mean_radiance` (solid-angle weighted Rec. 709 luminance, as if equirectangular) is 0 unless
    it was asked for."""

    width_px: int
    height_px: int
    mean_radiance: float = 0.0


def measure_picture(path: Path, *, radiance: bool = False) -> PictureFacts:
    """Return the facts of a picture. Raises ValueError for a file that is none, or an HDRI without light."""
    with captured():
        image = _load(path)
    if image is None:
        raise ValueError("it is no picture that Blender can read", "save it again, or leave it out")
    try:
        width, height = image.size
        mean = _mean_radiance(image) if radiance else 0.0
    finally:
        bpy.data.images.remove(image)
    if radiance and not (np.isfinite(mean) and mean > 0):
        raise ValueError(f"its mean radiance is {mean:g}", "an HDRI needs finite light above 0")
    return PictureFacts(width_px=width, height_px=height, mean_radiance=round(mean, JSON_DECIMALS))


def _load(path: Path) -> bpy.types.Image | None:
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError:
        return None
    if min(image.size) > 0:
        return image
    bpy.data.images.remove(image)
    return None


def _mean_radiance(image: bpy.types.Image) -> float:
    width, height = image.size
    flat = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(flat)
    pixels = flat.reshape(height, width, image.channels)
    channels = [pixels[:, :, min(index, image.channels - 1)] for index in range(3)]
    rows = [_linear(channel, image.is_float).mean(axis=1, dtype=np.float64) for channel in channels]
    luminance = sum(weight * row for weight, row in zip(REC709, rows, strict=True))
    elevation = ((np.arange(height) + 0.5) / height - 0.5) * np.pi
    weights = np.cos(elevation)
    return float((luminance * weights).sum() / weights.sum())


def _linear(channel: np.ndarray, is_float: bool) -> np.ndarray:
    """8-bit pictures hold sRGB."""
    if is_float:
        return channel
    return np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
