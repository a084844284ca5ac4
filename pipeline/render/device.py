"""Which device renders, and which denoisers this build has."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from pipeline.errors import DeviceError

# Best first. Cycles' own names; "cpu" is always there.
GPU_KINDS = {"optix": "OPTIX", "cuda": "CUDA", "hip": "HIP", "oneapi": "ONEAPI", "metal": "METAL"}
DENOISERS = {"openimagedenoise": "OPENIMAGEDENOISE", "optix": "OPTIX"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """`name` as on the command line; `models` are the devices in use; `denoisers` what this build and device have;
    `threads` of the processor to render with, 0 for all."""

    name: str
    models: tuple[str, ...]
    denoisers: tuple[str, ...]
    threads: int = 0


def choose_device(name: str, threads: int = 0) -> Device:
    """Set up Cycles for a device: auto, cpu, cuda, optix, hip, metal, oneapi. "auto" takes the best there is.

    Raises DeviceError, naming what is there, when the one asked for is not: Cycles itself would silently use the CPU.
    """
    preferences = _cycles_preferences()
    present = {kind: models for kind in GPU_KINDS if (models := _models(preferences, GPU_KINDS[kind]))}
    if name == "auto":
        name = next(iter(present), "cpu")
    if name != "cpu" and name not in present:
        raise DeviceError(f"--device {name}: not on this machine; there is {', '.join([*present, 'cpu'])}")
    preferences.compute_device_type = "NONE" if name == "cpu" else GPU_KINDS[name]
    for device in () if name == "cpu" else preferences.get_devices_for_type(GPU_KINDS[name]):
        device.use = device.type == GPU_KINDS[name]
    return Device(name=name, models=present.get(name, ("CPU",)), denoisers=_denoisers(name), threads=threads)


def _cycles_preferences() -> bpy.types.AddonPreferences:
    if "cycles" not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module="cycles")
    if "cycles" not in bpy.context.preferences.addons:
        raise DeviceError("this Blender is built without Cycles; use an official build or the bpy package")
    return bpy.context.preferences.addons["cycles"].preferences


def _models(preferences: bpy.types.AddonPreferences, kind: str) -> tuple[str, ...]:
    if kind not in {entry[0] for entry in preferences.get_device_types(bpy.context)}:
        return ()
    return tuple(device.name for device in preferences.get_devices_for_type(kind) if device.type == kind)


def _denoisers(device: str) -> tuple[str, ...]:
    import _cycles

    found = ["openimagedenoise"] if _cycles.with_openimagedenoise else []
    return (*found, "optix") if device == "optix" else tuple(found)


def pick_denoiser(asked: str, device: Device) -> str:
    """Return the denoiser to use, "" for none. "auto" takes the first there is.

    Raises DeviceError when one is asked for that this build or device does not have.
    """
    if asked == "none":
        return ""
    if asked == "auto":
        return device.denoisers[0] if device.denoisers else ""
    if asked not in device.denoisers:
        there = ", ".join(device.denoisers) or "none"
        raise DeviceError(
            f"render.denoiser: {asked} is not in this build of Blender on {device.name}; there is {there}; "
            "use auto or none"
        )
    return asked


def denoiser_notice(asked: str, device: Device) -> str:
    """Return what to tell the user when "auto" finds no denoiser, else ""."""
    if asked == "auto" and not device.denoisers:
        return "this Blender has no denoiser: pictures keep their noise; raise render.samples_per_pixel"
    return ""
