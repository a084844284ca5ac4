"""Materials among image files: PBR sets recognised by the usual names, and single images.

Known: ambientCG ("Wood043_1K-JPG_Color.jpg", "_Roughness", "_Metalness", "_NormalGL"), Poly Haven ("worn_diff_1k.jpg",
"_rough_1k", "_nor_gl_1k"), and the words of other tools ("BaseColor", "albedo", "Metallic" ...). Case is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.records import TextureSet

IMAGE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".tga", ".exr", ".hdr")

# The words a name ends in, by what the map holds; two words stand for a pair such as "Base_Color".
_WORDS = {
    "base_color": "basecolor,base color,basecolour,base colour,color,colour,col,albedo,diffuse,diff,diffusecolor",
    "roughness": "roughness,rough,rgh",
    "metallic": "metallic,metalness,metal,met,mtl",
    "normal": "normalgl,normal gl,nor gl,nrm gl,norm gl,normalopengl,normal opengl",
    "normal_plain": "normal,nor,nrm,norm,normalmap,normal map",
    "unused": "normaldx,normal dx,nor dx,nrm dx,norm dx,normaldirectx,normal directx,displacement,displace,disp,height,"
    "depth,bump,ambientocclusion,ambient occlusion,occlusion,ao,arm,orm,rma,mask,opacity,alpha,specular,spec,spec ior,"
    "gloss,glossiness,emission,emissive,translucency,translucent,thickness,idmap,id,ior,coat,sheen,anisotropy,"
    "anisotropy rotation,anisotropy strength",
}
_ROLE = {tuple(word.split()): role for role, words in _WORDS.items() for word in words.split(",")}
_ENDS_A_PLAIN_NAME = frozenset({"metal", "met", "id", "depth", "mask", "color", "colour", "col", "height", "arm"})
_SIZE = re.compile(r"\d{1,2}k|(256|512|1024|2048|4096|8192)(x\d{3,4})?|jpe?g|png|tiff?|exr|webp")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextureListing:
    """`sets` in the order of their names; `unused` are maps of no use here or without a base colour."""

    sets: tuple[TextureSet, ...]
    unused: tuple[str, ...]


def find_texture_sets(files: Sequence[str]) -> TextureListing:
    """Return the materials among `files` (addresses or paths with forward slashes). `sha256` is left "".

    A map joins the base colour with the same folder and name. An image whose name says nothing is a material of its
    own, unless a set beside it has its very name: then it is that set's preview picture.
    """
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for file in sorted(set(files)):
        key, role = _parse(file)
        groups.setdefault(key, {}).setdefault(role, []).append(file)
    sets: list[TextureSet] = []
    unused: list[str] = []
    for roles in groups.values():
        found, left = _sets_of(roles)
        sets += found
        unused += left
    return TextureListing(sets=tuple(sorted(sets, key=lambda one: one.texture_id)), unused=tuple(sorted(unused)))


def _sets_of(roles: dict[str, list[str]]) -> tuple[list[TextureSet], list[str]]:
    everything = [file for files in roles.values() for file in files]
    if "base_color" not in roles:
        singles = [file for role, files in roles.items() for file in files if role == "single" or _is_plain(file)]
        return [TextureSet(texture_id=file, base_color=file) for file in singles], _without(everything, singles)
    base = roles["base_color"][0]
    maps: dict[str, str] = {role: roles[role][0] for role in ("roughness", "metallic") if role in roles}
    normals = roles.get("normal", []) + roles.get("normal_plain", [])
    if normals:
        maps["normal"] = normals[0]
    made = TextureSet(texture_id=base, base_color=base, **maps)
    return [made], _without(everything, [base, *maps.values()])


def _without(files: list[str], used: list[str]) -> list[str]:
    return [file for file in files if file not in used]


def _parse(file: str) -> tuple[tuple[str, str], str]:
    """Return the set a file may belong to, as (folder, name), and what it holds there."""
    path = PurePosixPath(file)
    words = [word for word in _split(path.stem) if not _SIZE.fullmatch(word)]
    for count in (2, 1):
        role = _ROLE.get(tuple(words[-count:]))
        if role is not None and len(words) >= count:
            return (str(path.parent), "_".join(words[:-count])), role
    return (str(path.parent), "_".join(words)), "single"


def _split(stem: str) -> list[str]:
    """Return the words of a name in lower case: cut at _ - . blank, and before the last capital words of CamelCase."""
    words = [word for word in re.split(r"[_\-. ]+", stem) if word]
    parts = []
    for word in words:
        camel = re.fullmatch(r"(.+?[a-z0-9])((?:Base)?[A-Z][a-z]+(?:GL|DX)?)", word)
        if camel and (camel[2].lower(),) in _ROLE:
            parts += [camel[1].lower(), camel[2].lower()]
        else:
            parts.append(word.lower())
    return parts


def _is_plain(file: str) -> bool:
    """Tell whether a name that ends in a map's word may well mean something else ("rusty_metal.jpg")."""
    words = [word for word in _split(PurePosixPath(file).stem) if not _SIZE.fullmatch(word)]
    return bool(words) and words[-1] in _ENDS_A_PLAIN_NAME and tuple(words[-2:]) not in _ROLE
