"""Scene files to configurations: extends, overrides, paths, and every problem with its place."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.colors import ConstantColor
from pipeline.config.distributions import Constant, Integer, Normal, Uniform
from pipeline.config.key_places import places_of
from pipeline.config.load import base_dir_of, load_config, places_in, presets
from pipeline.config.merge import kind_of
from pipeline.config.schema import Config
from pipeline.errors import ConfigError
from pipeline.structure import unstructure

SCENE = """\
categories: [{id: 1, name: mug}, {id: 2, name: bowl}]
targets:
  - {files: models/mug.glb, category: mug, count: {integer: [1, 3]}}
  - {shapes: [cube], category: bowl}
placement: {drop: {area_m: [0.3, 0.3]}}
camera:
  shell: {distance_m: {uniform: [0.6, 1.4]}}
  center: targets
  focal_length_mm: 35
"""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return write(tmp_path / "scene.yaml", SCENE)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def problems(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_loads_and_can_be_extended(name, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"extends: preset:{name}\nseed: 7")
    extended = load_config(mine)
    assert extended == replace(load_config(presets()[name]), seed=7, template=extended.template)


def test_the_error_lists_presets_of_both_folders(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: preset:nothing_like_it")
    with pytest.raises(ConfigError, match="dr_tobin2017.*flying.*tabletop"):
        load_config(mine)


def test_sections_and_distributions_are_read(scene):
    config = load_config(scene)
    assert config.targets[0].count == Integer(low=1, high=3)
    assert config.camera.focal_length_mm == Constant(value=35.0)
    assert config.camera.shell is not None and config.camera.shell.distance_m == Uniform(low=0.6, high=1.4)


# --- problems -------------------------------------------------------------------------------------------------------


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path):
    path = write(
        tmp_path / "s.yaml",
        """\
sead: 7
categories: [{id: 1, name: mug}, {id: 1, name: mug}]
targets:
  - {files: a.glb, category: mag}
  - {files: b.glb, count: two}
camera:
  shell: {distance_m: {uniform: [2, 1]}}
