"""What a frame costs beside Cycles: a physics scene of 30 objects at 640x480, stage by stage.

    python scripts/benchmark.py [--frames 5] [--quality standard] [--outputs default|all] [--memory 0]
        [--template-objects 20 2000] [--workers 1 2 2x2 --rounds 5]

Ends with `ratio: 1.04`: the time of a whole frame (plan, physics, build, render, labels, files, cleaning) over that of
Cycles alone on the same built scene, and before it the same of CPU seconds, which a busy machine hardly moves.
`--outputs all` asks for every label there is, flow to a second view of each scene included. `--memory N` renders N
small frames instead and ends with the growth of resident memory after the first 50.

`--template-objects A B` compares a template of B objects with one of A: CPU seconds of a tiny frame, in Blender's
render and outside of it, for things that rest, for some of the template labelled, and for things that fall as well; it
ends with the largest difference a frame. With `--memory N` the small frames are those of a template of A objects.

`--workers 1 2 2x2` compares crews of worker processes, here one and two that share all processors, and two of two
threads each: the same `--frames` frames by each in turn, `--rounds` times, and the ratio of their throughput.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import get_args

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy

from crowded_template import save_crowded_template
from pipeline.config.load import load_config
from pipeline.config.schema import OutputName
from pipeline.dataset.store import commit
from pipeline.engine import Engine, open_dataset_for, open_engine, survey_job
from pipeline.job import Job
from pipeline.render import frame as frame_module
from pipeline.render.device import Device
from pipeline.render.frame import render_frame, render_once
from pipeline.reporting import SilentReporter
from pipeline.run import make_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import build_scene
from pipeline.scene.workshop import close_scene
from worker_throughput import Size, compare_workers

SCENE = """
extends: preset:tabletop
frames: 1000
categories: [{id: 1, name: thing}]
targets:
  - {files: "shipped:dice/", category: thing, count: 10, size_m: {uniform: [0.03, 0.06]}, KEYPOINTS}
distractors:
  - {shapes: [cube, sphere, cylinder, cone, torus, capsule, wedge, convex], count: 20, size_m: {uniform: [0.04, 0.12]}}
"""
SMALL = """
extends: preset:tabletop
frames: 100000
camera: {resolution: [64, 48]}
render: {quality: draft, samples_per_pixel: 1, denoiser: none}
"""


CROWDED = """
extends: preset:tabletop
frames: 100000
categories: [{id: 1, name: thing}]
template: {file: TEMPLATE}
targets: [{shapes: [cube, wedge], category: thing, count: 3, size_m: 0.05}]
placement: {KIND: {area_m: [0.4, 0.4], center_m: [0, 0, 0.1]}}
camera: {shell: {distance_m: {uniform: [1, 2]}}, resolution: [64, 48]}
render: {quality: draft, samples_per_pixel: 1, denoiser: none}
"""
LABELLED = '{file: room.blend, targets: [{objects: "thing 00*", category: thing}]}'
CASES = {
    "resting": CROWDED.replace("TEMPLATE", "room.blend").replace("KIND", "resting"),
    "labelled": CROWDED.replace("{file: TEMPLATE}", LABELLED).replace("KIND", "resting"),
    "dropped": CROWDED.replace("{file: TEMPLATE}", LABELLED).replace("KIND", "drop"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--outputs", choices=["default", "all"], default="default")
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--template-objects", type=int, nargs="+", default=[])
    parser.add_argument("--workers", type=Size.parse, nargs="+", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="variegate-") as folder:
        keypoints = "keypoints: [{name: low, point_m: [-0.005, -0.005, -0.005]}]" if args.outputs == "all" else ""
        text = (
            SMALL
            if args.memory
            else SCENE.replace(", KEYPOINTS", keypoints and f", {keypoints}") + f"render: {{quality: {args.quality}}}\n"
        )
        if args.outputs == "all":
            text += f"views_per_scene: 2\noutputs: [{', '.join(get_args(OutputName))}]\n"
        if args.template_objects and not args.memory:
            _compare_templates(Path(folder), args.template_objects, args.frames)
            return
        template = None
        if args.template_objects:
            save_crowded_template(Path(folder) / "room.blend", args.template_objects[0])
            text, template = CASES["dropped"], "room.blend"
        engine, job = _open(Path(folder), text, template)
        if args.workers:
            compare_workers(job, Path(folder), args.workers, args.frames, args.rounds)
        elif args.memory:
            _measure_memory(engine, job, Path(folder), args.memory)
        else:
            _measure_time(engine, job, Path(folder), args.frames)


def _open(folder: Path, text: str, template: str | None = None) -> tuple[Engine, Job]:
    (folder / "scene.yaml").write_text(text)
    engine = open_engine("cpu", folder, template)
    return engine, survey_job(engine, load_config(folder / "scene.yaml"), SilentReporter())


def _measure_time(engine: Engine, job: Job, folder: Path, frames: int) -> None:
    store = open_dataset_for(engine, job, folder / "out")
    _whole_frame(engine, job, store, folder, 0)  # reads the assets and compiles the kernels
    stages: dict[str, float] = {}
    alone_s, whole_cpu_s, alone_cpu_s = 0.0, 0.0, 0.0
    for frame in range(1, frames + 1):
        before = process_time()
        for name, part in _whole_frame(engine, job, store, folder, frame).items():
            stages[name] = stages.get(name, 0.0) + part
        whole_cpu_s += process_time() - before
        seconds, cpu_s = _cycles_alone(engine, job, folder, frame)
        alone_s, alone_cpu_s = alone_s + seconds, alone_cpu_s + cpu_s
    total_s = sum(stages.values())
    rows = {**stages, "total": total_s, "Cycles": alone_s, "label passes": stages["render"] - alone_s}
    for name, seconds in rows.items():
        print(f"{name:>12}: {seconds / frames:7.3f} s a frame")
    print(f"CPU ratio: {whole_cpu_s / alone_cpu_s:.2f}")
    print(f"ratio: {total_s / alone_s:.2f}")


def _whole_frame(engine: Engine, job: Job, store, folder: Path, frame: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    start = perf_counter()
    plan = plan_frame(job, frame)
    planned = perf_counter()
    made = make_frame(engine, plan, folder, SilentReporter())
    done = perf_counter()
    commit(store, plan, made.rendered, made.annotation)
    return {"plan": planned - start, **made.seconds, "commit": perf_counter() - done}


def _cycles_alone(engine: Engine, job: Job, folder: Path, frame: int) -> tuple[float, float]:
    """Return the wall clock and the CPU seconds of Cycles' render of a frame."""
    plan = plan_frame(job, frame)
    built = build_scene(plan, engine.workshop)
    render_frame(built, plan, engine.device, folder)
    start, cpu_start = perf_counter(), process_time()
    bpy.ops.render.render()
    seconds, cpu_s = perf_counter() - start, process_time() - cpu_start
    close_scene(engine.workshop)
    return seconds, cpu_s


