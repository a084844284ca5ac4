"""Outputs as pictures: colours that say what the numbers are, and headings that explain them."""

from dataclasses import replace

import numpy as np
import pytest
from traced_scenes import traced_dataset

from pipeline.codecs.exr import encode_exr
from pipeline.codecs.png import encode_png
from pipeline.dataset import open_dataset
from pipeline.records import PartLabel
from pipeline.show.colors import NOTHING, color_of_id, color_of_instance, flow_colors, srgb_of_linear, viridis
from pipeline.show.headings import add_heading, marks_between
from pipeline.show.pictures import PICTURES, Bar, Names, Note, Wheel, base_picture, distance_picture


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    root = tmp_path_factory.mktemp("traced") / "ds"
    traced_dataset(root, 1)
    return open_dataset(root)[0]


class Given:
    """A frame of arrays at hand, for outputs that take a renderer."""

    def __init__(self, frame, **arrays):
        self.labels, self._arrays = frame.labels, arrays
        self.outputs = tuple(arrays)

    def read(self, output):
        return self._arrays[output]


def lightness(picture):
    return picture.astype(float) @ (0.2126, 0.7152, 0.0722)


def test_depth_is_the_brighter_the_nearer(frame):
    metres = frame.read("depth")
    layer = PICTURES["depth"](frame)
    seen = np.isfinite(metres)
    assert np.array_equal(layer.has_value, seen)
    order = np.argsort(metres[seen])
    steps = np.diff(lightness(layer.picture[seen][order]))
    assert steps.max() <= 1.0, "never brighter further away, but for rounding"
    assert lightness(layer.picture[seen][order])[0] > lightness(layer.picture[seen][order])[-1] + 100
    assert (layer.picture[~seen] == NOTHING).all()
    assert isinstance(layer.legend, Bar) and layer.legend.near_m < layer.legend.far_m


def test_distances_that_are_all_one_or_none_at_all_are_pictures_too():
    assert distance_picture(np.full((2, 3), 2.0, np.float32)).legend == Bar(near_m=2.0, far_m=2.02)
    nothing = distance_picture(np.array([[np.inf, -1.0, 0.0]], np.float32))
    assert (nothing.picture == NOTHING).all() and not nothing.has_value.any()


def test_the_colours_of_distance_grow_lighter_without_a_step_back():
    assert (np.diff(lightness(viridis(np.linspace(0, 1, 200)))) > -0.8).all()
    assert viridis(np.array([-1.0, 2.0])).tolist() == [[68, 1, 84], [253, 231, 37]]


def test_normals_towards_the_camera_are_blue_and_upwards_green(frame):
    normals = np.array([[[0, 0, -1], [0, -1, 0], [1, 0, 0], [0, 0, 0]]], dtype=np.float16)
    picture = PICTURES["normal"](Given(frame, normal=normals)).picture[0]
    assert picture.tolist() == [[127, 127, 255], [127, 255, 127], [255, 127, 127], list(NOTHING)]


def test_nocs_are_their_own_colours(frame):
    nocs, ids = frame.read("nocs"), frame.read("instance")
    picture = PICTURES["nocs"](frame).picture
    assert np.abs(picture[ids > 0] - nocs[ids > 0] * 255.0).max() <= 1.0
    assert (picture[ids == 0] == NOTHING).all()


def test_each_instance_has_its_colour_and_panoptic_leaves_out_what_has_no_category(frame):
    ids = frame.read("instance")
    instance, panoptic = (PICTURES[name](frame).picture for name in ("instance", "panoptic"))
    for item in frame.labels.instances:
        where = ids == item.instance_id
        assert (instance[where] == color_of_instance(item)).all()
        assert (panoptic[where] == (color_of_instance(item) if item.category_id else NOTHING)).all()
    assert len({color_of_id(number) for number in range(1, 60)}) == 59


def test_categories_are_named_in_their_colours(frame):
    layer = PICTURES["category"](frame)
    assert isinstance(layer.legend, Names)
    assert dict(layer.legend.names) == {color_of_id(3): "mug", color_of_id(7): "bowl"}
    assert (layer.picture[frame.read("category") == 7] == color_of_id(7)).all()


def test_linear_light_is_shown_as_srgb():
    assert srgb_of_linear(np.array([0.0, 0.18, 0.5, 1.0, 9.0, np.nan])).tolist() == [0, 118, 188, 255, 255, 0]


def test_motion_has_the_colours_of_the_wheel():
    moves = np.array([(4.0, 0.0), (0.0, 0.0), (-4.0, 0.0), (2.0, 0.0), (40.0, 0.0)])
    right, still, left, half, far = flow_colors(moves, 4.0).tolist()
    assert right == far == [255, 0, 0] and still == [255, 255, 255] and half == [255, 128, 128]
    assert left[0] == 0 and left[2] == 255, "the other side of the wheel"
    hues = flow_colors(np.array([(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 400)]), 1.0).astype(int)
    assert np.abs(np.diff(hues, axis=0)).max() <= 20, "no seam"


