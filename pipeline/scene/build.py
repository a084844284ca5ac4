"""`build_scene`: a plan becomes datablocks, physics settles, and what came out is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy

from pipeline.addresses import Places
from pipeline.canonical import digest
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, box_corners, compose
from pipeline.records import (
    AssetRecipe,
    FramePlan,
    InstancePlan,
    MaterialPlan,
    Matrix,
    Realised,
    RealisedInstance,
    Surface,
)
from pipeline.scene.camera import AddedCamera, Target, add_camera, add_next_camera, anchor_point
from pipeline.scene.camera_lens import window_of
from pipeline.scene.catalogue_cache import FactsCache, cache_folder
from pipeline.scene.compat import blender_series, bundled_hdris_dir
from pipeline.scene.hulls import collision_points
from pipeline.scene.images import ImageCache
from pipeline.scene.journal import Journal
from pipeline.scene.kept_parts import recall_convex_parts
from pipeline.scene.library import Library, LoadedAsset
from pipeline.scene.lights import add_light, read_lights
from pipeline.scene.materials import add_material
from pipeline.scene.motion import set_in_motion
from pipeline.scene.next_view import moved_on
from pipeline.scene.objects import Jittered, add_instance
from pipeline.scene.obstacles import placed_obstacles, template_obstacles
from pipeline.scene.parts import Parts, realise_parts
from pipeline.scene.physics import Body, Settled, settle
from pipeline.scene.ray_meshes import RayMesh
from pipeline.scene.realise import poses_of, realise_placed, surfaces_of, targets_among
from pipeline.scene.session import Session, clean, label_layer, open_session
from pipeline.scene.standing import Standing, collect_materials, keep_mesh, stand_placed, together, worn_by
from pipeline.scene.surroundings import add_surroundings, obstacles_of
from pipeline.scene.template_look import TemplateLook, look_at_template, recall_objects
from pipeline.scene.template_memory import TemplateMemory, shape_state
from pipeline.scene.template_state import advance_template, apply_template_state
from pipeline.scene.template_targets import Copies, TemplateInstances, hold_template
from pipeline.scene.world import add_world, environment_label
from pipeline.structure import unstructure


@dataclass(slots=True)
class Workshop:
    """What stays open between frames: the file, the assets, images, collision parts and the last settled scene."""

    session: Session
    places: Places
    library: Library
    images: ImageCache
    facts: FactsCache
    parts: dict[tuple[AssetRecipe, str], tuple[Array, ...]] = field(default_factory=dict)
    settled: tuple[str, Settled] | None = None
    memory: TemplateMemory = field(default_factory=TemplateMemory)
    ray_meshes: dict[int, RayMesh] = field(default_factory=dict)
    """What rays can meet of the meshes that stay, by `session_uid`."""
    journal: Journal = field(default_factory=Journal)
    """What this frame changed of the template: everything that is changed of it goes by way of here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BuiltScene:
    """A scene ready to render. `objects` maps instance ids to their objects, `surfaces` to their meshes in the world
    where silhouettes are asked for; `next_camera` is that of the next view, where flow leads to one, and `moved_on` the
    `world_from_object` that what moves has there; `parts` is empty
    where they are not asked for. `materials` are those of the template's instances as evaluated, `not_meshes` the ids
    whose silhouette a mesh does not tell, `copies` what is labelled and no object. `worn` are the materials of all that
    the labels' view layer shows, on instances of any kind too, and of all objects of the file; None where another layer
    was looked at."""

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
    _know_obstacles(plan, workshop)
    advance_template(scene, state)
    template = look_at_template(workshop.session, state, in_file, memory, workshop.ray_meshes)
    held = hold_template(plan, workshop.session, in_file, memory, journal)
    settled = _settle(plan, workshop)  # makes a scene, after which Blender evaluates a template from the beginning
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


# --- physics --------------------------------------------------------------------------------------------------------


