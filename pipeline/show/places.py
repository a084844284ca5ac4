"""What an artist marked, drawn onto a picture: surfaces with their paint, curves, volumes, anchors, slots, keep-outs.

All is drawn through what stands before it, so that nothing is overlooked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.geometry import Array, box_corners, compose, inverse_rigid, transform_points
from pipeline.lenses import project
from pipeline.records import CameraLabel, MarkedSpline, MarkedSurface, MarkedVolume, Vector
from pipeline.sampling.structured.places import Places
from pipeline.show.colors import AXIS_COLORS, Color, Picture, viridis
from pipeline.show.curves import EDGES, curves_of
from pipeline.show.pen import Brush, Pen, smooth_lines

SPLINE_COLOR: Color = (255, 200, 40)
VOLUME_COLOR: Color = (90, 190, 255)
SLOT_COLOR: Color = (255, 110, 200)
KEEP_OUT_COLOR: Color = (255, 70, 50)
PAINT_ALPHA = 110
ARROW_EVERY = 0.125  # of a curve's length
ARROW_SIZE = 0.02  # of the farthest extent of the curve
ANCHOR_M = 0.12
SHARP = 0.35  # cosine between faces above which an edge of a volume is not drawn


def draw_places(picture: Picture, places: Places, camera: CameraLabel, brush: Brush) -> Picture:
    """Return the enlarged picture (H, W, 3) of a frame with all places of its scene drawn, their names last."""
    with smooth_lines(picture, brush) as pen:
        for surface in places.surfaces:
            _draw_surface(pen, surface, camera)
        for volume in places.volumes:
            _draw_edges(pen, volume, camera, VOLUME_COLOR)
        for volume in places.keep_out:
            _draw_edges(pen, volume, camera, KEEP_OUT_COLOR)
        for spline in places.splines:
            _draw_spline(pen, spline, camera)
        for slot in places.slots:
            pose = compose(slot.location_m, slot.rotation)
            corners = transform_points(pose, box_corners(slot.low_m, slot.high_m))
            _draw_lines(pen, camera, [(corners[a], corners[b]) for a, b, _ in EDGES], SLOT_COLOR)
        for anchor in places.anchors:
            pose = compose(anchor.location_m, anchor.rotation)
            for axis, color in enumerate(AXIS_COLORS):
                end = pose[:3, 3] + ANCHOR_M * pose[:3, axis]
                _draw_lines(pen, camera, [(pose[:3, 3], end)], color, wide=1.5)
    return _with_names(pen.result, list(_names(places)), camera, brush)


def _draw_surface(pen: Pen, surface: MarkedSurface, camera: CameraLabel) -> None:
    """Fill the faces, dark where nothing is painted and bright where the density is highest."""
    pixels = _pixels(surface.vertices_m, camera)
    weights = np.asarray(surface.weights or np.ones(len(surface.vertices_m)))
    for triangle in surface.triangles:
        corners = pixels[list(triangle)]
        if np.isfinite(corners).all():
            red, green, blue = viridis(np.array([weights[list(triangle)].mean()]))[0]
            pen.fill(corners, (int(red), int(green), int(blue)), PAINT_ALPHA)


def _draw_edges(pen: Pen, volume: MarkedVolume, camera: CameraLabel, color: Color) -> None:
    """Draw the edges where the faces of a volume turn."""
    points = np.asarray(volume.vertices_m)
    normals: dict[tuple[int, int], list[Array]] = {}
    for a, b, c in volume.triangles:
        normal = np.cross(points[b] - points[a], points[c] - points[a])
        normal = normal / max(float(np.linalg.norm(normal)), 1e-12)
        for edge in ((a, b), (b, c), (c, a)):
            normals.setdefault((min(edge), max(edge)), []).append(normal)
    sharp = [edge for edge, sides in normals.items() if len(sides) < 2 or float(sides[0] @ sides[1]) < SHARP]
    _draw_lines(pen, camera, [(points[a], points[b]) for a, b in sharp], color)


def _draw_spline(pen: Pen, spline: MarkedSpline, camera: CameraLabel) -> None:
    points = np.asarray(spline.points_m)
    _draw_lines(pen, camera, list(zip(points[:-1], points[1:], strict=True)), SPLINE_COLOR, wide=1.5)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    size = ARROW_SIZE * float(np.ptp(points, axis=0).max())
    for share in np.arange(ARROW_EVERY, 1.0, ARROW_EVERY):
        i = min(int(np.searchsorted(along, share * along[-1])), len(steps)) - 1
        way = (points[i + 1] - points[i]) / max(steps[i], 1e-12)
        tip = points[i] + (share * along[-1] - along[i]) * way
        side = np.array([-way[1], way[0], 0.0])
        wings = [(tip, tip - size * (way + side / 2)), (tip, tip - size * (way - side / 2))]
        _draw_lines(pen, camera, wings, SPLINE_COLOR, wide=1.5)


def _draw_lines(
    pen: Pen, camera: CameraLabel, lines: Sequence[tuple[Array, Array]], color: Color, wide: float = 1.0
) -> None:
    ends = np.array(lines, dtype=np.float64).reshape(-1, 2, 3)
    for pieces in curves_of(camera, ends[:, 0], ends[:, 1]):
        pen.lines(pieces, color, 255, wide)


def _names(places: Places) -> Iterator[tuple[str, Vector]]:
    """Yield each mark's name once, and a point of it."""
    seen = set()
    spots: list[tuple[str, Vector]] = [(one.name, one.vertices_m[0]) for one in places.surfaces]
    spots += [(one.name, one.vertices_m[0]) for one in (*places.volumes, *places.keep_out)]
    spots += [(one.name, one.points_m[len(one.points_m) // 2]) for one in places.splines]
    spots += [(one.name, one.location_m) for one in places.anchors]
    spots += [(one.name, one.location_m) for one in places.slots]
    for name, point in spots:
        if name not in seen:
            seen.add(name)
            yield name, point


def _with_names(picture: Picture, names: list[tuple[str, Vector]], camera: CameraLabel, brush: Brush) -> Picture:
    image = Image.fromarray(picture)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=brush.font_px)
    for (name, _), (x, y) in zip(names, _pixels([point for _, point in names], camera), strict=True):
        if 0 <= x < camera.resolution[0] and 0 <= y < camera.resolution[1]:
            wide, high = draw.textbbox((0, 0), name, font=font)[2:]
            left = min(float(x * brush.scale), image.width - wide - 2.0)
            top = min(float(y * brush.scale), image.height - high - 2.0)
            draw.text((left, top), name, font=font, fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0))
    return np.asarray(image)


def _pixels(points_m: Sequence[Vector], camera: CameraLabel) -> Array:
    points = np.asarray(points_m, dtype=np.float64).reshape(-1, 3)
    return project(camera.lens, inverse_rigid(camera.world_from_camera), points)[0]
