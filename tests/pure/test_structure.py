"""Reading records strictly: what is accepted, and the text of every refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest

from pipeline.config.colors import Color, RgbColor, TemperatureColor
from pipeline.config.distributions import Choice, Constant, Mixture, Number, Uniform
from pipeline.structure import FAILED, Reader, from_json, structure, unstructure


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    focal_length_mm: float
    kind: Literal["pinhole", "fisheye"] = "pinhole"
    shift: tuple[float, float] | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    lenses: tuple[Lens, ...]
    where: Literal["origin"] | tuple[float, float, float] = "origin"
    by_name: dict[str, int] | None = None


def read(data, kind):
    reader = Reader()
    value = structure(data, kind, reader)
    return value, [str(problem) for problem in reader.problems]


def test_a_record_is_read_and_written_back():
    data = {"lenses": [{"focal_length_mm": 35, "shift": [0, 0.5]}], "where": [1, 2, 3], "by_name": {"a": 1}}
    rig, problems = read(data, Rig)
    assert problems == []
    assert rig.lenses[0].focal_length_mm == 35.0 and rig.where == (1.0, 2.0, 3.0)
    assert from_json(unstructure(rig), Rig, "x") == rig


def test_one_item_stands_for_a_list_of_one():
    rig, problems = read({"lenses": {"focal_length_mm": 1, "names": "wide"}}, Rig)
    assert problems == [] and rig.lenses[0].names == ("wide",)


REFUSALS = [
    ({"focal_lenght_mm": 3}, Lens, "focal_lenght_mm: unknown key 'focal_lenght_mm' (did you mean 'focal_length_mm'?)"),
    ({}, Lens, "needs 'focal_length_mm'"),
    ({"focal_length_mm": True}, Lens, "focal_length_mm: expected a number, got true"),
    ({"focal_length_mm": "3"}, Lens, "focal_length_mm: expected a number, got '3'"),
    ({"focal_length_mm": float("nan")}, Lens, "focal_length_mm: expected a finite number, got nan"),
    ({"focal_length_mm": None}, Lens, "focal_length_mm: expected a number, got nothing"),
    ({"focal_length_mm": 1, "kind": "fishey"}, Lens, "kind: 'fishey' is not known here (did you mean 'fisheye'?)"),
    ({"focal_length_mm": 1, "shift": [1]}, Lens, "shift: expected a list of 2, got [1]"),
    ({"focal_length_mm": 1, "names": [1]}, Lens, "names[0]: expected text, got 1"),
    (3, Lens, "expected a mapping with focal_length_mm, kind, shift, names, got 3"),
    ({"lenses": [], "by_name": {"a": 1.5}}, Rig, "by_name.a: expected a whole number, got 1.5"),
    ({"lenses": [], "where": "nowhere"}, Rig, "where: 'nowhere' is not known here (known here: origin)"),
    ({"uniform": [2, 1]}, Number, "uniform: low 2 is above high 1 (swap them)"),
    ({"unifrom": [1, 2]}, Number, "got unifrom (did you mean 'uniform'?)"),
    ({"uniform": [0, 1], "normal": [0, 1]}, Number, "got uniform, normal"),
    ({"uniform": [0]}, Number, "uniform: expected a mapping with low, high or a list of 2 (low, high), got [0]"),
    (False, Number, "expected $name of a global or a number, or one of constant, uniform,"),
    ({"choice": []}, Number, "choice: a choice needs at least one value"),
    ({"choice": {"values": [1, 2], "weights": [1]}}, Number, "1 weights for 2 values (give one weight a value)"),
    ("red", Color, "'red' is not a colour (write \"#rrggbb\", in quotes)"),
]


@pytest.mark.parametrize(("data", "kind", "text"), REFUSALS)
def test_what_does_not_fit_is_refused_with_what_where_and_seen(data, kind, text):
    value, problems = read(data, kind)
    assert value is FAILED
    assert text in problems[0]


def test_every_problem_is_found_in_one_go():
    _, problems = read({"lenses": [{"focal_length_mm": "a"}, {"kind": 3}], "wher": 1}, Rig)
    assert len(problems) == 4


SHORT_FORMS = [
    (3, Number, Constant(value=3.0)),
    ({"uniform": [0, 1]}, Number, Uniform(low=0, high=1)),
    ({"uniform": {"low": 0, "high": 1}}, Number, Uniform(low=0, high=1)),
    ({"choice": [1, 2]}, Number, Choice(values=(1.0, 2.0))),
    ({"choice": {"values": [1, 2], "weights": [1, 3]}}, Number, Choice(values=(1.0, 2.0), weights=(1.0, 3.0))),
    ({"mixture": [0, {"uniform": [1, 2]}]}, Number, Mixture(of=(Constant(value=0.0), Uniform(low=1, high=2)))),
    ({"temperature_k": 4000}, Color, TemperatureColor(kelvin=Constant(value=4000.0))),
    ({"temperature_k": {"uniform": [1, 2]}}, Color, TemperatureColor(kelvin=Uniform(low=1, high=2))),
    (
        [0, 1, {"uniform": [0, 1]}],
        Color,
        RgbColor(r=Constant(value=0.0), g=Constant(value=1.0), b=Uniform(low=0, high=1)),
    ),
]


@pytest.mark.parametrize(("data", "kind", "value"), SHORT_FORMS)
def test_short_forms_mean_their_long_ones(data, kind, value):
    seen, problems = read(data, kind)
    assert problems == [] and seen == value
    assert read(unstructure(seen), kind)[0] == value


def test_a_record_of_the_wrong_shape_in_trusted_json_names_its_file():
    with pytest.raises(ValueError, match=r"plan\.json: focal_length_mm: expected a number"):
        from_json({"focal_length_mm": "x"}, Lens, "plan.json")


def test_tags_are_unique_within_each_union():
    for union in (Number, Color):
        tags = [kind.TAG for kind in union.__args__]
        assert len(tags) == len(set(tags))
    assert isinstance(Uniform.TAG, str) and ClassVar is not None
