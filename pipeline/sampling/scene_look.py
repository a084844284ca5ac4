"""What one draw decides for the looks of a whole scene: wetness, palette, and the picture's tone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from pipeline.config.schema import Image, Materials
from pipeline.records import (
    BinPlan,
    FloorPlan,
    FramePlan,
    ImagePlan,
    InstancePlan,
    MaterialPlan,
    ObjectChange,
    PalettePlan,
    RoadPlan,
    ShelfPlan,
    TrayPlan,
    WallPlan,
)
from pipeline.sampling.draw import draw
from pipeline.sampling.rng import Scope, rng_for

Part = TypeVar("Part", FloorPlan, WallPlan, TrayPlan, BinPlan)
Place = TypeVar("Place", RoadPlan, ShelfPlan)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneLook:
    """What the materials of a scene have in common; `palette` None where it changes nothing."""

    wetness: float
    palette: PalettePlan | None

    def on_plan(self, plan: FramePlan) -> FramePlan:
        """Return a plan whose materials are as they are in this scene: the palette on all that are not kept, water on
        what stands around, which is the stage and the template."""
        stage = plan.surroundings
        return replace(
            plan,
            surroundings=replace(
                stage,
                floor=None if stage.floor is None else self._around(stage.floor),
                walls=tuple(self._around(wall) for wall in stage.walls),
                tray=None if stage.tray is None else self._around(stage.tray),
                road=None if stage.road is None else self._all_of(stage.road),
                shelf=None if stage.shelf is None else self._all_of(stage.shelf),
                bin=None if stage.bin is None else self._around(stage.bin),
            ),
            template_state=replace(
                plan.template_state, objects=tuple(self._varied(one) for one in plan.template_state.objects)
            ),
            instances=tuple(self._placed(one) for one in plan.instances),
        )

    def _around(self, part: Part) -> Part:
        return replace(part, material=self._wet(part.material))

    def _all_of(self, place: Place) -> Place:
        return replace(place, materials={name: self._wet(one) for name, one in place.materials.items()})

    def _varied(self, change: ObjectChange) -> ObjectChange:
        looks = [one if one.made is None else replace(one, made=self._wet(one.made)) for one in change.looks]
        return replace(change, looks=tuple(looks))

    def _placed(self, one: InstancePlan) -> InstancePlan:
        if one.material is None:
            return one
        return replace(one, material=replace(one.material, palette=self.palette))

    def _wet(self, material: MaterialPlan) -> MaterialPlan:
        return replace(material, palette=self.palette, wetness=self.wetness)


def sample_scene_look(materials: Materials, seed: int, scene: Scope) -> SceneLook:
    """Return the look of a scene."""
    palette = PalettePlan(
        hue=draw(materials.palette.hue, rng_for(seed, scene, "materials/palette/hue")) % 1.0,
        strength=draw(materials.palette.strength, rng_for(seed, scene, "materials/palette/strength")),
    )
    return SceneLook(
        wetness=draw(materials.wetness, rng_for(seed, scene, "materials/wetness")),
        palette=palette if palette.strength > 0 else None,
    )


def sample_image(image: Image, seed: int, scene: Scope) -> ImagePlan:
    """Return what is done to the pictures of a scene."""
    return ImagePlan(
        saturation=draw(image.saturation, rng_for(seed, scene, "image/saturation")),
        contrast=draw(image.contrast, rng_for(seed, scene, "image/contrast")),
    )
