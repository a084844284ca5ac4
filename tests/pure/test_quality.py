"""Presets and what a scene file puts in their place."""

from __future__ import annotations

import typing

import pytest

from pipeline.config.quality import QUALITIES, resolve_render
from pipeline.config.schema import Render


@pytest.mark.parametrize("name", QUALITIES)
def test_every_preset_passes_light_through_glass(name):
    plan = resolve_render(Render(quality=name), 0.0, 1, False)
    assert plan.transmission_bounces >= 8 and plan.glossy_bounces >= 4


def test_a_better_preset_has_more_samples():
    draft, standard, final = (
        resolve_render(Render(quality=name), 0.0, 1, False).samples_per_pixel for name in ("draft", "standard", "final")
    )
    assert (draft, standard, final) == (4, 16, 64)


def test_every_setting_of_the_scene_file_wins():
    own = {
        "engine": "eevee", "samples_per_pixel": 3, "adaptive_threshold": 0.0, "max_bounces": 1, "diffuse_bounces": 0,
        "glossy_bounces": 5, "transmission_bounces": 6, "transparent_bounces": 7, "clamp_indirect": 0.0,
        "caustics": True, "denoiser": "none", "view_transform": "AgX", "jpeg_quality": 50,
    }  # fmt: skip
    plan = resolve_render(Render(**own), 0.0, 1, False)
    assert {name: getattr(plan, name) for name in own} == own


def test_drawn_values_pass_through():
    plan = resolve_render(Render(), -0.5, 123, False)
    assert (plan.exposure_ev, plan.cycles_seed) == (-0.5, 123)


@pytest.mark.parametrize(("has_template", "expected"), [(False, "Standard"), (True, "")])
def test_a_templates_colours_are_left_alone(has_template, expected):
    assert resolve_render(Render(), 0.0, 1, has_template).view_transform == expected


def test_the_table_has_every_quality_of_the_scene_file():
    assert set(QUALITIES) == set(typing.get_args(typing.get_type_hints(Render)["quality"]))
