"""The assets in memory: each source file is read once, each recipe of it made once, and all of it stays."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.addresses import Places, resolve
from pipeline.canonical import digest
from pipeline.errors import AssetError, PipelineError, Problem
from pipeline.geometry import Array
from pipeline.records import AssetRecipe, Vector
from pipeline.scene import baking, importers
from pipeline.scene.shapes import shape_mesh
from pipeline.structure import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedAsset:
    """One asset at scale 1, origin and up axis as its recipe says.

    `parts` are meshes to share between instances; each has at least one material slot. `vertices` (N, 3) float64 and
    `triangles` (M, 3) int32 are all parts together, metres, without vertices that no face uses.
    """

    parts: tuple[bpy.types.Mesh, ...]
    vertices: Array
    triangles: NDArray[np.int32]
    low_m: Vector
    high_m: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendNames:
    """What can be asked for in a .blend: objects that show something (themselves or a child) with the names of their
    ancestors, and collections that do. `silent` are the names of objects and collections that show nothing."""

    objects: dict[str, tuple[str, ...]]
    collections: tuple[str, ...]
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Source:
    """A file as read: its parts, what can be chosen of them, and the datablocks they are made of."""

    parts: tuple[baking.RawPart, ...]
    choices: _Choices
    kept: tuple[bpy.types.ID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choices:
    """The indices of the parts that the whole file, each object with its children, and each collection shows."""

    whole: tuple[int, ...]
    by_object: dict[str, tuple[int, ...]] = field(default_factory=dict)
    by_collection: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ancestors: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Library:
    """Assets by recipe. It holds datablocks of the open file, so it lives as long as that file is open."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sources: dict[Path, _Source | AssetError] = {}
        self._assets: dict[AssetRecipe, LoadedAsset] = {}

    def load(self, recipe: AssetRecipe) -> LoadedAsset:
        """Return the asset of a recipe. Raises AssetError, without a key path, for one that cannot be used."""
        if recipe not in self._assets:
            if recipe.source.startswith("shape:"):
                self._assets[recipe] = _shape_asset(recipe)
            else:
                source = self._source(self._file(recipe.source))
                self._assets[recipe] = _make(recipe, _chosen(recipe, source))
        return self._assets[recipe]

    def names(self, source: str) -> BlendNames:
        """Return what can be asked for by name in a .blend. Raises AssetError when it cannot be read."""
        read = self._source(self._file(source)).choices
        return BlendNames(
            objects={name: read.ancestors[name] for name in sorted(read.by_object) if read.by_object[name]},
            collections=tuple(name for name in sorted(read.by_collection) if read.by_collection[name]),
            silent=tuple(sorted(n for group in (read.by_object, read.by_collection) for n in group if not group[n])),
        )

    def pinned(self) -> set[bpy.types.ID]:
        """Return every datablock that the assets are made of: nothing may remove them."""
        pinned = {part for asset in self._assets.values() for part in asset.parts}
        for source in self._sources.values():
            if isinstance(source, _Source):
                pinned.update(source.kept)
        return pinned

    def _file(self, source: str) -> Path:
        try:
            path = resolve(source, self._places)
        except AssetError:
            raise
        except PipelineError as error:
            raise AssetError([Problem(message=str(error))]) from None
        if not path.is_file():
            raise AssetError([Problem(message="the file does not exist", remedy=f"looked at {path}")])
        return path

    def _source(self, path: Path) -> _Source:
        if path not in self._sources:
            try:
                self._sources[path] = _read(path)
            except AssetError as error:
                self._sources[path] = error  # a file that cannot be read is not tried again
        source = self._sources[path]
        if isinstance(source, AssetError):
            raise source
        return source


def recipe_name(recipe: AssetRecipe) -> str:
    """Return the asset_id of a recipe: its source, with "#name" for a part of a .blend."""
    part = recipe.object_name or recipe.collection_name
    return f"{recipe.source}#{part}" if part else recipe.source


