"""Image files to materials: single pictures, and PBR sets recognised by the usual names of their maps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".exr", ".tga")

# Words between separators, lower case. What stands in no row is part of the material's own name.
MAP_WORDS = {
    "base_color": ("color", "basecolor", "col", "albedo", "diffuse", "diff", "diffusecolor"),
    "roughness": ("roughness", "rough"),
    "metallic": ("metallic", "metalness", "metal"),
    "normal": ("normalgl", "nor_gl", "norgl", "normal", "nor", "nrm"),
    "": ("normaldx", "nor_dx", "nordx", "displacement", "disp", "height", "ao", "ambientocclusion", "arm", "opacity",
         "alpha", "mask", "bump", "specular", "spec", "gloss", "glossiness", "emission", "translucency", "preview"),
}  # fmt: skip
"""Map -> the words that name it. "" are maps that are recognised and not used (DirectX normals point the other way)."""

_NOISE = re.compile(r"^(?:\d+k|jpg|png|exr|\d+)$")  # resolutions and formats: ambientCG's "_1K-JPG_", Poly Haven's "_1k"
_SPLIT = re.compile(r"[_\-. ]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSet:
    """The files of one material; "" where there is no such map."""

    name: str
    base_color: str
    roughness: str = ""
    metallic: str = ""
    normal: str = ""

    def files(self) -> tuple[str, ...]:
        """Return the files there are, base colour first."""
        return tuple(file for file in (self.base_color, self.roughness, self.metallic, self.normal) if file)


def find_image_sets(files: Iterable[str]) -> tuple[ImageSet, ...]:
    """Return the materials among image files, sorted by name.

    Files of one folder whose names differ in the word for their map belong together. A file without such a word, or
    whose material has no base colour, is a picture of its own unless it is a map (roughness, height ...) of nothing.
    """
    groups: dict[str, dict[str, str]] = {}
    singles: dict[str, str] = {}
    for file in sorted(files):
        stem, kind = _stem_and_map(PurePath(file))
        if kind is None:
            singles[str(PurePath(file).with_suffix(""))] = file
        elif kind:
            groups.setdefault(stem, {}).setdefault(kind, file)
    sets = [ImageSet(name=name, base_color=file) for name, file in singles.items() if name not in groups]
    sets += [ImageSet(name=name, **maps) for name, maps in groups.items() if "base_color" in maps]
    # ambientCG puts a preview beside its set, "Wood049.png": the set's own name, and no picture of its own.
    return tuple(sorted(sets, key=lambda one: one.name))


def _stem_and_map(path: PurePath) -> tuple[str, str | None]:
    """Return the material's name with its folder, and the map: None for no word of a map, "" for one not used."""
    words = [word for part in _SPLIT.split(path.stem) for word in _split_camel(part)]
    for width in (2, 1):
        for at in range(len(words) - width, -1, -1):
            word = "_".join(words[at : at + width]).lower()
            joined = word.replace("_", "")
            for kind, names in MAP_WORDS.items():
                if (word in names or joined in names) and (at > 0 or len(words) == width):
                    rest = [w for w in words[:at] + words[at + width :] if not _NOISE.match(w.lower())]
                    return str(path.parent / "_".join(rest)), kind
    return str(path.with_suffix("")), None


def _split_camel(part: str) -> list[str]:
    """ "NormalGL" stays one word, "woodBaseColor" is three."""
    whole = part.lower()
    if any(whole in names for names in MAP_WORDS.values()):
        return [part]
    return [word for word in _CAMEL.split(part) if word]
