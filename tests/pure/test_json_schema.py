"""scenes/schema.json: in step with the types, true of every shipped scene, and as strict about keys as the loader."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.addresses import shipped_dir
from pipeline.canonical import json_bytes
from pipeline.config.json_schema import as_written, field_notes, scene_schema
from pipeline.config.load import load_config, presets
from pipeline.config.schema import AssetGroup, Camera, Config
from pipeline.config.yaml_text import data_of, parse_yaml
from pipeline.errors import ConfigError

SCENES = shipped_dir("scenes")
VALIDATOR = jsonschema.Draft202012Validator(scene_schema())

# Every section, so that an unknown key can be put into each.
WHOLE = """\
categories: [{id: 1, name: mug}]
targets:
  - files: a.glb
    category: mug
    count: {mixture: {of: [1, {integer: [2, 3]}], weights: [1, 2]}}
    placement: {resting: {}}
distractors: {shapes: cube}
placement: {drop: {height_m: {normal: {mean: 0.3, std: 0.1, low: 0.1}}}}
surroundings: {floor: {size_m: 5}, walls: {count: 2}, tray: {}}
materials:
  floor:
    - {pbr: {base_color: {hsv: {hue: 0.5}}}}
    - {procedural: {pattern: [wood, noise], color_a: "#ff0000", color_b: {rgb: [0, 1, {uniform: [0, 1]}]}}}
    - {textures: {files: tex/, scale_m: {choice: [0.1, 0.2]}}}
  jitter: {hue_shift: 0}
environment: {tint: {temperature_k: {uniform: [3000, 8000]}}, background: {color: {grey: 0.5}}}
lights: [{kind: {choice: {values: [point, sun], weights: [1, 2]}}, shell: {distance_m: 1}}]
camera: {shell: {distance_m: {log_uniform: [1, 2]}}, k: {fx: 500, fy: 500, cx: 320, cy: 240}, look_at: [0, 0, 1]}
physics: {friction: 0.5}
render: {quality: draft}
outputs: rgb
formats: {rgb: jpeg}
accept: {min_pixels: 2}
template: {file: t.blend}
"""


def read(text: str) -> Any:
    return data_of(parse_yaml(text, "s.yaml", Path()))


def complaints(data: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data)]


def loads(data: Any, folder: Path) -> bool:
    path = folder / "s.yaml"
    path.write_text(json.dumps(data))  # JSON is YAML too
    try:
        load_config(path)
    except ConfigError:
        return False
    return True


def mappings(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all mappings, the outermost first."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    own = [path] if isinstance(data, dict) else []
    return own + [found for key, item in items for found in mappings(item, (*path, key))]


def test_the_file_is_in_step_with_the_types():
    written = (SCENES / "schema.json").read_bytes()
    assert written == json_bytes(scene_schema(), indent=1), "run: python scripts/make_schema.py"


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(scene_schema())


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_shipped_scene_fits(name):
    assert complaints(read(presets()[name].read_text())) == []


def test_a_scene_with_every_section_fits(tmp_path):
    assert complaints(read(WHOLE)) == []
    assert loads(read(WHOLE), tmp_path)


@pytest.mark.parametrize("path", mappings(read(WHOLE)), ids=lambda path: ".".join(map(str, path)) or "root")
def test_an_unknown_key_is_refused_wherever_the_loader_refuses_it(path, tmp_path):
    data = copy.deepcopy(read(WHOLE))
    part = data
    for key in path:
        part = part[key]
    part["unknwon"] = 1
    assert not loads(data, tmp_path)
    assert complaints(data)


@pytest.mark.parametrize(
    "change",
    [
        "seed: one",
        "seed: 1.5",
        "title: 3",
        "outputs: [rgb, deep]",
        "camera: {shell: {distance_m: far}}",
        "camera: {shell: {distance_m: 1}, resolution: [1, 2, 3]}",
        "camera: {shell: {distance_m: {uniform: [1]}}}",
        "camera: {shell: {distance_m: {uniform: [1, 2], normal: [1, 2]}}}",
        "render: {caustics: 1}",
        "targets: [{files: a.glb, category: mug, origin: middle}]",
        "categories: [{id: 1}]",
        "lights: [{shell: {elevation_deg: 3}, colour: red}]",
    ],
)
def test_a_wrong_type_is_refused(change, tmp_path):
    data = {**read(WHOLE), **read(change)}
    assert not loads(data, tmp_path)
    assert complaints(data)


def test_required_keys_may_come_from_what_is_extended():
    assert complaints({"seed": 1}) != []
    assert complaints(read("extends: preset:tabletop\ncamera: {shell: {elevation_deg: 30}, roll_deg: null}")) == []


def test_defaults_are_written_as_a_scene_file_says_them():
    groups = scene_schema()["$defs"]["LightGroup"]["properties"]
    assert groups["energy_w"]["default"] == {"log_uniform": [2, 30]}
    assert groups["count"]["default"] == 1
    assert groups["color"]["default"] == {"temperature_k": {"uniform": [2700, 8000]}}
    assert VALIDATOR.evolve(schema={"$ref": "#/$defs/LightGroup", "$defs": scene_schema()["$defs"]}).is_valid(
        {name: spec["default"] for name, spec in groups.items()}
    )


def test_texts_below_fields_become_descriptions():
    assert field_notes(Camera)["fov_deg"].startswith("Horizontal field of view")
    properties = scene_schema()["$defs"]["AssetGroup"]["properties"]
    assert properties["objects"]["description"] == field_notes(AssetGroup)["objects"]


def test_every_default_of_a_whole_configuration_can_be_written_and_read(tmp_path):
    config = load_config(SCENES / "dice_tray.yaml")
    assert isinstance(config, Config)
    data = as_written(config)
    (tmp_path / "s.yaml").write_text(json.dumps(data))
    assert load_config(tmp_path / "s.yaml") == config
    assert complaints(data) == []
