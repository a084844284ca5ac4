"""Build the six-sided dice of the asset library as GLB files.

    python scripts/make_dice.py [--out assets/dice]

Needs the bpy wheel, 4.5 or newer. The committed files were generated with bpy 5.2. A re-run with the
same bpy writes the same bytes: nothing is drawn from a global generator, the marbling is seeded by the
die's id. All shapes, textures and materials are made here, so everything is CC0-1.0.

Every die is one mesh object, metres, +z up, origin at the cube's centre. Opposite faces sum to 7; the
files are named by handedness (dice_right_*.glb, dice_left_*.glb). Material slot 0 is the body, slot 1
the pips, slot 2 (only where the 1 and the 4 have another colour) the accent pips.

Meshing works on a cube of edge 1 and scales at the end. One face, built around +z, is rotated onto the
six sides; neighbours meet on the planes |x| = |y| etc. and are welded by position. No crease is left
anywhere (even the pip rims have a fillet), so one analytic normal per vertex shades everything.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import cos, pi, radians, sin, sqrt, tan
from pathlib import Path
from typing import Literal

import bpy
import numpy as np
from mathutils import Vector
from mathutils.geometry import delaunay_2d_cdt

LICENCE = "CC0-1.0"
COPYRIGHT = "CC0-1.0 Variegate"

AXES = ("+x", "+y", "+z", "-x", "-y", "-z")
VALUES = {"right": (1, 2, 3, 6, 5, 4), "left": (1, 3, 2, 6, 4, 5)}  # in the order of AXES

# Pip centres in units of the pip spacing. 2, 3 and 6 look different after a quarter turn.
PIPS = {
    1: ((0, 0),),
    2: ((-1, -1), (1, 1)),
    3: ((-1, -1), (0, 0), (1, 1)),
    4: ((-1, -1), (-1, 1), (1, -1), (1, 1)),
    5: ((-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)),
    6: ((-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)),
}
BODY_SLOT, PIP_SLOT, ACCENT_SLOT = 0, 1, 2

PIP_SEGMENTS = 24  # around a pip
DENT_RINGS = 4  # from rim to bottom of a pip
RIM_FILLET = 0.007  # radius of the pip's rim, edge lengths
RIM_STEPS = 2

CELL_PX = 192  # texture of one face; the six lie in a 3 x 2 atlas
GUTTER_PX = 8  # the face's pattern goes on this far beyond its UV square, so filtering sees no seam


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """Shape of edges and pips. Lengths in edge lengths of the die.

    sphere is the radius of the sphere that the cube is cut with; None keeps the plain rounded cube.
    """

    style: Literal["sharp", "rounded", "spherical"]
    fillet: float
    fillet_steps: int
    sphere: float | None
    pip_radius: float
    pip_spacing: float
    pip_slope_deg: float


SHARP = Corner(
    style="sharp", fillet=0.018, fillet_steps=2, sphere=None, pip_radius=0.095, pip_spacing=0.255, pip_slope_deg=38
)
ROUNDED = Corner(
    style="rounded", fillet=0.13, fillet_steps=5, sphere=None, pip_radius=0.088, pip_spacing=0.24, pip_slope_deg=55
)
VERY_ROUNDED = Corner(
    style="rounded", fillet=0.185, fillet_steps=6, sphere=None, pip_radius=0.08, pip_spacing=0.212, pip_slope_deg=60
)
SPHERICAL = Corner(
    style="spherical", fillet=0.03, fillet_steps=2, sphere=0.685, pip_radius=0.088, pip_spacing=0.235, pip_slope_deg=55
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Body material. Colours are sRGB hex; marbling blends from colours[0] to colours[-1]."""

    kind: Literal["opaque", "marbled", "translucent"]
    name: str
    colours: tuple[str, ...]
    roughness: float
    transmission: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Die:
    """One die. ace_scale enlarges the pip of the 1; accent colours the 1 and the 4."""

    hand: Literal["right", "left"]
    edge_mm: int
    corner: Corner
    body: Body
    pip_name: str
    turned: frozenset[int] = frozenset()  # which of the 2, 3, 6 patterns have a quarter turn
    accent_name: str | None = None
    ace_scale: float = 1.0

    @property
    def asset_id(self) -> str:
        return f"dice_{self.hand}_{self.body.name}_{self.corner.style}_{self.edge_mm}mm"


