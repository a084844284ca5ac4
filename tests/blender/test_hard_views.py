"""Ids, silhouettes and boxes at the edges of the picture and of the camera's reach, in pixels known by hand.
Blender 4.5 and 5.2."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from template_samples import card, expected_ids, frame_of, full_masks, named

FOCAL = 32 / np.tan(np.radians(25))  # pixels; the picture of CAMERA is 64 x 48
LEFT, TOP = 3.0 * 32 / FOCAL, 3.0 * 24 / FOCAL  # half the picture at z = 0, metres
BORDERS = {
    "left": (-1, 0), "right": (1, 0), "top": (0, 1), "bottom": (0, -1),
    "upper left": (-1, 1), "upper right": (1, 1), "lower left": (-1, -1), "lower right": (1, -1),
}  # fmt: skip


def box(name: str, size, at=(0.0, 0.0, 0.0)) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=1.0, location=at)
    item = bpy.context.object
    item.name, item.scale = name, size
    return item


def camera(**changes):
    return {
        "box": {"center_m": [0, 0, 3], "size_m": [0, 0, 0]}, "look_at": "origin", "fov_deg": 50,
        "resolution": [64, 48], "clearance_m": 0.0, "min_targets_in_view": 0, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("border", BORDERS)
def test_an_object_across_the_border_is_cut_there_and_its_full_box_is_not(border, tmp_path):
    x, y = BORDERS[border]
    at, half = (x * LEFT + 0.0713, y * TOP - 0.0417), (0.5113, 0.4017)
    card("Card", *at, half=half)
    frame = frame_of(tmp_path, named("Card"))
    ids = expected_ids(frame, [at], half)
    (one,) = frame.instances
    assert ids.any() and np.array_equal(frame.rendered.instance, ids)
    assert np.array_equal(full_masks(frame)[1], ids == 1)
    low = (np.array([at[0] - half[0], -at[1] - half[1]]) * FOCAL / 3 + (32, 24)).round().astype(int)
    high = (np.array([at[0] + half[0], -at[1] + half[1]]) * FOCAL / 3 + (32, 24)).round().astype(int)
    assert one.silhouette.bbox_xywh_px == (*low, *(high - low))
    assert one.silhouette.px_beyond == np.prod(high - low)
    assert one.silhouette.truncation == pytest.approx(1 - (ids > 0).sum() / np.prod(high - low), abs=1e-6)
    share = _share_inside(at, half)
    row = (np.ptp([low, high], axis=0).max() + 1) / np.prod(high - low)
    assert one.silhouette.truncation == pytest.approx(1 - share, abs=row)
    assert (one.silhouette.occlusion, one.silhouette.visibility) == (0.0, pytest.approx(1 - one.silhouette.truncation))


def _share_inside(at, half) -> float:
    low, high = np.maximum(np.subtract(at, half), (-LEFT, -TOP)), np.minimum(np.add(at, half), (LEFT, TOP))
    return float(np.prod(high - low) / np.prod(2 * np.asarray(half)))


def test_an_object_larger_than_the_picture_fills_it(tmp_path):
    card("Card", 0.0, 0.0, half=(9.0, 9.0))
    frame = frame_of(tmp_path, named("Card"))
    (one,) = frame.instances
    assert (frame.rendered.instance == 1).all() and full_masks(frame)[1].all()
    assert one.silhouette.bbox_xywh_px == (-64, -48, 192, 144)
    assert one.silhouette.truncation == pytest.approx(8 / 9)


def test_half_an_occluded_box_is_half_visible(tmp_path):
    box("Target", (0.8, 0.6, 0.02), (0.0, 0.0, -0.01))
    card("Before", -0.5, 0.0, 0.5, half=(0.5, 1.0))  # its edge is at x = 0, the middle column
    frame = frame_of(tmp_path, named("Target"))
    (one,) = frame.instances
    seen = frame.rendered.instance == 1
    assert not seen[:, :32].any() and np.array_equal(seen[:, 32:], full_masks(frame)[1][:, 32:])
    assert one.silhouette.visibility == pytest.approx(0.5, abs=1 / full_masks(frame)[1].any(axis=0).sum())
    assert one.silhouette.occlusion == pytest.approx(1 - one.silhouette.visibility)
    assert one.silhouette.truncation == 0.0


def test_what_is_behind_the_camera_is_there_and_not_seen(tmp_path):
    box("Behind", (0.5, 0.5, 0.5), (0.0, 0.0, 5.0))
    card("Front")
    frame = frame_of(tmp_path, named("Behind", "Front"))
    behind, front = frame.instances
    assert (behind.visible_px, behind.bbox_xywh_px) == (0, None)
    assert behind.silhouette.px == behind.silhouette.px_beyond == 0 and behind.silhouette.bbox_xywh_px is None
    assert (behind.silhouette.visibility, behind.silhouette.truncation) == (0.0, 1.0)
    assert behind.box_3d.corners_px == (None,) * 8 and behind.distance_m == pytest.approx(2.0)
    assert front.visible_px == (expected_ids(frame, [(0.0, 0.0)]) == 1).sum()


def test_a_plane_that_passes_below_the_camera_ends_at_the_horizon(tmp_path):
    """From before the camera to far behind it, 0.3 m below: every row below the middle sees it."""
    card("Ground", 0.0, 0.0, 0.0, half=(400.0, 400.0))
    frame = frame_of(
        tmp_path,
        named("Ground"),
        camera=camera(box={"center_m": [0, 0, 0.3], "size_m": [0, 0, 0]}, look_at=[0, 10, 0.3]),
    )
    seen = frame.rendered.instance == 1
    assert seen[24:].all() and not seen[:24].any()
    assert np.array_equal(full_masks(frame)[1], seen)


def test_nothing_nearer_than_clip_start_is_in_ids_or_silhouettes(tmp_path):
    """A wall along the optical axis, from behind the camera on: only what is farther than 1 m shows."""
    mesh = bpy.data.meshes.new("wall")
    mesh.from_pydata([(0.4, -9, 9), (0.4, 9, 9), (0.4, 9, -9), (0.4, -9, -9)], [], [(0, 1, 2, 3)])
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Wall", mesh))
    frame = frame_of(tmp_path, named("Wall"), camera=camera(clip_start_m=1.0))
    columns = np.arange(64) + 0.5
    depth = 0.4 * FOCAL / np.maximum(columns - 32, 1e-9)
    expected = np.broadcast_to((columns > 32) & (depth > 1.0) & (depth < 12.0), (48, 64))
    assert expected.sum() > 0 and np.array_equal(frame.rendered.instance == 1, expected)
    assert np.array_equal(full_masks(frame)[1], expected)


def test_the_camera_within_the_box_of_a_hollow_object(tmp_path):
    """Four walls about the camera's axis, no lid: the camera is inside the object's box, not inside the object."""
    walls = [(x, y, z) for z in (-4.0, 6.0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    mesh = bpy.data.meshes.new("tube")
    mesh.from_pydata(walls, [], [(i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4)])
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Tube", mesh))
    frame = frame_of(tmp_path, named("Tube"))
    hole = expected_ids(frame, [(0.0, 0.0)], (3 / 7, 3 / 7)) == 1  # the far end, at 7 m instead of 3
    assert hole.sum() > 50 and np.array_equal(frame.rendered.instance == 1, ~hole)
    assert np.array_equal(full_masks(frame)[1], ~hole)


@pytest.mark.parametrize("width", [0.001, 0.01, 0.04])
def test_objects_thinner_than_a_pixel_are_where_centres_meet_them(width, tmp_path):
    """One pixel is 0.044 m: a strip shows in the columns whose centre it covers, or not at all."""
    places = [(-0.5 * 3 / FOCAL + 0.0003, 0.0), (5.0 * 3 / FOCAL, 0.0)]  # on a column of centres; between two
    for number, place in enumerate(places):
        card(f"Strip.{number}", *place, half=(width / 2, 0.4017))
    frame = frame_of(tmp_path, named("Strip*"))
    ids = expected_ids(frame, places, (width / 2, 0.4017))
    assert (ids == 1).sum() > 10 and not (ids == 2).any()
    assert np.array_equal(frame.rendered.instance, ids)
    for one in frame.instances:
        assert np.array_equal(full_masks(frame)[one.instance_id], ids == one.instance_id)


def test_coplanar_faces_share_their_pixels_and_keep_their_silhouettes(tmp_path):
    half = (0.5113, 0.4017)
    card("A", half=half)
    card("B", half=half)
    frame = frame_of(tmp_path, named("A", "B"))
    mask = expected_ids(frame, [(0.0, 0.0)], half) == 1
    assert np.array_equal(frame.rendered.instance > 0, mask)
    assert all(np.array_equal(full, mask) for full in full_masks(frame).values())
    assert sum(one.visible_px for one in frame.instances) == mask.sum()


# --- corners --------------------------------------------------------------------------------------------------------

LENSES = {
    "plain": {},
    "shifted": {"shift": [0.06, -0.04]},
    "oblong pixels": {"k": {"fx": 840, "fy": 700, "cx": 380, "cy": 320}},
}


@pytest.mark.parametrize("lens", LENSES)
def test_the_corners_of_the_3d_box_are_the_corners_in_the_picture(lens, tmp_path):
    """Lines fitted to the edges of a cube's mask meet where its 3D box says, to a tenth of a pixel."""
    item = box("Cube", (1.1, 0.9, 0.7))
    item.rotation_mode, item.rotation_quaternion = "QUATERNION", (0.9, 0.2, 0.3, 0.25)
    view = camera(resolution=[800, 600], fov_deg=46, **LENSES[lens])
    if "k" in view:
        del view["fov_deg"]
    frame = frame_of(tmp_path, named("Cube"), camera=view, outputs=["rgb", "instance", "box_3d", "mask_full"])
    (one,) = frame.instances
    corners = np.array(one.box_3d.corners_px)
    mask = frame.rendered.instance == 1
    assert one.silhouette.truncation == 0.0 and not (mask[0].any() or mask[-1].any())
    hull = _hull(corners)
    lines = [_fitted(mask, a, b) for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True)]
    for line, following, corner in zip(lines, np.roll(lines, -1, axis=0), np.roll(hull, -1, axis=0), strict=True):
        met = np.linalg.solve([line[:2], following[:2]], -np.array([line[2], following[2]]))
        assert np.hypot(*(met - corner)) < 0.1
    half = np.asarray(one.dimensions_m) / 2
    assert np.allclose(np.sort(2 * half), [0.7, 0.9, 1.1], atol=1e-5)


