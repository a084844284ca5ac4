"""The shipped templates: marked and filled as their scenes say, things standing on what they show, and built anew."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import bpy
import numpy as np
import pytest

from pipeline.addresses import shipped_dir
from pipeline.config.load import load_config
from pipeline.engine import open_engine, survey_job
from pipeline.geometry import compose, transform_points
from pipeline.job import Job
from pipeline.preview import preview_config
from pipeline.records import FramePlan, InstancePlan
from pipeline.reporting import SilentReporter
from pipeline.run import make_frame
from pipeline.sampling.plan import plan_frame

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from make_templates import TEMPLATES  # noqa: E402
from templates.files import begin  # noqa: E402

SCENES = 12
TOUCH_M = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a template has: names of marks by kind, and contexts whose things stand on what is straight below them."""

    marks: dict[str, set[str]]
    standing: tuple[str, ...]


BOTH = ("right", "left")
FAMILIES = ("household", "breakfast", "pantry", "drinks")
ROWS = {
    "conveyor": Row(
        marks={
            "splines": {"Belt line"},
            "surfaces": {"Decks", "Pallet"},
            "anchors": {"Stacks"},
            "cameras": {"Overview", "Side", "Above"},
        },
        standing=("racks", "pallet"),
    ),
    "picking_bin": Row(
        marks={
            "volumes": {"Fill", "Camera space"},
            "keep_out": {"Beside the bins"},
            "anchors": {"Loose"},
            "cameras": {"Cell"},
        },
        standing=("loose",),
    ),
    "shop_shelf": Row(
        marks={
            "splines": {"Aisle", *(f"{family.capitalize()} edges" for family in FAMILIES)},
            "surfaces": {"Top", *(f"Boards {family}" for family in FAMILIES)},
            "slots": {"Offers"},
            "cameras": {"Overview"},
        },
        standing=(*FAMILIES, "offers", "overstock"),
    ),
    "street": Row(
        marks={
            "splines": {
                *(
                    f"{what} {side}"
                    for what in ("Dashcam", "Lane", "Parking", "Sidewalk", "Trees", "Hedges", "Houses")
                    for side in BOTH
                ),
            },
            "surfaces": {f"{what} {side}" for what in ("Verge", "Lawn") for side in BOTH},
        },
        standing=("parking", "traffic", "cyclists", "people", "houses", "trees", "hedges", "gardens", "verges"),
    ),
    "tabletop_room": Row(
        marks={
            "surfaces": {"Table"},
            "anchors": {"Settings"},
            "volumes": {"Camera space"},
            "keep_out": {"Under the pendant"},
        },
        standing=("settings", "table"),
    ),
}


@cache
def surveyed(name: str) -> Job:
    """The scene's job, with its template left open."""
    config = load_config(shipped_dir("scenes") / f"{name}.yaml")
    assert config.template is not None
    engine = open_engine("cpu", shipped_dir("scenes"), str(config.template.file))
    return survey_job(engine, config, SilentReporter())


@cache
def plans(name: str) -> tuple[FramePlan, ...]:
    job = surveyed(name)
    return tuple(plan_frame(job, scene * job.config.views_per_scene) for scene in range(SCENES))


@pytest.mark.parametrize("name", ROWS)
def test_it_has_the_marks_that_its_scene_is_written_for(name):
    marks = surveyed(name).catalogue.marks
    for kind, names in ROWS[name].marks.items():
        assert {one.name for one in getattr(marks, kind)} == names


@pytest.mark.parametrize("name", ROWS)
def test_every_context_is_filled_and_little_is_dropped(name):
    reports = [report for plan in plans(name) for report in plan.contexts]
    for context in surveyed(name).config.contexts:
        placed = sum(report.placed for report in reports if report.name == context)
        dropped = sum(sum(report.dropped.values()) for report in reports if report.name == context)
        assert placed > 0 and dropped <= 0.1 * (placed + dropped), (context, placed, dropped)


@pytest.mark.parametrize("name", ROWS)
def test_things_stand_on_what_the_template_shows_below_them(name):
    job = surveyed(name)
    assets = {one.asset_id: one for listing in (*job.catalogue.targets, *job.catalogue.distractors) for one in listing}
    bpy.ops.wm.open_mainfile(filepath=str(shipped_dir("scenes") / f"{name}.blend"))
    ground = _below(bpy.context.scene)
    seen = set()
    for plan in plans(name):
        for one in plan.instances:
            if one.context in ROWS[name].standing:
                x, y, bottom = _foot(one, assets[one.asset_id])
                assert abs(ground(x, y, bottom + 0.05) - bottom) < TOUCH_M, (one.context, one.asset_id, x, y)
                seen.add(one.context)
    assert seen == set(ROWS[name].standing)


def _foot(one: InstancePlan, asset) -> tuple[float, float, float]:
    """The middle of the lower side of a thing that stands upright."""
    low, high = np.array(asset.low_m), np.array(asset.high_m)
    middle = np.array([*(low + high)[:2] / 2, low[2]])
    matrix = compose(one.poses[0].location_m, one.poses[0].rotation, one.scale)
    assert matrix[2, 2] == pytest.approx(one.scale[2])
    x, y, z = transform_points(matrix, [middle])[0]
    return float(x), float(y), float(z)


def _below(scene: bpy.types.Scene) -> Callable[[float, float, float], float]:
    """A function that gives the height of what is straight below a point."""
    depsgraph = bpy.context.evaluated_depsgraph_get()

    def height(x: float, y: float, z: float) -> float:
        hit, point, *_ = scene.ray_cast(depsgraph, (x, y, z), (0.0, 0.0, -1.0))
        return float(point[2]) if hit else -np.inf

    return height


@pytest.mark.parametrize("name", ROWS)
def test_its_script_builds_it_as_it_is(name):
    bpy.ops.wm.open_mainfile(filepath=str(shipped_dir("scenes") / f"{name}.blend"))
    shipped = _contents()
    begin()
    TEMPLATES[name]()
    built = _contents()
    assert built.keys() == shipped.keys()
    for item, (settings, bounds) in shipped.items():
        assert built[item][0] == settings, item
        np.testing.assert_allclose(built[item][1], bounds, atol=1e-4, err_msg=item)


@pytest.mark.parametrize("name", ROWS)
def test_a_tiny_frame_shows_what_is_to_be_found(name, tmp_path):
    config = preview_config(load_config(shipped_dir("scenes") / f"{name}.yaml"), 64)
    config = replace(config, render=replace(config.render, samples_per_pixel=1, denoiser="none"))
    assert config.template is not None
    engine = open_engine("cpu", shipped_dir("scenes"), str(config.template.file))
    job = survey_job(engine, config, SilentReporter())
    labels = make_frame(engine, plan_frame(job, 0), tmp_path, SilentReporter()).annotation.labels
    assert labels.status == "accepted", labels.reason
    assert any(one.role == "target" and one.visible_px for one in labels.instances)


def _contents() -> dict[str, tuple[dict[str, object], np.ndarray]]:
    """Of each object its marks, and the corners of its box in the world."""
    bpy.context.view_layer.update()
    return {
        item.name: (
            {key: _plain(item[key]) for key in item.keys() if key.startswith("vg.")},  # noqa: SIM118
            transform_points(np.array(item.matrix_world), np.array(item.bound_box)),
        )
        for item in bpy.context.scene.objects
    }


def _plain(value: object) -> object:
    return tuple(value) if hasattr(value, "__len__") and not isinstance(value, str) else value
