"""Every test of this folder starts from Blender's factory settings and an empty file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

bpy = pytest.importorskip("bpy", reason="needs the bpy package")


@pytest.fixture(autouse=True)
def _fresh_blender() -> Iterator[None]:
    """Blender is shared, mutable state; no test sees what another left."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield
    bpy.ops.wm.read_factory_settings(use_empty=True)
