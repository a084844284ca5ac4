"""Lenses in the scene file: what is refused and why, and what a plan draws of them."""

from __future__ import annotations

import math

import pytest
from test_plan import job_of

from pipeline.config.schema import Config
from pipeline.lenses import make_lens, project_camera_points
from pipeline.sampling.plan import plan_frame
from pipeline.structure import Reader, structure

SHELL = {"shell": {"distance_m": 1.0, "elevation_deg": 30}}


def problems(camera: dict[str, object], **sections: object) -> str:
    from pipeline.config.check import check_config

    reader = Reader()
    data = {
        "categories": [{"id": 1, "name": "mug"}],
        "targets": [{"shapes": "cube", "category": "mug"}],
        "camera": {**SHELL, **camera},
        **sections,
    }
    structure(data, Config, reader)
    check_config(data, reader)
    return "\n".join(map(str, reader.problems))


REFUSED = {
    "skew": (
        {"k": {"fx": 100, "fy": 100, "cx": 50, "cy": 50, "skew": 0.5}},
        "camera.k: skew 0.5 cannot be rendered: Blender's pixels are rectangles (calibrate without skew",
    ),
    "two lenses": (
        {"lens": {"opencv": {}, "fisheye": {}}},
        "camera.lens: give exactly one of opencv, fisheye, equirectangular, got opencv and fisheye",
    ),
    "no lens": ({"lens": {}}, "camera.lens: give exactly one of"),
    "a focal length on a whole sphere": (
        {"lens": {"equirectangular": {}}, "fov_deg": 60},
        "camera: an equirectangular lens shows the whole sphere (leave fov_deg out)",
    ),
    "a shift on a whole sphere": ({"lens": {"equirectangular": {}}, "shift": [0.1, 0]}, "(leave shift out)"),
    "too wide for a pinhole": ({"fov_deg": 200}, "fov_deg"),
    "fewer pixels than Blender renders": ({"resolution": [64, 3]}, "camera: resolution [64, 3] is outside 4..65535"),
    "an unknown coefficient": ({"lens": {"fisheye": {"p1": 0.1}}}, "camera.lens.fisheye.p1: unknown key 'p1'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_rendered_is_refused_with_the_reason(case):
    camera, message = REFUSED[case]
    assert message in problems(camera)


FOLDED = "camera.lens: the distortion turns back within the picture, whose corners would have no ray (use smaller"


def test_a_distortion_that_folds_every_picture_is_found_before_the_first_one():
    assert FOLDED in problems({"lens": {"opencv": {"k1": -0.25}}, "fov_deg": 70})
    assert FOLDED in problems({"lens": {"opencv": {"k1": -0.9}}})
    assert FOLDED in problems({"lens": {"opencv": {"k1": -0.3}}, "k": {"fx": 300, "fy": 300, "cx": 320, "cy": 240}})
    assert FOLDED in problems({"lens": {"opencv": {"k1": -3.0}}, "focal_length_mm": {"uniform": [20, 50]}})
    assert problems({"lens": {"opencv": {"k1": -0.25}}, "fov_deg": {"uniform": [50, 90]}}) == ""  # some frames work
    assert problems({"lens": {"opencv": {"k1": -0.25}}, "fov_deg": 50}) == ""
    assert problems({"lens": {"opencv": {"k1": {"uniform": [-0.25, 0]}}}, "fov_deg": 70}) == ""  # some frames work


def test_eevee_renders_no_fisheye():
    told = problems({"lens": {"fisheye": {}}}, render={"engine": "eevee"})
    assert "camera.lens: EEVEE cannot render fisheye pictures (use render.engine: cycles, or another lens)" in told
    assert problems({"lens": {"opencv": {}}}, render={"engine": "eevee"}) == ""


def test_a_fisheye_may_see_behind_itself():
    assert problems({"lens": {"fisheye": {}}, "fov_deg": 220}) == ""


def candidate(**camera):
    return plan_frame(job_of(camera={**SHELL, **camera}), 0).camera.candidates[0]


def test_coefficients_are_drawn_in_opencvs_order():
    lens = {"opencv": {"k1": -0.2, "p2": 0.01, "k3": {"uniform": [0.1, 0.2]}}}
    first = candidate(lens=lens)
    assert first.model == "opencv" and len(first.distortion) == 8
    assert first.distortion[:4] == (-0.2, 0.0, 0.0, 0.01) and 0.1 <= first.distortion[4] < 0.2
    assert candidate(lens=lens) == first


def test_a_camera_without_lens_is_a_pinhole():
    assert (candidate().model, candidate().distortion) == ("pinhole", ())


@pytest.mark.parametrize("coefficients", [{}, {"k1": -0.03, "k2": 0.004}])
@pytest.mark.parametrize("fov_deg", [60, 170, 210])
def test_the_field_of_view_of_a_fisheye_reaches_from_edge_to_edge(fov_deg, coefficients):
    one = candidate(lens={"fisheye": coefficients}, fov_deg=fov_deg)
    lens = make_lens(
        one.model, (640, 480), one.focal_length_mm, one.sensor_width_mm, one.shift, one.pixel_aspect, one.distortion
    )
    half = math.radians(fov_deg) / 2
    (edge,) = project_camera_points(lens, [(math.sin(half), 0.0, math.cos(half))])
    assert abs(edge[0] - 640) < 1e-5 and abs(edge[1] - 240) < 1e-9


def test_a_fisheye_asked_to_see_beyond_where_it_turns_back_shows_what_it_can():
    """theta (1 - 0.5 theta^2) grows up to sqrt(2/3) = 46.8 degrees and is negative from 81 degrees on."""
    camera = {**SHELL, "fov_deg": 170, "lens": {"fisheye": {"k1": -0.5}}, "resolution": [64, 48]}
    (candidate, *_) = plan_frame(job_of(camera=camera), 0).camera.candidates
    lens = make_lens("fisheye", (64, 48), candidate.focal_length_mm, 36.0, (0.0, 0.0), 1.0, candidate.distortion)
    limit = math.sqrt(2 / 3)
    edge = project_camera_points(lens, [(math.sin(limit - 1e-3), 0, math.cos(limit - 1e-3))])
    assert edge[0, 0] == pytest.approx(64, abs=0.01)


@pytest.mark.parametrize(("fov_deg", "depth", "fails"), [(200, "png", True), (200, "exr", False), (180, "png", False)])
def test_depth_behind_the_camera_is_kept_or_refused(fov_deg, depth, fails):
    said = problems({"fov_deg": fov_deg, "lens": {"fisheye": {}}}, formats={"depth": depth}, outputs=["rgb", "depth"])
    assert ("formats.depth: millimetres of depth are lost behind the camera" in said) == fails