def datablock_name(recipe: AssetRecipe, part: int) -> str:
    """Return the name of a part's mesh: the same whatever else was loaded before, and short enough for Blender."""
    stem = PurePosixPath(recipe_name(recipe)).stem.encode()[:24].decode(errors="ignore")
    told = [recipe.source, recipe.object_name, recipe.collection_name, recipe.up_axis, recipe.origin]
    return f"asset:{stem}:{digest(told)[:12]}:{part}"


# --- reading a file -------------------------------------------------------------------------------------------------


def _read(path: Path) -> _Source:
    file_format = importers.FORMATS.get(path.suffix.lower())
    if file_format is None:
        text = f"{path.suffix or 'no extension'} is no model format"
        raise AssetError([Problem(message=text, remedy=f"known: {', '.join(importers.FORMATS)}")])
    scene = bpy.data.scenes.new("import")
    mark = scene.session_uid
    libraries = set(bpy.data.libraries)
    meshes: list[bpy.types.Mesh] = []
    try:
        contents = importers.read_blend(path, scene) if path.suffix.lower() == ".blend" else None
        if contents is None:
            importers.read_model(path, scene)
        added = baking.newer_than(mark)
        baking.check_meshes(added)
        baking.as_rendered(added)
        with importers.captured():
            parts = baking.bake(scene)
        if contents is not None:
            parts = [_in_metres(part, contents.metres_per_unit) for part in parts]
        choices = _choices(contents, parts)
        meshes = list({part.mesh: None for part in parts})
    finally:
        kept = baking.keep_only(meshes, [scene, *baking.newer_than(mark)])
        used = {item.library for item in kept}
        bpy.data.batch_remove([item for item in bpy.data.libraries if item not in libraries and item not in used])
    _rename(kept, path)
    return _Source(parts=tuple(parts), choices=choices, kept=tuple(kept))


def _in_metres(part: baking.RawPart, factor: float) -> baking.RawPart:
    matrix = part.matrix.copy()
    matrix[:3] *= factor
    return baking.RawPart(mesh=part.mesh, matrix=matrix, owner=part.owner)


def _choices(contents: importers.BlendContents | None, parts: list[baking.RawPart]) -> _Choices:
    everything = tuple(range(len(parts)))
    if contents is None:
        return _Choices(whole=everything)
    name_of = {item.session_uid: name for name, item in contents.objects.items()}
    ancestors = {name: tuple(_ancestors(item, name_of)) for name, item in contents.objects.items()}
    owners = [name_of.get(part.owner, "") for part in parts]

    def shown_by(wanted: set[str]) -> tuple[int, ...]:
        return tuple(index for index in everything if owners[index] in wanted)

    families: dict[str, set[str]] = {name: {name} for name in contents.objects}
    for name, line in ancestors.items():
        for ancestor in line:
            families[ancestor].add(name)
    members = {
        name: {name_of[item.session_uid] for item in group.all_objects if item.session_uid in name_of}
        for name, group in contents.collections.items()
    }
    return _Choices(
        whole=shown_by(set(contents.shown)),
        by_object={name: shown_by(family) for name, family in families.items()},
        by_collection={name: shown_by(group) for name, group in members.items()},
        ancestors=ancestors,
    )


def _ancestors(item: bpy.types.Object, name_of: dict[int, str]) -> list[str]:
    line = []
    while item.parent is not None:
        item = item.parent
        line.append(name_of.get(item.session_uid, item.name))
    return [name for name in line if name]


def _rename(kept: list[bpy.types.ID], path: Path) -> None:
    """Name what a file brought by its place in the file: Blender numbers equal names by what was there before."""
    stem = path.stem.encode()[:20].decode(errors="ignore")
    for index, item in enumerate(kept):
        if item.library is None:
            plain = re.sub(r"\.\d{3,}$", "", item.name).encode()[:20].decode(errors="ignore")
            item.name = f"file:{stem}:{digest(path.as_posix())[:8]}:{index}:{plain}"


# --- making an asset ------------------------------------------------------------------------------------------------


