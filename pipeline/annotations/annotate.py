"""Rendered pixels and realised facts to labels: what the frame shows, and whether it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from pipeline.annotations.box_3d import box_3d
from pipeline.annotations.boxes import Box, visible_boxes
from pipeline.annotations.category import category_image, category_names
from pipeline.annotations.coordinates import nocs, object_coordinates
from pipeline.annotations.flow import flow_between
from pipeline.annotations.keypoints import keypoint_labels
from pipeline.annotations.masks import mask_of, runs_of, visible_px
from pipeline.annotations.normals import camera_normals
from pipeline.annotations.panoptic import panoptic_image
from pipeline.annotations.parts import part_labels
from pipeline.annotations.pose import camera_from_object, distance_m
from pipeline.annotations.silhouettes import FullMask, full_mask, holding
from pipeline.annotations.visibility import silhouette_of
from pipeline.codecs.rle import counts_of
from pipeline.conventions import FORMAT_VERSION
from pipeline.geometry import inverse_rigid
from pipeline.lenses import project
from pipeline.records import (
    Annotation,
    CameraLabel,
    FramePlan,
    InstanceLabel,
    Labels,
    NextView,
    RealisedCamera,
    RealisedInstance,
    RenderedFrame,
)

Image = NDArray[Any]


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
    reason = _why_rejected(plan, realised.instances, counts)
    if reason:
        return Annotation(labels=_labels(plan, rendered, reason, ()))
    silhouettes = _silhouettes(rendered) if "mask_full" in plan.outputs else {}
    names = category_names(plan.categories)
    contexts = {one.instance_id: one.context for one in plan.instances}
    instances = tuple(
        _instance_label(
            item,
            plan,
            rendered,
            names,
            counts.get(item.instance_id, 0),
            boxes.get(item.instance_id),
            silhouettes,
            contexts,
        )
        for item in sorted(realised.instances, key=lambda item: item.instance_id)
    )
    next_view = _accepted_next_view(plan, rendered)
    return Annotation(
        labels=_labels(plan, rendered, "", instances, flow_to=None if next_view is None else next_view.frame),
        images={name: make(rendered, category) for name, make in IMAGES.items() if name in plan.outputs}
        | _flow_images(plan, rendered, next_view),
        masks_full={key: counts_of(full.mask) for key, full in silhouettes.items()},
    )


# Label pictures made of what was rendered; those the renderer brings as they are need no row.
IMAGES: Mapping[str, Callable[[RenderedFrame, Image], Image]] = {
    "category": lambda rendered, category: category,
    "panoptic": lambda rendered, category: panoptic_image(rendered.instance, category),
    "normal": lambda rendered, category: camera_normals(
        _given(rendered.normal_world, "normals"), rendered.realised.camera.world_from_camera
    ),
    "object_coordinates": lambda rendered, category: object_coordinates(rendered),
    "nocs": lambda rendered, category: nocs(rendered),
}


def _flow_images(plan: FramePlan, rendered: RenderedFrame, next_view: NextView | None) -> dict[str, Image]:
    if next_view is None:
        return {}
    background = None if plan.world is None else plan.world.background
    flow = flow_between(rendered, next_view, has_photo=background is not None and background.photo is not None)
    return {"flow": flow.flow_px, "flow_occlusion": flow.occlusion}


def _accepted_next_view(plan: FramePlan, rendered: RenderedFrame) -> NextView | None:
    """Return the view that flow leads to; None where there is none or its own frame is rejected."""
    next_view = rendered.next_view
    if next_view is None:
        return None
    counts = visible_px(runs_of(next_view.instance))
    return None if _why_rejected(plan, rendered.realised.instances, counts) else next_view


def rejected_labels(plan: FramePlan, reason: str) -> Annotation:
    """Return the labels of a frame that could not be built or rendered: no camera, no instances, only the reason."""
    return Annotation(labels=_labels(plan, None, reason, ()))


def _labels(
    plan: FramePlan,
    rendered: RenderedFrame | None,
    reason: str,
    instances: tuple[InstanceLabel, ...],
    flow_to: int | None = None,
) -> Labels:
    realised = None if rendered is None else rendered.realised
    return Labels(
        format_version=FORMAT_VERSION,
        frame=plan.frame,
        scene=plan.scene,
        view=plan.view,
        status="rejected" if reason else "accepted",
        reason=reason,
        id_source="" if rendered is None else rendered.id_source,
        id_reason="" if rendered is None else rendered.id_reason,
        camera=None if realised is None else _camera_label(realised.camera),
        lights=() if realised is None else realised.lights,
        environment=None if realised is None else realised.environment,
        instances=instances,
        flow_to=flow_to,
        parts=() if rendered is None or reason else part_labels(rendered),
        scenario=plan.scenario,
        globals=plan.globals,
    )


def _camera_label(camera: RealisedCamera) -> CameraLabel:
    return CameraLabel(
        model=camera.model,
        k=camera.k,
        distortion=camera.distortion,
        world_from_camera=camera.world_from_camera,
        resolution=camera.resolution,
    )


def _silhouettes(rendered: RenderedFrame) -> dict[int, FullMask]:
    camera = rendered.realised.camera
    return {
        key: holding(full_mask(surface, camera, rendered.solo.get(key)), mask_of(rendered.instance, key))
        for key, surface in sorted(rendered.surfaces.items())
    }


def _instance_label(
    item: RealisedInstance,
    plan: FramePlan,
    rendered: RenderedFrame,
    names: dict[int, str],
    pixels: int,
    box: Box | None,
    silhouettes: Mapping[int, FullMask],
    contexts: Mapping[int, str],
) -> InstanceLabel:
    if item.category_id not in names:
        raise ValueError(f"instance {item.instance_id} has category {item.category_id}, which the class map lacks")
    camera, full = rendered.realised.camera, silhouettes.get(item.instance_id)
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
        silhouette=None if full is None else silhouette_of(full, pixels, _is_in_picture(item, camera)),
        box_3d=box_3d(item, camera) if "box_3d" in plan.outputs else None,
        keypoints=keypoint_labels(item, rendered) if "keypoints" in plan.outputs else None,
        context=contexts.get(item.instance_id, ""),
    )


def _is_in_picture(item: RealisedInstance, camera: RealisedCamera) -> bool:
    pixels, _ = project(camera.lens, inverse_rigid(camera.world_from_camera), [item.center_m])
    return bool(((pixels >= 0) & (pixels < camera.resolution)).all())


def _given(array: Image | None, what: str) -> Image:
    if array is None:
        raise ValueError(f"the plan asks for {what}, and the renderer brought none")
    return array


def _why_rejected(plan: FramePlan, instances: tuple[RealisedInstance, ...], counts: Mapping[int, int]) -> str:
    targets = [item for item in instances if item.role == "target"]
    seen = sum(1 for item in targets if counts.get(item.instance_id, 0) >= plan.min_pixels)
    if seen >= plan.min_targets:
        return ""
    return f"{seen} of {plan.min_targets} wanted targets visible with at least {plan.min_pixels} px"


def _check_shapes(plan: FramePlan, rendered: RenderedFrame) -> None:
    width, height = plan.camera.resolution
    pictures = {
        name: getattr(rendered, name)
        for name in ("instance", "depth_m", "distance_m", "linear", "albedo", "normal_world", "part")
    }
    shapes = {name: array.shape[:2] for name, array in pictures.items() if array is not None}
    for name, shape in shapes.items():
        if shape != (height, width):
            raise ValueError(f"frame {plan.frame}: {name} is {shape}, the plan says {(height, width)}")
