"""A suburban street that bends: two lanes, parked cars' strips, kerbs, verges, sidewalks, front gardens."""

from __future__ import annotations

import math

import bpy

from templates import looks
from templates.countryside import countryside
from templates.course import SIDES, Course, beside, course, paint_along, stand, stations, strip
from templates.files import asset, collection
from templates.marks import mark, note
from templates.pieces import box, camera, cylinder, lamp, sky

# Across, from the middle of the road to the left and, mirrored, to the right, in metres.
LANE = 3.5
PARKING = 5.9  # where the strip of parked cars ends, and the kerb begins
KERB = 6.05
SIDEWALK = (8.9, 11.0)  # the verge lies before it, the front gardens behind it
HOUSES = 23.0
PLOTS = 48.0
RAISED = 0.12  # height of all that lies beyond the kerb
# Along, in metres from the middle of the street.
STREET = (-75.0, 75.0)  # things are placed here
ROAD = (-129.0, 231.0)  # and what is seen goes on
RIDE = (-66.0, -34.0)  # of a camera; on the left lane from the other end. Traffic begins beyond
CROSSING = (-18.0, -14.5)
DASH, DASHES_EVERY = 3.0, 9.0


def build() -> None:
    """Build the street; its middle is the origin, where it goes along +x and begins to bend to the left."""
    along = course(*ROAD, _curvature)
    sky(0.9, (0.55, 0.72, 1.0))
    _light(collection("Light"))
    _road(along, collection("Road"))
    _sides(along, collection("Sides"))
    countryside(along, *ROAD, PLOTS, collection("Backdrop"))
    _furniture(along, collection("Furniture"))
    _curves(along, collection("Variegate"))
    eye = along.at(-62.0, -LANE / 2, 1.5)
    camera("Camera", eye, along.at(-30.0, -LANE / 2, 1.3), bpy.context.scene.collection, 30.0)


def _curvature(station_m: float) -> float:
    """Straight, then slowly into a bend of 130 m and out of it."""
    rise = min(1.0, max(0.0, (station_m + 40.0) / 50.0))
    fall = min(1.0, max(0.0, (150.0 - station_m) / 50.0))
    return min(rise, fall) / 130.0


# --- the ground -----------------------------------------------------------------------------------------------------


def _road(along: Course, into: bpy.types.Collection) -> None:
    """Asphalt from kerb to kerb with its paint, which is a part of it: what stands on it touches both."""
    asphalt = looks.weathered("Asphalt", "#4a4a4c", "#646466", "#3f3f42", 45.0, 0.22, 0.85)
    looks.weathered("Asphalt new", "#2f3033", "#434447", "#3a3b3e", 45.0, 0.2, 0.8)
    looks.weathered("Asphalt old", "#6d6a66", "#85817b", "#7a736a", 40.0, 0.3, 0.9)
    paint_ = looks.speckled("Road paint", "#c9c7bf", "#e8e6df", 25.0, 0.7)
    edges = [PARKING, *(LANE + x for x in (0.06, -0.06)), *(LANE - 0.3 - 0.5 * i for i in range(6)), 0.06]
    across = sorted({*edges, *(-one for one in edges)}, reverse=True)
    dashes = [ROAD[0] + DASHES_EVERY * i for i in range(int((ROAD[1] - ROAD[0]) / DASHES_EVERY))]
    item = strip(
        "Road",
        along,
        _rows(),
        [(one, 0.0) for one in across],
        [asphalt, paint_],
        into,
        lambda s, d: _paint(s, d, dashes),
    )
    mark(item, "randomize", materials="Asphalt*", slots="Asphalt*", solid=False)
    iron = looks.speckled("Cast iron", "#2b2a29", "#4a4745", 70.0, 0.6)
    for i, (station, left) in enumerate(((-52.0, -1.0), (-27.0, 1.3), (3.0, -2.4), (30.0, 0.9), (58.0, -1.2)), 1):
        middle = along.at(station, left, 0.0008 - 0.01)  # what stands on it stands on the road
        note(cylinder(f"Manhole {i}", 0.31, 0.02, middle, iron, into, 0.0), solid=False)