PIP_COLOURS = {
    "white": "#e6e4dc",
    "black": "#161616",
    "gold": "#c9992e",
    "yellow": "#efc22f",
    "red": "#b5161c",
    "brown": "#4a2a16",
    "cream": "#eadfc0",
    "silver": "#b9bcc0",
}
METAL_PIPS = ("gold", "silver")


def opaque(name: str, colour: str, roughness: float) -> Body:
    return Body(kind="opaque", name=name, colours=(colour,), roughness=roughness)


def marbled(name: str, *colours: str) -> Body:
    return Body(kind="marbled", name=f"marbled_{name}", colours=colours, roughness=0.18)


def translucent(name: str, colour: str, transmission: float, roughness: float) -> Body:
    return Body(
        kind="translucent",
        name=f"translucent_{name}",
        colours=(colour,),
        roughness=roughness,
        transmission=transmission,
    )


def die(
    hand: Literal["right", "left"],
    edge_mm: int,
    corner: Corner,
    body: Body,
    pip_name: str,
    turned: tuple[int, ...],
    accent_name: str | None = None,
    ace_scale: float = 1.0,
) -> Die:
    return Die(
        hand=hand,
        edge_mm=edge_mm,
        corner=corner,
        body=body,
        pip_name=pip_name,
        turned=frozenset(turned),
        accent_name=accent_name,
        ace_scale=ace_scale,
    )


DICE = (
    die("right", 16, ROUNDED, opaque("white", "#e2e0da", 0.25), "black", ()),
    die("right", 16, SPHERICAL, opaque("ivory", "#e3d6b4", 0.3), "brown", (2,)),
    die("right", 19, SHARP, opaque("black", "#17171a", 0.2), "white", (3,)),
    die("right", 12, VERY_ROUNDED, opaque("red", "#a8141b", 0.22), "white", (2, 3)),
    die("right", 19, VERY_ROUNDED, opaque("blue", "#173f9c", 0.3), "yellow", (6,)),
    die("right", 16, ROUNDED, marbled("green", "#04261a", "#0d6b42", "#7fc79a"), "gold", (2, 6)),
    die("right", 19, SPHERICAL, marbled("violet", "#1c0a33", "#5b2a8f", "#c4a3dd"), "white", (3, 6)),
    die("right", 19, SHARP, translucent("red", "#d8101c", 0.9, 0.06), "white", (2, 3, 6)),
    die("right", 16, SHARP, translucent("amber", "#f09a1a", 0.8, 0.14), "black", (2,)),
    die("right", 12, ROUNDED, translucent("blue", "#2d7be0", 0.95, 0.1), "white", (3, 6)),
    die("left", 16, SPHERICAL, opaque("white", "#e4e2dc", 0.25), "black", (), "red", 1.6),
    die("left", 16, ROUNDED, opaque("green", "#12703a", 0.28), "white", (2,)),
    die("left", 12, SHARP, opaque("yellow", "#e5b61c", 0.3), "black", (3,)),
    die("left", 16, SPHERICAL, opaque("black", "#151515", 0.35), "gold", (6,)),
    die("left", 19, VERY_ROUNDED, opaque("ivory", "#ddd0ae", 0.35), "red", (2, 3)),
    die("left", 16, SHARP, opaque("teal", "#0f7480", 0.22), "cream", (3, 6)),
    die("left", 12, ROUNDED, marbled("blue", "#061a4a", "#1f55b5", "#a9c8ee"), "silver", (2, 6)),
    die("left", 19, ROUNDED, marbled("pearl", "#8d8a92", "#d2cdc8", "#e9e6e0"), "black", (2, 3, 6)),
    die("left", 19, SHARP, translucent("green", "#18a855", 0.85, 0.08), "white", ()),
    die("left", 16, VERY_ROUNDED, translucent("purple", "#8a35d0", 0.65, 0.22), "yellow", (2, 3)),
)


