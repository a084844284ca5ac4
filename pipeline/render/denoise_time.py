"""How long the denoiser takes within a render of Cycles on the processor.

Cycles (4.5, 5.2) tells no script its denoising time, but it tells when each part of the samples is done: "Sample 1/16"
comes before the others are begun, "Sample 16/16" after them and after the denoiser. The others take no longer each than
the first, which warms the caches and is never left out by adaptive sampling; what is left is the denoiser's, at least.
Measured against renders without a denoiser: 1-11 % too little at 4 and 16 samples a pixel, 17-47 % at 64.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import bpy

_SAMPLE = re.compile(r"Sample (\d+)/(\d+)")

DENOISE = "denoise"


@contextmanager
def denoise_timed(scene: bpy.types.Scene, seconds: MutableMapping[str, float]) -> Iterator[None]:
    """Time the denoiser of the one render of `scene` in the block, and put that into `seconds` as "denoise".

    Only on the processor, where the time that this process gets tells it apart from what else the machine does; what a
    GPU does is not told. Nothing about the render is changed.
    """
    if scene.render.engine != "CYCLES" or scene.cycles.device != "CPU" or not scene.cycles.use_denoising:
        yield
        return
    marks: dict[int, float] = {}
    samples = scene.cycles.samples

    def note(text: Any, *_: Any) -> None:
        if (match := _SAMPLE.search(str(text))) and int(match[2]) == samples:
            marks.setdefault(int(match[1]), time.process_time())

    bpy.app.handlers.render_stats.append(note)
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        bpy.app.handlers.render_stats.remove(note)
    wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    if cpu_s > 0:
        seconds[DENOISE] = wall_s * denoise_cpu_s(marks, samples) / cpu_s


def denoise_cpu_s(marks: MutableMapping[int, float], samples: int) -> float:
    """Return the processor time of the denoiser, at least; 0 where the marks do not tell. `marks` says when each count
    of samples was reached."""
    known = sorted(count for count in marks if count < samples)
    if samples not in marks or 0 not in marks or len(known) < 2:
        return 0.0
    done = known[-1]
    each_s = (marks[done] - marks[0]) / done
    return max(0.0, marks[samples] - marks[done] - each_s * (samples - done))
