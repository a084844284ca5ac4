"""Where a camera rides: on a marked camera with its ranges, along a line, over a surface or in a volume."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipeline.config.camera_section import Ride
from pipeline.config.distributions import bounds
from pipeline.conventions import JSON_DECIMALS
from pipeline.geometry import Array, look_at, matrix_from_quaternion, product
from pipeline.lines import left_of, line_of
from pipeline.records import MarkedCamera, MarkedSpline, MarkedSurface, MarkedVolume, Settings, Vector
from pipeline.sampling.draw import Rng, draw, draw_index
from pipeline.sampling.structured.places import Places, chosen_marks, number
from pipeline.sampling.structured.terrain import sample_spot, terrain_of
from pipeline.sampling.structured.volumes import point_in, room_of

AHEAD_M = 1.0  # from the eye to the point it looks at when it looks ahead
ANCHORS = ("origin", "targets", "target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a ride puts the camera: the eye, the aim and the turns of a CameraCandidate; `aim_m` None for what
    `camera.look_at` says. The lens is that of a marked camera, else None."""

    eye_m: Vector
    look_at: str = "point"
    aim_m: Vector | None = None
    yaw_deg: float
    pitch_deg: float
    roll_deg: float = 0.0
    focal_length_mm: float | None = None
    sensor_width_mm: float | None = None


def moves(ride: Ride) -> bool:
    """Return whether a ride goes on from view to view."""
    return bounds(ride.speed_m_s) != (0, 0)


def sample_seat(ride: Ride, places: Places, time_s: float, rng: Rng) -> Seat | None:
    """Return a place of a ride, `time_s` after the first view of the scene; None where the scene has none."""
    mounts: list[MarkedCamera | MarkedSpline | MarkedSurface | MarkedVolume] = [
        *chosen_marks(places.cameras, ride.marks),
        *chosen_marks(places.splines, ride.marks),
        *chosen_marks(places.surfaces, ride.marks),
        *chosen_marks(places.volumes, ride.marks),
    ]
    if not mounts:
        return None
    match mounts[draw_index(len(mounts), rng)]:
        case MarkedCamera() as mark:
            return _on_camera(ride, mark, rng)
        case MarkedSpline() as mark:
            return _on_line(ride, mark, time_s, rng)
        case mark:
            return _about(ride, mark, rng)


def _seat(ride: Ride, settings: Settings, eye: Array, direction: Array, ahead: bool, rng: Rng) -> Seat:
    """Return the seat at `eye` (3,), looking along `direction` (3,) where nothing says that it looks at something and
    `ahead` is true."""
    anchor: str = "point"
    aim: Vector | None = None
    if ride.look is None and (word := settings.words.get("look_at", "")) in ANCHORS:
        anchor, aim = word, (0.0, 0.0, 0.0)
    elif ride.look is None and "look_at" in settings.vectors:
        aim = settings.vectors["look_at"]
    elif ride.look == "ahead" or (ride.look is None and ahead):
        aim = _vector(eye + AHEAD_M * direction)
    return Seat(
        eye_m=_vector(eye),
        look_at=anchor,
        aim_m=aim,
        yaw_deg=draw(ride.yaw_deg, rng),
        pitch_deg=draw(ride.pitch_deg, rng),
    )


def _vector(point: Array) -> Vector:
    x, y, z = (float(value) for value in point)
    return (x, y, z)


def _on_line(ride: Ride, mark: MarkedSpline, time_s: float, rng: Rng) -> Seat:
    line = line_of(mark.points_m, closed=mark.closed)
    along = draw(ride.at, rng) * line.length_m + draw(ride.speed_m_s, rng) * time_s
    point, direction = line.at(along)
    eye = point + draw(ride.lateral_m, rng) * left_of(direction)
    eye[2] += draw(number(ride.height_m, mark.settings, "height_m", 0.0), rng)
    return _seat(ride, mark.settings, eye, direction, True, rng)


def _about(ride: Ride, mark: MarkedSurface | MarkedVolume, rng: Rng) -> Seat | None:
    """Return a seat over a surface, as often at a place as it is painted, or anywhere in a volume."""
    if isinstance(mark, MarkedSurface):
        terrain = terrain_of(mark)
        point = sample_spot(terrain, rng).point_m if terrain.size_m2 > 0 else None
    else:
        point = point_in(room_of(mark), rng, np.zeros(3)) if mark.triangles else None
    if point is None:
        return None
    eye = point + np.array([0.0, 0.0, draw(number(ride.height_m, mark.settings, "height_m", 0.0), rng)])
    heading = math.tau * rng.random()
    return _seat(ride, mark.settings, eye, np.array([math.cos(heading), math.sin(heading), 0.0]), False, rng)


# --- on a marked camera ---------------------------------------------------------------------------------------------


def _on_camera(ride: Ride, mark: MarkedCamera, rng: Rng) -> Seat:
    axes = matrix_from_quaternion(mark.rotation)
    moved = np.array([_within(reach, rng) for reach in _reaches(mark.settings, "move_m")])
    eye = np.asarray(mark.location_m) + product(axes, moved)
    eye[2] += 0.0 if ride.height_m is None else draw(ride.height_m, rng)
    eye, ahead = (point.round(JSON_DECIMALS) for point in (eye, eye + AHEAD_M * axes[:, 2]))  # as plans hold them
    seat = _seat(ride, mark.settings, eye, ahead - eye, True, rng)
    pitch, yaw, roll = (_within(reach, rng) for reach in _reaches(mark.settings, "turn_deg"))
    if seat.look_at == "point" and seat.aim_m == _vector(ahead):
        roll += _roll_deg(eye, ahead, axes)
    return replace(
        seat,
        yaw_deg=seat.yaw_deg + yaw,
        pitch_deg=seat.pitch_deg + pitch,
        roll_deg=roll,
        focal_length_mm=draw(number(None, mark.settings, "focal_length_mm", mark.focal_length_mm), rng),
        sensor_width_mm=mark.sensor_width_mm,
    )


def _reaches(settings: Settings, name: str) -> list[tuple[float, float]]:
    """Return the range about each axis of the camera: an array of three, or a single number, are half ranges."""
    if name in settings.vectors:
        return [(-abs(reach), abs(reach)) for reach in settings.vectors[name]]
    low, high = settings.ranges.get(name, (0.0, 0.0))
    return [(-abs(low), abs(low)) if low == high else (low, high)] * 3


def _within(reach: tuple[float, float], rng: Rng) -> float:
    low, high = reach
    return low + (high - low) * rng.random()


def _roll_deg(eye: Array, ahead: Array, axes: Array) -> float:
    """Return the roll with which a camera that looks ahead has the axes (3, 3) that it was given."""
    level = look_at(eye, ahead)
    right, down, _ = product(axes[:, 0], level[:3, :3])
    return math.degrees(math.atan2(float(down), float(right)))
