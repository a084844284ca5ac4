"""Draws: equal to numpy's where numpy has them, inside their bounds, and evenly spread where they promise it."""

from __future__ import annotations

import math
import typing

import numpy as np
import pytest

from pipeline.config import colors as c
from pipeline.config import distributions as d
from pipeline.config.text_choices import ChoiceText
from pipeline.sampling.colors import black_body, linear_from_hex
from pipeline.sampling.draw import draw, draw_color, draw_count, draw_index, draw_word
from pipeline.sampling.rng import rng_for
from pipeline.structure import Reader, structure, unstructure

NUMBERS = {
    d.Constant: d.Constant(value=0.0),
    d.Uniform: d.Uniform(low=-1, high=3),
    d.LogUniform: d.LogUniform(low=0.01, high=100),
    d.Normal: d.Normal(mean=5, std=2, low=4.5),
    d.LogNormal: d.LogNormal(median=2.5, sigma=0.5),
    d.Exponential: d.Exponential(mean=2, low=1),
    d.Poisson: d.Poisson(mean=4),
    d.Integer: d.Integer(low=-2, high=2),
    d.Choice: d.Choice(values=(0.0, 7.0), weights=(1.0, 3.0)),
    d.Mixture: d.Mixture(of=(d.Constant(value=1.0), d.Uniform(low=2, high=3))),
    d.Global: d.Global(name="$time_h", at=(6.0, 12.0), gives=(0.0, 1.0)),
}


@pytest.mark.parametrize("kind", sorted(set(NUMBERS) - {d.Global}, key=lambda kind: kind.TAG))
def test_every_distribution_stays_within_its_bounds(kind):
    number = NUMBERS[kind]
    low, high = d.bounds(number)
    values = [draw(number, rng_for(0, ("scene", i), "x")) for i in range(500)]
    assert low <= min(values) and max(values) <= high


@pytest.mark.parametrize("kind", typing.get_args(d.Number))
def test_every_distribution_survives_its_json(kind):
    reader = Reader()
    assert structure(unstructure(NUMBERS[kind]), d.Number, reader) == NUMBERS[kind]
    assert not reader.problems


def test_a_uniform_draw_is_numpys_own():
    assert draw(d.Uniform(low=-1, high=3), np.random.default_rng(5)) == np.random.default_rng(5).uniform(-1, 3)


def test_a_global_has_no_value_before_the_scene_has_one():
    with pytest.raises(ValueError, match=r"\$time_h has no value here"):
        draw(d.Global(name="$time_h"), np.random.default_rng(0))


@pytest.mark.parametrize("mean", [0.0, 0.7, 40.0, 1300.0])
def test_a_poisson_number_has_its_mean_and_variance(mean):
    values = [draw_count(d.Poisson(mean=mean), rng_for(3, ("scene", i), "x")) for i in range(2000)]
    assert abs(np.mean(values) - mean) <= 4 * math.sqrt(mean / 2000)
    assert abs(np.var(values) - mean) <= 0.15 * mean


def test_an_exponential_is_cut_off_where_it_says():
    values = np.array([draw(d.Exponential(mean=2, low=1, high=4), rng_for(3, ("scene", i), "x")) for i in range(4000)])
    below = (1 - math.exp(-0.5)) / (1 - math.exp(-1.5))  # of [1, 4], what lies below 2
    assert abs((values < 2).mean() - below) < 0.03


def test_half_of_a_log_normal_is_below_its_median():
    values = np.array([draw(d.LogNormal(median=2.5, sigma=0.5), rng_for(3, ("scene", i), "x")) for i in range(4000)])
    assert abs((values < 2.5).mean() - 0.5) < 0.03 and abs(np.log(values).std() - 0.5) < 0.02


def test_equal_bounds_give_exactly_that_value():
    assert draw(d.Uniform(low=0.3, high=0.3), np.random.default_rng(0)) == 0.3
    assert draw_count(d.Integer(low=0, high=0), np.random.default_rng(0)) == 0


