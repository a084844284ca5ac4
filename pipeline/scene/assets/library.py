"""The assets in memory: each source file is read once, each recipe of it made once, and all of it stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.addresses import Places, resolve
from pipeline.canonical import digest
from pipeline.errors import AssetError, PipelineError, Problem
from pipeline.geometry import Array
from pipeline.records import AssetRecipe, Vector
from pipeline.scene.assets import baking, importers
from pipeline.scene.assets.landmarks import Landmarks, landmarks_within, moved_landmarks, only_landmarks
from pipeline.scene.assets.shapes import shape_mesh
from pipeline.scene.assets.sources import Source, read_source
from pipeline.structure import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedAsset:
    """One asset at scale 1, origin and up axis as its recipe says.

    `parts` are meshes to share between instances; each has at least one material slot. `vertices` (N, 3) float64 and
    `triangles` (M, 3) int32 are all parts together, metres, without vertices that no face uses. `objects` and `slots`
    are the names in the file of each part's object and of the materials in its slots, "" where there is none;
    `landmarks` the file's named places in the asset's own axes.
    """

    parts: tuple[bpy.types.Mesh, ...]
    vertices: Array
    triangles: NDArray[np.int32]
    low_m: Vector
    high_m: Vector
    objects: tuple[str, ...]
    slots: tuple[tuple[str, ...], ...]
    landmarks: Landmarks


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendNames:
    """What can be asked for in a .blend: objects that show something (themselves or a child) with the names of their
    ancestors, and collections that do. `silent` are the names of objects and collections that show nothing."""

    objects: dict[str, tuple[str, ...]]
    collections: tuple[str, ...]
    silent: tuple[str, ...]


class Library:
    """Assets by recipe. It holds datablocks of the open file, so it lives as long as that file is open."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._sources: dict[Path, Source | AssetError] = {}
        self._assets: dict[AssetRecipe, LoadedAsset] = {}

    def load(self, recipe: AssetRecipe) -> LoadedAsset:
        """Return the asset of a recipe. Raises AssetError, whose `where` names it, for one that cannot be used."""
        if recipe not in self._assets:
            try:
                self._assets[recipe] = self._made(recipe)
            except AssetError as error:
                name = recipe_name(recipe)
                raise AssetError([replace(one, where=one.where or name) for one in error.problems]) from error
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
            if isinstance(source, Source):
                pinned.update(source.kept)
        return pinned

    def _made(self, recipe: AssetRecipe) -> LoadedAsset:
        if recipe.source.startswith("shape:"):
            return _shape_asset(recipe)
        source = self._source(self._file(recipe.source))
        return _make(recipe, _chosen(recipe, source), _around(recipe, source))

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

    def _source(self, path: Path) -> Source:
        if path not in self._sources:
            try:
                self._sources[path] = read_source(path)
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


# --- making an asset ------------------------------------------------------------------------------------------------


def _chosen(recipe: AssetRecipe, source: Source) -> tuple[baking.RawPart, ...]:
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


def _around(recipe: AssetRecipe, source: Source) -> Landmarks:
    """Return the places that belong to the asset."""
    choices = source.choices
    if recipe.object_name:
        return landmarks_within(source.landmarks, choices.around_object[recipe.object_name])
    if recipe.collection_name:
        return landmarks_within(source.landmarks, choices.around_collection[recipe.collection_name])
    if choices.around_whole is None:
        return source.landmarks
    return only_landmarks(source.landmarks, choices.around_whole)


def _named(kind: str, name: str, known: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    if name not in known:
        raise AssetError([Problem(message=f"holds no {kind} {name!r}", remedy=did_you_mean(name, known))])
    return known[name]


def _shape_asset(recipe: AssetRecipe) -> LoadedAsset:
    name = recipe.source.removeprefix("shape:")
    raw = shape_mesh(name, f"shape:{name}")
    part = baking.RawPart(mesh=raw, matrix=np.eye(4), owner=0, name=name, slots=("",))
    try:
        return _assemble(recipe, (part,), Landmarks(), np.eye(4))
    finally:
        bpy.data.meshes.remove(raw)


def _make(recipe: AssetRecipe, parts: tuple[baking.RawPart, ...], landmarks: Landmarks) -> LoadedAsset:
    file_format = importers.FORMATS[PurePosixPath(recipe.source).suffix.lower()]
    turn = np.eye(4)
    turn[:3, :3] = importers.upright(file_format, recipe.up_axis)
    return _assemble(recipe, parts, landmarks, turn)


def _assemble(recipe: AssetRecipe, parts: tuple[baking.RawPart, ...], landmarks: Landmarks, turn: Array) -> LoadedAsset:
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
    own_from_file = turn.copy()
    own_from_file[:3, 3] -= offset
    return _loaded(meshes, parts, moved_landmarks(landmarks, own_from_file))


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


def _loaded(meshes: tuple[bpy.types.Mesh, ...], parts: tuple[baking.RawPart, ...], landmarks: Landmarks) -> LoadedAsset:
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
        objects=tuple(part.name for part in parts),
        slots=tuple(part.slots for part in parts),
        landmarks=landmarks,
    )


def _vector(values: Array) -> Vector:
    x, y, z = (round(float(value), 9) + 0.0 for value in values)
    return (x, y, z)