def test_flow_shows_nothing_where_there_is_none(frame):
    flow = np.full((4, 5, 2), np.nan, dtype=np.float32)
    flow[1, 1] = (3.0, 4.0)
    layer = PICTURES["flow"](Given(frame, flow=flow))
    assert layer.legend == Wheel(longest_px=5.0) and layer.has_value.sum() == 1
    assert (layer.picture[0] == NOTHING).all()
    hidden = np.array([[0, 255]], dtype=np.uint8)
    occlusion = PICTURES["flow_occlusion"](Given(frame, flow_occlusion=hidden, instance=hidden))
    assert occlusion.has_value.tolist() == [[False, True]]
    assert occlusion.picture[0, 1, 0] > 200 and len(set(occlusion.picture[0, 0])) == 1, "red on grey"


def test_flow_that_leaves_the_picture_does_not_pale_what_stays_in_it(frame):
    flow = np.full((3, 4, 2), 1e4, dtype=np.float32)
    flow[0, 0] = (5.0, 0.0)
    layer = PICTURES["flow"](Given(frame, flow=flow))
    assert layer.legend == Wheel(longest_px=5.0) and layer.picture[0, 0].tolist() == [255, 0, 0]


def test_parts_are_named_in_their_colours_over_the_frame_in_grey(frame):
    part = np.array([[0, 1], [2, 3]], dtype=np.uint16)
    given = Given(frame, part=part, instance=part)
    of = {"instance_id": 1, "visible_px": 1}
    labels = (
        PartLabel(part_id=1, name="lid", class_id=4, **of),
        PartLabel(part_id=2, name="body", class_id=2, **of),
        PartLabel(part_id=3, name="lid", class_id=4, **of),
    )
    given.labels = replace(frame.labels, parts=labels)
    layer = PICTURES["part"](given)
    assert layer.legend == Names(names=((color_of_id(3), "body"), (color_of_id(5), "lid")))
    assert tuple(layer.picture[0, 1]) == tuple(layer.picture[1, 1]) == color_of_id(5)
    assert layer.has_value.tolist() == [[False, True], [True, True]] and len(set(layer.picture[0, 0])) == 1


def test_every_picture_layer_that_the_frame_holds_is_eight_bit_colour(frame):
    shape = (*frame.read("instance").shape, 3)
    for name in frame.outputs:
        if name in PICTURES:
            layer = PICTURES[name](frame)
            assert layer.picture.shape == shape and layer.picture.dtype == np.uint8, name


def test_without_rgb_something_else_is_drawn_on(frame):
    ids = frame.read("instance")
    bare = base_picture(Given(frame, instance=ids))
    assert len(np.unique(bare)) == 1 and bare.shape == (*ids.shape, 3)
    albedo = np.full((*ids.shape, 3), 1.0, dtype=np.float16)
    assert (base_picture(Given(frame, albedo=albedo, instance=ids)) == 255).all()


@pytest.mark.parametrize(
    ("near", "far", "marks"),
    [(0.399, 0.514, (0.4, 0.45, 0.5)), (0.3, 2.0, (0.5, 1.0, 2.0)), (1.0, 1.001, (1.0, 1.0)), (2.0, 7.0, (2, 4, 6))],
)
def test_a_scale_is_marked_at_round_distances(near, far, marks):
    assert marks_between(near, far) == marks


@pytest.mark.parametrize("far", [1.0101, 3.0, 1e4])
def test_marks_lie_on_the_scale_in_order(far):
    marks = marks_between(1.01, far)
    assert len(marks) >= 2 and list(marks) == sorted(marks)
    assert marks[0] >= 1.0 and marks[-1] <= far * 1.001


@pytest.mark.parametrize(
    "legend",
    [
        Bar(near_m=0.4, far_m=9.0),
        Wheel(longest_px=12.0),
        Note(text="a word"),
        Names(names=tuple(((200, 0, 0), f"category {i}") for i in range(40))),
        Names(names=()),
    ],
)
@pytest.mark.parametrize("width", [90, 640])
def test_a_heading_stands_above_the_picture_and_leaves_it_alone(legend, width):
    picture = np.full((20, width, 3), 99, dtype=np.uint8)
    tile = add_heading(picture, "depth", legend)
    assert tile.shape[1] == width and tile.shape[0] > 40
    assert (tile[-20:] == 99).all() and tile[:-20].max() > 120


def test_a_bar_shows_the_colours_from_near_to_far():
    row = lightness(add_heading(np.zeros((1, 300, 3), np.uint8), "depth", Bar(near_m=1.0, far_m=3.0))[5])
    colored = np.flatnonzero(row > 40)
    low, high = colored[0], colored[-1]
    early, late = (row[low + (high - low) * part // 10] for part in (1, 8))
    assert early > late + 80, "bright is near, as in the picture"


def test_files_of_the_store_are_what_pictures_are_made_of(frame):
    """The codecs' own files, read back through the frame, not arrays kept in memory."""
    assert encode_exr({"Z": frame.read("depth")}) == (frame.folder / "depth.exr").read_bytes()
    assert encode_png(frame.read("instance")) == (frame.folder / "instance.png").read_bytes()
