"""Saturation and contrast of an encoded picture, where a camera's processor has them: after the view transform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.records import ImagePlan

LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # Rec. 709, of encoded colours
MIDDLE = 0.5


def is_neutral(plan: ImagePlan) -> bool:
    """Whether the plan leaves every picture as it is."""
    return (plan.saturation, plan.contrast) == (1.0, 1.0)


def toned(picture: NDArray[np.float32], plan: ImagePlan) -> NDArray[np.float32]:
    """Return an encoded picture (H, W, 3), 0..1, with the plan's saturation and contrast, clipped to 0..1.

    Saturation scales the distance of a colour from the grey of its luma, contrast that from middle grey; the two
    together are one linear step, so that only its end is clipped.
    """
    # Summed by hand: a product of BLAS may differ in the last bit by the number of threads.
    grey = picture[..., 0:1] * LUMA[0] + picture[..., 1:2] * LUMA[1] + picture[..., 2:3] * LUMA[2]
    colored = grey + np.float32(plan.saturation) * (picture - grey)
    return np.clip(MIDDLE + np.float32(plan.contrast) * (colored - MIDDLE), 0, 1).astype(np.float32)
