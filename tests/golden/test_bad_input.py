"""Every mistake a user can make ends in one clear message and exit code 2, with nothing half-written."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CUBE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"
GOOD = """
frames: 3
categories: [{id: 1, name: thing}]
targets: [{files: thing.obj, category: thing, size_m: 0.1}]
placement: {resting: {area_m: [0.2, 0.2]}}
camera: {shell: {distance_m: 0.8}, resolution: [32, 24]}
render: {quality: draft, samples_per_pixel: 1, denoiser: none}
"""


def run(folder: Path, *args: object, text: str = GOOD) -> subprocess.CompletedProcess[str]:
    (folder / "scene.yaml").write_text(text)
    (folder / "thing.obj").write_text(CUBE) if not (folder / "thing.obj").exists() else None
    command = [sys.executable, "-m", "pipeline", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "Traceback" not in done.stdout
    for word in words:
        assert word in done.stderr, done.stderr


SCENES = {
    "unknown key": ("frames: 3", "frmes: 3", ["scene.yaml:2", "frmes", "did you mean 'frames'"]),
    "wrong type": ("size_m: 0.1", "size_m: big", ["targets[0].size_m", "big"]),
    "low above high": ("size_m: 0.1", "size_m: {uniform: [2, 1]}", ["low 2 is above high 1"]),
    "missing file": ("thing.obj", "nothing.obj", ["targets[0].files", "nothing.obj"]),
    "empty folder": ("thing.obj", "empty/", ["targets[0].files", "empty"]),
    "category not in the class map": ("category: thing", "category: thin", ["thin", "did you mean 'thing'"]),
    "HDRI that is no image": ("frames: 3", "environment: {hdris: bad.hdr}", ["environment.hdris", "bad.hdr"]),
}


@pytest.mark.parametrize("mistake", SCENES)
def test_a_wrong_scene_file_is_refused_before_anything_is_written(mistake, tmp_path):
    old, new, words = SCENES[mistake]
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.hdr").write_bytes(b"this is not an image")
    done = run(tmp_path, "render", tmp_path / "scene.yaml", "--out", tmp_path / "out", text=GOOD.replace(old, new, 1))
    refused(done, *words)
    assert not (tmp_path / "out").exists()


def glb(gltf: dict) -> bytes:
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text


BAD_MODELS = {
    "corrupt.glb": (b"glTF\x02\x00\x00\x00garbage", []),
    "no_faces.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", ["face"]),
    "flat_point.obj": (b"v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n", ["size"]),
    "nan.obj": (b"v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", []),
    "no_texture.obj": (b"mtllib no_texture.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 1\nusemtl m\nf 1 2 3\n", ["gone.png"]),
    "model.xyz": (b"anything", ["xyz"]),
}


def test_every_bad_model_is_named_with_its_fault_in_one_go(tmp_path):
    for name, (data, _) in BAD_MODELS.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "no_texture.mtl").write_text("newmtl m\nmap_Kd gone.png\n")
    files = "[" + ", ".join(BAD_MODELS) + "]"
    done = run(tmp_path, "check", tmp_path / "scene.yaml", text=GOOD.replace("thing.obj", files, 1))
    assert all("scene.yaml:4: targets[0].files" in line for line in done.stderr.splitlines() if "targets[0]" in line)
    refused(done, *BAD_MODELS, *(word for _, words in BAD_MODELS.values() for word in words))


def test_draco_is_read_or_refused_by_name(tmp_path):
    sample = ROOT.parent / "shared/assets/models/kenney_lowpoly_glb/_draco_sample_apple.gltf"
    if not sample.is_file():
        pytest.skip("the Draco sample is not here")
    done = run(tmp_path, "check", tmp_path / "scene.yaml", text=GOOD.replace("thing.obj", str(sample), 1))
    if done.returncode != 0:
        refused(done, "Draco", sample.name)


def test_an_unwritable_output_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run(tmp_path, "render", tmp_path / "scene.yaml", "--out", tmp_path / "file/out")
    refused(done, "file/out")


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("mine")
    done = run(tmp_path, "render", tmp_path / "scene.yaml", "--out", tmp_path / "out")
    refused(done, "thesis.txt")
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_frame_outside_the_dataset_is_refused(tmp_path):
    done = run(tmp_path, "render", tmp_path / "scene.yaml", "--out", tmp_path / "out", "--frames", "0-3")
    refused(done, "3", "0-2")
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_refused(tmp_path):
    done = run(tmp_path, "render", tmp_path / "scene.yaml", "--out", tmp_path / "out", "--device", "hip")
    if done.returncode == 0:
        pytest.skip("this machine has a HIP device")
    refused(done, "hip", "cpu")


def test_a_full_disk_loses_nothing(tmp_path):
    """The third file of a frame meets a disk without space."""
    run(tmp_path, "render", tmp_path / "scene.yaml", "--out", tmp_path / "out", "--frames", "0")
    limited = (
        "import sys;"
        "from pipeline.dataset import disk; import os, errno;"
        "real = disk.write_file\n"
        "def full(path, data):\n"
        "    if path.name == 'instance.png': raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))\n"
        "    real(path, data)\n"
        "import pipeline.dataset.commit as commit; commit.write_file = full\n"
        "from pipeline.__main__ import main; sys.exit(main())"
    )
    args = ["render", tmp_path / "scene.yaml", "--out", tmp_path / "out"]
    command = [sys.executable, "-c", limited, *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    refused(done, "disk is full")
    assert [item.name for item in (tmp_path / "out/frames").iterdir()] == ["000000"]
    assert run(tmp_path, *args).returncode == 0
    assert len(list((tmp_path / "out/frames").iterdir())) == 3
