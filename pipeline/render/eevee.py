"""Is EEVEE really there? Asked in a child process, because a missing graphics driver kills the process that asks."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import bpy

from pipeline.errors import DeviceError
from pipeline.scene.compat import EEVEE

PROBE_TIMEOUT_S = 180  # the first frame compiles shaders; half a minute without a GPU
_PROBE = """
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.camera = bpy.data.objects.new("c", bpy.data.cameras.new("c"))
scene.collection.objects.link(scene.camera)
scene.render.engine = "{engine}"
scene.render.resolution_x = scene.render.resolution_y = 16
scene.render.filepath = r"{path}"
bpy.ops.render.render(write_still=True)
"""


@cache
def require_eevee() -> None:
    """Raise DeviceError unless EEVEE renders here. The probe runs once a process."""
    with tempfile.TemporaryDirectory(prefix="variegate-") as folder:
        picture = Path(folder) / "probe.png"
        script = _PROBE.format(engine=EEVEE, path=picture)
        try:
            done = subprocess.run(_command(script), capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)
            ended = f"the probe ended with code {done.returncode}"
        except subprocess.TimeoutExpired:
            ended = f"the probe did not end in {PROBE_TIMEOUT_S} s"
        if not picture.is_file():
            raise DeviceError(
                f"render.engine: EEVEE cannot render here ({ended}): it needs a graphics driver; install the GPU's, or "
                "Mesa's libegl1 and libgl1-mesa-dri, or use render.engine=cycles"
            )


def _command(script: str) -> list[str]:
    if bpy.app.binary_path:
        return [bpy.app.binary_path, "--background", "--factory-startup", "--python-expr", script]
    return [sys.executable, "-c", script]
