"""Devices and denoisers: what is there is used, what is not is said."""

from __future__ import annotations

import dataclasses

import bpy
import pytest
from render_scenes import add_rectangle, frame_plan, make_stage, render

from pipeline.errors import DeviceError
from pipeline.render.device import GPU_KINDS, choose_device, denoiser_notice, pick_denoiser


def absent_kinds() -> list[str]:
    preferences = bpy.context.preferences.addons["cycles"].preferences
    kinds = {entry[0] for entry in preferences.get_device_types(bpy.context)}
    return [
        name
        for name, kind in GPU_KINDS.items()
        if kind not in kinds or not [one for one in preferences.get_devices_for_type(kind) if one.type == kind]
    ]


def test_the_cpu_is_always_there():
    device = choose_device("cpu")
    assert device.name == "cpu" and device.models
    assert bpy.context.preferences.addons["cycles"].preferences.compute_device_type == "NONE"


def test_auto_takes_a_device_that_is_there():
    assert choose_device("auto").name not in absent_kinds()


def test_a_gpu_that_is_not_there_is_an_error_that_lists_what_is():
    choose_device("cpu")
    for kind in absent_kinds():
        with pytest.raises(DeviceError, match=rf"--device {kind}: not on this machine; there is .*cpu"):
            choose_device(kind)


def test_cycles_is_switched_on_where_the_preferences_have_it_off():
    bpy.ops.preferences.addon_disable(module="cycles")
    assert choose_device("cpu").name == "cpu"
    assert "cycles" in bpy.context.preferences.addons


def test_auto_denoises_with_what_there_is():
    device = choose_device("cpu")
    assert pick_denoiser("auto", device) == (device.denoisers[0] if device.denoisers else "")


def test_none_is_none():
    assert pick_denoiser("none", choose_device("cpu")) == ""


def test_a_denoiser_asked_for_and_absent_is_an_error():
    with pytest.raises(DeviceError, match="render.denoiser: optix is not in this build"):
        pick_denoiser("optix", choose_device("cpu"))


def test_a_build_without_denoisers_renders_with_a_notice(tmp_path):
    bare = dataclasses.replace(choose_device("cpu"), denoisers=())
    assert pick_denoiser("auto", bare) == ""
    assert "no denoiser" in denoiser_notice("auto", bare)
    stage = make_stage()
    add_rectangle(stage, (-1, -1), (1, 1), 0.0, instance_id=1)
    render(stage, tmp_path, frame_plan(denoiser="auto"), bare)
    assert stage.scene.cycles.use_denoising is False


@pytest.mark.parametrize("asked", ["none", "openimagedenoise", "optix"])
def test_only_auto_has_something_to_notice(asked):
    assert denoiser_notice(asked, dataclasses.replace(choose_device("cpu"), denoisers=())) == ""


@pytest.mark.parametrize(("quality", "prefilter"), [("draft", "FAST"), ("final", "ACCURATE")])
def test_the_quality_reaches_the_denoiser(quality, prefilter, tmp_path):
    device = choose_device("cpu")
    if not device.denoisers:
        pytest.skip("this build of Blender has no denoiser")
    stage = make_stage()
    render(stage, tmp_path, frame_plan(quality=quality, denoiser="auto", samples_per_pixel=1))
    cycles = stage.scene.cycles
    assert (cycles.use_denoising, cycles.denoiser, cycles.denoising_prefilter) == (True, "OPENIMAGEDENOISE", prefilter)
