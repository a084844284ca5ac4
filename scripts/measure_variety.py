"""Does every axis really vary? Renders previews and prints, for each axis, its spread and how evenly it is filled.

    python scripts/measure_variety.py scenes/tabletop.yaml [--frames 64]

Axes: brightness and contrast of the picture, hue of the picture, camera azimuth, sine of elevation (uniform means
uniform over the sphere), distance, roll, number of objects, HDRI, floor material. `fill` is the share of eight equal
bins over the axis' range that hold at least one frame; `chi2/dof` near 1 means uniform.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.codecs.png import decode_png
from pipeline.config.load import load_config
from pipeline.engine import open_engine, survey_job
from pipeline.reporting import SilentReporter
from pipeline.run import Made, preview_frames

OVERRIDES = (
    "camera.resolution=[96,72]",
    "render.quality=draft",
    "render.denoiser=none",
    "outputs=[rgb]",
    "formats.rgb=png",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", type=Path)
    parser.add_argument("--frames", type=int, default=64)
    args = parser.parse_args()
    config = load_config(args.scene, OVERRIDES)
    engine = open_engine("auto", args.scene.resolve().parent)
    job = survey_job(engine, config, SilentReporter())
    with tempfile.TemporaryDirectory(prefix="variegate-") as scratch:
        made = preview_frames(engine, job, range(args.frames), SilentReporter(), Path(scratch))
        rows = [_measure(one) for one in made if one.rendered is not None]
    print(f"{len(rows)} frames")
    for axis in rows[0]:
        print(_describe(axis, [row[axis] for row in rows]))


def _measure(made: Made) -> dict[str, float | str]:
    assert made.rendered is not None and made.rendered.rgb_file is not None
    rgb = decode_png(made.rendered.rgb_file.read_bytes())[..., :3] / 255.0
    luma = rgb @ (0.2126, 0.7152, 0.0722)
    pose = np.array(made.rendered.realised.camera.world_from_camera)
    forward, right = pose[:3, 2], pose[:3, 0]
    plan = made.plan
    floor = plan.surroundings.floor
    return {
        "brightness": float(luma.mean()),
        "contrast": float(luma.std()),
        "hue": _mean_hue(rgb),
        "camera azimuth": math.degrees(math.atan2(-forward[1], -forward[0])) % 360,
        "camera sin(elevation)": float(-forward[2]),
        "camera distance": float(np.linalg.norm(pose[:3, 3])),
        "camera roll": math.degrees(math.asin(max(-1.0, min(1.0, float(right[2]))))),
        "objects": float(len(plan.instances)),
        "HDRI": "" if plan.world is None else plan.world.hdri.source,
        "HDRI yaw": 0.0 if plan.world is None else plan.world.yaw_deg,
        "floor": "none" if floor is None else _material(floor.material),
    }


def _mean_hue(rgb: np.ndarray) -> float:
    """Return the direction of the mean colour in the plane across grey, in degrees."""
    r, g, b = rgb.reshape(-1, 3).mean(axis=0)
    return math.degrees(math.atan2(math.sqrt(3) * (g - b), 2 * r - g - b)) % 360


def _material(material) -> str:  # type: ignore[no-untyped-def]
    if material.procedural is not None:
        return str(material.procedural.pattern)
    return "plain" if material.pbr is not None else material.textures.textures.texture_id


def _describe(axis: str, values: Sequence[float | str]) -> str:
    if isinstance(values[0], str):
        words = [str(value) for value in values]
        names = sorted(set(words), key=words.count, reverse=True)
        return f"{axis:>22}: {len(names)} kinds: " + ", ".join(f"{name} {words.count(name)}" for name in names[:10])
    numbers = np.array(values, dtype=float)
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        return f"{axis:>22}: always {low:.3g}"
    counts, _ = np.histogram(numbers, bins=8, range=(low, high))
    expected = len(numbers) / 8
    chi2 = float(((counts - expected) ** 2 / expected).sum()) / 7
    return (
        f"{axis:>22}: {low:8.3g} .. {high:8.3g}  std {numbers.std():8.3g}  fill {np.mean(counts > 0):4.0%}  "
        f"chi2/dof {chi2:4.1f}"
    )


if __name__ == "__main__":
    main()
