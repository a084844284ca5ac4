"""Runs, pixel counts, boxes and the category image, against answers typed by hand and against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.annotations.boxes import visible_boxes
from pipeline.annotations.category import category_image, category_names
from pipeline.annotations.masks import mask_of, runs_of, visible_px

PICTURE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 9],
        [0, 2, 2, 0, 0, 0, 0, 0],
        [0, 2, 2, 5, 5, 0, 0, 0],
        [0, 0, 5, 5, 5, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [3, 0, 0, 0, 0, 0, 0, 3],
    ],
    dtype=np.uint16,
)

shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)
images = hnp.arrays(np.uint16, shapes, elements=st.sampled_from([0, 1, 2, 7, 300, 65_535]))


def test_pixels_of_a_picture_typed_by_hand():
    assert visible_px(runs_of(PICTURE)) == {2: 4, 3: 2, 5: 5, 9: 1}


def test_boxes_of_a_picture_typed_by_hand():
    expected = {2: (1, 1, 2, 2), 3: (0, 5, 8, 1), 5: (2, 2, 3, 2), 9: (7, 0, 1, 1)}
    assert visible_boxes(runs_of(PICTURE)) == expected


def test_a_run_ends_with_its_row():
    image = np.array([[0, 1], [1, 0]], dtype=np.uint16)
    runs = runs_of(image)
    assert list(zip(runs.row.tolist(), runs.first.tolist(), runs.last.tolist(), strict=True)) == [(0, 1, 1), (1, 0, 0)]


def test_nothing_visible_gives_no_boxes_and_no_counts():
    runs = runs_of(np.zeros((4, 5), dtype=np.uint16))
    assert visible_px(runs) == {} and visible_boxes(runs) == {}


def test_one_instance_can_fill_the_picture():
    runs = runs_of(np.full((4, 5), 65_535, dtype=np.uint16))
    assert visible_boxes(runs) == {65_535: (0, 0, 5, 4)} and visible_px(runs) == {65_535: 20}


@pytest.mark.parametrize("image", [np.zeros((2, 2), np.int32), np.zeros((2, 2, 1), np.uint16)])
def test_what_is_no_id_image_is_refused(image):
    with pytest.raises(ValueError, match=r"an id image is \(H, W\) uint16"):
        runs_of(image)


@given(images)
def test_counts_equal_those_of_every_mask(image):
    expected = {int(i): int((image == i).sum()) for i in np.unique(image) if i}
    assert visible_px(runs_of(image)) == expected


@given(images)
def test_each_box_is_the_smallest_that_holds_its_mask(image):
    boxes = visible_boxes(runs_of(image))
    assert boxes.keys() == {int(i) for i in np.unique(image) if i}
    for instance_id, (x, y, width, height) in boxes.items():
        rows, columns = np.nonzero(mask_of(image, instance_id))
        assert (x, y) == (columns.min(), rows.min())
        assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)


@given(images)
def test_masks_are_disjoint_and_with_the_background_fill_the_picture(image):
    total = (image == 0).astype(int) + sum(mask_of(image, i).astype(int) for i in visible_px(runs_of(image)))
    assert (total == 1).all()


@given(images)
def test_a_picture_that_is_not_contiguous_gives_the_same(image):
    strided = np.repeat(image, 2, axis=1)[:, ::2]
    assert visible_boxes(runs_of(strided)) == visible_boxes(runs_of(image))


def test_the_background_has_no_mask():
    with pytest.raises(ValueError, match="0 is the background"):
        mask_of(PICTURE, 0)


def test_the_category_image_holds_the_category_of_each_pixel():
    category = category_image(PICTURE, {2: 700, 3: 0, 5: 700, 9: 1})
    expected = np.zeros_like(PICTURE)
    expected[(PICTURE == 2) | (PICTURE == 5)] = 700
    expected[PICTURE == 9] = 1
    assert category.dtype == np.uint16 and np.array_equal(category, expected)


def test_an_id_that_no_instance_has_is_an_error_and_named():
    with pytest.raises(ValueError, match=r"the id image holds \[5, 9\]"):
        category_image(PICTURE, {2: 1, 3: 1})


def test_category_names_include_the_empty_name_of_none():
    assert category_names({"mug": 3, "bowl": 7}) == {0: "", 3: "mug", 7: "bowl"}
