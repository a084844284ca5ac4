"""Templates made on the spot: rectangles that face up at z = 0, so that every pixel of a frame is known by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from render_scenes import rectangle_mask
from scene_samples import workshop_and_job

from pipeline.annotations.annotate import annotate
from pipeline.codecs.rle import mask_of_counts
from pipeline.records import Annotation, FramePlan, InstanceLabel, RenderedFrame
from pipeline.render.device import choose_device
from pipeline.render.frame import render_frame
from pipeline.sampling.plan import plan_frame
from pipeline.scene.build import BuiltScene, build_scene
from pipeline.scene.workshop import Workshop, close_scene

PLACES = [(-0.7031, -0.4013), (-0.2019, 0.3007), (0.4021, -0.1011), (0.8007, 0.5003)]
HALF = (0.1513, 0.1017)  # no edge of a card below lies on a pixel's centre
CAMERA = {
    "box": {"center_m": [0, 0, 3], "size_m": [0, 0, 0]}, "look_at": "origin", "fov_deg": 50, "resolution": [64, 48],
    "clearance_m": 0.0, "min_targets_in_view": 0,
}  # fmt: skip
LABELS = ("rgb", "depth", "instance", "category", "mask_full", "box_3d")


def link(item: bpy.types.Object, *collections: bpy.types.Collection) -> bpy.types.Object:
    for collection in collections or (bpy.context.scene.collection,):
        collection.objects.link(item)
    return item


def card(name: str, x: float = 0.0, y: float = 0.0, z: float = 0.0, into: Any = None, half: Any = HALF) -> Any:
    """An upward rectangle about (x, y, z)."""
    mesh = bpy.data.meshes.new(name)
    corners = [(-half[0], -half[1], 0), (half[0], -half[1], 0), (half[0], half[1], 0), (-half[0], half[1], 0)]
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    item = bpy.data.objects.new(name, mesh)
    item.location = (x, y, z)
    return link(item, *([into] if into else []))


def points(name: str, places: list[tuple[float, float]]) -> bpy.types.Object:
    """A mesh of vertices alone at `places`, z = 0."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(x, y, 0.0) for x, y in places], [], [])
    return link(bpy.data.objects.new(name, mesh))


def node_group(name: str = "nodes") -> tuple[Any, Any, Any]:
    """A Geometry Nodes group with one geometry in and out: (group, input socket, output socket)."""
    group = bpy.data.node_groups.new(name, "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    enter, leave = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    return group, enter.outputs[0], leave.inputs[0]


def scatter(item: bpy.types.Object, source: bpy.types.Object, keep: bool = False) -> Any:
    """Put a copy of `source` on every vertex of `item` by Geometry Nodes; `keep` the item's own mesh too."""
    group, enter, leave = node_group()
    on_points = group.nodes.new("GeometryNodeInstanceOnPoints")
    info = group.nodes.new("GeometryNodeObjectInfo")
    info.inputs["Object"].default_value = source
    info.inputs["As Instance"].default_value = True
    group.links.new(enter, on_points.inputs["Points"])
    group.links.new(info.outputs["Geometry"], on_points.inputs["Instance"])
    result = on_points.outputs[0]
    if keep:
        join = group.nodes.new("GeometryNodeJoinGeometry")
        group.links.new(result, join.inputs[0])
        group.links.new(enter, join.inputs[0])
        result = join.outputs[0]
    group.links.new(result, leave)
    item.modifiers.new("nodes", "NODES").node_group = group
    return group


def save(folder: Path) -> None:
    if bpy.context.scene.world is None:
        bpy.context.scene.world = bpy.data.worlds.new("world")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "room.blend"))


@dataclass(frozen=True)
class Frame:
    workshop: Workshop
    plan: FramePlan
    built: BuiltScene
    rendered: RenderedFrame
    annotation: Annotation

    @property
    def instances(self) -> tuple[InstanceLabel, ...]:
        return self.annotation.labels.instances


def settings(*targets: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "template": {"file": "room.blend", "targets": list(targets)},
        "targets": [],
        "distractors": [],
        "lights": [],
        "camera": CAMERA,
        "outputs": list(LABELS),
        "accept": {"min_targets": 0},
        **changes,
    }


def frame_of(folder: Path, *targets: dict[str, Any], **changes: Any) -> Frame:
    """Save the open file as the template and make frame 0 of the scene that labels `targets` of it."""
    save(folder)
    return frame_again(folder, *targets, **changes)


def frame_again(folder: Path, *targets: dict[str, Any], **changes: Any) -> Frame:
    """Make frame 0 of the template as it was saved before."""
    workshop, job = workshop_and_job(folder, folder / "room.blend", **settings(*targets, **changes))
    return make(folder, workshop, plan_frame(job, 0))


def make(folder: Path, workshop: Workshop, plan: FramePlan) -> Frame:
    built = build_scene(plan, workshop)
    rendered = render_frame(built, plan, choose_device("cpu"), folder)
    return Frame(workshop, plan, built, rendered, annotate(plan, rendered))


def end(frame: Frame) -> None:
    close_scene(frame.workshop)


def named(*names: str) -> dict[str, Any]:
    return {"objects": list(names), "category": "block"}


def expected_ids(frame: Frame, places: list[tuple[float, float]], half: Any = HALF) -> Any:
    """The id image (H, W) of cards at `places`, numbered from 1 in that order."""
    camera = frame.rendered.realised.camera
    ids = np.zeros((camera.resolution[1], camera.resolution[0]), dtype=np.uint16)
    for number, (x, y) in enumerate(places, start=1):
        ids[rectangle_mask(camera, (x - half[0], y - half[1]), (x + half[0], y + half[1]), 0.0)] = number
    return ids


def full_masks(frame: Frame) -> dict[int, Any]:
    """The silhouettes (H, W) bool in the picture."""
    height, width = frame.rendered.instance.shape
    return {key: mask_of_counts(runs, height, width) for key, runs in frame.annotation.masks_full.items()}


def check(frame: Frame, places: list[tuple[float, float]] = PLACES, half: Any = HALF) -> None:
    """Ids, silhouettes and boxes of unoccluded cards at `places`."""
    ids = expected_ids(frame, places, half)
    assert len(np.unique(ids)) == len(places) + 1
    assert np.array_equal(frame.rendered.instance, ids)
    assert [one.instance_id for one in frame.instances] == list(range(1, len(places) + 1))
    for one, (x, y) in zip(frame.instances, places, strict=True):
        assert np.array_equal(full_masks(frame)[one.instance_id], ids == one.instance_id)
        assert one.silhouette.visibility == 1.0 and one.silhouette.truncation == 0.0
        assert np.allclose(one.box_3d.center_world_m, (x, y, 0), atol=1e-6)
        assert np.allclose(one.dimensions_m, (2 * half[0], 2 * half[1], 0), atol=1e-6)
    assert np.allclose(frame.rendered.depth_m[ids > 0], 3.0, atol=1e-4)
    assert set(np.unique(frame.annotation.images["category"])) == {0, 1}


def names(frame: Frame) -> list[str]:
    return [one.asset_id for one in frame.instances]


def hidden_source(**options: Any) -> bpy.types.Object:
    source = card("Source", **options)
    source.hide_render = True
    return source
