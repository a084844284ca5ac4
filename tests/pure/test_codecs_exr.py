"""The EXR codec against the OpenEXR library, in both directions, and against damage."""

from __future__ import annotations

import struct

import numpy as np
import OpenEXR
import pytest

from pipeline.codecs.exr import decode_exr, encode_exr

SIZES = [(1, 1), (1, 9), (9, 1), (16, 5), (17, 33), (40, 31)]


def channels_of(height: int, width: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    depth = rng.uniform(0.1, 50, (height, width)).astype(np.float32)
    depth[0, 0] = np.inf
    return {
        "R": rng.uniform(size=(height, width)).astype(np.float16),
        "ViewLayer.Depth.Z": depth,
        "ViewLayer.a name of more than thirty-one letters.X": np.arange(height * width, dtype=np.float32).reshape(
            height, width
        ),
        "count": rng.integers(0, 2**32, (height, width), dtype=np.uint32),
    }


def read_by_openexr(path) -> dict[str, np.ndarray]:
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels for name, channel in file.channels().items()}


def write_by_openexr(path, channels: dict[str, np.ndarray], compression) -> bytes:
    header = {"compression": compression, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, dict(channels)) as file:
        file.write(str(path))
    return path.read_bytes()


def assert_same(read: dict[str, np.ndarray], written: dict[str, np.ndarray]) -> None:
    assert set(read) == set(written)
    for name, pixels in written.items():
        assert read[name].dtype == pixels.dtype and np.array_equal(read[name], pixels), name


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_openexr_reads_what_we_write(height, width, tmp_path):
    channels = channels_of(height, width)
    (tmp_path / "a.exr").write_bytes(encode_exr(channels))
    assert_same(read_by_openexr(tmp_path / "a.exr"), channels)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("compression", ["NO_COMPRESSION", "ZIPS_COMPRESSION", "ZIP_COMPRESSION"])
def test_we_read_what_openexr_writes(height, width, compression, tmp_path):
    channels = channels_of(height, width)
    data = write_by_openexr(tmp_path / "a.exr", channels, getattr(OpenEXR, compression))
    assert_same(decode_exr(data), channels)


def test_we_read_what_we_write():
    channels = channels_of(35, 20)
    assert_same(decode_exr(encode_exr(channels)), channels)


def test_smooth_pictures_become_small_files():
    flat = {"Z": np.full((64, 64), 2.5, np.float32)}
    assert len(encode_exr(flat)) < 64 * 64


def test_equal_arrays_give_equal_bytes_in_any_order():
    channels = channels_of(8, 8)
    assert encode_exr(channels) == encode_exr(dict(reversed(channels.items())))


def test_an_other_compression_is_refused_by_name(tmp_path):
    data = write_by_openexr(tmp_path / "a.exr", channels_of(8, 8), OpenEXR.PIZ_COMPRESSION)
    with pytest.raises(ValueError, match="compression 4"):
        decode_exr(data)


@pytest.mark.parametrize(("flag", "word"), [(0x200, "tiled"), (0x800, "deep"), (0x1000, "multi-part")])
def test_tiles_deep_pixels_and_parts_are_refused_by_name(flag, word):
    data = encode_exr(channels_of(4, 4))
    (version,) = struct.unpack_from("<I", data, 4)
    with pytest.raises(ValueError, match=word):
        decode_exr(data[:4] + struct.pack("<I", version | flag) + data[8:])


def test_another_file_is_refused():
    with pytest.raises(ValueError, match="not an EXR"):
        decode_exr(b"\x89PNG\r\n\x1a\n and more")


def test_every_cut_is_noticed():
    data = encode_exr({"Z": np.random.default_rng(1).uniform(size=(20, 3)).astype(np.float32)})
    for length in range(len(data)):
        with pytest.raises(ValueError, match="EXR"):
            decode_exr(data[:length])


def test_a_flipped_byte_never_gives_another_error_than_ours():
    data = encode_exr({"Z": np.random.default_rng(1).uniform(size=(3, 4)).astype(np.float32)})
    for at in range(len(data)):
        for bit in (1, 0x80):
            broken = bytearray(data)
            broken[at] ^= bit
            try:
                decode_exr(bytes(broken))
            except ValueError as error:
                assert "EXR" in str(error)


@pytest.mark.parametrize(
    ("channels", "text"),
    [
        ({}, "one .H, W. shape"),
        ({"a": np.zeros((2, 2), np.float32), "b": np.zeros((2, 3), np.float32)}, "one .H, W. shape"),
        ({"a": np.zeros((2, 2, 3), np.float32)}, "one .H, W. shape"),
        ({"a": np.zeros((2, 2))}, "float64 is not"),
    ],
)
def test_what_no_exr_can_hold_is_refused(channels, text):
    with pytest.raises(ValueError, match=text):
        encode_exr(channels)
