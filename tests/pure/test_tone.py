"""Saturation and contrast on pictures typed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.records import ImagePlan
from pipeline.render.tone import LUMA, is_neutral, toned

PICTURE = np.random.default_rng(1).uniform(0.2, 0.8, (5, 7, 3)).astype(np.float32)


def test_one_and_one_is_neutral_and_nothing_else():
    assert is_neutral(ImagePlan())
    assert not is_neutral(ImagePlan(saturation=1.01)) and not is_neutral(ImagePlan(contrast=0.99))
    assert toned(PICTURE, ImagePlan()) == pytest.approx(PICTURE, abs=1e-6)


def test_saturation_0_is_the_grey_of_the_luma():
    grey = toned(PICTURE, ImagePlan(saturation=0.0))
    assert grey == pytest.approx(np.repeat((PICTURE @ LUMA)[..., None], 3, axis=2), abs=1e-6)


@pytest.mark.parametrize("saturation", [0.6, 1.2])
def test_saturation_scales_colour_and_keeps_luma(saturation):
    changed = toned(PICTURE, ImagePlan(saturation=saturation))
    inside = ((changed > 0) & (changed < 1)).all(axis=-1)
    assert inside.sum() > 20
    assert (changed @ LUMA)[inside] == pytest.approx((PICTURE @ LUMA)[inside], abs=1e-5)
    spread, before = np.ptp(changed[inside], axis=-1), np.ptp(PICTURE[inside], axis=-1)
    assert spread == pytest.approx(saturation * before, abs=1e-5)


def test_contrast_turns_about_middle_grey_and_clips():
    changed = toned(
        np.array([[[0.5, 0.5, 0.5], [0.6, 0.4, 0.5], [0.95, 0.05, 0.5]]], np.float32), ImagePlan(contrast=1.5)
    )
    assert changed[0] == pytest.approx(np.array([[0.5, 0.5, 0.5], [0.65, 0.35, 0.5], [1.0, 0.0, 0.5]]), abs=1e-6)
    assert toned(PICTURE, ImagePlan(contrast=0.0)) == pytest.approx(np.full_like(PICTURE, 0.5))


def test_a_tone_is_reckoned_a_pixel_at_a_time():
    """Not by BLAS, whose last bit goes by the number of its threads and by how wide a picture is."""
    wide = np.random.default_rng(2).uniform(0, 1, (2, 5000, 3)).astype(np.float32)
    plan = ImagePlan(saturation=0.7, contrast=1.1)
    pieces = [toned(wide[:, at : at + 1], plan) for at in range(wide.shape[1])]
    assert toned(wide, plan).tobytes() == np.concatenate(pieces, axis=1).tobytes()
