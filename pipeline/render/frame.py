"""`render_frame`: one render call gives the picture, and in plain scenes exact ids and depth with it."""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DeviceError
from pipeline.records import FramePlan, NextView, RenderedFrame
from pipeline.render.changes import change
from pipeline.render.copies import copies_as_objects
from pipeline.render.decode import decode_depth, decode_ids, decode_normals, linear_rgb
from pipeline.render.denoise_time import denoise_timed
from pipeline.render.device import Device
from pipeline.render.exact import NORMALS, PICTURES, exact_reason, exact_settings
from pipeline.render.parts import PartNumbers, instances_and_parts, numbered_parts
from pipeline.render.passes import (
    ALBEDO,
    DEPTH,
    MATERIAL_INDEX,
    NORMAL,
    OBJECT_INDEX,
    enable_passes,
    find_pass,
    read_passes,
)
from pipeline.render.picture import write_rgb
from pipeline.render.remap import depth_and_distance, filtered, nearest, rendered_distance
from pipeline.render.settings import configure
from pipeline.render.solo import alone, groups, need_solo
from pipeline.scene.build import BuiltScene
from pipeline.scene.next_view import moved_on
from pipeline.scene.session import label_layer
from pipeline.scene.template.idle import empty_context

Channels = dict[str, NDArray[Any]]


def render_frame(
    built: BuiltScene, plan: FramePlan, device: Device, scratch: Path, seconds: MutableMapping[str, float] | None = None
) -> RenderedFrame:
    """Render the built scene and return its arrays and the encoded picture, which lies in `scratch`.

    `seconds` takes what part of the time was the denoiser's, where that can be told.

    Ids and depth come with the picture where they are exact there (sample 0 of Cycles goes through the pixel's
    centre), else from one extra sample on the CPU, which is all there is when no picture is asked for. Raises
    DeviceError for an engine, denoiser or device that fails, StoreError when `scratch` cannot be written.
    """
    scene, lens = built.scene, built.realised.camera.lens
    configure(scene, plan.render, device, plan.camera.motion)
    layer = label_layer(scene)
    enable_passes(layer, plan.outputs)
    pictures, exact = set(plan.outputs) & PICTURES, exact_reason(built, plan, device)
    channels: Channels = {}
    rgb_file = linear = albedo = None
    with numbered_parts(built) as numbers:
        if pictures:
            with denoise_timed(scene, {} if seconds is None else seconds):
                render_once(scene, device)
            if not exact or pictures & {"linear", "albedo"} or plan.rgb_format == "exr":
                channels = read_passes(scene, scratch)
            rgb_file = write_rgb(scene, plan, channels, lens, scratch) if "rgb" in pictures else None
            linear = filtered(linear_rgb(channels, layer.name), lens) if "linear" in pictures else None
            albedo = filtered(find_pass(channels, layer.name, ALBEDO), lens) if "albedo" in pictures else None
        if exact:
            with copies_as_objects(built) as shown, exact_settings(built, shown):
                render_once(scene, device)
                channels = read_passes(scene, scratch)
    depth_m, distance_m = depth_and_distance(decode_depth(find_pass(channels, layer.name, DEPTH)), lens)
    normals = decode_normals(find_pass(channels, layer.name, NORMAL)) if set(plan.outputs) & NORMALS else None
    instance, part = _ids(channels, layer.name, numbers)
    return RenderedFrame(
        realised=built.realised,
        instance=nearest(instance, lens),
        depth_m=depth_m,
        distance_m=distance_m,
        linear=linear,
        rgb_file=rgb_file,
        id_source="exact" if exact else "render",
        id_reason=exact,
        albedo=albedo,
        normal_world=None if normals is None else nearest(normals, lens),
        part=nearest(part, lens) if "part" in plan.outputs else None,
        parts=built.parts.parts,
        surfaces=built.surfaces,
        solo=_solo_masks(built, device, scratch),
        next_view=_render_next_view(built, plan, device, scratch),
    )


def _ids(channels: Channels, layer: str, numbers: PartNumbers | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the ids of instances and of parts (H, W) uint16; parts 0 where the scene has none."""
    objects = decode_ids(find_pass(channels, layer, OBJECT_INDEX))
    if numbers is None:
        return objects, np.zeros_like(objects)
    return instances_and_parts(objects, decode_ids(find_pass(channels, layer, MATERIAL_INDEX)), numbers)


def _solo_masks(built: BuiltScene, device: Device, scratch: Path) -> dict[int, NDArray[np.bool_]]:
    """Return the silhouettes (H, W) of the instances that geometry does not tell, where silhouettes are asked for."""
    camera = built.realised.camera
    masks: dict[int, NDArray[np.bool_]] = {}
    if not built.surfaces:
        return masks
    with copies_as_objects(built) as objects:
        for members in groups(need_solo(built, objects), built.surfaces, camera):
            parts = [part for key in members for part in objects[key]]
            with alone(built.scene, parts), exact_settings(built, objects):
                render_once(built.scene, device)
                channels = read_passes(built.scene, scratch)
            ids = decode_ids(find_pass(channels, label_layer(built.scene).name, OBJECT_INDEX))
            masks |= {key: nearest(ids, camera.lens) == key for key in members}
    return masks


def _render_next_view(built: BuiltScene, plan: FramePlan, device: Device, scratch: Path) -> NextView | None:
    """Return what the next view shows, by an exact pass through its camera, where flow leads to one."""
    if built.next_camera is None or plan.next_view is None:
        return None
    lens, layer = built.next_camera.realised.lens, label_layer(built.scene)
    with ExitStack() as until:
        change(until, built.scene, camera=built.next_camera.item)
        change(until, built.scene.render, **built.next_camera.picture)
        until.enter_context(moved_on(plan.next_view, built.objects))
        shown = until.enter_context(copies_as_objects(built))
        until.enter_context(exact_settings(built, shown))
        render_once(built.scene, device)
        channels = read_passes(built.scene, scratch)
    return NextView(
        frame=plan.next_view.frame,
        camera=built.next_camera.realised,
        moved_on=built.moved_on,
        instance=nearest(decode_ids(find_pass(channels, layer.name, OBJECT_INDEX)), lens),
        distance_m=rendered_distance(decode_depth(find_pass(channels, layer.name, DEPTH)), lens),
    )


def render_once(scene: bpy.types.Scene, device: Device) -> None:
    """Render the scene as it is set up. Raises DeviceError when Blender fails or stops."""
    try:
        with ExitStack() as until:
            # A marker with a camera puts it in the place of the scene's: when it gets it, and when rendering starts.
            change(until, scene, camera=scene.camera)
            for marker in scene.timeline_markers:
                change(until, marker, camera=None)
            until.enter_context(empty_context(scene))
            ended = bpy.ops.render.render(scene=scene.name)
    except RuntimeError as error:
        raise DeviceError(
            f"Blender could not render on {', '.join(device.models)}: {str(error).strip()}; "
            "try a smaller camera.resolution or --device cpu"
        ) from error
    if ended != {"FINISHED"}:
        raise DeviceError(f"Blender did not finish a render on {', '.join(device.models)}; try --device cpu")
