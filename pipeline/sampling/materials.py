"""What surfaces look like: plans of materials."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.distributions import Uniform
from pipeline.config.schema import Jitter, MaterialOption, Pbr, Procedural, Textures
from pipeline.records import JitterPlan, MaterialPlan, PbrPlan, ProceduralPlan, TexturePlan, TextureSet, Vector
from pipeline.sampling.draw import Rng, draw, draw_color, draw_index, draw_word

TextureSets = Mapping[str, tuple[TextureSet, ...]]


def sample_material(options: tuple[MaterialOption, ...], path: str, sets: TextureSets, rng: Rng) -> MaterialPlan:
    """Return one material of the weighted options at key path `path` ("materials.floor")."""
    index = draw_index(len(options), rng, [option.weight for option in options])
    option = options[index]
    if option.pbr is not None:
        return MaterialPlan(pbr=_sample_pbr(option.pbr, rng))
    if option.procedural is not None:
        return MaterialPlan(procedural=_sample_procedural(option.procedural, rng))
    assert option.textures is not None
    return MaterialPlan(textures=_sample_textures(option.textures, sets[f"{path}[{index}].textures"], rng))


def sample_jitter(jitter: Jitter, rng: Rng) -> JitterPlan:
    """Return one small change of a kept material."""
    return JitterPlan(
        hue_shift=draw(jitter.hue_shift, rng),
        saturation_scale=draw(jitter.saturation_scale, rng),
        value_scale=draw(jitter.value_scale, rng),
        roughness_shift=draw(jitter.roughness_shift, rng),
        saturation_shift=draw(jitter.saturation_shift, rng),
        value_shift=draw(jitter.value_shift, rng),
        roughness=None if jitter.roughness is None else draw(jitter.roughness, rng),
        metallic=None if jitter.metallic is None else draw(jitter.metallic, rng),
        specular=None if jitter.specular is None else draw(jitter.specular, rng),
    )


def _sample_pbr(pbr: Pbr, rng: Rng) -> PbrPlan:
    return PbrPlan(
        base_color=draw_color(pbr.base_color, rng),
        roughness=draw(pbr.roughness, rng),
        metallic=draw(pbr.metallic, rng),
        specular=draw(pbr.specular, rng),
        coat=draw(pbr.coat, rng),
    )


def _sample_procedural(procedural: Procedural, rng: Rng) -> ProceduralPlan:
    return ProceduralPlan(
        pattern=draw_word(procedural.pattern, rng),
        color_a=draw_color(procedural.color_a, rng),
        color_b=draw_color(procedural.color_b, rng),
        scale_m=draw(procedural.scale_m, rng),
        rotation_deg=draw(procedural.rotation_deg, rng),
        offset=_sample_offset(rng),
        distortion=draw(procedural.distortion, rng),
        roughness=draw(procedural.roughness, rng),
        metallic=draw(procedural.metallic, rng),
        bump=draw(procedural.bump, rng),
    )


def _sample_textures(textures: Textures, sets: tuple[TextureSet, ...], rng: Rng) -> TexturePlan:
    return TexturePlan(
        textures=sets[draw_index(len(sets), rng)],
        projection=textures.projection,
        scale_m=draw(textures.scale_m, rng),
        rotation_deg=draw(textures.rotation_deg, rng),
        offset=_sample_offset(rng),
        hue_shift=draw(textures.hue_shift, rng),
        value_scale=draw(textures.value_scale, rng),
        roughness=draw(textures.roughness, rng),
    )


def _sample_offset(rng: Rng) -> Vector:
    turn = Uniform(low=0.0, high=1.0)
    return (draw(turn, rng), draw(turn, rng), draw(turn, rng))
