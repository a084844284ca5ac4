"""Rendered pixels and realised facts to labels: what the frame shows, and whether it is accepted."""

from __future__ import annotations

from pipeline.annotations.boxes import Box, visible_boxes
from pipeline.annotations.category import category_image, category_names
from pipeline.annotations.masks import runs_of, visible_px
from pipeline.annotations.pose import camera_from_object, distance_m
from pipeline.conventions import FORMAT_VERSION
from pipeline.records import (
    Annotation,
    CameraLabel,
    FramePlan,
    InstanceLabel,
    Labels,
    RealisedCamera,
    RealisedInstance,
    RenderedFrame,
)


def annotate(plan: FramePlan, rendered: RenderedFrame) -> Annotation:
    """Return the labels of a frame: every instance, hidden ones and distractors too, in the order of their ids.

    A frame that shows fewer than `plan.min_targets` targets of `plan.min_pixels` is labelled rejected, with the reason
    and without instances. Raises ValueError when the pictures and the plan do not belong together.
    """
    _check_shapes(plan, rendered)
    realised = rendered.realised
    category = category_image(rendered.instance, {i.instance_id: i.category_id for i in realised.instances})
    runs = runs_of(rendered.instance)
    counts, boxes = visible_px(runs), visible_boxes(runs)
    names = category_names(plan.categories)
    instances = tuple(
        _instance_label(item, realised.camera, names, counts.get(item.instance_id, 0), boxes.get(item.instance_id))
        for item in sorted(realised.instances, key=lambda item: item.instance_id)
    )
    reason = _why_rejected(plan, instances)
    camera = CameraLabel(
        k=realised.camera.k,
        world_from_camera=realised.camera.world_from_camera,
        resolution=realised.camera.resolution,
    )
    labels = Labels(
        format_version=FORMAT_VERSION,
        frame=plan.frame,
        scene=plan.scene,
        view=plan.view,
        status="rejected" if reason else "accepted",
        reason=reason,
        id_source=rendered.id_source,
        camera=camera,
        instances=() if reason else instances,
    )
    return Annotation(labels=labels, category=None if reason else category)


def rejected_labels(plan: FramePlan, reason: str) -> Annotation:
    """Return the labels of a frame that could not be built or rendered: no camera, no instances, only the reason."""
    labels = Labels(
        format_version=FORMAT_VERSION,
        frame=plan.frame,
        scene=plan.scene,
        view=plan.view,
        status="rejected",
        reason=reason,
        id_source="",
        camera=None,
        instances=(),
    )
    return Annotation(labels=labels, category=None)


def _instance_label(
    item: RealisedInstance, camera: RealisedCamera, names: dict[int, str], pixels: int, box: Box | None
) -> InstanceLabel:
    if item.category_id not in names:
        raise ValueError(f"instance {item.instance_id} has category {item.category_id}, which the class map lacks")
    return InstanceLabel(
        instance_id=item.instance_id,
        asset_id=item.asset_id,
        role=item.role,
        category_id=item.category_id,
        category=names[item.category_id],
        bbox_xywh_px=box,
        visible_px=pixels,
        distance_m=distance_m(camera.world_from_camera, item.center_m),
        world_from_object=item.world_from_object,
        camera_from_object=camera_from_object(camera.world_from_camera, item.world_from_object),
        scale=item.scale,
        dimensions_m=item.dimensions_m,
    )


def _why_rejected(plan: FramePlan, instances: tuple[InstanceLabel, ...]) -> str:
    seen = sum(1 for item in instances if item.role == "target" and item.visible_px >= plan.min_pixels)
    if seen >= plan.min_targets:
        return ""
    return f"{seen} of {plan.min_targets} wanted targets visible with at least {plan.min_pixels} px"


def _check_shapes(plan: FramePlan, rendered: RenderedFrame) -> None:
    width, height = plan.camera.resolution
    shapes = {"instance": rendered.instance.shape, "depth_m": rendered.depth_m.shape}
    if rendered.linear is not None:
        shapes["linear"] = rendered.linear.shape[:2]
    for name, shape in shapes.items():
        if shape != (height, width):
            raise ValueError(f"frame {plan.frame}: {name} is {shape}, the plan says {(height, width)}")