def _rows() -> list[float]:
    """Return the stations at which all of the ground has vertices; every dash begins and ends at one."""
    begin, end = STREET
    before, after = stations(ROAD[0], begin, 3.0), stations(end, ROAD[1], 3.0)
    return sorted({*before, *stations(begin, end, 1.5, CROSSING), *after})


def _paint(station_m: float, left_m: float, dashes: list[float]) -> int:
    """Return 1 where there is paint: dashes in the middle, lines along the parked cars, a zebra crossing."""
    side = abs(left_m)
    if CROSSING[0] < station_m < CROSSING[1]:
        return int(side < LANE - 0.3 and int((LANE - 0.3 - side) / 0.5) % 2 == 0)
    near = CROSSING[0] - 4.0 < station_m < CROSSING[1] + 4.0
    is_dash = side < 0.06 and not near and any(one < station_m < one + DASH for one in dashes)
    return int(is_dash or (abs(side - LANE) < 0.06 and not near))


def _sides(along: Course, into: bpy.types.Collection) -> None:
    stone = looks.by_uv(looks.bricks("Kerb stones", "#a19d95", "#aeaaa1", "#77736c", 1.0, 3.0, 0.012, 0.0))
    slabs = looks.by_uv(looks.bricks("Paving slabs", "#a8a49b", "#b5b1a8", "#85817a", 1.5, 1.05, 0.014, 0.0))
    looks.by_uv(looks.bricks("Paving bricks", "#8f5f4c", "#a0705a", "#6d5448", 0.22, 0.11, 0.006, 0.5))
    grass = looks.weathered("Grass", "#3f5a22", "#6a8438", "#7d8a45", 55.0, 0.35, 1.0)
    looks.weathered("Grass dry", "#6f6d35", "#95904e", "#a39a60", 55.0, 0.35, 1.0)
    looks.weathered("Grass lush", "#2f5019", "#527c2d", "#46682a", 55.0, 0.35, 1.0)
    places = _rows()
    for word, side in SIDES:
        low, high = SIDEWALK
        kerb = ((KERB, RAISED), (PARKING + 0.05, RAISED), (PARKING + 0.02, RAISED - 0.02), (PARKING, 0.0))
        note(strip(f"Kerb {word}", along, places, _mirrored(kerb, side), [stone], into), solid=False)
        walk = strip(
            f"Sidewalk floor {word}", along, places, _mirrored(((high, RAISED), (low, RAISED)), side), [slabs], into
        )
        mark(walk, "randomize", materials="Paving*", solid=False)
        verge = strip(f"Verge {word}", along, places, _mirrored(_even(low, KERB, 4), side), [grass], into)
        lawn = strip(f"Lawn {word}", along, places, _mirrored(_even(PLOTS, high, 20), side), [grass], into)
        for item in (verge, lawn):
            mark(item, "surface, randomize", materials="Grass*", slots="Grass*", density="density", solid=False)
        _paint_sides(verge, lawn)


def _even(far: float, near: float, count: int) -> tuple[tuple[float, float], ...]:
    return tuple((far + (near - far) * i / count, RAISED) for i in range(count + 1))


def _mirrored(profile: tuple[tuple[float, float], ...], side: int) -> list[tuple[float, float]]:
    """Return a profile of the left side, or of the right, from left to right."""
    return [(side * left, up) for left, up in (profile if side > 0 else reversed(profile))]


def _paint_sides(verge: bpy.types.Object, lawn: bpy.types.Object) -> None:
    """Things stand in the middle of the verge, before and behind the houses, and nowhere beyond the street."""
    middle, half = (KERB + SIDEWALK[0]) / 2, (SIDEWALK[0] - KERB) / 2
    paint_along(verge, "density", lambda s, d: _within(s) * (1.1 - abs(abs(d) - middle) / half))
    paint_along(lawn, "density", lambda s, d: _within(s) * (0.5 * _peak(abs(d), 14.5, 3.5) + _peak(abs(d), 36.0, 7.0)))


