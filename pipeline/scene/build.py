"""`build_scene`: a plan becomes datablocks, physics settles, and what came out is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import bpy

from pipeline.annotations.environment import environment_label
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, compose
from pipeline.records import FramePlan, InstancePlan, MaterialPlan, Matrix, Realised, RealisedInstance, Surface
from pipeline.scene.camera import AddedCamera, Target, add_camera, add_next_camera, anchor_point
from pipeline.scene.camera_lens import window_of
from pipeline.scene.looks.lights import add_light, read_lights
from pipeline.scene.looks.materials import add_material
from pipeline.scene.looks.world import add_world
from pipeline.scene.motion import set_in_motion
from pipeline.scene.next_view import moved_on
from pipeline.scene.objects import Jittered, add_instance
from pipeline.scene.parts import Parts, realise_parts
from pipeline.scene.physics.falling import know_obstacles, settle_plan
from pipeline.scene.physics.settle import Settled
from pipeline.scene.realise import poses_of, realise_placed, surfaces_of, targets_among
from pipeline.scene.session import label_layer
from pipeline.scene.standing import Standing, collect_materials, keep_mesh, stand_placed, together, worn_by
from pipeline.scene.surroundings import add_surroundings
from pipeline.scene.template.look import TemplateLook, look_at_template, recall_objects
from pipeline.scene.template.state import advance_template, apply_template_state
from pipeline.scene.template.targets import Copies, TemplateInstances, hold_template
from pipeline.scene.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltScene:
    """A scene ready to render. `objects` maps instance ids to their objects, `surfaces` to their meshes in the world
    where silhouettes are asked for; `next_camera` is that of the next view, where flow leads to one, and `moved_on` the
    `world_from_object` that what moves has there; `parts` is empty where they are not asked for. `materials` are those
    of the template's instances as evaluated, `not_meshes` the ids whose silhouette a mesh does not tell, `copies` what
    is labelled and no object. `worn` are the materials of all that the labels' view layer shows, on instances of any
    kind too, and of all objects of the file; None where another layer was looked at."""

    scene: bpy.types.Scene
    realised: Realised
    objects: dict[int, tuple[bpy.types.Object, ...]]
    surfaces: dict[int, Surface] = field(default_factory=dict)
    next_camera: AddedCamera | None = None
    moved_on: Mapping[int, Matrix] = field(default_factory=dict)
    parts: Parts = Parts()
    materials: Mapping[int, tuple[bpy.types.Material, ...]] = field(default_factory=dict)
    not_meshes: frozenset[int] = frozenset()
    copies: Copies = Copies()
    worn: tuple[bpy.types.Material, ...] | None = None
    sources: tuple[bpy.types.Object, ...] = ()
    """What lights the scene or fills space in it: all lamps and volumes."""


def build_scene(plan: FramePlan, workshop: Workshop) -> BuiltScene:
    """Build the scene of a plan in the open session. Raises RejectedFrame when physics or the camera find no way.

    Everything added lies in the collection "variegate"; `session.clean` takes it away again.
    """
    if plan.rejected:
        raise RejectedFrame(plan.rejected)
    scene = workshop.session.scene
    collection = bpy.data.collections.new("variegate")
    scene.collection.children.link(collection)
    state, memory, journal = plan.template_state, workshop.memory, workshop.journal
    in_file = recall_objects(workshop.session, memory)
    apply_template_state(scene, state, in_file, journal, workshop.images, workshop.places)
    know_obstacles(plan, workshop)
    advance_template(scene, state)
    template = look_at_template(workshop.session, state, in_file, memory, workshop.ray_meshes)
    held = hold_template(plan, workshop.session, in_file, memory, journal)
    settled = settle_plan(plan, workshop)  # makes a scene, after which Blender evaluates a template from the beginning
    add_surroundings(collection, plan.surroundings, workshop.images, workshop.places)
    changed: Jittered = {}
    objects = {
        one.instance_id: _add(one, _pose_of(one, settled), collection, workshop, changed) for one in plan.instances
    }
    next_camera, moved = None, {}
    if plan.next_view is not None and plan.next_view.moved:
        with moved_on(plan.next_view, objects):
            placed, targets, standing = _look(plan, objects, collection, held, template, workshop)
            next_camera = add_next_camera(scene, collection, plan.next_view, targets, standing)
        moved = poses_of(placed, {one.instance_id for one in plan.next_view.moved})
    placed, targets, standing = _look(plan, objects, collection, held, template, workshop)
    instances = (*placed, *held.realised)
    lamps = []
    for number, light in enumerate(plan.lights):
        x, y, z = (float(value) for value in anchor_point(light.anchor, light.anchor_index, targets))
        lamps.append(add_light(collection, light, f"light {number}", (x, y, z)))
    if not moved:
        next_camera = add_next_camera(scene, collection, plan.next_view, targets, standing)
    camera = add_camera(scene, collection, plan.camera, targets, standing)
    if plan.world is not None:
        add_world(scene, plan.world, workshop.images, workshop.places, *window_of(camera.picture))
    if plan.camera.motion is not None:
        set_in_motion(scene, camera.item, plan.camera.motion)
    realised = Realised(
        instances=instances,
        camera=camera.realised,
        drop_attempts=settled.attempts,
        settle_time_s=settled.time_s,
        lights=read_lights(lamps, template.lamps.values()),
        environment=None if plan.world is None else environment_label(plan.world),
    )
    surfaces = {}
    if "mask_full" in plan.outputs:
        surfaces = surfaces_of(plan, placed, workshop.library) | dict(held.surfaces)
    return BuiltScene(
        scene=scene,
        realised=realised,
        objects=objects | dict(held.objects),
        surfaces=surfaces,
        next_camera=next_camera,
        moved_on=moved,
        materials=held.materials,
        not_meshes=held.not_meshes,
        copies=held.copies,
        worn=_worn(template, held, collection) if label_layer(scene) == bpy.context.view_layer else None,
        sources=(*in_file.sources, *lamps),
        parts=realise_parts(plan, workshop.library),
    )


def _add(
    plan: InstancePlan, pose: Array, collection: bpy.types.Collection, workshop: Workshop, changed: Jittered
) -> tuple[bpy.types.Object, ...]:
    parts = workshop.library.load(plan.recipe).parts

    def make_material(one: InstancePlan) -> bpy.types.Material:
        assert one.material is not None
        look = one.material if all(part.uv_layers for part in parts) else _without_uv(one.material)
        name = f"material of {one.instance_id}"
        return add_material(look, name, workshop.images, workshop.places, object_scale=one.scale)

    for part in parts:
        keep_mesh(part, workshop.ray_meshes)
    return add_instance(collection, plan, parts, pose, make_material, changed)


def _without_uv(material: MaterialPlan) -> MaterialPlan:
    """A model without a UV map would show one pixel of a picture all over; it is box-projected instead."""
    if material.textures is None:
        return material
    return replace(material, textures=replace(material.textures, projection="box"))


def _pose_of(plan: InstancePlan, settled: Settled) -> Array:
    if plan.placement == "drop":
        return settled.poses[plan.instance_id]
    return compose(plan.poses[0].location_m, plan.poses[0].rotation)


def _look(
    plan: FramePlan,
    objects: Mapping[int, tuple[bpy.types.Object, ...]],
    collection: bpy.types.Collection,
    held: TemplateInstances,
    template: TemplateLook,
    workshop: Workshop,
) -> tuple[tuple[RealisedInstance, ...], tuple[Target, ...], Standing]:
    """Return the placed instances as they are, what is looked at, and what stands around, once all is in its place."""
    placed = realise_placed(plan, objects, workshop.library)
    targets = targets_among(placed, objects) or targets_among(held.realised, held.seen_as)
    return placed, targets, together(template.standing, stand_placed(collection.objects, workshop.ray_meshes))


def _worn(
    template: TemplateLook, held: TemplateInstances, collection: bpy.types.Collection
) -> tuple[bpy.types.Material, ...]:
    """Return what all that a render shows wears, what stands in for copies too."""
    found: dict[int, bpy.types.Material] = {}
    collect_materials(found, template.worn)
    for one in (*collection.objects, *(copy.block for copy in held.copies.parts)):
        collect_materials(found, worn_by(one) if isinstance(one, bpy.types.Object) else one.materials)
    return tuple(found.values())
