"""The checks of labels that no traced dataset holds: parts, keypoints, optical flow, and the rules of acceptance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planned_scenes import planned_dataset, planned_job

from pipeline.geometry import inverse_rigid, transform_points
from pipeline.job import assets_of
from pipeline.lenses import project_camera_points
from pipeline.records import Keypoint, KeypointLabel, PartLabel, PartsPlan
from pipeline.verify.flow import check_flow
from pipeline.verify.folder import read_folder
from pipeline.verify.keypoints import check_keypoints
from pipeline.verify.masks import check_accepted
from pipeline.verify.opened import Opened
from pipeline.verify.parts import check_parts
from pipeline.verify.pictures import check_rgb
from pipeline.verify.reading import open_frame, read_records

CLASSES = {"left": 4, "right": 7}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Frame 0, whose next view is frame 1."""
    folder = tmp_path_factory.mktemp("opened")
    return open_one(planned_dataset(folder / "ds", planned_job(folder)).root, planned_job(folder), 0)


def open_one(root: Path, job, frame: int) -> Opened:
    folder = read_folder(root, frame, job.digest)
    findings = list(folder.findings)
    plan, labels = read_records(folder, findings)
    assets = {asset.asset_id: asset for asset in assets_of(job.catalogue)}
    opened = open_frame(folder, job, assets, plan, labels, findings)
    assert opened is not None and findings == []
    return opened


def messages(check, opened: Opened) -> list[str]:
    return [finding.message for finding in check(opened)]


# --- acceptance -----------------------------------------------------------------------------------------------------


def test_an_accepted_frame_that_its_own_rules_reject_is_found(opened):
    assert messages(check_accepted, opened) == []
    (finding,) = check_accepted(replace(opened, plan=replace(opened.plan, min_pixels=10_000)))
    assert finding.kind == "accept-mismatch" and "0 targets of at least 10000 px" in finding.message


# --- pictures -------------------------------------------------------------------------------------------------------


def test_a_picture_of_a_scene_without_any_light_may_be_black(opened):
    black = replace(opened, rgb=np.zeros_like(opened.rgb))
    assert [finding.kind for finding in check_rgb(black)] == ["black-picture"]
    dark = replace(opened.plan, world=replace(opened.plan.world, strength=0.0))
    assert messages(check_rgb, replace(black, plan=dark, labels=replace(opened.labels, lights=()))) == []


def test_a_picture_that_one_object_fills_may_be_of_one_colour(opened):
    grey = replace(opened, rgb=np.full_like(opened.rgb, 90))
    assert [finding.kind for finding in check_rgb(grey)] == ["constant-picture"]
    filled = {**opened.images, "instance": np.ones_like(opened.instance)}
    assert messages(check_rgb, replace(grey, images=filled)) == []


# --- parts ----------------------------------------------------------------------------------------------------------


def with_parts(opened: Opened) -> Opened:
    """Each instance is cut into a left and a right part."""
    width = opened.shape[1]
    part = np.zeros_like(opened.instance)
    labels = []
    for item in opened.labels.instances:
        pixels = opened.pixels_of.get(item.instance_id, np.empty(0, dtype=np.int64))
        is_left = pixels % width < (np.median(pixels % width) if pixels.size else 0)
        for name, mine in (("left", pixels[is_left]), ("right", pixels[~is_left])):
            part_id = len(labels) + 1
            part.ravel()[mine] = part_id
            labels.append(
                PartLabel(
                    part_id=part_id,
                    instance_id=item.instance_id,
                    name=name,
                    class_id=CLASSES[name],
                    visible_px=len(mine),
                )
            )
    planned = tuple(replace(one, parts=PartsPlan(by="materials", class_ids=CLASSES)) for one in opened.plan.instances)
    return replace(
        opened,
        plan=replace(opened.plan, outputs=(*opened.plan.outputs, "part"), instances=planned),
        images={**opened.images, "part": part},
        labels=replace(opened.labels, parts=tuple(labels)),
    )


