"""What the template's things take of the room: nothing where they are hidden, elsewhere where they are moved."""

from __future__ import annotations

import math

import pytest

from pipeline.geometry import matrix_from_quaternion, quaternion_about
from pipeline.records import MarkedVaried, ObjectChange, PartMotion, Solids, TemplateState
from pipeline.sampling.varied_solids import varied_solids

FLAT = (1.0, 0.0, 0.0, 0.0)
HALF = (0.1, 0.2, 0.3)
# A cart at (2, 0, 0) that looks along +y, a box half a metre before it, and a lamp that has nothing to do with it.
SOLIDS = Solids(
    names=("Cart", "Box", "Lamp"),
    owners=(0, 1, 2),
    centers_m=((2.0, 0.0, 0.5), (2.0, 0.5, 0.5), (9.0, 9.0, 9.0)),
    rotations=(FLAT, FLAT, FLAT),
    halves_m=(HALF, HALF, HALF),
)
AXES = quaternion_about((0.0, 0.0, 1.0), math.pi / 2)
CART = MarkedVaried(name="Cart", object_name="Cart", location_m=(2.0, 0.0, 0.0), rotation=AXES, family=("Box", "Cart"))
BOX = MarkedVaried(name="Box", object_name="Box", location_m=(2.0, 0.5, 0.5), rotation=AXES, family=("Box",))


def changed(name, scale=1.0, **motion):
    return ObjectChange(object_name=name, motion=PartMotion(**motion), scale=scale)


def test_a_template_that_does_not_vary_keeps_its_boxes():
    assert varied_solids(SOLIDS, (CART,), TemplateState(objects=(changed("Cart"),))) is SOLIDS


def test_what_is_hidden_leaves_its_room_with_its_children():
    made = varied_solids(SOLIDS, (CART, BOX), TemplateState(hidden=("Cart",)))
    assert made.centers_m == ((9.0, 9.0, 9.0),) and made.owners == (2,)
    assert len(varied_solids(SOLIDS, (CART, BOX), TemplateState(hidden=("Box",))).owners) == 2


def test_what_moves_takes_its_children_along_in_its_own_axes():
    state = TemplateState(objects=(changed("Cart", move_m=(1.0, 0.0, 0.0)),))
    cart, box, lamp = varied_solids(SOLIDS, (CART,), state).centers_m
    assert cart == pytest.approx((2.0, 1.0, 0.5)) and box == pytest.approx((2.0, 1.5, 0.5)) and lamp == (9.0, 9.0, 9.0)


def test_what_turns_swings_its_children_about_its_origin():
    state = TemplateState(objects=(changed("Cart", turn_deg=(0.0, 0.0, 90.0)),))
    made = varied_solids(SOLIDS, (CART,), state)
    assert made.centers_m[1] == pytest.approx((1.5, 0.0, 0.5))
    assert abs(matrix_from_quaternion(made.rotations[1])[:, 0]) == pytest.approx([0, 1, 0], abs=1e-9)
    assert made.halves_m[1] == HALF


def test_a_scaled_thing_grows_from_its_origin():
    made = varied_solids(SOLIDS, (CART,), TemplateState(objects=(changed("Cart", scale=2.0),)))
    assert made.centers_m[1] == pytest.approx((2.0, 1.0, 1.0)) and made.halves_m[1] == pytest.approx((0.2, 0.4, 0.6))


def test_a_child_that_varies_too_moves_first_and_then_goes_along():
    turn, move = changed("Cart", turn_deg=(0.0, 0.0, 90.0)), changed("Box", move_m=(1.0, 0.0, 0.0))
    made = varied_solids(SOLIDS, (CART, BOX), TemplateState(objects=(move, turn)))
    assert made.centers_m[1] == pytest.approx((0.5, 0.0, 0.5))
