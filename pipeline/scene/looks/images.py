"""Image files as datablocks, shared by the frames of one process within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import bpy

from pipeline.errors import AssetError, Problem

CAPACITY = 24  # images kept for later frames; a 4096 px texture holds 64 MiB
FLOAT_SUFFIXES = (".hdr", ".exr")


@dataclass(slots=True)
class ImageCache:
    """What materials and worlds share between frames: the images used last, and the node groups.

    Images beyond `capacity` go, least recently used first, as soon as no material uses them. Belongs to one open file:
    opening another kills the datablocks.
    """

    capacity: int = CAPACITY
    images: dict[tuple[str, str], bpy.types.Image] = field(default_factory=dict)
    groups: dict[str, bpy.types.NodeTree] = field(default_factory=dict)
    readable: set[str] = field(default_factory=set)
    """Files found to be images once; decoding a 1024 px JPEG for it takes 20 ms."""

    def pinned(self) -> tuple[bpy.types.ID, ...]:
        """Return the datablocks that must outlive the frame."""
        return (*self.images.values(), *self.groups.values())


def load_image(path: Path, color_space: str, cache: ImageCache) -> bpy.types.Image:
    """Return the image of a file, read as `color_space` ("sRGB", "Non-Color", "Linear Rec.709").

    Raises AssetError when there is no such file or Blender cannot read it.
    """
    key = (str(path), color_space)
    image = cache.images.pop(key, None)
    if image is None:
        _make_room(cache)
        image = _read(path, color_space, cache)
    cache.images[key] = image  # a dict keeps order: the last is the most recently used
    return image


def _make_room(cache: ImageCache) -> None:
    unused = [key for key, image in cache.images.items() if image.users == 0]
    surplus = len(cache.images) - cache.capacity + 1
    for key in unused[: max(0, surplus)]:
        bpy.data.images.remove(cache.images.pop(key))


def _read(path: Path, color_space: str, cache: ImageCache) -> bpy.types.Image:
    if not path.is_file():
        raise _unreadable(path, "is not a file", "check the path, or the folder it was found in")
    try:
        image = bpy.data.images.load(str(path.absolute()), check_existing=False)
    except RuntimeError as error:
        raise _unreadable(path, f"cannot be read: {str(error).strip()}", "give an image that Blender opens") from error
    image.colorspace_settings.name = color_space
    if str(path) not in cache.readable:
        _check(image, path)
        cache.readable.add(str(path))
    return image


def _check(image: bpy.types.Image, path: Path) -> None:
    """Decode the file once: of one that it cannot read, Cycles only paints the surface pink."""
    decoded = min(image.size) > 0
    image.buffers_free()  # Cycles reads the file for itself
    if not decoded:
        bpy.data.images.remove(image)
        raise _unreadable(path, "is not an image Blender can read", "convert it to PNG, JPEG, HDR or EXR")


def color_space_of(path: Path) -> str:
    """Return the colour space of a picture file: scene-linear for HDR and EXR, sRGB for the rest."""
    return "Linear Rec.709" if path.suffix.lower() in FLOAT_SUFFIXES else "sRGB"


def _unreadable(path: Path, message: str, remedy: str) -> AssetError:
    return AssetError([Problem(where=str(path), message=f"the image {message}", remedy=remedy)])
