"""Run lengths against pycocotools, which defines them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as codec

from pipeline.codecs.rle import area, counts_of, decode_counts, encode_counts, mask_of_counts

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))


@given(masks)
def test_a_mask_is_encoded_as_pycocotools_encodes_it(mask):
    theirs = codec.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    assert encode_counts(counts_of(mask)) == theirs


@given(masks)
def test_a_mask_survives_there_and_back(mask):
    counts = decode_counts(encode_counts(counts_of(mask)))
    assert np.array_equal(mask_of_counts(counts, *mask.shape), mask) and area(counts) == mask.sum()


@given(st.lists(st.integers(0, 10**7), max_size=30))
def test_any_run_lengths_survive_as_text(counts):
    assert decode_counts(encode_counts(counts)) == tuple(counts)


def test_run_lengths_of_another_size_are_refused():
    with pytest.raises(ValueError, match="run lengths of 6 px for a picture of 4 x 3"):
        mask_of_counts((2, 4), 3, 4)


def test_text_that_ends_within_a_number_is_refused():
    with pytest.raises(ValueError, match="end within a number"):
        decode_counts("P")