def _chosen(recipe: AssetRecipe, source: _Source) -> tuple[baking.RawPart, ...]:
    if recipe.object_name:
        chosen = _named("object", recipe.object_name, source.choices.by_object)
    elif recipe.collection_name:
        chosen = _named("collection", recipe.collection_name, source.choices.by_collection)
    else:
        chosen = source.choices.whole
    if not chosen:
        remedy = "give it a surface, and let it show in renders (camera icon)"
        raise AssetError([Problem(message="holds no mesh with faces", remedy=remedy)])
    return tuple(source.parts[index] for index in chosen)


def _named(kind: str, name: str, known: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    if name not in known:
        raise AssetError([Problem(message=f"holds no {kind} {name!r}", remedy=did_you_mean(name, known))])
    return known[name]


def _shape_asset(recipe: AssetRecipe) -> LoadedAsset:
    name = recipe.source.removeprefix("shape:")
    raw = shape_mesh(name, f"shape:{name}")
    part = baking.RawPart(mesh=raw, matrix=np.eye(4), owner=0)
    try:
        return _assemble(recipe, (part,), np.eye(4))
    finally:
        bpy.data.meshes.remove(raw)


def _make(recipe: AssetRecipe, parts: tuple[baking.RawPart, ...]) -> LoadedAsset:
    file_format = importers.FORMATS[PurePosixPath(recipe.source).suffix.lower()]
    turn = np.eye(4)
    turn[:3, :3] = importers.upright(file_format, recipe.up_axis)
    return _assemble(recipe, parts, turn)


def _assemble(recipe: AssetRecipe, parts: tuple[baking.RawPart, ...], turn: Array) -> LoadedAsset:
    matrices = [_product(turn, part.matrix) for part in parts]
    points = [baking.moved(baking.positions(part.mesh), matrix) for part, matrix in zip(parts, matrices, strict=True)]
    faces = [baking.triangles(part.mesh) for part in parts]
    used = np.concatenate([place[np.unique(face)] for place, face in zip(points, faces, strict=True)])
    _check(used)
    offset = _origin(recipe.origin, used.min(axis=0), used.max(axis=0))
    meshes = tuple(
        baking.reshaped(part, place - offset, matrix[:3, :3], datablock_name(recipe, number))
        for number, (part, place, matrix) in enumerate(zip(parts, points, matrices, strict=True))
    )
    return _loaded(meshes)


def _product(a: Array, b: Array) -> Array:
    return np.array([[sum(float(a[i, k] * b[k, j]) for k in range(4)) for j in range(4)] for i in range(4)])


def _check(used: Array) -> None:
    if not np.isfinite(used).all():
        text = "has coordinates that are NaN or infinite"
        raise AssetError([Problem(message=text, remedy="export it again, or leave it out")])
    size = float((used.max(axis=0) - used.min(axis=0)).max())
    if size < 1e-9:
        raise AssetError([Problem(message=f"its longest side is {size:g} m: its size is zero", remedy="scale it up")])


def _origin(policy: str, low: Array, high: Array) -> Array:
    center = (low + high) / 2
    if policy == "keep":
        return np.zeros(3)
    return center if policy == "center" else np.array([center[0], center[1], low[2]])


def _loaded(meshes: tuple[bpy.types.Mesh, ...]) -> LoadedAsset:
    vertices, triangles, count = [], [], 0
    for mesh in meshes:
        used, faces = np.unique(baking.triangles(mesh), return_inverse=True)
        vertices.append(baking.positions(mesh)[used])
        triangles.append(faces.reshape(-1, 3).astype(np.int32) + np.int32(count))
        count += len(used)
    points = np.concatenate(vertices)
    return LoadedAsset(
        parts=meshes,
        vertices=points,
        triangles=np.concatenate(triangles),
        low_m=_vector(points.min(axis=0)),
        high_m=_vector(points.max(axis=0)),
    )


def _vector(values: Array) -> Vector:
    x, y, z = (round(float(value), 9) + 0.0 for value in values)
    return (x, y, z)