def _know_obstacles(plan: FramePlan, workshop: Workshop) -> None:
    """Measure what of the template is in the way of what falls, in the scene's first view."""
    is_known = workshop.settled is not None and workshop.settled[0] == _settle_key(plan)
    if not is_known and any(one.placement == "drop" for one in plan.instances):
        template_obstacles(workshop.session, workshop.memory, _settling_shape(plan))


def _settle(plan: FramePlan, workshop: Workshop) -> Settled:
    """Settle what is dropped; the views of one scene share the result."""
    falling = [one for one in plan.instances if one.placement == "drop"]
    if not falling:
        return Settled(poses={}, attempts=0, time_s=0.0)
    key = _settle_key(plan)
    if workshop.settled is None or workshop.settled[0] != key:
        bodies = tuple(_body(one, workshop) for one in falling)
        obstacles = (
            *obstacles_of(plan.surroundings),
            *placed_obstacles(plan, workshop.library),
            *template_obstacles(workshop.session, workshop.memory, _settling_shape(plan)),
        )
        workshop.settled = (key, settle(bodies, obstacles, plan.physics))
    return workshop.settled[1]


def _settle_key(plan: FramePlan) -> str:
    """All that physics depends on: no looks, no ids of the frame."""
    bodies = [
        [
            one.instance_id,
            one.asset_id,
            one.scale,
            one.collision,
            one.density_kg_m3,
            one.placement,
            unstructure(one.poses if one.start is None else one.start),
        ]
        for one in plan.instances
    ]
    stage = _without_materials(unstructure(plan.surroundings))
    return digest([plan.job_digest, bodies, stage, _settling_shape(plan), unstructure(plan.physics)])


def _without_materials(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_materials(item) for key, item in data.items() if key not in ("material", "materials")}
    return [_without_materials(item) for item in data] if isinstance(data, list | tuple) else data


def _settling_shape(plan: FramePlan) -> str:
    """Things settle in the template of the scene's first view."""
    return shape_state(replace(plan.template_state, later_s=0.0))


def _body(plan: InstancePlan, workshop: Workshop) -> Body:
    asset = workshop.library.load(plan.recipe)
    return Body(
        instance_id=plan.instance_id,
        parts=_collision_parts(plan, asset, workshop),
        collision=plan.collision,
        scale=plan.scale,
        density_kg_m3=plan.density_kg_m3,
        poses=plan.poses,
    )


def _collision_parts(plan: InstancePlan, asset: LoadedAsset, workshop: Workshop) -> tuple[Array, ...]:
    """Return the point sets whose hulls make the body; found once an asset."""
    key = (plan.recipe, plan.collision)
    if key not in workshop.parts:
        workshop.parts[key] = _find_parts(plan.collision, asset, workshop.facts)
    return workshop.parts[key]


def _find_parts(collision: str, asset: LoadedAsset, facts: FactsCache) -> tuple[Array, ...]:
    if collision == "convex_parts":
        return recall_convex_parts(asset.vertices, asset.triangles, facts)
    if collision == "convex_hull":
        return (collision_points(asset.vertices),)
    return (box_corners(asset.low_m, asset.high_m),)


# --- reading back ---------------------------------------------------------------------------------------------------


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


# --- opening and closing --------------------------------------------------------------------------------------------


def open_workshop(places: Places, template: Path | None) -> Workshop:
    """Open the template or an empty file, with nothing loaded yet; Blender adds its own HDRIs to the places."""
    session = open_session(template)
    places = replace(places, bundled_hdris=bundled_hdris_dir())
    facts = FactsCache(folder=cache_folder(), series=blender_series())
    return Workshop(session=session, places=places, library=Library(places), images=ImageCache(), facts=facts)


def close_scene(workshop: Workshop) -> None:
    """Take away what a frame added and changed; assets and images stay."""
    workshop.journal.restore()
    clean(workshop.session, [*workshop.library.pinned(), *workshop.images.pinned(), *workshop.memory.pinned()])


def save_scene(path: Path) -> None:
    """Save the built scene as a .blend of its own, for a look in Blender."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True, relative_remap=False)
