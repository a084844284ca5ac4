"""Optical flow against geometry known by hand, and occlusion against a ray cast to every point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from store_samples import sample_job, sample_plan
from traced_scenes import LENS, box, camera_at, cast, next_view_of, trace

from pipeline.annotations.annotate import annotate
from pipeline.annotations.coordinates import world_points
from pipeline.annotations.flow import flow_between
from pipeline.dataset.read import read_labels
from pipeline.dataset.store import commit, open_store
from pipeline.geometry import inverse_rigid, transform_points
from pipeline.lens_remap import sampled_rays
from pipeline.lenses import Lens, make_lens, project
from pipeline.records import BackgroundPlan, Hdri, Photo, WorldPlan

SIZE = (64, 48)
K = ((60.0, 0.0, 30.5), (0.0, 62.0, 23.0), (0.0, 0.0, 1.0))
LENSES = {
    "pinhole": LENS,
    "opencv": Lens(model="opencv", k=K, distortion=(-0.2, 0.05, 0.002, -0.001, 0.0, 0.0, 0.0, 0.0), resolution=SIZE),
    "fisheye": Lens(
        model="fisheye",
        k=((30.0, 0.0, 31.0), (0.0, 30.0, 24.5), (0.0, 0.0, 1.0)),
        distortion=(-0.02, 0.004, 0.0, 0.0),
        resolution=SIZE,
    ),
    "equirectangular": make_lens("equirectangular", (192, 96), 50.0, 36.0, (0.0, 0.0), 1.0, ()),
}
INSTANCES = (
    box(1, (0.0, 0.0, -0.05), (3.0, 3.0, 0.1), role="distractor"),  # a floor, seen at a slant
    box(2, (-0.1, 0.05, 0.06), (0.14, 0.1, 0.12), (0.9, 0.1, 0.2, 0.3)),
    box(3, (0.12, -0.1, 0.1), (0.1, 0.1, 0.2)),
    box(4, (0.02, 0.3, 0.2), (0.3, 0.1, 0.4)),
)
EYES = {"aside": ((-0.2, -0.6, 0.45), (0.45, -0.5, 0.4)), "down": ((0.0, -0.6, 0.8), (0.1, -0.7, 0.2))}


def flow_of(camera, after, instances, has_photo=False):
    return flow_between(trace(camera, instances), next_view_of(1, after, instances), has_photo=has_photo)


@pytest.mark.parametrize("name", LENSES)
def test_a_camera_that_stands_still_has_no_flow_and_hides_nothing(name):
    camera = camera_at((0.1, -0.9, 0.5), lens=LENSES[name])
    flow = flow_of(camera, camera, INSTANCES)
    is_shown = np.isfinite(sampled_rays(camera.lens)).all(axis=-1)
    assert np.all(flow.flow_px[is_shown] == 0) and np.all(np.isnan(flow.flow_px[~is_shown]))
    assert np.array_equal(flow.occlusion == 255, ~is_shown)


def test_a_wall_flows_by_focal_length_times_way_over_depth():
    wall = (box(1, (0.0, 2.5, 0.0), (20.0, 1.0, 20.0)),)  # two metres ahead, parallel to the picture
    flow = flow_of(camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)), camera_at((0.1, 0.0, -0.05), (0.1, 1.0, -0.05)), wall)
    assert flow.flow_px[..., 0] == pytest.approx(-60.0 * 0.1 / 2.0, abs=1e-5)
    assert flow.flow_px[..., 1] == pytest.approx(-62.0 * 0.05 / 2.0, abs=1e-5)
    u = np.arange(64) + 0.5 - 3.0
    assert np.array_equal(flow.occlusion[4] == 255, u < 0)  # only what leaves the picture is not seen
    assert np.all(flow.occlusion[0, :] == 255)


def test_the_background_is_infinitely_far_away():
    here, moved = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)), camera_at((3.0, 2.0, 1.0), (3.0, 3.0, 1.0))
    assert np.all(flow_of(here, moved, ()).flow_px == 0)
    turned = camera_at((3.0, 2.0, 1.0), (3.0 + np.tan(0.1), 3.0, 1.0))  # 0.1 rad to the right
    angle = np.arctan((np.arange(64) + 0.5 - 30.5) / 60.0)
    expected = 60.0 * np.tan(angle - 0.1) + 30.5 - (np.arange(64) + 0.5)
    middle = flow_of(here, turned, ()).flow_px[22:24, :, 0].mean(axis=0)  # the row of the optical axis
    assert middle == pytest.approx(expected, abs=1e-3)


def test_a_rotation_moves_near_and_far_alike():
    here = camera_at((0.0, -1.0, 0.3))
    turned = camera_at((0.0, -1.0, 0.3), (0.1, 0.0, 0.1), roll_rad=0.2)
    with_boxes, without = flow_of(here, turned, INSTANCES), flow_of(here, turned, ())
    assert with_boxes.flow_px == pytest.approx(without.flow_px, abs=1e-4)


def test_an_equirectangular_picture_flows_the_shorter_way_round():
    lens = LENSES["equirectangular"]
    here = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), lens)
    turned = camera_at((0.0, 0.0, 0.0), (np.sin(0.3), np.cos(0.3), 0.0), lens)
    flow = flow_of(here, turned, (box(1, (0.0, 0.0, 0.0), (2.0, 2.0, 2.0)),))
    assert flow.flow_px[..., 0] == pytest.approx(-0.3 * 192 / (2 * np.pi), abs=1e-4)
    assert flow.flow_px[..., 1] == pytest.approx(0.0, abs=1e-4)
    assert not flow.occlusion.any()


def test_a_photo_behind_everything_has_no_flow():
    here, after = camera_at((0.1, -0.9, 0.5)), camera_at((0.3, -0.8, 0.5))
    is_far = ~np.isfinite(trace(here, INSTANCES[1:]).distance_m)
    plain, backed = flow_of(here, after, INSTANCES[1:]), flow_of(here, after, INSTANCES[1:], has_photo=True)
    assert is_far.any() and np.all(np.isnan(backed.flow_px[is_far])) and np.all(backed.occlusion[is_far] == 255)
    assert np.array_equal(backed.flow_px[~is_far], plain.flow_px[~is_far])


def test_what_lies_behind_the_next_camera_has_no_flow():
    items = (box(1, (0.0, 0.5, 0.0), (0.2, 0.1, 0.2)), box(2, (0.0, 3.0, 0.0), (9.0, 0.1, 9.0)))
    here, ahead = camera_at((0.0, 0.0, 0.0), (0.0, 1.0, 0.0)), camera_at((0.0, 1.0, 0.0), (0.0, 2.0, 0.0))
    ids, flow = trace(here, items).instance, flow_of(here, ahead, items)
    assert np.all(np.isnan(flow.flow_px[ids == 1])) and np.all(flow.occlusion[ids == 1] == 255)
    assert np.all(np.isfinite(flow.flow_px[ids == 2]))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("name", LENSES)
def test_points_not_hidden_have_the_same_instance_in_the_next_view(name, eyes):
    here, after = (camera_at(eye, lens=LENSES[name]) for eye in EYES[eyes])
    ids, flow = trace(here, INSTANCES).instance, flow_of(here, after, INSTANCES)
    next_ids = trace(after, INSTANCES).instance
    rows, columns = np.nonzero(flow.occlusion == 0)
    place = np.floor(np.stack([columns, rows], axis=1) + 0.5 + flow.flow_px[rows, columns]).astype(int)
    inside = np.all((place >= 2) & (place < np.array(after.resolution) - 2), axis=1)
    x, y = place[inside].T
    around = np.stack([next_ids[y + j, x + i] for j in range(-2, 3) for i in range(-2, 3)])
    is_plain = np.all(around == around[0], axis=0)  # no edge within two pixels
    assert is_plain.sum() > 400 and len(set(around[0][is_plain])) > 2
    assert np.array_equal(ids[rows, columns][inside][is_plain], around[0][is_plain])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("name", LENSES)
def test_hidden_is_what_a_ray_from_the_next_eye_does_not_reach(name, eyes):
    here, after = (camera_at(eye, lens=LENSES[name]) for eye in EYES[eyes])
    rendered = trace(here, INSTANCES)
    seen = np.isfinite(rendered.distance_m)
    points = world_points(rendered, seen)
    local = transform_points(inverse_rigid(after.world_from_camera), points)
    far = np.linalg.norm(local, axis=1)
    reached = cast(after, INSTANCES, (local / far[:, None])[None])[1][0]
    pixels, _ = project(after.lens, inverse_rigid(after.world_from_camera), points)
    with np.errstate(invalid="ignore"):
        is_out = ~np.all((pixels >= 0) & (pixels < after.resolution), axis=1)
    truth = is_out | (reached < far * (1 - 1e-5))
    found = flow_of(here, after, INSTANCES).occlusion[seen] == 255
    wrong = found != truth
    beside = 0.71 if name in ("opencv", "fisheye") else 0.0  # how far ids of remapped pixels are from the centre
    assert np.all(_edge_distance_px(after, pixels[wrong]) <= np.sqrt(2) + beside)
    hidden = truth & ~is_out
    assert hidden.sum() > 80 and np.count_nonzero(hidden & wrong) < hidden.sum() / 2.5
    assert np.count_nonzero(wrong & ~truth) < 5


def _edge_distance_px(camera, pixels):
    """How far (N,) pixels are from the nearest one that another face of a box, or none, covers; centres count."""
    ids, _, normal = cast(camera, INSTANCES, sampled_rays(camera.lens))
    kind = ids * 64 + ((np.sign(np.round(normal, 6)) + 1) @ (1, 3, 9)).astype(int)
    result = []
    for x, y in pixels:
        near = [
            np.hypot(column + 0.5 - x, row + 0.5 - y)
            for row in range(max(0, int(y) - 3), min(kind.shape[0], int(y) + 4))
            for column in range(max(0, int(x) - 3), min(kind.shape[1], int(x) + 4))
            if kind[row, column] != kind[int(y), int(x)]
        ]
        result.append(min(near, default=np.inf))
    return np.array(result)


# --- in a frame -----------------------------------------------------------------------------------------------------


def two_views(tmp_path, **changes):
    plan = replace(sample_plan(sample_job(), 0), outputs=("flow", "flow_occlusion", "instance"), **changes)
    plan = replace(plan, camera=replace(plan.camera, resolution=SIZE))
    rendered = trace(camera_at((0.1, -0.9, 0.5)), INSTANCES, tmp_path)
    return plan, replace(rendered, next_view=next_view_of(1, camera_at((0.3, -0.8, 0.5)), INSTANCES))


def test_a_frame_says_where_its_flow_leads(tmp_path):
    plan, rendered = two_views(tmp_path)
    annotation = annotate(plan, rendered)
    assert annotation.labels.flow_to == 1
    assert annotation.images["flow"].shape == (48, 64, 2) and annotation.images["flow_occlusion"].dtype == np.uint8


def test_a_frame_before_a_rejected_view_has_no_flow(tmp_path):
    plan, rendered = two_views(tmp_path, min_targets=1)
    away = camera_at((0.3, -0.8, 0.5), (0.3, -2.0, 0.5))
    annotation = annotate(plan, replace(rendered, next_view=next_view_of(1, away, INSTANCES)))
    assert annotation.labels.status == "accepted" and annotation.labels.flow_to is None
    assert "flow" not in annotation.images


def test_the_last_view_is_committed_without_flow_and_the_others_with_it(tmp_path):
    plan, rendered = two_views(tmp_path)
    job = sample_job()
    store = open_store(tmp_path / "out", job, tmp_path, {"device": "cpu"})
    commit(store, plan, rendered, annotate(plan, rendered))
    last, alone = replace(plan, frame=1, view=1), replace(rendered, next_view=None)
    commit(store, last, alone, annotate(last, alone))
    names = [{item.name for item in store.folder(frame).iterdir()} for frame in (0, 1)]
    assert {"flow.exr", "flow_occlusion.png"} <= names[0]
    assert not {"flow.exr", "flow_occlusion.png"} & names[1]
    assert [read_labels(store.root, frame).flow_to for frame in (0, 1)] == [1, None]


def test_a_photo_in_the_plan_takes_the_flow_of_the_background(tmp_path):
    plan, rendered = two_views(tmp_path)
    photo = Photo(source="a.jpg", sha256="0" * 64, width_px=64, height_px=48)
    world = WorldPlan(
        hdri=Hdri(source="a.exr", sha256="0" * 64, mean_radiance=1.0), strength=1.0, yaw_deg=0.0, tilt_deg=0.0,
        tilt_azimuth_deg=0.0, tint=(1.0, 1.0, 1.0), background=BackgroundPlan(photo=photo),
    )  # fmt: skip
    is_far = ~np.isfinite(rendered.distance_m)
    assert is_far.any() and np.isfinite(annotate(plan, rendered).images["flow"][is_far]).all()
    assert np.isnan(annotate(replace(plan, world=world), rendered).images["flow"][is_far]).all()


def test_what_moves_takes_its_points_with_it():
    camera, parked = camera_at((0.0, -0.8, 0.1), (0.0, 0.0, 0.1)), INSTANCES[3]
    moving = box(2, (-0.1, 0.0, 0.06), (0.14, 0.1, 0.12))
    turned = box(2, (0.05, 0.02, 0.08), (0.14, 0.1, 0.12), (0.9659258, 0.0, 0.0, 0.2588190))
    after = replace(next_view_of(1, camera, (parked, turned)), moved_on={2: turned.world_from_object})
    now = trace(camera, (parked, moving))
    flow = flow_between(now, after, has_photo=False)
    mine = now.instance == 2
    world = world_points(now, mine)
    there = transform_points(turned.world_from_object, transform_points(inverse_rigid(moving.world_from_object), world))
    to = project(camera.lens, inverse_rigid(camera.world_from_camera), there)[0]
    v, u = np.nonzero(mine)
    assert flow.flow_px[mine] == pytest.approx(to - np.stack([u, v], axis=1) - 0.5, abs=1e-3)
    assert np.all(flow.flow_px[now.instance == 4] == 0)
    covered = (now.instance == 4) & (after.instance == 2)  # within a pixel of an edge it may count as seen
    assert covered.sum() > 50 and flow.occlusion[covered].mean() > 0.8 * 255
