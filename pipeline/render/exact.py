"""The exact pass: ids and depth by one ray through each pixel's centre, where the picture's own would be wrong.

Wrong they are with depth of field and motion blur, with materials that let the background through or fill space
(Cycles then writes ids by chance), with other engines, on devices where it has not been proven, where a template
numbers its own objects, and where copies of an instancer, which share one index, are labelled each. Half decides: a
surface that lets through up to half of the light is labelled, one that lets through more is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import bpy

from pipeline.records import FramePlan
from pipeline.render.changes import change
from pipeline.render.device import Device
from pipeline.render.passes import label_layer
from pipeline.render.transparency import has_volume, is_certain, keep_only_transparency
from pipeline.scene.build import BuiltScene

ALPHA_THRESHOLD = 0.5
MOST_BOUNCES = 1024  # as many surfaces as Cycles can see through, and no roulette before the last of them

PICTURES = frozenset({"rgb", "linear", "albedo"})  # outputs that the lit render makes
NORMALS = frozenset({"normal", "normal_world"})

Objects = Mapping[int, Sequence[bpy.types.Object]]


def exact_reason(built: BuiltScene, plan: FramePlan, device: Device) -> str:
    """Return why ids and depth of the picture's own render would not be exact, "" where they are.

    The reason is recorded in the frame.
    """
    scene = built.scene
    if not PICTURES & set(plan.outputs):
        return "no picture is rendered"
    if plan.render.engine != "cycles":
        return f"engine {plan.render.engine}"
    if device.name != "cpu":
        return "rendered on a GPU"
    if NORMALS & set(plan.outputs):
        return "normals of a picture are means over its samples"
    if scene.camera.data.dof.use_dof:
        return "depth of field"
    if scene.render.use_motion_blur:
        return "motion blur"
    if (scene.world is not None and has_volume(scene.world.node_tree)) or any(
        item.type == "VOLUME" for item in scene.objects
    ):
        return "a volume"
    if built.copies.parts:
        return "copies of an instancer"
    if built.copies.unnumbered:
        return "the picture shows object indices"
    if _strangers(built.objects):
        return "the template numbers objects of its own"
    if not all(is_certain(material) for material in materials_in_use(scene)):
        return "materials that can be seen through"
    return ""


@contextmanager
def exact_settings(scene: bpy.types.Scene, objects: Objects) -> Iterator[None]:
    """Inside the block a render gives exact ids and depth; afterwards the scene is as it was."""
    with ExitStack() as until:
        _use_one_sample(scene, until)
        _leave_out_light(scene, until)
        for stranger in _strangers(objects):
            change(until, stranger, pass_index=0)
        keep_only_transparency(materials_in_use(scene), until)
        yield


def _use_one_sample(scene: bpy.types.Scene, until: ExitStack) -> None:
    change(until, scene.render, engine="CYCLES", use_compositing=False, use_motion_blur=False)
    change(until, scene.camera.data.dof, use_dof=False)
    change(
        until,
        scene.cycles,
        device="CPU",
        samples=1,
        use_adaptive_sampling=False,
        use_denoising=False,
        max_bounces=0,
        transparent_max_bounces=MOST_BOUNCES,
        min_transparent_bounces=MOST_BOUNCES,
    )
    layer = label_layer(scene)
    change(until, layer, pass_alpha_threshold=ALPHA_THRESHOLD)
    for other in scene.view_layers:
        if other != layer:
            change(until, other, use=False)


def _leave_out_light(scene: bpy.types.Scene, until: ExitStack) -> None:
    change(until, scene, world=None)
    for item in scene.objects:
        if item.type in ("LIGHT", "VOLUME"):
            change(until, item, hide_render=True)


def _strangers(objects: Objects) -> list[bpy.types.Object]:
    """Objects of a template, instanced ones too, that carry an index of their own: it would pass for an instance."""
    ours = {part.session_uid for parts in objects.values() for part in parts}
    return [item for item in bpy.data.objects if item.pass_index != 0 and item.session_uid not in ours]


def materials_in_use(scene: bpy.types.Scene) -> list[bpy.types.Material]:
    """Return the materials of everything shown, whether by objects, by instances or by geometry nodes."""
    found: dict[int, bpy.types.Material] = {}
    layer = label_layer(scene)
    layer.update()
    for item in scene.objects:  # these too may be hidden in the viewport alone
        _collect(found, [slot.material for slot in item.material_slots])
    seen = set()
    for instance in layer.depsgraph.object_instances:
        shown = instance.object
        key = (shown.as_pointer(), shown.data.as_pointer() if shown.data else 0)
        if key not in seen:
            seen.add(key)
            _collect(found, [slot.material for slot in shown.material_slots])
            _collect(found, getattr(shown.data, "materials", ()))  # geometry nodes set these and no slot
    return list(found.values())


def _collect(found: dict[int, bpy.types.Material], materials: object) -> None:
    for material in materials:  # type: ignore[attr-defined]
        if material is not None:
            found.setdefault(material.original.session_uid, material.original)