def test_parts_of_their_instances_are_in_order(opened):
    assert messages(check_parts, with_parts(opened)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"visible_px": 9999}, "visible_px is 9999"),
        ({"instance_id": 2}, "parts and their instances differ"),
        ({"name": "middle"}, "'middle' of instance 1, class 4, is in labels.json, not in plan.json"),
        ({"class_id": 5}, "class 5, is in labels.json, not in plan.json"),
    ],
)
def test_a_part_that_says_something_else_is_found(opened, changes, words):
    sound = with_parts(opened)
    first, *rest = sound.labels.parts
    wrong = replace(sound, labels=replace(sound.labels, parts=(replace(first, **changes), *rest)))
    found = list(check_parts(wrong))
    assert {finding.kind for finding in found} == {"part-mismatch"}
    assert any(words in finding.message for finding in found)


def test_a_pixel_of_a_divided_instance_without_a_part_is_found(opened):
    sound = with_parts(opened)
    part = sound.images["part"].copy()
    part.ravel()[np.flatnonzero(part)[0]] = 0
    found = messages(check_parts, replace(sound, images={**sound.images, "part": part}))
    assert any("1 px where parts and their instances differ" in text for text in found)


def test_parts_that_nobody_asked_for_are_found(opened):
    parts = with_parts(opened).labels.parts
    found = messages(check_parts, replace(opened, labels=replace(opened.labels, parts=parts)))
    assert len(found) == 1 and "the plan asks for none" in found[0]


def test_an_unknown_part_is_found(opened):
    sound = with_parts(opened)
    wrong = replace(sound, labels=replace(sound.labels, parts=sound.labels.parts[1:]))
    assert "id-unknown" in {finding.kind for finding in check_parts(wrong)}


# --- keypoints ------------------------------------------------------------------------------------------------------


def with_keypoints(opened: Opened, **changes) -> Opened:
    """Every instance has a keypoint in the middle of what is seen of it; `changes` go to the first."""
    width = opened.shape[1]
    items, planned = [], []
    for item, plan in zip(opened.labels.instances, opened.plan.instances, strict=True):
        pixels = opened.pixels_of.get(item.instance_id, np.empty(0, dtype=np.int64))
        points, own = [], []
        if pixels.size:
            at = pixels[pixels.size // 2]
            camera = opened.rays.reshape(-1, 3)[at] * opened.distance_m.ravel()[at]
            points = [_keypoint(opened, camera, divmod(int(at), width)[::-1])]
            local = transform_points(inverse_rigid(item.world_from_object), [points[0].world_m])[0]
            own = [Keypoint(name="middle", point_m=tuple((local / item.scale).tolist()))]
        items.append(replace(item, keypoints=tuple(points)))
        planned.append(replace(plan, keypoints=tuple(own)))
    if changes:
        first = next(i for i, item in enumerate(items) if item.keypoints)
        items[first] = replace(items[first], keypoints=(replace(items[first].keypoints[0], **changes),))
    plan = replace(opened.plan, outputs=(*opened.plan.outputs, "keypoints"), instances=tuple(planned))
    return replace(opened, plan=plan, labels=replace(opened.labels, instances=tuple(items)))


def _keypoint(opened: Opened, camera_m: np.ndarray, pixel) -> KeypointLabel:
    world = transform_points(opened.camera.world_from_camera, [camera_m])[0]
    return KeypointLabel(
        name="middle",
        visibility=2,
        position_px=(pixel[0] + 0.5, pixel[1] + 0.5),
        camera_m=tuple(camera_m.tolist()),
        world_m=tuple(world.tolist()),
    )


def test_keypoints_where_their_points_are_seen_are_in_order(opened):
    assert messages(check_keypoints, with_keypoints(opened)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position_px": (3.25, 4.5)}, "off where the lens shows the point"),
        ({"position_px": None}, "shows it, or not"),
        ({"camera_m": (0.0, 0.0, 1.0)}, "m off what world_m and the camera give"),
        ({"world_m": (0.0, 0.1, 0.0)}, "m off what world_m and the camera give"),
        ({"visibility": 0}, "it is in the picture"),
        ({"name": "rim"}, "keypoints ['rim'], plan.json has ['middle']"),
    ],
)
def test_a_keypoint_moved_is_found(opened, changes, words):
    found = list(check_keypoints(with_keypoints(opened, **changes)))
    assert {finding.kind for finding in found} == {"keypoint-mismatch"}
    assert any(words in finding.message for finding in found)