# --- mesh -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Patch:
    """One side of the die around +z, or the whole die. Unit edge length; normals are unit vectors."""

    points: list[tuple[float, float, float]] = field(default_factory=list)
    normals: list[tuple[float, float, float]] = field(default_factory=list)
    polygons: list[tuple[int, ...]] = field(default_factory=list)  # counter-clockwise from outside
    slots: list[int] = field(default_factory=list)  # material slot per polygon
    sides: list[int] = field(default_factory=list)  # index into AXES per polygon

    def add_point(self, point: np.ndarray, normal: np.ndarray) -> int:
        self.points.append(tuple(float(c) for c in point))
        self.normals.append(tuple(float(c) for c in normal))
        return len(self.points) - 1

    def add_polygon(self, indices: tuple[int, ...], slot: int) -> None:
        self.polygons.append(indices)
        self.slots.append(slot)


def unit(vector: tuple[float, float, float] | np.ndarray) -> np.ndarray:
    array = np.asarray(vector, dtype=np.float64)
    return array / np.linalg.norm(array)


def eighth_turn_tangents(steps: int) -> list[float]:
    """Tangents of 0..45 degrees in equal steps; the last is exactly 1, so that neighbours weld."""
    return [tan(radians(45) * i / steps) for i in range(steps)] + [1.0]


def add_rounded_frame(patch: Patch, corner: Corner) -> list[int]:
    """Add the rounded rim of a side; returns the flat square's vertices, counter-clockwise."""
    flat = 0.5 - corner.fillet
    tangents = eighth_turn_tangents(corner.fillet_steps)
    ticks = [(-flat, -t) for t in reversed(tangents)] + [(flat, t) for t in tangents]
    grid = [[add_rounded_point(patch, corner.fillet, x, y) for y in ticks] for x in ticks]
    last, middle = len(ticks) - 1, len(tangents) - 1
    for i in range(last):
        for j in range(last):
            if (i, j) != (middle, middle):
                patch.add_polygon((grid[i][j], grid[i + 1][j], grid[i + 1][j + 1], grid[i][j + 1]), BODY_SLOT)
    low, high = middle, middle + 1
    return [grid[low][low], grid[high][low], grid[high][high], grid[low][high]]


def add_rounded_point(patch: Patch, fillet: float, x: tuple[float, float], y: tuple[float, float]) -> int:
    """Add the point of the rounded cube with normal ~ (tangent_x, tangent_y, 1); x, y: (centre, tangent)."""
    normal = unit((x[1], y[1], 1.0))
    return patch.add_point(np.array((x[0], y[0], 0.5 - fillet)) + fillet * normal, normal)


def add_spherical_frame(patch: Patch, corner: Corner, sphere: float) -> list[int]:
    """Add the part of a side that lies on the sphere; returns the flat disc's rim, counter-clockwise."""
    steps, rings = 14, 2
    half = eighth_turn_tangents(steps // 2)
    across = [-t for t in reversed(half)] + half[1:-1]
    quarter = [unit((1.0, t, 1.0)) for t in across]
    borders = [
        np.array((d[0] * c - d[1] * s, d[0] * s + d[1] * c, d[2]))
        for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))
        for d in quarter
    ]
    columns = [add_spherical_column(patch, corner, sphere, border, rings) for border in borders]
    for left, right in zip(columns, columns[1:] + columns[:1], strict=True):
        for i in range(len(left) - 1):
            patch.add_polygon((left[i], left[i + 1], right[i + 1], right[i]), BODY_SLOT)
    return [column[0] for column in columns]


