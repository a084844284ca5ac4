"""The exact pass: ids and depth by one ray through each pixel's centre, where the picture's own would be wrong.

Wrong they are with depth of field and motion blur, with materials that let the background through or fill space
(Cycles then writes ids by chance), with other engines, on devices where it has not been proven, where a template
numbers its own objects, and where copies of an instancer, which share one index, are labelled each. Half decides: a
surface that lets through up to half of the light is labelled, one that lets through more is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import bpy
import numpy as np

from pipeline.records import FramePlan
from pipeline.render.changes import change
from pipeline.render.device import Device
from pipeline.render.transparency import has_volume, is_certain, keep_only_transparency
from pipeline.scene.build import BuiltScene
from pipeline.scene.session import label_layer
from pipeline.scene.standing import collect_materials, materials_shown

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
        item.type == "VOLUME" for item in built.sources
    ):
        return "a volume"
    if built.copies.parts:
        return "copies of an instancer"
    if built.copies.unnumbered:
        return "the picture shows object indices"
    if _strangers(built.objects):
        return "the template numbers objects of its own"
    if not all(is_certain(material) for material in materials_in_use(scene, built.objects, built.worn)):
        return "materials that can be seen through"
    return ""


@contextmanager
def exact_settings(built: BuiltScene, objects: Objects) -> Iterator[None]:
    """Inside the block a render gives exact ids and depth; afterwards the scene is as it was."""
    scene = built.scene
    with ExitStack() as until:
        _use_one_sample(scene, until)
        change(until, scene, world=None)
        for item in built.sources:
            change(until, item, hide_render=True)
        for stranger in _strangers(objects):
            change(until, stranger, pass_index=0)
        keep_only_transparency(materials_in_use(scene, objects, built.worn), until)
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


def _strangers(objects: Objects) -> list[bpy.types.Object]:
    """Objects of a template, instanced ones too, that carry an index of their own: it would pass for an instance."""
    ours = {part.session_uid for parts in objects.values() for part in parts}
    numbers = np.zeros(len(bpy.data.objects), dtype=np.int32)
    bpy.data.objects.foreach_get("pass_index", numbers)  # artists' rooms are full
    numbered = (bpy.data.objects[int(index)] for index in np.flatnonzero(numbers))
    return [item for item in numbered if item.session_uid not in ours]


def materials_in_use(
    scene: bpy.types.Scene, objects: Objects, worn: Sequence[bpy.types.Material] | None = None
) -> list[bpy.types.Material]:
    """Return the materials of everything shown: what `objects` wear now, and what was seen of all others: `worn`, or
    with another look."""
    dressed: Iterable[bpy.types.Object] = (part for parts in objects.values() for part in parts)
    if worn is None:
        layer = label_layer(scene)
        layer.update()
        worn, dressed = materials_shown(layer.depsgraph), scene.objects  # these too may be hidden in the viewport alone
    found: dict[int, bpy.types.Material] = {}
    for item in dressed:
        collect_materials(found, (slot.material for slot in item.material_slots))
    collect_materials(found, worn)
    return list(found.values())