def _peak(value: float, middle: float, reach: float) -> float:
    return max(0.0, 1.0 - abs(value - middle) / reach)


def _within(station_m: float) -> float:
    """Return 1 on the street, and 0 a few metres before its ends and beyond."""
    return min(1.0, max(0.0, (STREET[1] - abs(station_m)) / 6.0))


# --- what stands there ----------------------------------------------------------------------------------------------


def _furniture(along: Course, into: bpy.types.Collection) -> None:
    """Lamps and signs, which stand still: at the kerb, the lamps' arms over parked cars."""
    kind = asset("street/lamp_street_01.glb", into, "Lamp")
    plain = looks.plain("Helper", "#33aaff")
    foot = -kind.dimensions.x / 2 + 0.16  # of its post, from its origin along +x
    for word, side in SIDES:
        for i in range(10):
            item = bpy.data.objects.new(f"Lamp {word} {i + 1}", kind.data)
            into.objects.link(item)
            post = box(f"{item.name} post", (0.34, 0.34, 6.0), (foot, 0.0, 3.0), plain, into, 0.0)
            post.parent, post.display_type = item, "WIRE"
            note(item, solid=False)  # its arm is in nobody's way
            mark(post, "collider")
            station = ROAD[0] + 24.0 + 32.0 * i + (16.0 if side > 0 else 0.0)
            stand(item, along, station, side * (KERB + 0.2 + foot), RAISED, -90.0 * side)
    bpy.data.objects.remove(kind)
    for name, file, station, side in (
        ("Sign speed right", "sign_speed_01", -46.0, -1),
        ("Sign speed left", "sign_speed_01", 62.0, 1),
        ("Sign parking right", "sign_parking_01", -8.0, -1),
        ("Sign parking left", "sign_parking_01", 14.0, 1),
    ):
        sign = asset(f"street/{file}.glb", into, name)
        stand(sign, along, station, side * (KERB + 0.3), RAISED, 180.0 if side < 0 else 0.0)


def _light(into: bpy.types.Collection) -> None:
    sun = lamp("Sun", "SUN", 4.0, (0.0, 0.0, 40.0), into, colour=(1.0, 0.95, 0.88))
    sun.data.angle = math.radians(0.6)
    sun.rotation_euler = (math.radians(48.0), 0.0, math.radians(-60.0))
    mark(sun, "hide")  # for whoever opens the file: the scene has a sky of its own


# --- the marks ------------------------------------------------------------------------------------------------------


def _curves(along: Course, into: bpy.types.Collection) -> None:
    """Lines that things are placed along. Those on the left run backward, so that the road is always to their left."""
    walk = (SIDEWALK[0] + SIDEWALK[1]) / 2
    for word, side in SIDES:
        begin, end = STREET if side < 0 else reversed(STREET)
        for name, left, up, settings in (
            ("Lane", LANE / 2, 0.0, {"width_m": LANE, "lateral_m": 0.25, "heading_deg": [-1.5, 1.5]}),
            (
                "Parking",
                (LANE + PARKING) / 2,
                0.0,
                {"width_m": PARKING - LANE, "lateral_m": 0.1, "heading_deg": [-2.0, 2.0]},
            ),
            ("Trees", KERB + 1.7, RAISED, {"lateral_m": 0.2, "heading_deg": [0.0, 360.0]}),
            ("Sidewalk", walk, RAISED, {"width_m": SIDEWALK[1] - SIDEWALK[0], "lateral_m": 0.7}),
            ("Hedges", SIDEWALK[1] + 0.75, RAISED, {"heading_deg": 90.0}),
            ("Houses", HOUSES, RAISED, {"lateral_m": 0.8, "heading_deg": [86.0, 94.0]}),
        ):
            mark(beside(f"{name} {word}", along, begin, end, side * left, up, into), "spline", **settings)
        begin, end = (-side * station for station in RIDE)
        ride = beside(f"Dashcam {word}", along, begin, end, side * LANE / 2, 0.0, into)
        mark(ride, "camera", height_m=[1.4, 1.7])