def add_spherical_column(patch: Patch, corner: Corner, sphere: float, border: np.ndarray, rings: int) -> list[int]:
    """Add the points from the flat disc over its fillet to the direction `border`; returns their indices."""
    inner_half, inner_sphere = 0.5 - corner.fillet, sphere - corner.fillet
    disc = sqrt(inner_sphere**2 - inner_half**2)
    azimuth = border[:2] / np.hypot(*border[:2])
    tilt = np.arccos(inner_half / inner_sphere)
    centre = np.array((*(disc * azimuth), inner_half))
    column = []
    for i in range(corner.fillet_steps + 1):
        angle = tilt * i / corner.fillet_steps
        normal = np.array((*(sin(angle) * azimuth), cos(angle)))
        column.append(patch.add_point(centre + corner.fillet * normal, normal))
    for i in range(1, rings + 1):
        # Not the mix at i == rings: the side's border has to be exact to weld with the neighbour's.
        direction = border if i == rings else unit(normal * (1 - i / rings) + border * (i / rings))
        column.append(patch.add_point(sphere * direction, direction))
    return column


@dataclass(frozen=True, slots=True)
class Pip:
    x: float
    y: float
    radius: float  # of the dent without its fillet, edge lengths
    slope_rad: float  # the dent's inclination at its rim
    slot: int


def pip_profile(pip: Pip) -> list[tuple[float, float, float]]:
    """(radius, height, slope) from the flat face to the bottom: a convex fillet, then a spherical dent."""
    sphere = pip.radius / sin(pip.slope_rad)
    outer = pip.radius + RIM_FILLET * sin(pip.slope_rad)
    rim_angles = [pip.slope_rad * i / RIM_STEPS for i in range(RIM_STEPS + 1)]
    rim = [(outer - RIM_FILLET * sin(a), RIM_FILLET * (cos(a) - 1), a) for a in rim_angles]
    rim_height = rim[-1][1]
    dent_angles = [pip.slope_rad * (1 - i / DENT_RINGS) for i in range(1, DENT_RINGS)]
    dent = [(sphere * sin(a), rim_height - sphere * (cos(a) - cos(pip.slope_rad)), a) for a in dent_angles]
    return rim + dent


def pip_depth(pip: Pip) -> float:
    """Depth of the dent's bottom below the face, edge lengths."""
    return pip.radius / sin(pip.slope_rad) * (1 - cos(pip.slope_rad)) + RIM_FILLET * (1 - cos(pip.slope_rad))


def add_pip(patch: Patch, pip: Pip) -> list[int]:
    """Add a dent below z = 0.5; returns its outermost ring, counter-clockwise."""
    rings = [add_pip_ring(patch, pip, *step) for step in pip_profile(pip)]
    for i, (outer, inner) in enumerate(zip(rings, rings[1:], strict=False)):
        slot = BODY_SLOT if i < RIM_STEPS else pip.slot
        for k in range(PIP_SEGMENTS):
            n = (k + 1) % PIP_SEGMENTS
            patch.add_polygon((outer[k], outer[n], inner[n], inner[k]), slot)
    bottom = patch.add_point(np.array((pip.x, pip.y, 0.5 - pip_depth(pip))), np.array((0.0, 0.0, 1.0)))
    for k in range(PIP_SEGMENTS):
        patch.add_polygon((rings[-1][k], rings[-1][(k + 1) % PIP_SEGMENTS], bottom), pip.slot)
    return rings[0]


def add_pip_ring(patch: Patch, pip: Pip, radius: float, height: float, slope: float) -> list[int]:
    ring = []
    for k in range(PIP_SEGMENTS):
        angle = 2 * pi * (k + 0.5) / PIP_SEGMENTS
        x, y = cos(angle), sin(angle)
        point = np.array((pip.x + radius * x, pip.y + radius * y, 0.5 + height))
        ring.append(patch.add_point(point, np.array((-sin(slope) * x, -sin(slope) * y, cos(slope)))))
    return ring


