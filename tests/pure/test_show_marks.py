"""Labels drawn onto pictures: colour where the thing is, through any lens, and nowhere else."""

import json
from dataclasses import replace

import numpy as np
import pytest
from traced_scenes import LENS, traced_dataset

from pipeline.annotations.pose import rounded_px
from pipeline.dataset import open_dataset
from pipeline.geometry import inverse_rigid, look_at
from pipeline.lenses import Lens, project
from pipeline.records import CameraLabel, KeypointLabel
from pipeline.show.colors import AXIS_COLORS, color_of_instance
from pipeline.show.curves import EDGES, axes_curves, box_curves, corners_of, curves_of
from pipeline.show.marks import MARKS, draw_marks
from pipeline.show.pen import brush_for, outline

K = ((30.0, 0.0, 32.0), (0.0, 30.0, 24.0), (0.0, 0.0, 1.0))
LENSES = {
    "pinhole": LENS,
    "opencv": Lens(model="opencv", k=K, distortion=(-0.2, 0.02, 0.001, 0.002, 0, 0, 0, 0), resolution=(64, 48)),
    "fisheye": Lens(model="fisheye", k=K, distortion=(-0.02, 0.0, 0.0, 0.0), resolution=(64, 48)),
    "equirectangular": Lens(
        model="equirectangular",
        k=((96 / (2 * np.pi), 0.0, 48.0), (0.0, 48 / np.pi, 24.0), (0.0, 0.0, 1.0)),
        distortion=(),
        resolution=(96, 48),
    ),
}
SCALE = 4


@pytest.fixture(scope="module", params=LENSES)
def frame(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param) / "ds"
    traced_dataset(root, 1, LENSES[request.param])
    return open_dataset(root)[0]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    root = tmp_path_factory.mktemp("plain") / "ds"
    traced_dataset(root, 1)
    return open_dataset(root)[0]


def drawn(frame, layer):
    """What a layer changes on black, enlarged."""
    height, width = (side * SCALE for side in frame.read("instance").shape)
    black = np.zeros((height, width, 3), dtype=np.uint8)
    return draw_marks(black, frame, [layer], brush_for(width // SCALE, SCALE))


def brightest_near(picture, pixel, reach=2):
    x, y = (np.asarray(pixel) * SCALE).astype(int)
    window = picture[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
    return window.reshape(-1, 3).max(axis=0) if window.size else None


def camera_label(eye, lens=LENS, target=(0.0, 0.0, 0.0)):
    return CameraLabel(
        model=lens.model,
        k=lens.k,
        distortion=lens.distortion,
        world_from_camera=tuple(map(tuple, look_at(eye, target).tolist())),
        resolution=lens.resolution,
    )


# --- lines through lenses -------------------------------------------------------------------------------------------


def test_edges_are_the_twelve_pairs_of_corners_that_differ_in_one_axis():
    assert len(EDGES) == 12
    assert sorted(axis for _, _, axis in EDGES) == [0] * 4 + [1] * 4 + [2] * 4
    assert all(b - a == (4, 2, 1)[axis] for a, b, axis in EDGES)


def test_a_line_bends_as_its_lens_does():
    camera = camera_label((0.0, -1.0, 0.0), LENSES["fisheye"])
    ((piece,),) = curves_of(camera, np.array([[-1.0, 0.0, 0.8]]), np.array([[1.0, 0.0, 0.8]]))
    middle, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), [(0.0, 0.0, 0.8)])
    assert np.abs(piece - middle).max(axis=1).min() < 1e-9
    assert piece[:, 1].max() - piece[:, 1].min() > 3, "the chord would lie that far off"


def test_a_line_past_the_camera_ends_where_the_lens_does():
    camera = camera_label((0.0, -1.0, 0.0))
    ((piece,),) = curves_of(camera, np.array([[0.2, -3.0, 0.1]]), np.array([[0.2, 3.0, 0.1]]))
    assert np.isfinite(piece).all() and np.abs(piece).max() < 50 * 64
    assert curves_of(camera, np.array([[0.0, -3.0, 0.0]]), np.array([[1.0, -2.0, 0.0]])) == [[]]


def test_a_line_behind_a_panorama_leaves_on_one_side_and_comes_back_on_the_other():
    lens = LENSES["equirectangular"]
    camera = camera_label((0.0, 0.0, 0.0), lens, (0.0, 1.0, 0.0))
    (pieces,) = curves_of(camera, np.array([[-1.0, -1.0, 0.0]]), np.array([[1.0, -1.0, 0.0]]))
    assert len(pieces) == 2
    assert all(np.abs(np.diff(piece[:, 0])).max() < 5 for piece in pieces)
    assert min(piece[:, 0].min() for piece in pieces) <= 0 and max(piece[:, 0].max() for piece in pieces) >= 96


def test_a_box_hides_the_edges_between_faces_that_look_away(plain):
    item = plain.labels.instances[0]
    edges = box_curves(plain.labels.camera, corners_of(item))
    hidden = [curve for _, _, is_hidden, curve in edges if is_hidden]
    assert len(edges) == 12 and len(hidden) == 3, "a box in general position shows three faces"


# --- what is drawn --------------------------------------------------------------------------------------------------


def test_3d_boxes_pass_through_the_corners_of_the_labels(frame):
    picture, seen = drawn(frame, "box_3d"), 0
    for item in frame.labels.instances:
        for corner in item.box_3d.corners_px:
            if item.category_id and corner is not None and (np.array(corner) < frame.labels.camera.resolution).all():
                seen += 1
                assert brightest_near(picture, corner).max() > 60, (item.instance_id, corner)
    assert seen >= 12


def test_3d_boxes_curve_with_the_lens(frame):
    """The middle of each edge in the world is drawn, wherever the lens puts it."""
    picture, camera = drawn(frame, "box_3d"), frame.labels.camera
    item = frame.labels.instances[0]
    corners = corners_of(item)
    middles = [(corners[a] + corners[b]) / 2 for a, b, _ in EDGES]
    pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), middles)
    inside = [pixel for pixel in pixels if ((pixel > 1) & (pixel < np.array(camera.resolution) - 1)).all()]
    assert len(inside) == 12
    assert all(brightest_near(picture, pixel).max() > 60 for pixel in inside)