def _hull(points):
    """The convex hull (N, 2) of points, in order (Andrew 1979)."""
    order = sorted(map(tuple, points))

    def half(items):
        line: list = []
        for p in items:
            while (
                len(line) > 1
                and np.cross([*np.subtract(line[-1], line[-2]), 0], [*np.subtract(p, line[-1]), 0])[2] <= 0
            ):
                line.pop()
            line.append(p)
        return line[:-1]

    return np.array(half(order) + half(order[::-1]))


def _fitted(mask, a, b):
    """The line (unit normal, offset) that best parts inside from outside near the edge from `a` to `b`.

    Along the edge, each pixel row or column crossed once changes from inside to outside between two centres; the
    midpoints of these changes scatter evenly about the edge, so a least-squares line through them is the edge.
    """
    axis = int(np.abs(b[1] - a[1]) > np.abs(b[0] - a[0]))  # walk along y where the edge is steep
    low, high = sorted((a[axis], b[axis]))
    found = []
    for step in range(int(np.ceil(low + 3)), int(np.floor(high - 3))):
        t = (step + 0.5 - a[axis]) / (b[axis] - a[axis])
        across = a[1 - axis] + t * (b[1 - axis] - a[1 - axis])
        first = int(np.floor(across)) - 4
        line = mask[step, first : first + 9] if axis else mask[first : first + 9, step]
        changes = np.flatnonzero(line[1:] != line[:-1])
        if len(changes) == 1:
            found.append((step + 0.5, first + changes[0] + 1.0))
    along, across = np.array(found).T
    slope, offset = np.polyfit(along, across, 1)
    normal = np.array([-slope, 1.0] if axis == 0 else [1.0, -slope])
    return np.array([*normal, -offset]) / np.hypot(*normal)