def add_flat(patch: Patch, outline: list[int], holes: list[list[int]]) -> None:
    """Triangulate the convex outline at z = 0.5, leaving out the holes."""
    used = outline + [index for hole in holes for index in hole]
    hole_of = {index: h for h, hole in enumerate(holes) for index in hole}
    edges = [edge for loop in (outline, *holes) for edge in zip(loop, loop[1:] + loop[:1], strict=True)]
    place = {index: i for i, index in enumerate(used)}
    # Scaled up, because the triangulation works in single precision with an absolute epsilon.
    points = [Vector((100 * patch.points[i][0], 100 * patch.points[i][1])) for i in used]
    triangles = delaunay_2d_cdt(points, [(place[a], place[b]) for a, b in edges], [], 0, 1e-4)[2]
    for triangle in triangles:
        corners = counter_clockwise(patch, [used[i] for i in triangle])
        in_holes = {hole_of.get(index) for index in corners}
        if None in in_holes or len(in_holes) > 1:
            patch.add_polygon(corners, BODY_SLOT)


def counter_clockwise(patch: Patch, corners: list[int]) -> tuple[int, ...]:
    (ax, ay, _), (bx, by, _), (cx, cy, _) = (patch.points[i] for i in corners)
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return tuple(corners if area > 0 else reversed(corners))


def pips_of_side(spec: Die, value: int) -> Iterator[Pip]:
    corner = spec.corner
    scale = spec.ace_scale if value == 1 else 1.0
    slot = ACCENT_SLOT if spec.accent_name is not None and value in (1, 4) else PIP_SLOT
    for column, row in PIPS[value]:
        x, y = (-row, column) if value in spec.turned else (column, row)
        yield Pip(
            corner.pip_spacing * x,
            corner.pip_spacing * y,
            corner.pip_radius * scale,
            radians(corner.pip_slope_deg),
            slot,
        )


def build_side(spec: Die, value: int) -> Patch:
    """The side that shows `value`, facing +z."""
    patch = Patch()
    if spec.corner.sphere is None:
        outline = add_rounded_frame(patch, spec.corner)
    else:
        outline = add_spherical_frame(patch, spec.corner, spec.corner.sphere)
    holes = [add_pip(patch, pip) for pip in pips_of_side(spec, value)]
    add_flat(patch, outline, holes)
    return patch


def die_from_side(side: int) -> np.ndarray:
    """(3, 3) rotation that takes +z to AXES[side]. Columns are the images of x, y, z."""
    axis, sign = side % 3, 1 if side < 3 else -1
    x, y, z = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3], np.eye(3)[axis]
    return np.column_stack((x, y, z) if sign > 0 else (y, x, -z))


def build_die(spec: Die) -> Patch:
    """All six sides, welded where they meet."""
    whole, welded = Patch(), {}
    for side, value in enumerate(VALUES[spec.hand]):
        patch, rotation = build_side(spec, value), die_from_side(side)
        index_of = []
        for point, normal in zip(patch.points, patch.normals, strict=True):
            point, normal = rotation @ point, rotation @ normal
            key = tuple(np.round(point, 6) + 0.0)  # + 0.0 turns -0.0 into 0.0
            if key not in welded:
                welded[key] = whole.add_point(point, normal)
            index_of.append(welded[key])
        for polygon, slot in zip(patch.polygons, patch.slots, strict=True):
            whole.add_polygon(tuple(index_of[i] for i in polygon), slot)
            whole.sides.append(side)
    return whole


