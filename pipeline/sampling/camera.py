"""Camera poses and lenses: a list of tries, of which the built scene takes the first that is acceptable."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipeline.config.camera_section import DEFAULT_FOCAL_LENGTH_MM
from pipeline.config.distributions import Uniform
from pipeline.config.schema import Anchor, Box, Camera, MotionBlur
from pipeline.geometry import direction_from_angles
from pipeline.lenses import COEFFICIENTS, fisheye_limit_rad, fisheye_radius
from pipeline.records import CameraCandidate, CameraPlan, MotionPlan, Vector
from pipeline.sampling.draw import Rng, draw, draw_index
from pipeline.sampling.lights import sample_shell
from pipeline.sampling.rides import Seat, moves, sample_seat
from pipeline.sampling.rng import Scope, rng_for
from pipeline.sampling.structured.places import Places


def sample_camera(camera: Camera, seed: int, view: Scope, scene: Scope, places: Places, time_s: float) -> CameraPlan:
    """Return the camera plan of a frame. Try k comes from "camera/attempt/k" and what is below it, how the camera moves
    from stream "camera/motion".

    Each view has numbers of its own, but for a camera that is fixed, or that goes on along a line: they are those of
    the scene, along the line `time_s` later. A ride has no candidates where the scene has no such place.
    """
    blur = camera.motion_blur
    is_of_scene = camera.fixed or (camera.ride is not None and moves(camera.ride))
    scope = scene if is_of_scene else view
    tries = [_sample_try(camera, places, time_s, seed, scope, k) for k in range(camera.retries + 1)]
    return CameraPlan(
        resolution=camera.resolution,
        clip_start_m=camera.clip_start_m,
        clip_end_m=camera.clip_end_m,
        clearance_m=camera.clearance_m,
        min_targets_in_view=camera.min_targets_in_view,
        object_clearance_m=camera.object_clearance_m,
        candidates=tuple(one for one in tries if one is not None),
        motion=None if blur is None else _sample_motion(blur, rng_for(seed, view, "camera/motion")),
    )


def _sample_motion(blur: MotionBlur, rng: Rng) -> MotionPlan:
    speed_m_s = draw(blur.speed_m_s, rng)
    x, y, z = (speed_m_s * part for part in _sample_direction(rng))
    return MotionPlan(
        exposure_s=draw(blur.exposure_s, rng),
        velocity_m_s=(x, y, z),
        axis=_sample_direction(rng),
        turn_deg_s=draw(blur.turn_deg_s, rng),
    )


def _sample_direction(rng: Rng) -> Vector:
    """Return a unit vector, evenly over the sphere (Archimedes)."""
    azimuth, height = math.tau * rng.random(), 2 * rng.random() - 1
    x, y, z = direction_from_angles(azimuth, math.asin(height))
    return (float(x), float(y), float(z))


def _sample_try(
    camera: Camera, places: Places, time_s: float, seed: int, scope: Scope, number: int
) -> CameraCandidate | None:
    rng = rng_for(seed, scope, f"camera/attempt/{number}")
    turn = rng_for(seed, scope, f"camera/attempt/{number}/turn")
    if camera.ride is None:
        return _turned(camera, _sample_candidate(camera, *_sample_eye(camera, rng), rng), turn)
    seat = sample_seat(camera.ride, places, time_s, rng_for(seed, scope, f"camera/attempt/{number}/ride"))
    if seat is None:
        return None
    return _turned(camera, _seated(camera, seat, _sample_candidate(camera, "point", seat.eye_m, rng)), turn)


def _turned(camera: Camera, candidate: CameraCandidate, rng: Rng) -> CameraCandidate:
    jitter = draw(camera.aim_jitter_deg, rng)
    yaw, pitch = (jitter * (2 * rng.random() - 1) for _ in range(2))
    return replace(candidate, yaw_deg=candidate.yaw_deg + yaw, pitch_deg=candidate.pitch_deg + pitch)


def _seated(camera: Camera, seat: Seat, candidate: CameraCandidate) -> CameraCandidate:
    """Return a try with the aim, the turns and the lens that its ride gives."""
    if seat.aim_m is not None:
        candidate = replace(candidate, look_at=seat.look_at, look_at_offset_m=seat.aim_m)
    if seat.focal_length_mm is not None and (camera.focal_length_mm, camera.fov_deg, camera.k) == (None, None, None):
        assert seat.sensor_width_mm is not None
        candidate = replace(candidate, focal_length_mm=seat.focal_length_mm, sensor_width_mm=seat.sensor_width_mm)
    roll = candidate.roll_deg + seat.roll_deg
    return replace(candidate, roll_deg=roll, yaw_deg=seat.yaw_deg, pitch_deg=seat.pitch_deg)


def _sample_candidate(camera: Camera, anchor: str, offset: Vector, rng: Rng) -> CameraCandidate:
    look_at, aim = _anchor_and_offset(camera.look_at)
    focus, focus_offset = _anchor_and_offset(camera.focus)
    jitter = draw(camera.look_at_jitter_m, rng)
    x, y, z = (v + jitter * (2 * rng.random() - 1) for v in aim)
    distortion = _sample_distortion(camera, rng)
    focal_mm, sensor_mm, shift, pixel_aspect = _sample_lens(camera, distortion, rng)
    return CameraCandidate(
        anchor=anchor,
        look_at=look_at,
        focus=focus,
        anchor_index=draw_index(1 << 16, rng),
        offset_m=offset,
        look_at_offset_m=(x, y, z),
        focus_offset_m=focus_offset,
        roll_deg=draw(camera.roll_deg, rng),
        focal_length_mm=focal_mm,
        sensor_width_mm=sensor_mm,
        shift=shift,
        pixel_aspect=pixel_aspect,
        model="pinhole" if camera.lens is None else camera.lens.model,
        distortion=distortion,
        f_stop=None if camera.f_stop is None else draw(camera.f_stop, rng),
    )


def _anchor_and_offset(where: Anchor | Vector) -> tuple[str, Vector]:
    return ("point", where) if isinstance(where, tuple) else (where, (0.0, 0.0, 0.0))


def _sample_eye(camera: Camera, rng: Rng) -> tuple[str, Vector]:
    if camera.box is not None:
        return "point", _sample_in_box(camera.box, rng)
    if camera.around is not None:
        return "target", sample_shell(camera.around, rng)
    assert camera.shell is not None
    anchor, center = _anchor_and_offset(camera.center)
    x, y, z = sample_shell(camera.shell, rng)
    return anchor, (center[0] + x, center[1] + y, center[2] + z)


def _sample_in_box(box: Box, rng: Rng) -> Vector:
    x, y, z = (
        draw(Uniform(low=center - size / 2, high=center + size / 2), rng)
        for center, size in zip(box.center_m, box.size_m, strict=True)
    )
    return (x, y, z)


def _sample_distortion(camera: Camera, rng: Rng) -> tuple[float, ...]:
    """Return the coefficients in the order of `lenses.COEFFICIENTS`. Without a lens nothing is drawn."""
    if camera.lens is None:
        return ()
    given = getattr(camera.lens, camera.lens.model)
    return tuple(draw(getattr(given, name), rng) for name in COEFFICIENTS[camera.lens.model])


def _sample_lens(
    camera: Camera, distortion: tuple[float, ...], rng: Rng
) -> tuple[float, float, tuple[float, float], float]:
    """Return focal length and sensor width in mm, lens shift in image widths, and fy / fx."""
    sensor_mm = draw(camera.sensor_width_mm, rng)
    width, height = camera.resolution
    if camera.k is not None:
        k = camera.k
        aspect = k.fy / k.fx
        shift = ((width / 2 - k.cx) / width, (k.cy - height / 2) / (width * aspect))
        return k.fx * sensor_mm / width, sensor_mm, shift, aspect
    shift = (0.0, 0.0) if camera.shift is None else (draw(camera.shift[0], rng), draw(camera.shift[1], rng))
    if camera.fov_deg is not None:
        half = math.radians(draw(camera.fov_deg, rng)) / 2
        is_fisheye = camera.lens is not None and camera.lens.model == "fisheye"
        edge = _fisheye_edge(distortion, half) if is_fisheye else math.tan(half)
        return sensor_mm / (2 * edge), sensor_mm, shift, 1.0
    focal_mm = DEFAULT_FOCAL_LENGTH_MM if camera.focal_length_mm is None else draw(camera.focal_length_mm, rng)
    return focal_mm, sensor_mm, shift, 1.0


def _fisheye_edge(distortion: tuple[float, ...], half_rad: float) -> float:
    """Return how far from the middle the picture's edge is, in focal lengths. Where the model turns back is its end."""
    reached = min(half_rad, fisheye_limit_rad(distortion))
    return float(fisheye_radius(distortion, np.array([reached]))[0])
