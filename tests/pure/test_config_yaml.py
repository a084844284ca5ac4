"""YAML as scene files use it: what words mean, where values stand, and the text of every refusal."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from pipeline.config.yaml_text import data_of, find, parse_yaml
from pipeline.errors import ConfigError

HERE = Path("/scenes")


def read(text: str):
    return data_of(parse_yaml(text, "s.yaml", HERE))


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "s.yaml", HERE)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("~", None),
        ("", None),
        ("1e-3", 0.001),
        ("-2.5", -2.5),
        (".5", 0.5),
        ("7", 7),
        ("+7", 7),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ('"5"', "5"),
        ("!!str 5", "5"),
        ("mug", "mug"),
        ("=", "="),
    ],
)
def test_a_plain_word_means_what_it_looks_like(text, value):
    read_back = read(f"key: {text}")["key"]
    assert read_back == value and type(read_back) is type(value)


def test_infinities_are_numbers_for_the_reader_to_refuse():
    assert read("a: [.inf, -.inf, .nan]")["a"][:2] == [math.inf, -math.inf]
    assert math.isnan(read("a: .nan")["a"])


def test_a_number_stays_a_number_and_keys_are_always_text():
    assert read("{1: a, true: b, +x: c}") == {"1": "a", "true": "b", "+x": "c"}


def test_every_duplicate_key_is_reported_with_both_lines():
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 2") == [
        "s.yaml:2: b.c: the key 'c' is given twice, first on line 2 (remove one)",
        "s.yaml:3: a: the key 'a' is given twice, first on line 1 (remove one)",
    ]


def test_a_syntax_error_has_line_and_column():
    assert problems("a: 1\nb: [1, 2")[0].startswith("s.yaml:2:")


def test_a_tab_is_named():
    assert "indent with spaces" in problems("a:\n\tb: 1")[0]


def test_a_colour_without_quotes_is_named():
    assert problems("color: #ff0000") == [
        's.yaml:1: color: the colour is read as a comment (put it in quotes: "#rrggbb")'
    ]


def test_a_comment_that_looks_like_a_colour_is_none():
    assert read("a: 1  # ff0000\nb: 2 #ff0000") == {"a": 1, "b": 2}


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.system [ls]", "a: !mine {b: 1}", "a: !!binary aGk="])
def test_tags_are_refused(text):
    assert "is not allowed here" in problems(text)[0]


def test_merge_keys_are_refused_with_a_remedy():
    assert "use extends" in problems("a: &a {b: 1}\nc: {<<: *a}")[0]


def test_an_alias_is_its_anchor_and_one_in_itself_is_refused():
    assert read("a: &x [1]\nb: *x") == {"a": [1], "b": [1]}
    assert "contains itself" in problems("a: &x [*x]")[0]


def test_aliases_of_aliases_do_not_explode():
    text = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    assert "grows beyond" in problems(text)[0]


def test_deep_nesting_is_refused():
    assert "nested too deeply" in problems("[" * 20_000)[0]


def test_several_documents_are_refused():
    assert "single document" in problems("a: 1\n---\na: 2")[0]


def test_a_list_as_a_key_is_refused():
    assert "a key must be a word" in problems("? [a, b]\n: 1")[0]


def test_a_place_is_that_of_the_key_or_the_nearest_part_above():
    tree = parse_yaml("a:\n  b:\n    - 1\n    - {c: 2}\n", "s.yaml", HERE)
    assert find(tree, ("a", "b")).where == "s.yaml:2"
    assert find(tree, ("a", "b", 1, "c")).where == "s.yaml:4"
    assert find(tree, ("a", "b", 7, "x")).where == "s.yaml:2"


def test_without_pyyaml_the_way_out_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert "variegate check SCENE.yaml --job job.json" in problems("a: 1")[0]
