"""The assets of a process: every file is read once, however many instances and recipes use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from pipeline.addresses import Places, resolve
from pipeline.canonical import digest
from pipeline.geometry import Array, matrix_from_quaternion, quaternion_between
from pipeline.records import AssetRecipe, Vector
from pipeline.scene.blend_file import BlendFile, open_blend
from pipeline.scene.importers import DEFAULT_UP, fault, import_meshes
from pipeline.scene.shapes import make_shape
from pipeline.structure import unstructure

AXIS_VECTORS = {"+x": (1, 0, 0), "+y": (0, 1, 0), "+z": (0, 0, 1), "-x": (-1, 0, 0), "-y": (0, -1, 0), "-z": (0, 0, -1)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedAsset:
    """One asset in Blender at scale 1, z up, metres. `vertices` (N, 3) float64 and `triangles` (M, 3) int32 are those
    of all parts together; every part has at least one material slot."""

    parts: tuple[bpy.types.Mesh, ...]
    vertices: Array
    triangles: NDArray[np.int32]
    low_m: Vector
    high_m: Vector


@dataclass(slots=True)
class Library:
    """Assets by recipe. Datablocks it holds survive the cleaning between frames (`pinned`)."""

    places: Places
    files: dict[Path, tuple[bpy.types.Mesh, ...]] = field(default_factory=dict)
    blends: dict[Path, BlendFile] = field(default_factory=dict)
    assets: dict[AssetRecipe, LoadedAsset] = field(default_factory=dict)

    def load(self, recipe: AssetRecipe) -> LoadedAsset:
        """Return an asset, read from its file the first time. Raises AssetError when it cannot be used."""
        if recipe not in self.assets:
            self.assets[recipe] = self._load(recipe)
        return self.assets[recipe]

    def blend(self, path: Path) -> BlendFile:
        """Return an open .blend, read the first time."""
        if path not in self.blends:
            self.blends[path] = open_blend(path)
        return self.blends[path]

    def pinned(self) -> Iterator[bpy.types.ID]:
        """Yield every datablock the library still needs."""
        for blend in self.blends.values():
            yield from blend.datablocks
        meshes = [mesh for parts in self.files.values() for mesh in parts]
        meshes += [mesh for asset in self.assets.values() for mesh in asset.parts]
        for mesh in meshes:
            yield mesh
            for material in mesh.materials:
                if material is not None:
                    yield from used_by(material)

    def _load(self, recipe: AssetRecipe) -> LoadedAsset:
        if recipe.source.startswith("shape:"):
            parts = (make_shape(recipe.source.removeprefix("shape:")),)
            return _finish(recipe, parts, Path(recipe.source), "")
        path = resolve(recipe.source, self.places)
        parts = tuple(mesh.copy() for mesh in self._meshes(path, recipe))
        return _finish(recipe, parts, path, recipe.up_axis or DEFAULT_UP.get(path.suffix.lower(), ""))

    def _meshes(self, path: Path, recipe: AssetRecipe) -> tuple[bpy.types.Mesh, ...]:
        if path.suffix.lower() == ".blend":
            return self.blend(path).meshes(recipe.object_name, recipe.collection_name)
        if path not in self.files:
            self.files[path] = import_meshes(path)
        return self.files[path]


def used_by(material: bpy.types.Material) -> Iterator[bpy.types.ID]:
    """Yield a material and every image and node group it uses."""
    from pipeline.scene.alpha import node_trees

    yield material
    for tree in node_trees(material):
        if not tree.is_embedded_data:
            yield tree
        for node in tree.nodes:
            image = getattr(node, "image", None)
            if image is not None:
                yield image


def _finish(recipe: AssetRecipe, parts: tuple[bpy.types.Mesh, ...], path: Path, up_axis: str) -> LoadedAsset:
    """Check, turn, centre, name and measure the parts of an asset."""
    solid = tuple(mesh for mesh in parts if len(mesh.polygons))
    if not solid:
        raise fault(path, "has no face: there is nothing to see", "export the mesh with its faces")
    for mesh in solid:
        _check_finite(mesh, path)
        if up_axis:
            turn = matrix_from_quaternion(quaternion_between(AXIS_VECTORS[up_axis], (0, 0, 1)))
            mesh.transform(Matrix(turn).to_4x4())
    low, high = _bounds(solid)
    if float(np.max(high - low)) < 1e-9:
        raise fault(path, "has no size: all its points are in one place", "check the scale of the export")
    offset = _origin_offset(recipe.origin, low, high)
    for number, mesh in enumerate(solid):
        mesh.transform(Matrix.Translation(offset))
        mesh.name = f"asset {digest(unstructure(recipe))[:12]} {number}"
        if not mesh.materials:
            mesh.materials.append(None)
    vertices, triangles = _merged(solid)
    lows, highs = vertices.min(axis=0), vertices.max(axis=0)
    return LoadedAsset(parts=solid, vertices=vertices, triangles=triangles, low_m=_vector(lows), high_m=_vector(highs))


def _vector(values: Array) -> Vector:
    return (float(values[0]), float(values[1]), float(values[2]))


def _coordinates(mesh: bpy.types.Mesh) -> Array:
    flat = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def _check_finite(mesh: bpy.types.Mesh, path: Path) -> None:
    bad = ~np.isfinite(_coordinates(mesh)).all(axis=1)
    if bad.any():
        raise fault(path, f"has {int(bad.sum())} points whose coordinates are not finite", "repair the mesh")


def _bounds(parts: tuple[bpy.types.Mesh, ...]) -> tuple[Array, Array]:
    points = np.concatenate([_coordinates(mesh) for mesh in parts])
    return points.min(axis=0), points.max(axis=0)


def _origin_offset(origin: str, low: Array, high: Array) -> Array:
    center = (low + high) / 2
    if origin == "keep":
        return np.zeros(3)
    return -center if origin == "center" else -np.array([center[0], center[1], low[2]])


def _merged(parts: tuple[bpy.types.Mesh, ...]) -> tuple[Array, NDArray[np.int32]]:
    vertices, triangles, first = [], [], 0
    for mesh in parts:
        mesh.calc_loop_triangles()
        flat = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
        mesh.loop_triangles.foreach_get("vertices", flat)
        vertices.append(_coordinates(mesh))
        triangles.append(flat.reshape(-1, 3) + first)
        first += len(mesh.vertices)
    return np.concatenate(vertices), np.concatenate(triangles)