outputs: [rgb, rgb, dept]
""",
    )
    assert problems(path) == [
        "s.yaml:1: sead: unknown key 'sead' (did you mean 'seed'?)",
        "s.yaml:2: categories[1].id: 1 is taken by categories[0] (give each its own id)",
        "s.yaml:2: categories[1].name: 'mug' is taken by categories[0] (give each its own name)",
        "s.yaml:4: targets[0].category: 'mag' is not in categories (did you mean 'mug'?)",
        "s.yaml:5: targets[1].count: 'two' is not a number (the name of a global begins with $, as in $wetness)",
        "s.yaml:7: camera.shell.distance_m.uniform: low 2 is above high 1 (swap them)",
        "s.yaml:8: outputs[2]: 'dept' is not known here (did you mean 'depth'?)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("category: mug,", "", "scene.yaml:3: targets[0]: a target needs a category"),
        ("category: bowl", "category: bowll", "scene.yaml:4: targets[1].category: 'bowll' is not in categories"),
        (
            "category: bowl",
            "category_by_up_axis: {+x: mug, +y: mug, +z: mug, -x: mug, -y: mug, -z: mgu}",
            "scene.yaml:4: targets[1].category_by_up_axis.-z: 'mgu' is not in categories (did you mean 'mug'?)",
        ),
        ("category: bowl", "category: bowl, count: 40000", "every frame has 40001 objects or more, above 32767"),
        (
            "placement:",
            "accept: {min_targets: 9}\nplacement:",
            "scene.yaml:5: accept.min_targets: 9 is more than the 4 targets a frame can have (keep it at 4)",
        ),
        ("placement:", "surroundings: {floor: null}\nplacement:", "placement.drop: there is no floor to drop onto"),
        ("placement:", "surroundings: {floor: null, tray: {}}\nplacement:", "a tray stands on the floor"),
        (
            "placement:",
            "surroundings: {floor: {probability: 0.5}}\nplacement:",
            "placement.drop: scenes without the floor (its probability is 0.5) have nothing to drop onto",
        ),
        ("drop: {area_m: [0.3, 0.3]}", "frustum: {depth_m: 1}", "camera: the camera stands around targets, and"),
        ("drop: {area_m: [0.3, 0.3]}", "frustum: {depth_m: 1}", "camera.look_at: the camera looks at targets, and"),
        (
            "drop: {area_m: [0.3, 0.3]}}",
            "frustum: {depth_m: 1}}\nviews_per_scene: 2",
            "views_per_scene: the 2 cameras of a scene differ, and placement.frustum",
        ),
        ("drop: {area_m: [0.3, 0.3]}", "frustum: {depth_m: 0}", "depth_m can be 0, below 0.001"),
        ("drop: {area_m: [0.3, 0.3]}", "frustum: {depth_m: 1, margin: -1}", "margin -1 is outside 0..10"),
        ("focal_length_mm: 35", "aim_jitter_deg: 200", "aim_jitter_deg can be 200, above 180"),
        (
            "placement:",
            "materials: {jitter: {specular: {uniform: [0, 2]}}}\nplacement:",
            "specular can be 2, above 1",
        ),
        (
            "placement:",
            "environment: {tint: {linear: [1, 2, 0]}}\nplacement:",
            "g can be 2, above 1",
        ),
        ("[0.3, 0.3]", "[5, 1]", "scene.yaml:5: placement.drop.area_m: the area reaches beyond the floor"),
        ("[0.3, 0.3]", "[1, 1], center_m: [0, 0, -2]", "everything is released below the floor"),
        (
            "shell: {distance_m: {uniform: [0.6, 1.4]}}",
            "around: {distance_m: 1}",
            "scene.yaml:8: camera.center: center belongs to shell",
        ),
        ("{uniform: [0.6, 1.4]}", "2000", "camera.clip_end_m: nothing beyond 1000 m is rendered"),
        ("placement:", "environment: {strength: 0}\nplacement:", "every picture is black"),
        ("placement:", "outputs: [rgb, rgb]\nplacement:", "scene.yaml:5: outputs[1]: 'rgb' is given twice"),
        (
            "placement:",
            "outputs: [rgb, flow]\nplacement:",
            "scene.yaml:5: outputs[1]: flow leads from one view of a scene to the next, and views_per_scene is 1 "
            "(set views_per_scene to 2 or more, or leave it out)",
        ),
        (
            "focal_length_mm: 35",
            "motion_blur: {}\nrender: {engine: eevee}",
            "scene.yaml:9: camera.motion_blur: EEVEE's motion blur is not supported",
        ),
        (
            "focal_length_mm: 35",
            "motion_blur: {exposure_s: 0.1, speed_m_s: {uniform: [0, 2]}}",
            "scene.yaml:6: camera: motion_blur may carry the camera 0.1 m, through things that clearance_m 0.05 lets "
            "near (raise clearance_m, or lower speed_m_s or exposure_s)",
        ),
    ],
)
def test_what_cannot_work_together_is_refused(scene, old, new, problem):
    scene.write_text(SCENE.replace(old, new, 1))
    assert any(problem in found for found in problems(scene)), problems(scene)


def test_a_scene_without_targets_or_categories_says_so(tmp_path):
    path = write(tmp_path / "s.yaml", "categories: []\ntargets: []\ncamera: {shell: {distance_m: 1}}")
    assert [text.split(" (")[0] for text in problems(path)] == [
        "s.yaml:1: categories: there are no categories",
        "s.yaml:2: targets: there are no targets",
    ]


def test_targets_that_can_never_appear_are_refused(scene):
    found = problems(scene, "targets[0].count=0", "targets[1].count=0")
    assert found == ["scene.yaml:2: targets: no frame can have a target: every count is 0 (raise a count)"]


def test_strength_zero_is_fine_where_a_lamp_shines(scene):
    load_config(scene, ["environment.strength=0", "lights={count: 1}"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "a scene file is a mapping of keys"),
        ("", "needs 'categories'"),
        ("extends: 5", "extends needs preset:NAME, a path, or a list of these"),
        ("extends: preset:tabeltop", "there is no preset 'tabeltop' (did you mean 'tabletop'?)"),
        ("extends: nowhere.yaml", "'nowhere.yaml' is not a file"),
    ],
)
def test_files_that_are_no_scenes_are_refused(tmp_path, text, problem):
    path = write(tmp_path / "s.yaml", text)
    assert any(problem in found for found in problems(path))


def test_a_missing_file_and_a_binary_one_are_refused(tmp_path):
    assert problems(tmp_path / "no.yaml") == ["no.yaml: no such file (give the path of a scene file)"]
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8 text" in problems(tmp_path / "x.yaml")[0]


# --- extends --------------------------------------------------------------------------------------------------------


def extended(scene: Path, text: str):
    return load_config(write(scene.parent / "child.yaml", "extends: scene.yaml\n" + text))


def test_mappings_merge_and_lists_and_values_are_replaced(scene):
    config = extended(scene, "seed: 5\ncamera: {resolution: [64, 48]}\ntargets: [{shapes: cone, category: mug}]")
    assert config.seed == 5
    assert config.camera.resolution == (64, 48) and config.camera.focal_length_mm == Constant(value=35.0)
    assert len(config.targets) == 1


def test_a_distribution_is_replaced_never_mixed(scene):
    config = extended(scene, "camera: {shell: {distance_m: {normal: [1, 0.1]}}}")
    assert config.camera.shell is not None and config.camera.shell.distance_m == Normal(mean=1.0, std=0.1)


def test_a_choice_takes_the_place_of_the_parents_choice(scene):
    config = extended(scene, "placement: {flying: {}}\ncamera: {around: {distance_m: 1}, fov_deg: 40}")
    assert config.placement.drop is None and config.placement.flying is not None
    assert config.camera.shell is None and config.camera.center == "origin"
    assert config.camera.focal_length_mm is None and config.camera.fov_deg == Constant(value=40.0)


def test_a_lens_of_the_whole_sphere_takes_the_place_of_the_parents_focal_length(scene):
    config = extended(scene, "camera: {lens: {equirectangular: {}}}")
    assert config.camera.lens is not None and config.camera.focal_length_mm is None
    assert extended(scene, "camera: {lens: {fisheye: {}}}").camera.focal_length_mm == Constant(value=35.0)


def test_two_choices_in_one_file_are_still_refused(scene):
    path = write(scene.parent / "child.yaml", "extends: scene.yaml\nplacement: {flying: {}, resting: {}}")
    assert "give exactly one of drop, flying, resting" in problems(path)[0]


def test_null_goes_back_to_the_default_or_to_nothing(scene):
    scene.write_text(SCENE + "seed: 9\nlights: [{count: 2}]\nenvironment: {strength: 1}\n")
    config = extended(scene, "seed: null\nlights: null\nenvironment: null\nplacement: null")
    assert (config.seed, config.lights, config.environment) == (0, (), None)
    assert config.placement.drop is not None and config.placement.drop.area_m == (0.5, 0.5)


def test_null_leaves_an_optional_part_out(scene):
    config = extended(scene, "placement: {flying: {}}\nsurroundings: {floor: null}")
    assert config.surroundings is not None and config.surroundings.floor is None


def test_of_several_parents_the_later_wins_and_the_file_most(tmp_path):
    write(tmp_path / "a.yaml", SCENE + "seed: 1\nframes: 11\ntitle: a\n")
    write(tmp_path / "b.yaml", "seed: 2\nframes: 22\n")
    config = load_config(write(tmp_path / "c.yaml", "extends: [a.yaml, b.yaml]\nseed: 3\n"))
    assert (config.seed, config.frames, config.title) == (3, 22, "a")


def test_a_circle_is_refused_with_its_way(tmp_path):
    write(tmp_path / "a.yaml", "extends: b.yaml")
    write(tmp_path / "b.yaml", "extends: a.yaml")
    assert "extends goes in a circle: a.yaml -> b.yaml -> a.yaml" in problems(tmp_path / "a.yaml")[0]


def test_one_parent_by_two_ways_is_no_circle(tmp_path):
    write(tmp_path / "base.yaml", SCENE)
    write(tmp_path / "a.yaml", "extends: base.yaml")
    write(tmp_path / "b.yaml", "extends: base.yaml")
    load_config(write(tmp_path / "c.yaml", "extends: [a.yaml, b.yaml]"))


def test_a_preset_is_extended_and_its_lines_are_named(tmp_path):
    path = write(tmp_path / "s.yaml", "extends: preset:tabletop\ncategories: [{id: 1, name: mug}]")
    found = problems(path)
    assert len(found) == 3 and all(text.startswith("preset:tabletop:") for text in found)


def test_a_problem_in_a_parent_names_the_parents_file(scene):
    scene.write_text(SCENE.replace("focal_length_mm: 35", "focal_length_mm: far"))
    path = write(scene.parent / "child.yaml", "extends: scene.yaml")
    assert problems(path)[0].startswith("scene.yaml:9: camera.focal_length_mm")


# --- paths ----------------------------------------------------------------------------------------------------------


def test_a_path_starts_at_the_file_it_is_written_in(tmp_path):
    write(tmp_path / "lib/base.yaml", SCENE)
    config = load_config(write(tmp_path / "mine/s.yaml", "extends: ../lib/base.yaml\nenvironment: {hdris: sky/}"))
    assert config.targets[0].files == ("../lib/models/mug.glb",)
    assert config.environment is not None and config.environment.hdris == ("sky",)


def test_a_path_in_an_override_starts_at_the_current_folder(scene):
    cwd = scene.parent.parent / "work"
    config = load_config(scene, ["targets[0].files=[a.glb, 'shipped:dice/']"], cwd)
    assert config.targets[0].files == ("../work/a.glb", "shipped:dice/")


def test_absolute_paths_stay(scene):
    assert load_config(scene, ["targets[0].files=/data/a.glb"]).targets[0].files == ("/data/a.glb",)


def test_the_same_scene_elsewhere_is_the_same_configuration(tmp_path):
    one = load_config(write(tmp_path / "a/s.yaml", SCENE))
    assert one == load_config(write(tmp_path / "b/c/s.yaml", SCENE))


# --- overrides ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["targets[0].count", "targets.0.count"])
def test_an_override_sets_an_entry_of_a_list(scene, path):
    config = load_config(scene, [f"{path}={{integer: [5, 6]}}"])
    assert config.targets[0].count == Integer(low=5, high=6) and config.targets[0].category == "mug"
    assert config.targets[1].count is None


def test_overrides_make_sections_choose_and_delete(scene):
    overrides = ["camera.fov_deg=50", "camera.shell.distance_m.uniform[0]=1", "placement.flying.clearance_m=0.1"]
    config = load_config(scene, [*overrides, "physics.retries=1", "camera.center=", "environment.tint=#ff8800"])
    assert config.camera.focal_length_mm is None and config.camera.fov_deg == Constant(value=50.0)
    assert config.camera.shell is not None and config.camera.shell.distance_m == Uniform(low=1.0, high=1.4)
    assert config.placement.drop is None and config.physics.retries == 1 and config.camera.center == "origin"
    assert config.environment is not None and config.environment.tint == ConstantColor(value="#ff8800")


def test_an_override_replaces_one_distribution_by_another(scene):
    config = load_config(scene, ["camera.focal_length_mm.uniform=[30, 40]", "targets[0].count.constant=2"])
    assert config.camera.focal_length_mm == Uniform(low=30.0, high=40.0)
    assert config.targets[0].count == Constant(value=2.0)


def test_a_bare_entry_stands_for_a_list_of_one(scene):
    scene.write_text(SCENE.replace("placement:", "lights: {count: 1}\nplacement:"))
    assert load_config(scene, ["lights[0].count=2"]).lights[0].count == Constant(value=2.0)


def test_the_last_override_of_a_key_wins(scene):
    assert load_config(scene, ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("seed", "--set seed: expected KEY=VALUE"),
        ("=3", "expected KEY=VALUE"),
        ("a b[=3", "is not a key path"),
        ("targets[0]count=1", "is not a key path"),
        ("sed=3", "--set sed=3: sed: unknown key 'sed' (did you mean 'seed'?)"),
        ("camera.fov=60", "--set camera.fov=60: camera.fov: unknown key 'fov' (did you mean 'fov_deg'?)"),
        ("targets[7].count=1", "targets has 2 entries, so there is no targets[7]"),
        ("targets.count=1", "targets is a list (write targets[0].count)"),
        ("seed.x=1", "seed"),
        ("camera[0]=1", "camera is no list"),
        ("camera.shell.distance_m.uniform.low=1", "written as a list here (write camera.shell.distance_m.uniform[0]"),
        ("seed=[1", "not YAML"),
        ("seed={a: 1, a: 2}", "given twice"),
        ("extends=preset:flying", "extends cannot be set"),
        ("seed=-1", "seed -1 is below 0"),
    ],
)
def test_a_wrong_override_is_refused(scene, override, problem):
    assert any(problem in found for found in problems(scene, override)), problems(scene, override)


def test_all_wrong_overrides_come_at_once(scene):
    assert len(problems(scene, "seed", "targets[7].count=1")) == 2


# --- jobs -----------------------------------------------------------------------------------------------------------


def test_a_job_gives_its_configuration_back(scene, tmp_path):
    config = load_config(scene)
    job = write(tmp_path / "out/job.json", json.dumps({"base_dir": "..", "config": unstructure(config)}))
    assert load_config(job) == config
    assert base_dir_of(job) == tmp_path
    assert load_config(job, ["seed=4"]).seed == 4


@pytest.mark.parametrize("text", ["[1]", "{", '{"config": 3}'])
def test_what_is_no_job_is_refused(tmp_path, text):
    assert "job" in problems(write(tmp_path / "job.json", text))[0]


@pytest.mark.parametrize(
    ("override", "value"),
    [("seed=9", 9), ("camera.resolution=[64, 48]", (64, 48)), ("render.quality=draft", "draft"), ("title=a b", "a b")],
)
def test_overrides_need_no_yaml_when_they_are_json_or_plain_words(scene, monkeypatch, override, value):
    job = scene.with_name("job.json")
    config = load_config(scene)
    job.write_text(json.dumps({"base_dir": ".", "config": unstructure(config)}))
    monkeypatch.setattr("pipeline.config.load.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "yaml", None)
    changed = load_config(job, [override])
    for name in override.partition("=")[0].split("."):
        changed = getattr(changed, name)
    assert changed == value


def test_what_yaml_would_read_otherwise_is_refused_without_it(scene, monkeypatch):
    monkeypatch.setattr("pipeline.config.load.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="values must be JSON or plain words"):
        load_config(scene, ["camera.resolution=[64, a]"])


@pytest.mark.parametrize(
    ("override", "remedy"),
    [
        ("engine=eevee", "did you mean 'render.engine'?"),
        ("samples=3", "did you mean 'render.samples_per_pixel'?"),
        ("camera.hdris=x", "did you mean 'environment.hdris'?"),
        ("render.resolution=[8,8]", "did you mean 'camera.resolution'?"),
        ("render.samples=3", "did you mean 'samples_per_pixel'?"),  # here, and not elsewhere
        ("frame=3", "did you mean 'frames' or 'template.frame'?"),
        ("k1=0.1", "did you mean 'camera.lens.opencv.k1' or 'camera.lens.fisheye.k1'?"),
        ("count=3", "did you mean 'contexts.NAME.count', 'targets[0].count' or 'distractors[0].count'?"),
        ("low=3", "known here: accept, camera, "),  # of a distribution, which may stand anywhere
        ("dice=3", "known here: accept, camera, "),
    ],
)
def test_a_key_that_belongs_elsewhere_is_told_where(scene, override, remedy):
    key = override.partition("=")[0].rpartition(".")[2]
    assert any(f"unknown key {key!r} ({remedy}" in found for found in problems(scene, override))


@pytest.mark.parametrize(
    "key", ["samples", "category", "size_m", "count", "hdris", "kind", "roughness", "k1", "wall_m"]
)
def test_the_places_of_a_key_are_places(key):
    for place in places_of(key):
        kind: Any = Config
        for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", place):
            kind = kind_of(kind, name or int(index))
            assert kind is not None, place


def test_problems_found_later_can_be_traced_to_the_line_they_come_from(scene):
    where = places_in(scene, ["render.quality=draft"])
    line = next(i for i, text in enumerate(scene.read_text().splitlines(), 1) if "targets" in text or "files" in text)
    assert where("targets[0].files[0]").startswith(f"{scene}:")
    assert int(where("targets[0].files[0]").rpartition(":")[2]) >= line
    assert where("render.quality") == "--set render.quality=draft"
    assert where("") == ""
