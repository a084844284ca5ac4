"""The scene file's words for labelling what a template holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.load import load_config
from pipeline.errors import ConfigError
from pipeline.geometry import compose, quaternion_from_uniforms, rigid_and_scale

HEAD = "categories: [{id: 1, name: mug}]\ncamera: {shell: {distance_m: 1}}\n"


def load(folder, text: str):
    (folder / "s.yaml").write_text(HEAD + text)
    return load_config(folder / "s.yaml")


def problems(folder, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [f"{one.path}: {one.message}" for one in caught.value.problems]


def test_targets_may_be_left_out_where_the_template_has_some(tmp_path):
    config = load(tmp_path, 'template: {file: room.blend, targets: [{objects: "Mug*", category: mug}]}')
    assert config.targets == () and config.template.targets[0].objects == ("Mug*",)
    assert load(tmp_path, "targets: []\ntemplate: {file: a.blend, targets: {collections: C, category: mug}}")


def test_no_target_at_all_is_an_error(tmp_path):
    assert problems(tmp_path, "targets: []") == ["targets: there are no targets"]


def test_a_category_of_the_template_must_be_known(tmp_path):
    text = "template: {file: room.blend, targets: [{objects: [A], category: mgu}]}"
    assert problems(tmp_path, text) == ["template.targets[0].category: 'mgu' is not in categories"]


def test_a_target_of_the_template_must_name_something(tmp_path):
    text = "template: {file: room.blend, targets: [{category: mug}]}"
    assert problems(tmp_path, text) == ["template.targets[0]: give objects or collections"]


def test_more_targets_may_be_wanted_than_are_placed_where_the_template_has_some(tmp_path):
    text = "accept: {min_targets: 9}\ntargets: [{shapes: cube, category: mug}]\n"
    assert problems(tmp_path, text) == ["accept.min_targets: 9 is more than the 1 targets a frame can have"]
    assert load(tmp_path, text + "template: {file: r.blend, targets: [{objects: A, category: mug}]}")


unit = st.floats(0, 0.999)
length = st.floats(0.01, 100)


@given(st.tuples(unit, unit, unit), st.tuples(length, length, length), st.booleans())
def test_a_matrix_of_rotation_and_scale_comes_apart_again(uniforms, scale, mirrored):
    factor = (-scale[0] if mirrored else scale[0], scale[1], scale[2])
    matrix = compose((1.0, 2.0, 3.0), quaternion_from_uniforms(*uniforms), factor)
    rigid, found = rigid_and_scale(matrix)
    assert np.allclose(found, factor, rtol=1e-9)
    assert np.allclose(rigid @ np.diag([*factor, 1.0]), matrix, atol=1e-9)


@pytest.mark.parametrize("columns", [(1, 0, 0), (0, 2, 0), (0, 0, 0), (0, 3, 4)])
def test_a_flat_matrix_still_has_a_proper_rotation(columns):
    rigid, scale = rigid_and_scale(np.diag([*map(float, columns), 1.0]))
    assert np.allclose(rigid[:3, :3] @ rigid[:3, :3].T, np.eye(3)) and np.linalg.det(rigid[:3, :3]) > 0
    assert np.allclose(np.abs(scale), columns)