def test_integers_reach_both_ends_evenly():
    rng = np.random.default_rng(0)
    counts = np.bincount([draw_count(d.Integer(low=0, high=3), rng) for _ in range(4000)], minlength=4)
    assert counts.size == 4 and counts.min() > 900


def test_weights_of_zero_are_never_drawn():
    rng = np.random.default_rng(0)
    assert {draw_index(3, rng, (0.0, 1.0, 0.0)) for _ in range(200)} == {1}


def test_weights_are_kept():
    rng = np.random.default_rng(0)
    assert abs(np.mean([draw(NUMBERS[d.Choice], rng) == 7 for _ in range(4000)]) - 0.75) < 0.03


def test_a_truncated_normal_keeps_its_shape_between_the_bounds():
    rng = np.random.default_rng(0)
    values = np.array([draw(d.Normal(mean=0, std=1, low=-1, high=1), rng) for _ in range(4000)])
    assert abs(values.std() - 0.5396) < 0.02  # standard deviation of N(0, 1) cut at one sigma


def test_log_uniform_gives_each_octave_the_same_share():
    rng = np.random.default_rng(0)
    values = np.array([draw(d.LogUniform(low=1, high=16), rng) for _ in range(4000)])
    shares = np.histogram(np.log2(values), bins=4, range=(0, 4))[0] / 4000
    assert np.all(np.abs(shares - 0.25) < 0.03)


def test_words_come_from_the_list():
    rng = np.random.default_rng(0)
    assert {draw_word(ChoiceText(values=("a", "b")), rng) for _ in range(50)} == {"a", "b"}


def test_hex_colours_become_linear():
    assert linear_from_hex("#ff0080") == pytest.approx((1.0, 0.0, 0.2158605), abs=1e-6)


@pytest.mark.parametrize("kind", typing.get_args(c.Color))
def test_every_colour_is_linear_rgb_between_0_and_1(kind):
    colors = {
        c.ConstantColor: c.ConstantColor(value="#123456"),
        c.RgbColor: c.RgbColor(r=d.Constant(value=2.0), g=d.Constant(value=-1.0), b=d.Constant(value=0.5)),
        c.LinearColor: c.LinearColor(r=d.Uniform(low=0.5, high=1), g=d.Constant(value=1), b=d.Constant(value=0)),
        c.HsvColor: c.HsvColor(),
        c.GreyColor: c.GreyColor(),
        c.LinearGreyColor: c.LinearGreyColor(),
        c.TemperatureColor: c.TemperatureColor(kelvin=d.Uniform(low=1000, high=20000)),
        c.ChoiceColor: c.ChoiceColor(values=("#000000", "#ffffff")),
    }
    for i in range(50):
        assert all(0 <= channel <= 1 for channel in draw_color(colors[kind], rng_for(0, ("scene", i), "c")))


def test_black_bodies_go_from_red_over_white_to_blue():
    warm, white, cold = black_body(2000), black_body(6500), black_body(12000)
    assert warm[0] == 1.0 and warm[2] < 0.1
    assert min(white) > 0.93
    assert cold[2] == 1.0 and cold[0] < 0.75


def test_streams_do_not_collide_where_sums_of_seeds_would():
    firsts = {rng_for(s, ("frame", f), x).random() for s in range(8) for f in range(8) for x in ("a", "b")}
    assert len(firsts) == 128


def test_bounds_that_leave_nothing_are_refused():
    for bad in (lambda: d.Uniform(low=2, high=1), lambda: d.LogUniform(low=0, high=1), lambda: d.Normal(mean=0, std=0)):
        with pytest.raises(ValueError):
            bad()
    assert math.isclose(d.bounds(d.Normal(mean=1, std=2))[0], -5)


@pytest.mark.parametrize("tag", ["grey", "linear_grey", "temperature_k"])
def test_a_colour_of_one_number_takes_a_distribution_as_its_body(tag):
    reader = Reader()
    color = structure({tag: {"uniform": [0.1, 0.9]}}, c.Color, reader)
    assert not reader.problems and d.Uniform(low=0.1, high=0.9) in (getattr(color, name) for name in color.SHORT)
