"""What an artist marked to vary in the template: drawn from the ranges that the marks carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pipeline.config.schema import Config
from pipeline.records import (
    BoneChange,
    Catalogue,
    LampChange,
    MarkedLamp,
    MarkedVaried,
    ObjectChange,
    PartMotion,
    Settings,
    SlotLook,
    TemplateState,
    Vector,
)
from pipeline.sampling.colors import black_body
from pipeline.sampling.draw import Rng, draw_count, draw_index
from pipeline.sampling.materials import sample_jitter, sample_material
from pipeline.sampling.rng import Scope, rng_for

JITTER, REPLACE = "jitter", "replace"  # what "vg.materials" may say besides names


def sample_template_state(
    config: Config,
    catalogue: Catalogue,
    scene: Scope,
    looks: Scope,
    lamps: Scope,
    view: int,
) -> TemplateState:
    """Return the state of the template in one view of a scene. Each thing has its streams below "template/NAME"."""
    if config.template is None:
        return TemplateState()
    marks, seed = catalogue.marks, config.seed
    frame = None
    if config.template.frame is not None:
        frame = draw_count(config.template.frame, rng_for(seed, scene, "template/frame"))
    chances = {one.object_name: one.settings for one in marks.varied}
    chances |= {one.object_name: one.settings for one in marks.lamps}
    by_chance = [name for name, settings in chances.items() if not _is_shown(name, settings, seed, scene)]
    hidden = {*by_chance, *_not_chosen(marks.varied, seed, scene)}
    return TemplateState(
        frame=frame,
        later_s=view * config.view_interval_s if frame is not None else 0.0,
        hidden=tuple(sorted(hidden)),
        objects=tuple(_sample_object(one, config, catalogue, scene, looks) for one in marks.varied),
        bones=tuple(_sample_bones(marks.varied, seed, scene)),
        lamps=tuple(_sample_lamp(one, seed, lamps) for one in marks.lamps),
    )


def _rng(seed: int, scope: Scope, name: str, what: str) -> Rng:
    return rng_for(seed, scope, f"template/{name}/{what}")


def _within(settings: Settings, name: str, default: float, rng: Rng) -> float:
    low, high = settings.ranges.get(name, (default, default))
    return low + (high - low) * rng.random()


def _is_shown(name: str, settings: Settings, seed: int, scene: Scope) -> bool:
    rng = _rng(seed, scene, name, "visible")
    probability = _within(settings, "visible", 1.0, rng)
    return rng.random() < probability


def _not_chosen(varied: Sequence[MarkedVaried], seed: int, scene: Scope) -> Iterator[str]:
    """Yield the objects of each `one_of` group but the one that shows."""
    groups: dict[str, list[str]] = {}
    for one in varied:
        if "one_of" in one.settings.words:
            groups.setdefault(one.settings.words["one_of"], []).append(one.object_name)
    for group, names in groups.items():
        members = sorted(names)
        chosen = members[draw_index(len(members), rng_for(seed, scene, f"template/one_of/{group}"))]
        yield from (name for name in members if name != chosen)


def _sample_object(
    mark: MarkedVaried, config: Config, catalogue: Catalogue, scene: Scope, looks: Scope
) -> ObjectChange:
    name, seed = mark.object_name, config.seed
    return ObjectChange(
        object_name=name,
        motion=_sample_motion(mark.settings, "xy", "z", _rng(seed, scene, name, "pose")),
        scale=_within(mark.settings, "scale", 1.0, _rng(seed, scene, name, "scale")),
        looks=tuple(_sample_looks(mark, config, catalogue, looks)),
    )


def _sample_motion(settings: Settings, move_axes: str, turn_axes: str, rng: Rng) -> PartMotion:
    return PartMotion(
        move_m=_about(settings, "move_m", move_axes, rng), turn_deg=_about(settings, "turn_deg", turn_axes, rng)
    )


def _about(settings: Settings, name: str, axes: str, rng: Rng) -> Vector:
    """Return three numbers: of a vector each within as much either way; of a range the same on each of `axes` within
    it; of a single number within as much either way on each of `axes`."""
    shares = [rng.random() for _ in range(3)]
    if name in settings.vectors:
        x, y, z = (reach * (2 * share - 1) for reach, share in zip(settings.vectors[name], shares, strict=True))
        return (x, y, z)
    low, high = settings.ranges.get(name, (0.0, 0.0))
    if low == high:
        low, high = -abs(high), abs(high)
    x, y, z = (low + (high - low) * share if axis in axes else 0.0 for axis, share in zip("xyz", shares, strict=True))
    return (x, y, z)


def _sample_looks(mark: MarkedVaried, config: Config, catalogue: Catalogue, looks: Scope) -> Iterator[SlotLook]:
    wanted = mark.settings.words.get("materials", "")
    patterns = [text.strip() for text in mark.settings.words.get("slots", "*").split(",")]
    if not wanted:
        return
    for slot, worn in enumerate(mark.slots):
        if not any(fnmatchcase(worn, pattern) for pattern in patterns):
            continue
        rng = _rng(config.seed, looks, mark.object_name, f"slot/{slot}")
        if wanted == JITTER:
            yield SlotLook(slot=slot, jitter=sample_jitter(config.materials.jitter, rng))
        elif wanted == REPLACE:
            options = config.materials.surroundings
            yield SlotLook(slot=slot, made=sample_material(options, "materials.surroundings", catalogue.textures, rng))
        elif mark.materials:
            yield SlotLook(slot=slot, material=mark.materials[draw_index(len(mark.materials), rng)])


def _sample_bones(varied: Sequence[MarkedVaried], seed: int, scene: Scope) -> Iterator[BoneChange]:
    for mark in varied:
        for one in mark.bones:
            rng = _rng(seed, scene, mark.object_name, f"bone/{one.bone}")
            motion = _sample_motion(one.settings, "xyz", "xyz", rng)
            yield BoneChange(object_name=mark.object_name, bone=one.bone, motion=motion)


def _sample_lamp(mark: MarkedLamp, seed: int, scope: Scope) -> LampChange:
    settings, name = mark.settings, mark.object_name
    rng = _rng(seed, scope, name, "light")
    energy = _within(settings, "energy_w", mark.energy, rng)
    energy *= _within(settings, "energy_scale", 1.0, rng)
    kelvin = _within(settings, "temperature_k", 0.0, rng)
    return LampChange(
        object_name=name,
        motion=_sample_motion(settings, "xyz", "xyz", _rng(seed, scope, name, "pose")),
        energy=energy,
        color=black_body(kelvin) if "temperature_k" in settings.ranges else mark.color,
    )
