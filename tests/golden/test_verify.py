"""`verify` on what Blender really made: a sound dataset is clean, and a replay finds what no file tells."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.canonical import json_bytes
from pipeline.codecs.png import decode_png, encode_png

ROOT = Path(__file__).resolve().parents[2]
SCENES = sorted(path.stem for path in (ROOT / "scenes").glob("*.yaml"))
SMALL = ("frames=6", "camera.resolution=[96,72]", "render.quality=draft", "render.samples_per_pixel=1")
ALL = "rgb,depth,distance,instance,category,mask_full,box_3d,panoptic,normal,normal_world,object_coordinates,nocs"
LENSES = {
    "pinhole, blurred": "camera={clearance_m: 0.05, motion_blur: {}, f_stop: 4}",
    "opencv": "camera.lens={opencv: {k1: -0.12, p2: 0.003}}",
    "fisheye": "camera.lens={fisheye: {k2: 0.01}}",
    "equirectangular": "camera.lens={equirectangular: {}}",
}


def cli(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)


def render(scene: Path, out: Path, *changes: str) -> Path:
    sets = [word for change in (*SMALL, *changes) for word in ("--set", change)]
    done = cli("render", scene, "--out", out, "--device", "cpu", *sets)
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@pytest.fixture(scope="module")
def tabletop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(ROOT / "scenes/tabletop.yaml", tmp_path_factory.mktemp("verify") / "ds")


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_is_wrong_with_a_shipped_scene_and_it_replays(scene, tmp_path):
    frames = "frames=2" if (ROOT / f"scenes/{scene}.blend").exists() else "frames=6"  # hundreds of things a frame
    out = render(ROOT / f"scenes/{scene}.yaml", tmp_path / "ds", f"outputs=[{ALL}]", "render.denoiser=none", frames)
    done = cli("verify", out, "--replay", 1)
    assert (done.returncode, done.stdout.splitlines()[-1].split(": ")[1:]) == (0, ["nothing is wrong"]), done.stdout


@pytest.mark.parametrize("lens", LENSES)
def test_nothing_is_wrong_through_any_lens_with_every_label(lens, tmp_path):
    scene = tmp_path / "scene.yaml"
    scene.write_text(
        "extends: preset:flying\nviews_per_scene: 3\n"
        "targets:\n"
        "  - {files: 'shipped:dice/', category: die, count: 2, size_m: 0.2, parts: materials,\n"
        "     keypoints: [{name: middle, point_m: [0, 0, 0]}, {name: top, point_m: [0, 0, 0.1]}]}\n"
        "  - {shapes: [cube, wedge], category: block, count: 2, size_m: 0.2}\n"
        "camera: {shell: {distance_m: {uniform: [0.8, 1.2]}}, look_at: origin}\n"
        f"outputs: [{ALL}, keypoints, part, flow, flow_occlusion]\n"
    )
    out = render(scene, tmp_path / "ds", LENSES[lens], *(["camera.fov_deg=null"] if lens == "equirectangular" else []))
    done = cli("verify", out)
    assert (done.returncode, "nothing is wrong" in done.stdout) == (0, True), done.stdout


def seal(folder: Path, name: str) -> None:
    """Make the frame's record fit a file that was changed."""
    record = json.loads((folder / "frame.json").read_bytes())
    data = (folder / name).read_bytes()
    record["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "frame.json").write_bytes(json_bytes(record))


def test_a_retouched_picture_is_found_by_the_replay_alone(tabletop, tmp_path):
    root = Path(shutil.copytree(tabletop, tmp_path / "ds"))
    for folder in (root / "frames").iterdir():
        picture = decode_png((folder / "rgb.png").read_bytes()).copy()
        picture[10:20, 10:20] = np.uint8(255) - picture[10:20, 10:20]
        (folder / "rgb.png").write_bytes(encode_png(picture))
        seal(folder, "rgb.png")
    assert cli("verify", root).returncode == 0
    report = tmp_path / "report.json"
    done = cli("verify", root, "--replay", 2, "--report", report)
    assert done.returncode == 1 and "replay-mismatch (2)" in done.stdout
    findings = json.loads(report.read_bytes())["findings"]
    assert [item["where"].split("/")[-1] for item in findings] == ["rgb.png", "rgb.png"]


def test_the_same_frames_are_replayed_each_time(tabletop):
    lines = [cli("verify", tabletop, "--replay", 2, "--workers", count).stderr for count in (1, 2)]
    replayed = [[line.split(" in ")[0] for line in text.splitlines() if line.startswith("frame ")] for text in lines]
    assert replayed[0] == replayed[1] and len(replayed[0]) == 2
