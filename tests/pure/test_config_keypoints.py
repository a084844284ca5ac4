"""Keypoints and parts in scene files: what is refused, with its place, and what reaches dataset.json."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from store_samples import sample_job

from pipeline.check import describe_job
from pipeline.config.load import load_config
from pipeline.config.schema import AssetGroup, NamedPoint
from pipeline.dataset.create import dataset_json
from pipeline.errors import ConfigError
from pipeline.job import Job, make_job, part_classes

HEAD = """\
categories: [{id: 1, name: mug}, {id: 2, name: cat}]
camera: {shell: {distance_m: 1}}
targets:
"""
MUG = """\
  - files: mug.glb
    category: mug
    keypoints: [{name: handle, point_m: [0.05, 0, 0.02]}, {name: rim, empty: kp_rim}]
    skeleton: [[handle, rim]]
"""


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "scene.yaml"
    path.write_text(HEAD + text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def group(points: str, *, category: str = "category: mug", rest: str = "") -> str:
    return f"  - {{files: a.glb, {category}, keypoints: [{points}]{rest}}}\n"


A, B = "{name: a, empty: a}", "{name: b, empty: b}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (group("{name: a}"), "scene.yaml:4: targets[0].keypoints[0]: give exactly one of point_m, empty, bone"),
        (group("{name: a, empty: b, bone: c}"), "exactly one of point_m, empty, bone, got empty and bone"),
        (group("{name: a, empty: b, end: tail}"), "end belongs to bone"),
        (group("{name: a, empty: b, radius_m: -1}"), "radius_m -1 is below 0"),
        (group("{name: a, empty: b, colour: 1}"), "unknown key 'colour'"),
        (group(f"{A}, {A}"), "'a' is there twice"),
        (group(A, rest=", skeleton: [[a, tip]]"), "skeleton: there is no keypoint 'tip'"),
        (group(A, rest=", skeleton: [[a, a]]"), "'a' is joined to itself"),
        (group("{name: a, empty: a, mirror: b}"), "mirror: there is no keypoint 'b'"),
        (group("{name: a, empty: a, mirror: a}"), "'a' mirrors itself"),
        (group(f"{A}, {{name: b, empty: b, mirror: a}}, {{name: c, empty: c, mirror: a}}"), "cannot mirror both"),
        ("  - {shapes: cube, category: mug, keypoints: [{name: a, empty: b}]}\n", "shapes hold no empties"),
        ("  - {shapes: cube, category: mug, parts: objects}\n", "shapes have no named parts"),
        ("  - {files: a.glb, category: mug, parts: bones}\n", "'bones' is not known here"),
        (
            group(f"{A}, {B}") + group(f"{A}, {{name: bb, empty: b}}"),
            "scene.yaml:5: targets[1].keypoints: 'bb' is none of the keypoints that category 'mug' has in targets[0]",
        ),
        (group(f"{A}, {B}") + group(A), "targets[1].keypoints: 'b' is missing, which category 'mug' has in targets[0]"),
        (
            group(f"{A}, {B}, {{name: c, empty: c}}", rest=", skeleton: [[a, b]]")
            + group(f"{A}, {B}, {{name: c, empty: c}}", rest=", skeleton: [[a, c]]"),
            "targets[1].skeleton: it differs from the one that category 'mug' has in targets[0]",
        ),
        (MUG + f"distractors:\n{group(A, category='count: 1')}", "distractors[0].keypoints: keypoints belong"),
        ("  - {files: a.glb, category: mug}\noutputs: [rgb, keypoints]\n", "outputs: keypoints are asked for, and no"),
    ],
)
def test_what_cannot_be_is_refused(text, problem, tmp_path):
    told = problems(tmp_path, text)
    assert len(told) == 1 and problem in told[0], told


def test_groups_of_a_category_share_their_keypoints_and_may_have_none(tmp_path):
    path = tmp_path / "scene.yaml"
    path.write_text(HEAD + MUG + group(f"{B}, {A}", category="category: cat") + "  - {files: c.glb, category: mug}\n")
    config = load_config(path)
    assert config.targets[0].keypoints[0] == NamedPoint(name="handle", point_m=(0.05, 0.0, 0.02))
    assert config.targets[0].skeleton == (("handle", "rim"),)


def job_with(*, outputs: tuple[str, ...], parts: tuple[str, ...] = ()) -> Job:
    eyes = (
        NamedPoint(name="left", point_m=(0.0, 0.0, 0.0), mirror="right"),
        NamedPoint(name="right", point_m=(0.0, 0.0, 0.0), mirror="left"),
        NamedPoint(name="nose", point_m=(0.0, 0.0, 0.0)),
    )
    plain = sample_job()
    targets = (AssetGroup(shapes=("cube",), category="mug", keypoints=eyes, skeleton=(("nose", "left"),)),)
    catalogue = plain.catalogue
    asset = replace(catalogue.targets[0][0], parts=parts)
    config = replace(plain.config, targets=targets, outputs=outputs)
    return make_job(config, replace(catalogue, targets=((asset,),)))


def test_dataset_json_lists_the_keypoints_of_the_categories_that_have_any():
    mug, bowl = dataset_json(job_with(outputs=("rgb", "keypoints")))["categories"]
    assert mug["keypoints"] == ["left", "right", "nose"]
    assert (mug["skeleton"], mug["flip"]) == ([["nose", "left"]], [["left", "right"]])
    assert set(bowl) == {"id", "name", "supercategory"}


def test_without_the_output_dataset_json_has_no_keypoints_and_no_parts():
    data = dataset_json(job_with(outputs=("rgb",)))
    assert "parts" not in data and all("keypoints" not in category for category in data["categories"])


def test_class_ids_of_parts_follow_the_names_over_all_assets():
    job = job_with(outputs=("part",), parts=("wood", "iron"))
    other = replace(job.catalogue.targets[0][0], asset_id="other", parts=("brass",))
    job = make_job(job.config, replace(job.catalogue, targets=(*job.catalogue.targets, (other,))))
    assert part_classes(job.catalogue) == {"brass": 1, "iron": 2, "wood": 3}
    assert dataset_json(job)["parts"] == [
        {"class_id": 1, "name": "brass"},
        {"class_id": 2, "name": "iron"},
        {"class_id": 3, "name": "wood"},
    ]


def test_check_lists_keypoints_by_category_and_parts():
    rows = dict(describe_job(job_with(outputs=("keypoints", "part"), parts=("wood", "iron"))))
    assert rows["keypoints"] == "mug: left, right, nose"
    assert rows["parts"] == "iron, wood"