def _compare_templates(folder: Path, sizes: list[int], frames: int) -> None:
    """Print CPU seconds a frame for templates of each size, and the largest difference from the first."""
    worst_s = 0.0
    for case, text in CASES.items():
        first: tuple[float, float] | None = None
        for size in sizes:
            save_crowded_template(folder / "room.blend", size)
            inside_s, outside_s = _crowded_frame(*_open(folder, text, "room.blend"), folder, frames)
            first = first or (inside_s, outside_s)
            print(f"{case:>10} {size:>6} objects: {inside_s:6.3f} s in Blender's render, {outside_s:6.3f} s outside")
            worst_s = max(worst_s, outside_s - first[1])
        print(f"{case:>10}: {inside_s - first[0]:+.3f} s in Blender's render, {outside_s - first[1]:+.3f} s outside")
    print(f"difference outside of Blender's render: {worst_s:.3f} s a frame")


def _crowded_frame(engine: Engine, job: Job, folder: Path, frames: int) -> tuple[float, float]:
    """Return the mean CPU seconds of a frame within its render calls, and of all the rest."""
    inside_s = 0.0

    def timed(scene: bpy.types.Scene, device: Device) -> None:
        nonlocal inside_s
        start = process_time()
        render_once(scene, device)
        inside_s += process_time() - start

    frame_module.render_once = timed
    try:
        make_frame(engine, plan_frame(job, 0), folder, SilentReporter())  # measures the template
        inside_s, start = 0.0, process_time()
        for frame in range(1, frames + 1):
            make_frame(engine, plan_frame(job, frame), folder, SilentReporter())
        return inside_s / frames, (process_time() - start - inside_s) / frames
    finally:
        frame_module.render_once = render_once


def _measure_memory(engine: Engine, job: Job, folder: Path, frames: int) -> None:
    early = 0
    for frame in range(frames):
        make_frame(engine, plan_frame(job, frame), folder, SilentReporter())
        if frame + 1 == 50:
            early = _resident_kb()
        if (frame + 1) % 50 == 0:
            print(f"{frame + 1:>6} frames: {_resident_kb() / 1024:.0f} MiB")
    print(f"growth after 50 frames: {_resident_kb() / early - 1:.1%}")


def _resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