def atlas_uv(point: np.ndarray, side: int) -> tuple[float, float]:
    """UV of a surface point: cube-map projection into the side's cell of the 3 x 2 atlas."""
    x, y, z = die_from_side(side).T @ point
    gutter = GUTTER_PX / CELL_PX
    cell = [gutter + (1 - 2 * gutter) * (c / z + 1) / 2 for c in (x, y)]
    return (side % 3 + cell[0]) / 3, (side // 3 + cell[1]) / 2


def mesh_from_patch(patch: Patch, spec: Die) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(spec.asset_id)
    edge_m = spec.edge_mm / 1000
    mesh.from_pydata([tuple(edge_m * c for c in p) for p in patch.points], [], patch.polygons, shade_flat=False)
    mesh.polygons.foreach_set("material_index", patch.slots)
    # A float vector attribute of this name is taken as the normal as is (bpy 4.5 on);
    # normals_split_custom_set would round it to 16 bits.
    normals = mesh.attributes.new("custom_normal", "FLOAT_VECTOR", "POINT")
    normals.data.foreach_set("vector", [c for normal in patch.normals for c in normal])
    if spec.body.kind == "marbled":
        uvs = [
            c
            for polygon, side in zip(patch.polygons, patch.sides, strict=True)
            for i in polygon
            for c in atlas_uv(np.array(patch.points[i]), side)
        ]
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", uvs)
    return mesh


# --- materials --------------------------------------------------------------------------------------


def srgb_from_hex(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def linear_from_srgb(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def add_material(name: str, colour: str, roughness: float, metallic: float, transmission: float) -> bpy.types.Material:
    """A Principled material with alpha 1: the label passes cannot see through blended alpha."""
    material = bpy.data.materials.new(name)
    if not material.node_tree:  # bpy 5 makes the node tree at once and warns about use_nodes
        material.use_nodes = True
    inputs = material.node_tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = (*linear_from_srgb(srgb_from_hex(colour)), 1.0)
    inputs["Roughness"].default_value = roughness
    inputs["Metallic"].default_value = metallic
    inputs["Transmission Weight"].default_value = transmission
    inputs["IOR"].default_value = 1.49  # acrylic
    inputs["Alpha"].default_value = 1.0
    return material


def add_body_material(spec: Die) -> bpy.types.Material:
    body = spec.body
    material = add_material(body.name, body.colours[0], body.roughness, 0.0, body.transmission)
    if body.kind == "marbled":
        tree = material.node_tree
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = add_image(body.name, marble_texture(spec))
        tree.links.new(texture.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return material


def add_pip_material(name: str) -> bpy.types.Material:
    metal = name in METAL_PIPS
    return add_material(f"pips_{name}", PIP_COLOURS[name], 0.3 if metal else 0.4, float(metal), 0.0)


def add_image(name: str, srgb: np.ndarray) -> bpy.types.Image:
    """8-bit image from (H, W, 3) sRGB in 0..1, row 0 at the bottom as in Blender."""
    height, width, _ = srgb.shape
    image = bpy.data.images.new(name, width, height)
    rgba = np.dstack((srgb, np.ones((height, width)))).astype(np.float32)
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    return image


def rng_for(asset_id: str, purpose: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{asset_id}/{purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def value_noise(points: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    """Smooth noise in 0..1 at (..., 3) points, repeating with the (N, N, N) lattice."""
    cell = np.floor(points).astype(np.int64)
    t = points - cell
    t = t**3 * (t * (t * 6 - 15) + 10)
    total = np.zeros(points.shape[:-1])
    for offset in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(offset, t, 1 - t), axis=-1)
        i, j, k = np.moveaxis((cell + offset) % lattice.shape[0], -1, 0)
        total += weight * lattice[i, j, k]
    return total


def fractal_noise(points: np.ndarray, lattice: np.ndarray, octaves: int) -> np.ndarray:
    """Sum of octaves, 0..1 with mean 0.5. Each octave is shifted, so their lattices do not line up."""
    weights = 0.5 ** np.arange(octaves)
    layers = [w * value_noise(points * 2**i + 3.7 * i, lattice) for i, w in enumerate(weights)]
    return np.sum(layers, axis=0) / weights.sum()


def atlas_points() -> np.ndarray:
    """(2 CELL, 3 CELL, 3) points on the unit-edge cube under each texel's centre, gutters extrapolated."""
    inner = CELL_PX - 2 * GUTTER_PX
    ticks = (np.arange(CELL_PX) + 0.5 - GUTTER_PX) / inner - 0.5
    y, x = np.meshgrid(ticks, ticks, indexing="ij")
    face = np.stack((x, y, np.full_like(x, 0.5)), axis=-1)
    cells = [face @ die_from_side(side).T for side in range(6)]
    return np.concatenate([np.concatenate(cells[row : row + 3], axis=1) for row in (0, 3)], axis=0)


def marble_texture(spec: Die) -> np.ndarray:
    """(H, W, 3) sRGB of a solid marble cut by the cube, so the swirls run on over the edges."""
    rng = rng_for(spec.asset_id, "marble")
    lattices = rng.random((5, 32, 32, 32))
    direction = unit(rng.normal(size=3))
    points = atlas_points()
    warp = np.stack([fractal_noise(2.1 * points + 9, lattice, 3) for lattice in lattices[:3]], axis=-1) - 0.5
    swirled = points + 0.9 * warp
    bands = 0.5 + 0.5 * np.sin(9 * (swirled @ direction) + 7 * fractal_noise(2.5 * swirled + 9, lattices[3], 4))
    veins = 1 - np.abs(2 * fractal_noise(3.2 * swirled + 9, lattices[4], 5) - 1)
    mix = np.clip(0.72 * bands + 2.4 * np.maximum(veins - 0.86, 0), 0, 1)
    stops = np.linspace(0, 1, len(spec.body.colours))
    colours = np.stack([srgb_from_hex(colour) for colour in spec.body.colours])
    return np.stack([np.interp(mix, stops, colours[:, c]) for c in range(3)], axis=-1)


# --- files ------------------------------------------------------------------------------------------


def add_die(spec: Die, scene: bpy.types.Scene) -> bpy.types.Object:
    mesh = mesh_from_patch(build_die(spec), spec)
    mesh.materials.append(add_body_material(spec))
    mesh.materials.append(add_pip_material(spec.pip_name))
    if spec.accent_name is not None:
        mesh.materials.append(add_pip_material(spec.accent_name))
    obj = bpy.data.objects.new(spec.asset_id, mesh)
    scene.collection.objects.link(obj)
    return obj


def write_die(spec: Die, path: Path) -> dict[str, object]:
    """Write one GLB; returns its entry for dice.json."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    obj = add_die(spec, bpy.context.scene)
    bounds_m = extent_m(obj.data)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        export_copyright=COPYRIGHT,
        export_yup=True,
        export_normals=True,
        export_texcoords=spec.body.kind == "marbled",
        export_image_format="JPEG",
        export_jpeg_quality=85,
        export_animations=False,
        export_extras=False,
        export_cameras=False,
        export_lights=False,
        export_draco_mesh_compression_enable=False,
    )
    return catalogue_entry(spec, path, bounds_m)


def extent_m(mesh: bpy.types.Mesh) -> np.ndarray:
    """(3,) size of the mesh's bounding box, metres."""
    flat = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", flat)
    return np.ptp(flat.reshape(-1, 3), axis=0)


def catalogue_entry(spec: Die, path: Path, bounds_m: np.ndarray) -> dict[str, object]:
    return {
        "id": spec.asset_id,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "licence": LICENCE,
        "handedness": spec.hand,
        "edge_m": spec.edge_mm / 1000,
        "corner_style": spec.corner.style,
        "body_kind": spec.body.kind,
        "body": spec.body.name,
        "pips": spec.pip_name,
        "pips_1_and_4": spec.accent_name or spec.pip_name,
        "bounds_m": [round(float(b), 6) for b in bounds_m],
        "face_values": dict(zip(AXES, VALUES[spec.hand], strict=True)),
        "turned_patterns": sorted(spec.turned),
    }


def write_catalogue(entries: list[dict[str, object]], path: Path) -> None:
    ordered = sorted(entries, key=lambda entry: str(entry["id"]))
    path.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the dice of the asset library.")
    parser.add_argument("--out", type=Path, default=Path("assets/dice"), help="folder for the GLB files")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    write_catalogue([write_die(spec, out / f"{spec.asset_id}.glb") for spec in DICE], out / "dice.json")


if __name__ == "__main__":
    main()
