"""Model files as read: the meshes they show, what can be chosen of them by name, and their named places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from pipeline.canonical import digest
from pipeline.errors import AssetError, Problem
from pipeline.scene.assets import baking, blend_files, importers
from pipeline.scene.assets.importer_words import captured
from pipeline.scene.assets.landmarks import Landmarks, moved_landmarks, read_landmarks

_OURS = ("file:", "asset:")  # what datablocks of earlier files are called, see `_rename` and library.datablock_name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A file as read: its parts, what can be chosen of them, its places in metres, and the datablocks of the parts."""

    parts: tuple[baking.RawPart, ...]
    choices: Choices
    landmarks: Landmarks
    kept: tuple[bpy.types.ID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The indices of the parts that the whole file, each object with its children, and each collection shows.

    `around_object` and `around_collection` are the names of the objects whose places belong to each choice: its own
    objects, what they hang on and the armatures that bend them. `around_whole` None means all.
    """

    whole: tuple[int, ...]
    by_object: dict[str, tuple[int, ...]] = field(default_factory=dict)
    by_collection: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ancestors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    around_whole: frozenset[str] | None = None
    around_object: dict[str, frozenset[str]] = field(default_factory=dict)
    around_collection: dict[str, frozenset[str]] = field(default_factory=dict)


def read_source(path: Path) -> Source:
    """Read a model file and keep its meshes and their looks. Raises AssetError when it cannot be used."""
    file_format = importers.FORMATS.get(path.suffix.lower())
    if file_format is None:
        text = f"{path.suffix or 'no extension'} is no model format"
        raise AssetError([Problem(message=text, remedy=f"known: {', '.join(importers.FORMATS)}")])
    with _names_free():
        return _read(path)


def _read(path: Path) -> Source:
    scene = bpy.data.scenes.new("import")
    mark = scene.session_uid
    libraries = set(bpy.data.libraries)
    meshes: list[bpy.types.Mesh] = []
    try:
        contents = blend_files.read_blend(path, scene) if path.suffix.lower() == ".blend" else None
        if contents is None:
            importers.read_model(path, scene)
        added = baking.newer_than(mark)
        baking.check_meshes(added)
        baking.as_rendered(added)
        with captured():
            parts = baking.bake(scene)
            landmarks = read_landmarks(scene, _objects(contents, added))
        if contents is not None:
            parts = [_in_metres(part, contents.metres_per_unit) for part in parts]
            landmarks = moved_landmarks(landmarks, np.diag([*[contents.metres_per_unit] * 3, 1.0]))
        choices = _choices(contents, parts)
        meshes = list({part.mesh: None for part in parts})
    finally:
        kept = baking.keep_only(meshes, [scene, *baking.newer_than(mark)])
        used = {item.library for item in kept}
        bpy.data.batch_remove([item for item in bpy.data.libraries if item not in libraries and item not in used])
    _rename(kept, path)
    return Source(parts=tuple(parts), choices=choices, landmarks=landmarks, kept=tuple(kept))


@contextmanager
def _names_free() -> Iterator[None]:
    """Take the names of all objects and materials away for a while: what is read then has the names of its file,
    where Blender would number those that are taken."""
    taken = [item for item in (*bpy.data.objects, *bpy.data.materials) if item.library is None]
    before = [(item, item.name) for item in taken if not item.name.startswith(_OURS)]
    for item, _ in before:
        item.name = f"asset:{item.session_uid}"
    try:
        yield
    finally:
        for item, name in before:
            item.name = name


def _objects(contents: blend_files.BlendContents | None, added: Iterable[bpy.types.ID]) -> dict[str, bpy.types.Object]:
    if contents is not None:
        return contents.objects
    return {item.name: item for item in added if isinstance(item, bpy.types.Object)}


def _in_metres(part: baking.RawPart, factor: float) -> baking.RawPart:
    matrix = part.matrix.copy()
    matrix[:3] *= factor
    return replace(part, matrix=matrix)


def _choices(contents: blend_files.BlendContents | None, parts: list[baking.RawPart]) -> Choices:
    everything = tuple(range(len(parts)))
    if contents is None:
        return Choices(whole=everything)
    name_of = {item.session_uid: name for name, item in contents.objects.items()}
    ancestors = {name: tuple(_ancestors(item, name_of)) for name, item in contents.objects.items()}
    owners = [name_of.get(part.owner, "") for part in parts]
    hung_on = {name: {*ancestors[name], *_armatures(item, name_of)} for name, item in contents.objects.items()}

    def shown_by(wanted: set[str]) -> tuple[int, ...]:
        return tuple(index for index in everything if owners[index] in wanted)

    def around(names: set[str]) -> frozenset[str]:
        return frozenset(names).union(*(hung_on[name] for name in names))

    families: dict[str, set[str]] = {name: {name} for name in contents.objects}
    for name, line in ancestors.items():
        for ancestor in line:
            families[ancestor].add(name)
    members = {
        name: {name_of[item.session_uid] for item in group.all_objects if item.session_uid in name_of}
        for name, group in contents.collections.items()
    }
    return Choices(
        whole=shown_by(set(contents.shown)),
        by_object={name: shown_by(family) for name, family in families.items()},
        by_collection={name: shown_by(group) for name, group in members.items()},
        ancestors=ancestors,
        around_whole=frozenset(contents.placed),
        around_object={name: around(family) for name, family in families.items()},
        around_collection={name: around(group) for name, group in members.items()},
    )


def _ancestors(item: bpy.types.Object, name_of: dict[int, str]) -> list[str]:
    line = []
    while item.parent is not None:
        item = item.parent
        line.append(name_of.get(item.session_uid, item.name))
    return [name for name in line if name]


def _armatures(item: bpy.types.Object, name_of: dict[int, str]) -> list[str]:
    bent = [one.object for one in item.modifiers if one.type == "ARMATURE" and one.object is not None]
    return [name_of[one.session_uid] for one in bent if one.session_uid in name_of]


def _rename(kept: list[bpy.types.ID], path: Path) -> None:
    """Name what a file brought by its place in the file: Blender numbers equal names by what was there before."""
    stem = path.stem.encode()[:20].decode(errors="ignore")
    for index, item in enumerate(kept):
        if item.library is None:
            plain = re.sub(r"\.\d{3,}$", "", item.name).encode()[:20].decode(errors="ignore")
            item.name = f"file:{stem}:{digest(path.as_posix())[:8]}:{index}:{plain}"
