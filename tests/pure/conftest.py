"""Tests of this folder run without Blender: importing it, even indirectly, fails here."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, however slow the machine is.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

for _name in ("bpy", "mathutils", "bmesh"):
    if _name not in sys.modules:
        sys.modules[_name] = None  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def _no_blender() -> None:
    """Pure tests share no process with Blender's."""
    loaded = [name for name in ("bpy", "mathutils", "bmesh") if sys.modules.get(name) is not None]
    if loaded:
        pytest.exit(f"tests/pure must run in a process of its own; {', '.join(loaded)} is already imported", 2)
