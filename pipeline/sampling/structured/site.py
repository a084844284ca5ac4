"""The scene being furnished: what a law of placing needs to know, and what it gives back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from pipeline.config.contexts_section import Context, names_of
from pipeline.config.distributions import Poisson
from pipeline.config.objects_section import Law
from pipeline.config.schema import AssetGroup, Config
from pipeline.conventions import MAX_INSTANCES
from pipeline.errors import RejectedFrame
from pipeline.geometry import Array, compose, product, quaternion_from_matrix
from pipeline.records import Asset, Catalogue, DropPlan, Pose, Role, Vector
from pipeline.sampling.draw import Rng, draw, draw_count, draw_index
from pipeline.sampling.objects import Chosen, listings, sample_one
from pipeline.sampling.rng import Scope, rng_for
from pipeline.sampling.structured.meshes import KeepOut
from pipeline.sampling.structured.occupied import Occupied
from pipeline.sampling.structured.places import Places
from pipeline.sampling.structured.standing import box_at
from pipeline.sampling.structured.terrain import Terrain

PLACE_TRIES = 50  # for one thing, before it is dropped and counted
GIVE_UP = 100  # things in a row without room at a place, after which a context tries no more there
NO_ROOM = "no room"
NO_PLACE = "no such place"
ALL_TAKEN = "every place is taken"
LEVEL = 0.1  # cosine to the vertical below which an axis of a box counts as level

Box = tuple[Array, Array]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moved:
    """How far a thing has come since the first view of its scene, as a rigid motion (4, 4) of the world: until this
    view, and until the next."""

    now: Array
    following: Array


def moved_pose(pose: Pose, motion: Array) -> Pose:
    """Return where a motion (4, 4) of the world brings a pose."""
    after = product(motion, compose(pose.location_m, pose.rotation))
    x, y, z = (float(value) for value in after[:3, 3])
    return Pose(location_m=(x, y, z), rotation=quaternion_from_matrix(after[:3, :3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One thing with its place in the first view of its scene: `poses` as in InstancePlan; `zone` for what falls. `box`
    is the number of the box that it takes in `Site.occupied`. `moved` is None for what stands still."""

    chosen: Chosen
    poses: tuple[Pose, ...]
    placed_as: Law
    zone: DropPlan | None = None
    box: int | None = None
    moved: Moved | None = None
    upon: str = ""
    """The address of the thing that it was placed by."""

    @property
    def address(self) -> str:
        """Its address below "contexts/"."""
        return self.chosen.stream.removeprefix("contexts/")

    @property
    def context(self) -> str:
        """The context that placed it; "" for none."""
        parts = self.chosen.stream.split("/")
        return parts[1] if parts[0] == "contexts" else ""


