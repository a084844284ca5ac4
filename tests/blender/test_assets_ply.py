"""Our own PLY reader: every encoding, and what scans and BOP models carry."""

from __future__ import annotations

import struct

import bpy
import numpy as np
import pytest
from asset_samples import load

POINTS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 1.0)]
FACES = [(0, 3, 2, 1), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)]


def header(encoding: str, extra: str = "", vertex: str = "", face: str = "") -> str:
    text = f"ply\nformat {encoding} 1.0\ncomment made for a test\n{extra}element vertex 5\n"
    text += "property float x\nproperty float y\nproperty float z\n" + vertex
    return text + f"element face 5\nproperty list uchar int vertex_indices\n{face}end_header\n"


def ascii_ply(extra: str = "", vertex: str = "", values: list[str] | None = None, face: str = "", ends=None) -> bytes:
    rows = [f"{x} {y} {z} {(values or [''] * 5)[i]}" for i, (x, y, z) in enumerate(POINTS)]
    rows += [f"{len(f)} {' '.join(map(str, f))} {(ends or [''] * 5)[i]}" for i, f in enumerate(FACES)]
    return (header("ascii", extra, vertex, face) + "\n".join(rows) + "\n").encode()


def binary_ply(order: str) -> bytes:
    data = header(f"binary_{'little' if order == '<' else 'big'}_endian").encode()
    data += b"".join(struct.pack(order + "3f", *point) for point in POINTS)
    return data + b"".join(struct.pack(f"{order}B{len(face)}i", len(face), *face) for face in FACES)


@pytest.mark.parametrize("data", [ascii_ply(), binary_ply("<"), binary_ply(">")], ids=["ascii", "little", "big"])
def test_every_encoding_with_faces_of_several_sizes(tmp_path, data):
    (tmp_path / "a.ply").write_bytes(data)
    asset = load(tmp_path, "a.ply", origin="keep")
    assert sorted(map(tuple, asset.vertices.tolist())) == sorted(POINTS)
    assert len(asset.triangles) == 6


def test_windows_line_ends_do_not_matter(tmp_path):
    (tmp_path / "a.ply").write_bytes(ascii_ply().replace(b"\n", b"\r\n"))
    assert len(load(tmp_path, "a.ply").triangles) == 6


def test_vertex_colours_are_seen_by_the_material(tmp_path):
    vertex = "property uchar red\nproperty uchar green\nproperty uchar blue\n"
    (tmp_path / "a.ply").write_bytes(ascii_ply(vertex=vertex, values=["255 0 128"] * 5))
    (part,) = load(tmp_path, "a.ply").parts
    assert tuple(part.color_attributes["Col"].data[0].color_srgb)[:3] == pytest.approx((1, 0, 128 / 255), abs=1e-3)
    shader = part.materials[0].node_tree.nodes["Principled BSDF"]
    assert shader.inputs["Base Color"].links[0].from_node.layer_name == "Col"


def test_a_texture_file_and_its_uvs_are_used(tmp_path):
    image = bpy.data.images.new("dots", 2, 2)
    image.filepath_raw, image.file_format = str(tmp_path / "dots.png"), "PNG"
    image.save()
    vertex = "property float texture_u\nproperty float texture_v\n"
    values = [f"{x} {y}" for x, y, _ in POINTS]
    (tmp_path / "a.ply").write_bytes(ascii_ply("comment TextureFile dots.png\n", vertex, values))
    (part,) = load(tmp_path, "a.ply").parts
    shader = part.materials[0].node_tree.nodes["Principled BSDF"]
    assert shader.inputs["Base Color"].links[0].from_node.image.filepath.endswith("dots.png")
    for loop in part.loops:
        x, y, _ = POINTS[loop.vertex_index]
        assert tuple(part.uv_layers[0].uv[loop.index].vector) == pytest.approx((x, y))


def test_uvs_of_face_corners_are_used(tmp_path):
    ends = [f"{2 * len(face)} " + " ".join(["0.25 0.75"] * len(face)) for face in FACES]
    (tmp_path / "a.ply").write_bytes(ascii_ply(face="property list uchar float texcoord\n", ends=ends))
    (part,) = load(tmp_path, "a.ply").parts
    assert tuple(part.uv_layers[0].uv[7].vector) == (0.25, 0.75)


def test_normals_make_it_smooth_and_are_kept(tmp_path):
    vertex = "property float nx\nproperty float ny\nproperty float nz\n"
    (tmp_path / "a.ply").write_bytes(ascii_ply(vertex=vertex, values=["0 0 1"] * 5))
    (part,) = load(tmp_path, "a.ply").parts
    flat = np.empty(len(part.loops) * 3, dtype=np.float32)
    part.corner_normals.foreach_get("vector", flat)
    assert flat.reshape(-1, 3) == pytest.approx(np.tile([0, 0, 1], (len(part.loops), 1)), abs=2e-3)
