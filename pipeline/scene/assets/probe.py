"""A trial import in a process of its own, for importers that take the whole process down on a damaged file.

Blender 4.5's USD importer does: a face that names a vertex which is not there writes beyond the mesh. 5.2's does not.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy

from pipeline.errors import AssetError, Problem
from pipeline.scene.compat import IS_5

_RISKY = frozenset({".usd", ".usda", ".usdc", ".usdz"})
_TRIAL = "import bpy; bpy.ops.wm.usd_import(filepath={path!r}, import_materials=False)"
TIMEOUT_S = 300.0


def try_import(path: Path) -> None:
    """Raise AssetError when importing `path` would end the process. Files of safe importers are not tried."""
    if IS_5 or path.suffix.lower() not in _RISKY:
        return
    code = _TRIAL.format(path=str(path))
    alone = [sys.executable, "-c", code]
    program = [bpy.app.binary_path, "--background", "--factory-startup", "--python-expr", code]
    done = subprocess.run(
        alone if bpy.app.module else program,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode < 0:
        text = f"cannot be read: it crashes Blender's importer (signal {-done.returncode}), so it is damaged"
        raise AssetError([Problem(message=text, remedy="export it again, or leave it out")])
