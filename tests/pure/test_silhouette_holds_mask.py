"""A visible mask never leaves its silhouette, though one is rendered and the other rasterised."""

import numpy as np
import pytest

from pipeline.annotations.silhouettes import FullMask, holding


def mask_of(*pixels: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((6, 8), dtype=bool)
    for x, y in pixels:
        mask[y, x] = True
    return mask


def test_a_silhouette_that_holds_its_mask_stays_as_it_is():
    full = FullMask(mask=mask_of((2, 2), (3, 2)), px_beyond=5, bbox_xywh_px=(-2, 1, 6, 2))
    assert holding(full, mask_of((3, 2))) is full


@pytest.mark.parametrize(
    ("pixel", "box"),
    [((4, 2), (-2, 1, 7, 2)), ((3, 3), (-2, 1, 6, 3)), ((3, 0), (-2, 0, 6, 3)), ((0, 1), (-2, 1, 6, 2))],
)
def test_a_visible_pixel_beside_it_is_added_to_mask_count_and_box(pixel, box):
    full = FullMask(mask=mask_of((2, 2), (3, 2)), px_beyond=5, bbox_xywh_px=(-2, 1, 6, 2))
    joined = holding(full, mask_of((3, 2), pixel))
    assert np.array_equal(joined.mask, mask_of((2, 2), (3, 2), pixel))
    assert (joined.px_beyond, joined.bbox_xywh_px) == (6, box)


def test_an_empty_silhouette_becomes_what_is_seen():
    empty = FullMask(mask=mask_of(), px_beyond=0, bbox_xywh_px=None)
    joined = holding(empty, mask_of((5, 4)))
    assert (joined.px_beyond, joined.bbox_xywh_px) == (1, (5, 4, 1, 1))