def test_edges_at_the_low_corner_have_the_colours_of_the_axes(plain):
    camera = plain.labels.camera
    for item in plain.labels.instances[:2]:
        low = [(axis, pieces) for axis, is_low, _, pieces in box_curves(camera, corners_of(item)) if is_low]
        assert [axis for axis, _ in low] == [2, 1, 0]


def test_what_has_no_category_gets_no_3d_box(frame):
    other = frame.labels.instances[3]
    assert not other.category_id
    only_other = open_like(frame, (other,))
    assert not drawn(only_other, "box_3d").any()


def open_like(frame, instances):
    """The frame with other instances in its labels, in memory."""
    again = open_dataset(frame.root).frame(frame.number)
    again.__dict__["labels"] = replace(frame.labels, instances=tuple(instances))
    return again


def test_axes_start_at_the_origin_and_are_red_green_and_blue(frame):
    item = frame.labels.instances[0]
    picture, camera = drawn(open_like(frame, (item,)), "axes"), frame.labels.camera
    origin, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), [np.array(item.world_from_object)[:3, 3]])
    curves = axes_curves(camera, item)
    assert all(np.abs(pieces[0][0] - origin[0]).max() < 1e-9 for pieces in curves)
    for pieces, color in zip(curves, AXIS_COLORS, strict=True):
        reach = pieces[0][len(pieces[0]) * 3 // 4]
        if np.abs(pieces[0][-1] - pieces[0][0]).max() > 3:
            assert brightest_near(picture, reach, 1).argmax() == np.argmax(color)


def test_masks_are_tinted_and_all_else_stays(frame):
    picture, ids = drawn(frame, "masks"), frame.read("instance")
    large = ids.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    with_category = np.isin(large, [item.instance_id for item in frame.labels.instances if item.category_id])
    assert np.array_equal(picture.any(axis=2) & with_category, with_category)
    assert not picture[large == 0].any()
    for item in frame.labels.instances:
        inner = (large == item.instance_id) & ~outline(large == item.instance_id, 4)
        if item.category_id and inner.any():
            color = np.array(color_of_instance(item)) * 0.35
            assert np.abs(picture[inner] - color).max() <= 1, "mixed with black"


def test_silhouettes_are_striped_where_something_hides_them(tmp_path):
    traced_dataset(tmp_path / "ds", 12)
    stripes = 0
    for frame in open_dataset(tmp_path / "ds"):
        picture = drawn(frame, "mask_full").any(axis=2)
        full = frame.read("mask_full").any(axis=0).repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        assert not picture[~full].any()
        for item in frame.labels.instances:
            hidden = frame.mask_full(item.instance_id) & ~frame.mask(item.instance_id)
            if hidden.sum() > 12:
                large = hidden.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
                share = picture[large].mean()
                stripes += 1
                assert 0.2 < share < 0.8
    assert stripes, "some frame has something hidden"


@pytest.mark.parametrize(("visibility", "center", "rim"), [(2, True, True), (1, False, True), (0, False, False)])
def test_keypoints_are_discs_hollow_where_hidden_and_absent_where_outside(plain, visibility, center, rim):
    at = (32.0, 24.0)
    point = KeypointLabel(name="a", visibility=visibility, position_px=at, camera_m=(0,) * 3, world_m=(0,) * 3)
    lost = replace(point, position_px=None)
    item = replace(plain.labels.instances[0], keypoints=(point, lost))
    picture = drawn(open_like(plain, (item,)), "keypoints")
    assert bool(picture[24 * SCALE, 32 * SCALE].max() > 100) is center
    assert bool(picture.any()) is rim


@pytest.mark.parametrize(("visibility", "is_joined"), [(2, True), (1, True), (0, False)])
def test_a_skeleton_joins_keypoints_that_are_in_the_picture(tmp_path, visibility, is_joined):
    store = traced_dataset(tmp_path / "ds", 1)
    path = store.root / "dataset.json"
    header = json.loads(path.read_text())
    header["categories"][0] |= {"keypoints": ["a", "b"], "skeleton": [["a", "b"]], "flip": []}
    path.write_text(json.dumps(header))
    frame = open_dataset(store.root)[0]
    camera, item = frame.labels.camera, frame.labels.instances[0]
    ends = [(-0.1, 0.0, 0.0), (0.1, 0.0, 0.0)]
    pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), [*ends, (0.0, 0.0, 0.0)])
    points = tuple(
        KeypointLabel(name=name, visibility=seen, position_px=tuple(at), camera_m=(0,) * 3, world_m=end)
        for name, seen, at, end in zip("ab", (2, visibility), pixels, ends, strict=False)
    )
    picture = drawn(open_like(frame, (replace(item, keypoints=points),)), "keypoints")
    assert bool(brightest_near(picture, pixels[2], 1).max() > 60) is is_joined


def test_boxes_are_drawn_on_the_pixels_of_the_labels(plain):
    item = plain.labels.instances[0]
    picture = drawn(open_like(plain, (item,)), "boxes")
    x, y, width, height = (value * SCALE for value in item.bbox_xywh_px)
    color = color_of_instance(item)
    assert (picture[y + height - 1, x : x + width] == color).all()
    assert (picture[y : y + height, x + width - 1] == color).all()
    assert not picture[y + height :].any() and not picture[:, x + max(width, 60) :].any()


def test_every_mark_draws_something_or_nothing_but_never_fails(frame):
    for name in MARKS:
        assert drawn(frame, name).shape == (48 * SCALE, frame.labels.camera.resolution[0] * SCALE, 3)


def test_labels_and_lenses_agree_on_corners(frame):
    camera = frame.labels.camera
    for item in frame.labels.instances:
        pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), corners_of(item))
        for pixel, corner in zip(map(rounded_px, pixels), item.box_3d.corners_px, strict=True):
            assert (pixel is None) == (corner is None)
            assert pixel is None or pixel == pytest.approx(corner, abs=1e-4)
