"""An open session: where Blender keeps what is temporary."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy
import pytest

from pipeline.dataset.scratch import own_temporary_folder
from pipeline.scene.session import open_session


@pytest.mark.parametrize("kind", ["template", "empty"])
def test_blender_keeps_to_the_temporary_folder_of_its_process_also_when_it_ran_before(kind, tmp_path, monkeypatch):
    template = tmp_path / "room.blend" if kind == "template" else None
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "room.blend"))
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for _ in range(2):
        with own_temporary_folder():
            open_session(template)
            assert Path(bpy.app.tempdir).is_dir() and Path(bpy.app.tempdir).parent == Path(tempfile.gettempdir())
        assert not list(place.iterdir())