def moved(opened: Opened, camera_m: np.ndarray, x: int, y: int) -> list[str]:
    """What is said of the first keypoint at another place, all its numbers with it."""
    point = _keypoint(opened, camera_m, (x, y))
    changes = {key: getattr(point, key) for key in ("position_px", "camera_m", "world_m")}
    found = messages(check_keypoints, with_keypoints(opened, **changes))
    assert "where plan.json and the pose put it" in found[0]
    return found[1:]


def test_a_keypoint_visible_where_its_object_is_not_seen_is_found(opened):
    empty = np.argwhere(opened.instance == 0)
    y, x = next((y, x) for y, x in empty if not opened.instance[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].any())
    (text,) = moved(opened, opened.rays[y, x], int(x), int(y))
    assert "visible, and its object is not seen at" in text


def test_a_keypoint_visible_deep_inside_its_object_is_found(opened):
    key, pixels = next(iter(opened.pixels_of.items()))
    assert next(item.instance_id for item in opened.labels.instances if item.visible_px) == key
    y, x = divmod(int(pixels[pixels.size // 2]), opened.shape[1])
    (text,) = moved(opened, opened.rays[y, x] * (opened.distance_m[y, x] + 0.05), x, y)
    assert "below its object's surface" in text


def test_keypoints_that_are_asked_for_and_missing_are_found(opened):
    plan = replace(opened.plan, outputs=("keypoints",))
    assert len(messages(check_keypoints, replace(opened, plan=plan))) == len(opened.labels.instances)


# --- optical flow ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_flow(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("flow")
    job = planned_job(folder)
    root = planned_dataset(folder / "ds", job).root
    here, there = open_one(root, job, 0), open_one(root, job, 1)
    rays, distance = here.rays.reshape(-1, 3), here.distance_m.ravel()
    with np.errstate(invalid="ignore"):
        points = rays * distance[:, None]
    points[~np.isfinite(distance)] = np.nan
    world = transform_points(here.camera.world_from_camera, points)
    seen = project_camera_points(
        there.camera.lens, transform_points(inverse_rigid(there.camera.world_from_camera), world)
    )
    flow = (seen - project_camera_points(here.camera.lens, rays)).astype(np.float32).reshape(*here.shape, 2)
    occlusion = np.where(np.isnan(flow).any(axis=-1), 255, 0).astype(np.uint8)
    return replace(
        here,
        labels=replace(here.labels, flow_to=1),
        images={**here.images, "flow": flow, "flow_occlusion": occlusion},
        next_labels=there.labels,
    )


def test_flow_to_the_next_view_is_in_order(with_flow):
    assert np.isfinite(with_flow.images["flow"]).any() and messages(check_flow, with_flow) == []


@pytest.mark.parametrize(
    ("output", "change", "words"),
    [
        ("flow", lambda image: image + np.float32(0.01), "do not lead to where frame 1 shows"),
        ("flow", lambda image: image * np.float32("nan"), "have no flow"),
        ("flow_occlusion", lambda image: image // 2, "other than 0 and 255"),
        ("flow_occlusion", lambda image: image * 0, "have no flow"),
    ],
)
def test_flow_that_leads_elsewhere_or_nowhere_is_found(with_flow, output, change, words):
    wrong = replace(with_flow, images={**with_flow.images, output: change(with_flow.images[output])})
    found = list(check_flow(wrong))
    assert {finding.kind for finding in found} == {"flow-mismatch"}
    assert any(words in finding.message for finding in found)
