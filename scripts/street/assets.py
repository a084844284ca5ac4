"""Every model of assets/street: its name, its category, how it is built and in which colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from street import bus, car_park, conifers, furniture, houses, lorries, signs, town, trees
from street.bicycles import build_cyclist
from street.car import Car
from street.cars import build_car
from street.conifers import Conifer, build_conifer
from street.figures import Person, build_person
from street.houses import House, build_house
from street.poses import PHONE, RIDING, RUN, STAND, STEP, STRIDE
from street.shape import Shape, centred
from street.town import TownHouse, build_town_house
from street.trees import Tree, build_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetAsset:
    """`colours` are sRGB hex by material; edges sharper than `crease_deg` are hard."""

    asset_id: str
    category: str
    build: Callable[[], Shape]
    colours: Mapping[str, str] = field(default_factory=dict)
    crease_deg: float = 32.0


def _car(name: str, car: Car, paint: str, **colours: str) -> StreetAsset:
    return StreetAsset(
        asset_id=f"car_{name}", category="car", build=partial(build_car, car), colours={"paint": paint, **colours}
    )


def _truck(name: str, build: Callable[[], Shape], **colours: str) -> StreetAsset:
    category = name.split("_")[0]
    return StreetAsset(asset_id=name, category=category, build=build, colours=colours)


def _house(name: str, house: House, **colours: str) -> StreetAsset:
    return StreetAsset(asset_id=f"house_{name}", category="house", build=partial(build_house, house), colours=colours)


def _building(name: str, house: TownHouse, **colours: str) -> StreetAsset:
    build = partial(build_town_house, house)
    return StreetAsset(asset_id=f"building_{name}", category="building", build=build, colours=colours)


def _tree(tree: Tree, **colours: str) -> StreetAsset:
    build = partial(build_tree, tree)
    return StreetAsset(asset_id=tree.name, category="tree", build=build, colours=colours, crease_deg=70)


def _conifer(tree: Conifer, **colours: str) -> StreetAsset:
    return StreetAsset(asset_id=tree.name, category="tree", build=partial(build_conifer, tree), colours=colours)


def _walker(name: str, person: Person, **colours: str) -> StreetAsset:
    def build() -> Shape:
        return centred(build_person(person))

    return StreetAsset(
        asset_id=f"pedestrian_{name}", category="pedestrian", build=build, colours=colours, crease_deg=50
    )


def _rider(name: str, person: Person, basket: bool, **colours: str) -> StreetAsset:
    build = partial(build_cyclist, person, basket)
    return StreetAsset(asset_id=f"cyclist_{name}", category="cyclist", build=build, colours=colours, crease_deg=50)


def _thing(name: str, category: str, make: Callable[[], Shape]) -> StreetAsset:
    def build() -> Shape:
        return centred(make())

    return StreetAsset(asset_id=name, category=category, build=build, crease_deg=40)


CARS = (
    _car("sedan_01", car_park.SEDAN, "#27496d"),
    _car("sedan_02", car_park.SALOON, "#1c1d20"),
    _car("hatchback_01", car_park.HATCH, "#a8171b"),
    _car("hatchback_02", car_park.CITY, "#7fa6a8"),
    _car("estate_01", car_park.ESTATE, "#5b6166"),
    _car("suv_01", car_park.SUV, "#d9d9d4"),
    _car("suv_02", car_park.OFFROAD, "#4b5a38"),
    _car("van_01", car_park.VAN, "#e6e6e2"),
    _car("minivan_01", car_park.MINIVAN, "#6b2f3a"),
    _car("pickup_01", car_park.PICKUP, "#8a4a1c"),
    _car("sports_01", car_park.SPORTS, "#d8a20c"),
    _car("coupe_01", car_park.COUPE, "#9aa0a6"),
    _car("taxi_01", replace(car_park.SALOON, spokes=5, extras=("taxi_sign",)), "#e2b00e"),
    _car("police_01", replace(car_park.ESTATE, panes=(), extras=("side_stripe", "light_bar")), "#e8e9ea"),
)
LORRIES = (
    _truck("truck_box_01", lorries.box_lorry, paint="#a01c1c"),
    _truck("truck_tipper_01", lorries.tipper, paint="#d08a10", cargo="#b86c0e"),
    _truck("bus_city_01", bus.city_bus, paint="#b8282c", stripe="#e8e4da", cargo="#b9bab6"),
)
HOUSES = (
    _house("cottage_01", houses.COTTAGE, facade="#e6dfcd", roof="#5a4a40", shutter="#2f5a6a", door="#2f5a6a"),
    _house("gable_01", houses.GABLE_FRONT, facade="#a4573f", roof="#3c3a3a", frame="#f0eee8", plinth="#5d5a56"),
    _house("farm_01", houses.FARM, facade="#e3d3a6", roof="#8c4029", shutter="#6a2a22"),
    _house("bungalow_01", houses.BUNGALOW, facade="#c9b9a0", roof="#6a4634"),
    _house("villa_01", houses.VILLA, facade="#c7d0d2", roof="#454c54", door="#2a3038", chimney="#8a8378"),
    _house("modern_01", houses.MODERN, facade="#eceae4", roof="#55585a", shutter="#8a6238", frame="#2e3134"),
    _house("cube_01", houses.CUBE, facade="#b6b9b4", roof="#4c4f50", frame="#24282b", door="#7a2e22"),
    _house("suburban_01", houses.SUBURBAN, facade="#d9b98f", roof="#54382c", door="#f0ece2"),
)
BUILDINGS = (
    _building("corner_01", town.CORNER, facade="#dccfae", roof="#4a5056", shop="#274a52", chimney="#b09070"),
    _building("brick_01", town.BRICK, facade="#8f4a38", roof="#3e3c3c", shop="#1f3a2a", sill="#d8d0c0"),
    _building("office_01", town.OFFICE, facade="#a8a49c", roof="#5a5c5c", frame="#3a3e42", shop="#34383c"),
    _building("terrace_01", town.TERRACE, facade="#c88f6a", roof="#5a5855", shop="#5a2430", awning="#2a5a48"),
)
TREES = (
    _tree(trees.OAK),
    _tree(trees.LINDEN, leaf="#4a7a2c", leaf_light="#6f9a3e"),
    _tree(trees.YOUNG, leaf="#557f2e", leaf_light="#86a848"),
    _tree(trees.POPLAR, leaf="#46702e"),
    _tree(trees.BIRCH, leaf="#6a8f38", leaf_light="#96ad4c", leaf_dark="#3f6124", bark="#2e2a26"),
    _tree(trees.PINE, bark="#7a4a30", needle="#24452c", needle_light="#3d6a40"),
    _conifer(conifers.SPRUCE),
    _conifer(conifers.FIR, needle="#27503a", needle_light="#3f7052"),
)
PEDESTRIANS = (
    _walker("01", Person(size=1.81, pose=STRIDE), top="#34588c", trousers="#23283a"),
    _walker(
        "02", Person(size=1.66, pose=STEP, build=0.9, dress="skirt", hair="long", extras=("handbag",)),
        top="#a82c4c", trousers="#26262a", skin="#d8a684", bag="#402018",
    ),
    _walker(
        "03", Person(size=1.77, pose=STAND, dress="coat", extras=("briefcase",)),
        top="#4c463c", trousers="#1f2023", skin="#8a5a40", hair="#14100e",
    ),
    _walker(
        "04", Person(size=1.72, pose=PHONE, build=1.05, short_sleeves=True, hair="cap", extras=("backpack",)),
        top="#c79a20", trousers="#3a4a66", bag="#2c4a3c",
    ),
    _walker(
        "05", Person(size=1.76, pose=RUN, dress="shorts", short_sleeves=True),
        top="#1f9a5c", trousers="#20242c", shoes="#d8d4cc", skin="#6a4430", hair="#16110e",
    ),
    _walker(
        "06", Person(size=1.6, pose=STRIDE, build=0.95, dress="coat", hair="long"),
        top="#8c2e2e", trousers="#2c2c32", hair="#9a7a48", skin="#e0b494",
    ),
)  # fmt: skip
CYCLISTS = (
    _rider("01", Person(size=1.78, pose=RIDING, hair="helmet"), False, top="#d8dc28", trousers="#20242e"),
    _rider(
        "02", Person(size=1.74, pose=RIDING, build=0.92, hair="long", short_sleeves=True), True,
        top="#c2502a", trousers="#2c3a58", frame_paint="#146a72", hair="#5a3420",
    ),
)  # fmt: skip
FURNITURE = (
    _thing("lamp_street_01", "lamp", furniture.street_lamp),
    _thing("lamp_lantern_01", "lamp", furniture.old_lamp),
    _thing("traffic_light_01", "traffic_light", furniture.traffic_light),
    _thing("sign_stop_01", "sign", signs.stop_sign),
    _thing("sign_speed_01", "sign", signs.speed_sign),
    _thing("sign_yield_01", "sign", signs.yield_sign),
    _thing("sign_parking_01", "sign", signs.parking_sign),
    _thing("bin_litter_01", "bin", furniture.litter_bin),
    _thing("bin_wheeled_01", "bin", furniture.wheeled_bin),
    _thing("bench_01", "bench", furniture.bench),
    _thing("hydrant_01", "hydrant", furniture.hydrant),
    _thing("bollard_01", "bollard", furniture.bollard),
    _thing("hedge_01", "hedge", furniture.hedge),
    _thing("cone_01", "cone", furniture.traffic_cone),
)
ASSETS = (*CARS, *LORRIES, *HOUSES, *BUILDINGS, *TREES, *PEDESTRIANS, *CYCLISTS, *FURNITURE)
