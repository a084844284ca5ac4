"""Made-up frames for the tests of store and exporters: real jobs, plans and arrays without Blender.

As a script, to be killed by tests, it says "open" and commits frames until all are there: ROOT SCRATCH FRAMES [SLOW_S].
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from pipeline.annotations.annotate import annotate, rejected_labels
from pipeline.codecs.png import encode_png
from pipeline.config.distributions import Constant
from pipeline.config.schema import AssetGroup, Camera, Category, Config, Shell
from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset import disk
from pipeline.dataset.store import Store, clean_stale, commit, missing, open_store
from pipeline.exporters.source import split_of
from pipeline.geometry import compose, look_at
from pipeline.job import Job, make_job
from pipeline.records import (
    Annotation,
    Asset,
    AssetRecipe,
    CameraCandidate,
    CameraPlan,
    Catalogue,
    FramePlan,
    PhysicsPlan,
    Realised,
    RealisedCamera,
    RealisedInstance,
    RenderedFrame,
    RenderPlan,
    SurroundingsPlan,
)

WIDTH, HEIGHT = 48, 32
CATEGORIES = (Category(id=3, name="mug", supercategory="kitchen"), Category(id=7, name="bowl"))
OUTPUTS = ("rgb", "depth", "instance", "category", "linear")
PURE = ("dataset.json", "job.json", "frames")
FACTS = {"blender": "5.2.3", "build_hash": "abc123", "c_library": "glibc 2.36", "device": "cpu"}


def sample_job(*, seed: int = 1, frames: int = 12, licence: str = "CC0-1.0") -> Job:
    return _job(_title(), seed, frames, licence)


@cache
def _title() -> str:
    """A title that lets the first scenes fall on both sides of a split, which hangs on the job's digest."""
    for number in itertools.count():
        digest = _job(f"samples {number}", 1, 12, "CC0-1.0").digest
        if all({split_of(digest, i, share) for i in (0, 1, 3, 4)} == {"train", "val"} for share in (0.3, 0.4)):
            return f"samples {number}"
    raise AssertionError("unreachable")


def _job(title: str, seed: int, frames: int, licence: str) -> Job:
    config = Config(
        title=title,
        seed=seed,
        frames=frames,
        categories=CATEGORIES,
        targets=(AssetGroup(shapes=("cube",), category="mug"),),
        camera=Camera(shell=Shell(distance_m=Constant(value=1.0))),
    )
    asset = Asset(
        asset_id="mugs/red.glb",
        recipe=AssetRecipe(source="mugs/red.glb"),
        sha256="00" * 32,
        low_m=(-0.05, -0.05, -0.05),
        high_m=(0.05, 0.05, 0.05),
        radius_m=0.09,
        triangles=12,
        has_alpha=False,
        resting=(),
        licence=licence,
    )
    return make_job(config, Catalogue(targets=((asset,),), distractors=(), textures={}))


