"""The PNG codec against Pillow, in both directions, and against damage."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.codecs.png import SIGNATURE, decode_png, encode_png, strip_metadata

SIZES = [(1, 1), (1, 7), (7, 1), (5, 3), (33, 20), (20, 33)]


def noise(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def smooth(height: int, width: int, channels: int) -> np.ndarray:
    """A picture for which encoders choose different row filters."""
    y, x, c = np.mgrid[:height, :width, :channels]
    grain = np.random.default_rng(2).integers(0, 4, (height, width, channels))
    return (127 + 60 * np.sin(x / 9 + c) + 60 * np.cos(y / 7 - c) + grain).astype(np.uint8)


def with_filters(pixels: np.ndarray, kinds: list[int]) -> bytes:
    """Encode (H, W, C) uint8 as PNG with the given filter a row, by the letter of the specification."""
    height, width, channels = pixels.shape
    lines = b""
    for y in range(height):
        lines += bytes([kinds[y]])
        for i in range(width * channels):
            x, c = divmod(i, channels)
            here = int(pixels[y, x, c])
            a = int(pixels[y, x - 1, c]) if x else 0
            b = int(pixels[y - 1, x, c]) if y else 0
            d = int(pixels[y - 1, x - 1, c]) if x and y else 0
            p = a + b - d
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - d), 2, d))[2]
            lines += bytes([(here - (0, a, b, (a + b) // 2, nearest)[kinds[y]]) % 256])
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)), (b"IDAT", zlib.compress(lines)))
    body = b"".join(chunk(name, data) for name, data in chunks)
    return SIGNATURE + body + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def saved_by_pillow(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("shape", [(), (3,)])
def test_pillow_reads_the_8_bit_pictures_we_write(height, width, shape):
    pixels = noise((height, width, *shape), np.uint8)
    assert np.array_equal(np.array(Image.open(io.BytesIO(encode_png(pixels)))), pixels)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_pillow_reads_the_16_bit_grey_we_write(height, width):
    pixels = noise((height, width), np.uint16)
    assert np.array_equal(np.array(Image.open(io.BytesIO(encode_png(pixels)))).astype(np.uint16), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_we_read_what_we_write(dtype, shape):
    pixels = noise((9, 14, *shape), dtype)
    read = decode_png(encode_png(pixels))
    assert read.dtype == dtype and np.array_equal(read, pixels)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("level", [0, 9])
def test_we_read_the_8_bit_pictures_pillow_writes(mode, level):
    pixels = smooth(40, 53, len(mode))
    image = Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode if mode == "LA" else None)
    read = decode_png(saved_by_pillow(image, compress_level=level))
    assert np.array_equal(read.reshape(pixels.shape), pixels)


def test_we_read_the_16_bit_grey_pillow_writes():
    pixels = noise((12, 31), np.uint16)
    assert np.array_equal(decode_png(saved_by_pillow(Image.fromarray(pixels))), pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("kinds", [[0, 1, 2, 1, 2, 0], [3, 4, 2, 1, 0, 4], [4, 4, 4, 3, 3, 3], [1, 3, 0, 4, 2, 3]])
@pytest.mark.parametrize("width", [1, 4, 11])
def test_every_row_filter_is_undone(channels, kinds, width):
    pixels = noise((6, width, channels), np.uint8)
    read = decode_png(with_filters(pixels, kinds))
    assert np.array_equal(read.reshape(pixels.shape), pixels)


@pytest.mark.parametrize("array", [np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8)])
def test_what_no_png_can_hold_is_refused(array):
    with pytest.raises(ValueError, match="needs uint8 or uint16"):
        encode_png(array)


def test_every_cut_is_noticed():
    data = encode_png(noise((6, 6), np.uint8))
    for length in range(len(data)):
        with pytest.raises(ValueError, match="PNG"):
            decode_png(data[:length])


def test_every_flipped_byte_is_noticed():
    data = encode_png(noise((4, 5), np.uint8))
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 0x10
        with pytest.raises(ValueError, match="PNG"):
            decode_png(bytes(broken))


def test_a_picture_with_a_palette_is_refused_by_name():
    with pytest.raises(ValueError, match="colour type 3"):
        decode_png(saved_by_pillow(Image.new("P", (4, 4))))


def test_a_size_that_does_not_fit_the_pixels_is_refused():
    data = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(bytes(20))) + chunk(b"IEND", b"")
    with pytest.raises(ValueError, match="do not agree"):
        decode_png(data)


def test_an_unknown_row_filter_is_refused():
    data = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(b"\x05\x00")) + chunk(b"IEND", b"")
    with pytest.raises(ValueError, match="row filter 5"):
        decode_png(data)


def test_stripping_takes_the_text_and_leaves_the_picture():
    pixels = noise((5, 6, 3), np.uint8)
    data = encode_png(pixels)
    text = chunk(b"tEXt", b"RenderTime\x0000:01.23")
    noisy = data[:33] + text + data[33:]
    assert strip_metadata(noisy) == data