@dataclass(slots=True)
class Filled:
    """What a law did: things placed, how many it could not place, by the reason, and the objects of the template that
    they replace, by name."""

    placed: list[Placed] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    replaced: list[str] = field(default_factory=list)
    without_room: Counter[str] = field(default_factory=Counter)
    """How many things in a row have found no room, by the name of the place."""

    def is_full(self, place: str) -> bool:
        """Whether trying further things at a place is in vain, which takes long where there are thousands."""
        return self.without_room[place] >= GIVE_UP

    def add(self, result: Placed | str, place: str = "") -> None:
        """Note a thing that is placed, or the reason why it is not; at which `place` where more are to be tried."""
        if isinstance(result, str):
            self.dropped[result] += 1
        else:
            self.placed.append(result)
        self.without_room[place] = self.without_room[place] + 1 if result == NO_ROOM else 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """A scene with its numbers settled.

    `times_s` are those of this view and of the next, 0 at the first of the scene. `done` holds what earlier contexts
    placed, by their names, `terrains` the surfaces that they stand on; `released` the spheres (middle, radius) of what
    is let fall, by the number of the box it takes.
    """

    config: Config
    catalogue: Catalogue
    places: Places
    scene: Scope
    looks: Scope
    occupied: Occupied
    keep_out: tuple[KeepOut, ...] = ()
    times_s: tuple[float, float] = (0.0, 0.0)
    done: dict[str, Filled] = field(default_factory=dict)
    terrains: dict[str, tuple[Terrain, ...]] = field(default_factory=dict)
    released: dict[int, tuple[Vector, float]] = field(default_factory=dict)

    def rng(self, stream: str) -> Rng:
        """Return the generator at an address below "contexts/"."""
        return rng_for(self.config.seed, self.scene, f"contexts/{stream}")

    def count(self, context: Context, stream: str, size: float, default: int = 1) -> int:
        """Return how many things go to a place of `size` metres, square or cubic metres. Raises RejectedFrame for more
        than any frame holds."""
        if context.density is not None:
            mean = draw(context.density, self.rng(f"{stream}/density")) * size
            if mean > MAX_INSTANCES:
                raise _too_many(stream, mean)
            return draw_count(Poisson(mean=mean), self.rng(f"{stream}/count"))
        if context.count is None:
            return default
        count = draw_count(context.count, self.rng(f"{stream}/count"))
        if count > MAX_INSTANCES:
            raise _too_many(stream, count)
        return count

    def choose(self, context: Context, stream: str) -> Chosen:
        """Return the thing at an address: its group by the weights of `allowed`, then asset, size and look."""
        options = list(self._allowed(context, stream))
        role, group, assets, _ = options[
            draw_index(len(options), self.rng(f"{stream}/group"), [weight for *_, weight in options])
        ]
        chosen = sample_one(
            self.config, self.catalogue, role, group, assets, f"contexts/{stream}", self.scene, self.looks
        )
        factor = draw(context.scale, self.rng(f"{stream}/scale"))
        return chosen if factor == 1.0 else chosen.scaled(factor)

    def _allowed(self, context: Context, stream: str) -> list[tuple[Role, AssetGroup, tuple[Asset, ...], float]]:
        """Return the groups that may stand here, in the order of the scene file. Groups that share a name share its
        weight by the number of their assets."""
        groups = [
            (role, group, assets)
            for role, listing, found in listings(self.config, self.catalogue)
            for group, assets in zip(listing, found, strict=True)
        ]
        weights = [0.0] * len(groups)
        for name in sorted(context.allowed):
            weight = draw(context.allowed[name], self.rng(f"{stream}/allowed/{name}"))
            members = [i for i, (_, group, _) in enumerate(groups) if name in names_of(group)]
            total = sum(len(groups[i][2]) for i in members)
            for i in members:
                weights[i] += weight * len(groups[i][2]) / total
        return [(*group, weight) for group, weight in zip(groups, weights, strict=True) if weight > 0]

    def put(self, chosen: Chosen, pose: Pose, clearance_m: float, skip: frozenset[int] = frozenset()) -> int | None:
        """Take the room of a thing and return its box's number, or None where it would overlap another."""
        return self.put_box(box_at(chosen, pose), clearance_m, skip)

    def put_standing(self, box: Box, clearance_m: float, skip: frozenset[int] = frozenset()) -> int | None:
        """Take the room of what stands on something and return its number, or None where it would overlap another or be
        nearer to it sideways than `clearance_m`; what lies below or above is no neighbour."""
        pose, half = box
        level = np.abs(pose[2, :3]) < LEVEL
        if clearance_m > 0 and not self.occupied.is_free(pose, half + clearance_m * level, 0.0, skip):
            return None
        return self.put_box(box, 0.0, skip)

    def put_box(self, box: Box, clearance_m: float = 0.0, skip: frozenset[int] = frozenset()) -> int | None:
        """Take the room of a box and return its number, or None where it is nearer than `clearance_m` to another, those
        numbered in `skip` aside, or in what is kept out of."""
        return self.take(box) if self.is_free(box, clearance_m, skip) else None

    def is_free(self, box: Box, clearance_m: float = 0.0, skip: frozenset[int] = frozenset()) -> bool:
        """Return whether a box may be put there."""
        return self.occupied.is_free(*box, clearance_m, skip) and not any(one.meets(*box) for one in self.keep_out)

    def take(self, box: Box) -> int:
        """Take the room of a box and return its number."""
        return self.occupied.add(*box)


def _too_many(stream: str, count: float) -> RejectedFrame:
    context = stream.split("/")[0]
    return RejectedFrame(f"contexts.{context}: {count:.0f} things; Blender numbers at most {MAX_INSTANCES} (15 bits)")