def sample_plan(job: Job, frame: int, **changes: object) -> FramePlan:
    candidate = CameraCandidate(
        anchor="origin",
        look_at="origin",
        focus="origin",
        anchor_index=0,
        offset_m=(0.3, -0.4, 0.5),
        look_at_offset_m=(0.0, 0.0, 0.0),
        focus_offset_m=(0.0, 0.0, 0.0),
        roll_deg=0.0,
        focal_length_mm=35.0,
        sensor_width_mm=36.0,
        shift=(0.0, 0.0),
        pixel_aspect=1.0,
        model="pinhole",
        distortion=(),
        f_stop=None,
    )
    plan = FramePlan(
        format_version=FORMAT_VERSION,
        job_digest=job.digest,
        seed=job.config.seed,
        frame=frame,
        scene=frame,
        view=0,
        outputs=OUTPUTS,
        rgb_format="png",
        depth_format="exr",
        categories={category.name: category.id for category in CATEGORIES},
        template="",
        surroundings=SurroundingsPlan(floor=None, walls=(), tray=None),
        instances=(),
        physics=PhysicsPlan(friction=0.5, restitution=0.1, max_time_s=6.0, zones=()),
        world=None,
        lights=(),
        camera=CameraPlan(
            resolution=(WIDTH, HEIGHT),
            clip_start_m=0.001,
            clip_end_m=1000.0,
            clearance_m=0.05,
            object_clearance_m=0.0,
            min_targets_in_view=1,
            candidates=(candidate,),
        ),
        render=RenderPlan(
            engine="cycles",
            samples_per_pixel=4,
            adaptive_threshold=0.01,
            max_bounces=4,
            diffuse_bounces=4,
            glossy_bounces=4,
            transmission_bounces=8,
            transparent_bounces=8,
            clamp_indirect=10.0,
            caustics=False,
            denoiser="auto",
            denoiser_prefilter="accurate",
            denoiser_quality="high",
            view_transform="Standard",
            exposure_ev=0.0,
            jpeg_quality=92,
            cycles_seed=frame,
        ),
        min_targets=1,
        min_pixels=1,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def sample_instance(instance_id: int, role: str, category_id: int, x_m: float = 0.0) -> RealisedInstance:
    pose = compose((x_m, 0.1, 0.05), (0.8, 0.6, 0.0, 0.0))
    return RealisedInstance(
        instance_id=instance_id,
        role=role,  # type: ignore[arg-type]
        asset_id="mugs/red.glb" if role == "target" else "shape:cube",
        category_id=category_id,
        world_from_object=tuple(map(tuple, pose.tolist())),
        scale=(1.0, 1.0, 1.0),
        dimensions_m=(0.1, 0.1, 0.1),
        center_m=(x_m, 0.1, 0.05),
    )


def sample_rendered(plan: FramePlan, scratch: Path, instance: np.ndarray | None = None) -> RenderedFrame:
    """Overlapping rectangles at places that depend on the frame alone: two targets, two distractors, one of each hidden
    in some frames."""
    rng = np.random.default_rng(plan.frame)
    if instance is None:
        instance = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
        for instance_id in (1, 2, 3, 4):
            x, y = int(rng.integers(0, WIDTH - 8)), int(rng.integers(0, HEIGHT - 8))
            instance[y : y + int(rng.integers(1, 12)), x : x + int(rng.integers(1, 12))] = instance_id
    depth_m = np.where(instance > 0, instance * 0.25, np.inf).astype(np.float32)
    linear = rng.random((*instance.shape, 3), dtype=np.float32)
    camera = RealisedCamera(
        model="pinhole",
        k=((40.0, 0.0, WIDTH / 2), (0.0, 40.0, HEIGHT / 2), (0.0, 0.0, 1.0)),
        distortion=(),
        world_from_camera=tuple(map(tuple, look_at((0.3, -0.4, 0.5), (0.0, 0.0, 0.0)).tolist())),
        resolution=(WIDTH, HEIGHT),
        clip_start_m=0.001,
        clip_end_m=1000.0,
        f_stop=None,
        attempt=0,
    )
    instances = (
        sample_instance(1, "target", 3),
        sample_instance(2, "target", 7, 0.1),
        sample_instance(3, "distractor", 0, 0.2),
        sample_instance(4, "distractor", 0, 0.3),
    )
    rgb_file = scratch / f"rgb-{plan.frame}.png"
    rgb_file.write_bytes(encode_png((linear * 255).astype(np.uint8)))
    return RenderedFrame(
        realised=Realised(instances=instances, camera=camera, drop_attempts=0, settle_time_s=1.0),
        instance=instance,
        depth_m=depth_m,
        distance_m=depth_m,
        linear=linear,
        rgb_file=rgb_file,
        id_source="render",
    )


def sample_frame(job: Job, frame: int, scratch: Path) -> tuple[FramePlan, RenderedFrame | None, Annotation]:
    """Every fifth frame is one that could not be built."""
    plan = sample_plan(job, frame)
    if frame % 5 == 4:
        return plan, None, rejected_labels(plan, "no room for object 3 after 50 tries")
    rendered = sample_rendered(plan, scratch)
    return plan, rendered, annotate(plan, rendered)


def open_sample(root: Path, job: Job) -> Store:
    return open_store(root, job, root.parent, FACTS)


def commit_samples(store: Store, scratch: Path, frames: tuple[int, ...]) -> None:
    for frame in frames:
        commit(store, *sample_frame(store.job, frame, scratch))


def contents(root: Path) -> dict[str, bytes]:
    """Return every file of a dataset that must not differ between equal runs."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if name.split("/")[0] in PURE}


def main(root: Path, scratch: Path, frames: int, slow_s: float = 0.0) -> None:
    """Commit all frames on a disk that takes `slow_s` longer for every fsync, so that a kill falls between any two."""
    store = open_sample(root, sample_job(frames=frames))
    clean_stale(store)
    if slow_s:
        disk.os.fsync = _slow_fsync(slow_s)
    for frame in missing(store, range(frames)):
        commit_samples(store, scratch, (frame,))


def _slow_fsync(slow_s: float):
    real = os.fsync

    def fsync(handle: int) -> None:
        time.sleep(slow_s)
        real(handle)

    return fsync


if __name__ == "__main__":
    print("open", flush=True)
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), *map(float, sys.argv[4:]))
