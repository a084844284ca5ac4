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
import gpu
import sys
sys.stdout.write("\\nRENDERER: " + gpu.platform.renderer_get() + "\\n")
"""
SOFTWARE = ("llvmpipe", "softpipe", "lavapipe", "swrast")


@cache
def require_eevee() -> str:
    """Return the name of the graphics driver EEVEE renders with. The probe runs once a process.

    Raises DeviceError unless EEVEE renders here.
    """
    with tempfile.TemporaryDirectory(prefix="variegate-") as folder:
        picture = Path(folder) / "probe.png"
        script = _PROBE.format(engine=EEVEE, path=picture)
        try:
            done = subprocess.run(_command(script), capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)
            ended, said = f"the probe ended with code {done.returncode}", done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired:
            ended, said = f"the probe did not end in {PROBE_TIMEOUT_S} s", ""
        if not picture.is_file():
            raise DeviceError(
                f"render.engine: EEVEE cannot render here ({ended}): it needs a graphics driver; install the GPU's, or "
                "Mesa's libegl1 and libgl1-mesa-dri, or use render.engine=cycles"
            )
        return next((line.partition(":")[2].strip() for line in said.splitlines() if line.startswith("RENDERER:")), "")


def software_notice(driver: str) -> str:
    """Return what to tell the user when a driver computes on the CPU, else ""."""
    if not any(name in driver.lower() for name in SOFTWARE):
        return ""
    return f"EEVEE runs on the software driver {driver} here; render.engine=cycles is faster and looks better"


def _command(script: str) -> list[str]:
    if bpy.app.binary_path:
        return [bpy.app.binary_path, "--background", "--factory-startup", "--python-expr", script]
    return [sys.executable, "-c", script]
