"""Things within marked closed meshes: in free poses, upright, or let go there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipeline.config.context_places import InVolume
from pipeline.config.contexts_section import Context
from pipeline.config.schema import Box, Surroundings
from pipeline.geometry import Array, box_corners, compose, quaternion_about, quaternion_from_uniforms, transform_points
from pipeline.records import DropPlan, MarkedVolume, Pose
from pipeline.sampling.draw import Rng
from pipeline.sampling.objects import Chosen
from pipeline.sampling.placement import radius_m
from pipeline.sampling.structured.falling import Release, let_fall
from pipeline.sampling.structured.meshes import corners_of, is_inside, volume_of
from pipeline.sampling.structured.places import Places, chosen_marks, setting
from pipeline.sampling.structured.shares import fill_shared
from pipeline.sampling.structured.site import NO_ROOM, PLACE_TRIES, Filled, Placed, Site
from pipeline.sampling.structured.standing import UP, bounds_of, box_at

BATCH = 64  # points tried at once
BATCHES = 4  # in a mesh that fills a hundredth of its bounds, nine tries in ten find a point
BOX_FACES = ((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)) + (
    (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """A closed mesh made ready: corners (T, 3, 3), its bounds `low` and `high` (3,), its exact volume."""

    mark: MarkedVolume
    corners: Array
    low: Array
    high: Array
    size_m3: float


def in_volumes(site: Site, name: str, context: Context, law: InVolume) -> Filled:
    """Return the things in the volumes of a context, shared out by their cubic metres."""
    rooms = [room_of(mark) for mark in volumes_of(site.places, law) if mark.triangles]

    def put(room: Room, chosen: Chosen, stream: str) -> Placed | str:
        use = law.pose or room.mark.settings.words.get("use", "free")
        return _let_fall(site, room, chosen, stream) if use == "drop" else _put(site, law, room, use, chosen, stream)

    return fill_shared(site, name, context, [(one.mark.object_name, one.size_m3, one) for one in rooms], put)


def volumes_of(places: Places, law: InVolume) -> tuple[MarkedVolume, ...]:
    """Return the volumes of a context: marked ones, or the box that it brings."""
    return chosen_marks(places.volumes, law.marks) if law.box is None else (_volume_of(law.box),)


def _volume_of(box: Box) -> MarkedVolume:
    middle, half = np.asarray(box.center_m), np.asarray(box.size_m) / 2
    vertices = tuple((float(x), float(y), float(z)) for x, y, z in box_corners(middle - half, middle + half))
    return MarkedVolume(name="box", object_name="box", vertices_m=vertices, triangles=BOX_FACES)


def room_of(mark: MarkedVolume) -> Room:
    """Return a marked mesh made ready."""
    corners = corners_of(mark)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    return Room(mark=mark, corners=corners, low=low, high=high, size_m3=volume_of(corners))


def _put(site: Site, law: InVolume, room: Room, use: str, chosen: Chosen, stream: str) -> Placed | str:
    """Return a thing whose box is in the volume with all its corners; where no such place is found, with its middle."""
    clearance = law.clearance_m
    if clearance is None:
        clearance = setting(room.mark, "clearance_m", 0.0, site.rng(f"{stream}/clearance"))
    own = site.occupied.solids_of(room.mark.object_name)
    for is_whole, address in ((True, "attempt"), (False, "partly")):
        fits = False
        for attempt in range(PLACE_TRIES):
            pose = _pose(room, use, chosen, is_whole, site.rng(f"{stream}/{address}/{attempt}"))
            if pose is None:
                continue
            fits = True
            number = site.put(chosen, pose, clearance, own)
            if number is not None:
                return Placed(chosen=chosen, poses=(pose,), placed_as="flying", box=number)
        if fits:
            break
    return NO_ROOM


def _pose(room: Room, use: str, chosen: Chosen, is_whole: bool, rng: Rng) -> Pose | None:
    """Return a pose with the middle of the box at a random point of the volume, None where too much sticks out."""
    turns = (rng.random(), rng.random(), rng.random())
    turned = quaternion_from_uniforms(*turns) if use == "free" else quaternion_about(UP, 2 * math.pi * turns[0])
    low, high = bounds_of(chosen)
    at_origin = compose((0.0, 0.0, 0.0), turned)
    middle = transform_points(at_origin, [(low + high) / 2])[0]
    reach = (np.abs(at_origin[:3, :3]) * (high - low) / 2).sum(axis=1)
    point = point_in(room, rng, reach if is_whole else np.zeros(3))
    if point is None:
        return None
    x, y, z = (float(v) for v in point - middle)
    pose = Pose(location_m=(x, y, z), rotation=turned)
    if is_whole:
        frame, half = box_at(chosen, pose)
        if not is_inside(room.corners, transform_points(frame, box_corners(-half, half))).all():
            return None
    return pose


def point_in(room: Room, rng: Rng, margin_m: Array) -> Array | None:
    """Return a point drawn evenly from the part of the volume that is `margin_m` (3,) within its bounds, None where
    none is found."""
    low, size = room.low + margin_m, room.high - room.low - 2 * margin_m
    if size.min() < 0:
        return None
    for _ in range(BATCHES):
        points = low + size * rng.random((BATCH, 3))
        found = np.flatnonzero(is_inside(room.corners, points))
        if len(found):
            point: Array = points[found[0]]
            return point
    return None


def _let_fall(site: Site, room: Room, chosen: Chosen, stream: str) -> Placed | str:
    """Return a thing that is let go in the volume, away from its sides by its radius where that is possible."""
    radius = radius_m(chosen)
    margin = np.minimum(radius, (room.high - room.low) / 2)

    def release_at(rng: Rng) -> Release | str:
        point = point_in(room, rng, margin)
        if point is None:
            return NO_ROOM
        x, y, z = (float(v) for v in point)
        return Release(point_m=(x, y, z), bottom_m=z - radius)

    own = site.occupied.solids_of(room.mark.object_name)
    return let_fall(site, chosen, stream, _zone(site, room), release_at, own)


def _zone(site: Site, room: Room) -> DropPlan:
    """Return the zone below a volume, on the lowest thing that may hold what falls from it."""
    x, y = (float(v) for v in (room.low[:2] + room.high[:2]) / 2)
    width, depth = (float(v) for v in room.high[:2] - room.low[:2])
    heights = [float(room.low[2]), *site.occupied.tops_below(room.low, room.high)]
    config = site.config
    built = config.surroundings or (Surroundings(floor=None) if config.template else Surroundings())
    if built.floor is not None and heights[0] > 0:
        heights.append(0.0)
    return DropPlan(center_m=(x, y, min(heights)), area_m=(width, depth), fence=False)
