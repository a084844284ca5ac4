"""Stripping JPEGs of what is not picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.codecs.jpeg import strip_metadata


def jpeg(**options: object) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (24, 31, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def test_comments_and_application_data_go():
    plain = jpeg()
    noisy = jpeg(comment=b"Blender:Date:2026/01/01", exif=b"Exif\0\0rest")
    assert noisy != plain and strip_metadata(noisy) == plain


def test_the_picture_stays():
    noisy = jpeg(comment=b"Blender:RenderTime:00:00.14")
    before, after = (np.array(Image.open(io.BytesIO(data))) for data in (noisy, strip_metadata(noisy)))
    assert np.array_equal(before, after)


def test_a_colour_profile_stays():
    assert b"a profile" in strip_metadata(jpeg(icc_profile=b"a profile"))


NO_JPEGS = [b"", b"GIF89a", jpeg()[:-1], jpeg()[:100], b"\xff\xd8\xff\xd9", b"\xff\xd8\x00\x00\x00\x00\xff\xd9"]


@pytest.mark.parametrize("data", NO_JPEGS)
def test_what_is_no_whole_jpeg_is_refused(data):
    with pytest.raises(ValueError, match="JPEG"):
        strip_metadata(data)
