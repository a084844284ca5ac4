"""Every test of this folder starts from Blender's factory settings and an empty file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

bpy = pytest.importorskip("bpy", reason="needs the bpy package")


@pytest.fixture(scope="module", autouse=True)
def _factory_settings() -> None:
    """Preferences and add-ons, which take as long to load as a small test; what tests use sets those it depends on."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(autouse=True)
def _fresh_blender(_factory_settings: None) -> Iterator[None]:
    """Blender is shared, mutable state; no test sees what another left."""
    empty_file()
    yield
    empty_file()


def empty_file() -> None:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
