"""EEVEE: used where it renders, refused with a remedy where it would end the process."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from render_scenes import add_rectangle, frame_plan, make_stage, rectangle_mask, render

from pipeline.codecs.png import decode_png
from pipeline.errors import DeviceError
from pipeline.render import eevee
from pipeline.render.eevee import require_eevee

LOW, HIGH = (-0.6137, -0.4311), (0.7043, 0.3719)


@pytest.fixture
def _asked_anew():
    require_eevee.cache_clear()
    yield
    require_eevee.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_a_machine_without_a_graphics_driver_gets_a_remedy(monkeypatch):
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent")
    with pytest.raises(DeviceError, match=r"EEVEE cannot render here .* libegl1 .* or use render.engine=cycles"):
        require_eevee()


@pytest.mark.usefixtures("_asked_anew")
def test_a_probe_that_hangs_is_an_error_too(monkeypatch):
    def hang(*args, **kwargs):
        raise subprocess.TimeoutExpired("blender", 1)

    monkeypatch.setattr(eevee.subprocess, "run", hang)
    with pytest.raises(DeviceError, match="did not end in"):
        require_eevee()


@pytest.mark.usefixtures("_asked_anew")
def test_an_eevee_picture_has_exact_labels(tmp_path):
    try:
        require_eevee()
    except DeviceError as error:
        pytest.skip(str(error))
    stage = make_stage()
    add_rectangle(stage, (-20, -20), (20, 20), -1.0)
    add_rectangle(stage, LOW, HIGH, 0.0, instance_id=5)
    frame = render(stage, tmp_path, frame_plan(engine="eevee"))
    assert frame.id_source == "exact"
    assert np.array_equal(frame.instance, np.where(rectangle_mask(stage.camera, LOW, HIGH, 0.0), 5, 0))
    assert decode_png(frame.rgb_file.read_bytes()).std() > 0
    assert stage.scene.render.engine != "CYCLES" and stage.scene.eevee.taa_render_samples == 2


def test_a_software_driver_is_told_and_a_real_one_is_not():
    from pipeline.render.eevee import software_notice

    assert "llvmpipe" in software_notice("llvmpipe (LLVM 15.0.6, 256 bits)")
    assert software_notice("NVIDIA GeForce RTX 4090/PCIe/SSE2") == ""
