"""The checks of exports find nothing in a sound one, and each kind of damage in a damaged one."""

import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from export_samples import keypoint_dataset
from PIL import Image
from store_samples import sample_job
from traced_scenes import traced_dataset

from pipeline.cli import main
from pipeline.config.schema import AssetGroup, NamedPoint
from pipeline.errors import StoreError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import DEFAULTS, ExportOptions
from pipeline.job import make_job
from pipeline.verify.exports import EXPORT_CHECKS

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FRAMES = 4
FORMS = (
    "coco", "coco-polygons", "coco-keypoints", "coco-panoptic", "yolo", "yolo-segment", "yolo-pose", "yolo-obb", "voc"
)  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return keypoint_dataset(tmp_path_factory.mktemp("checked") / "ds", FRAMES).root


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """Another dataset: without silhouettes, one frame longer."""
    return keypoint_dataset(tmp_path_factory.mktemp("grown") / "ds", FRAMES + 1, outputs=("rgb",))


@pytest.fixture(scope="module")
def sound(dataset, tmp_path_factory):
    done = {}

    def run(form, options):
        if (form, options) not in done:
            done[form, options] = tmp_path_factory.mktemp("sound")
            EXPORTERS[form](dataset, done[form, options], options, None)
        return done[form, options]

    return run


@pytest.fixture
def export(dataset, tmp_path):
    """An export to be damaged."""

    def run(form, options=DEFAULTS):
        EXPORTERS[form](dataset, tmp_path / form, options, None)
        return tmp_path / form

    return run


def findings(form, folder, dataset):
    return list(EXPORT_CHECKS[form](folder, dataset, None))


def kinds(form, folder, dataset):
    return {finding.kind for finding in findings(form, folder, dataset)}


OPTIONS = (
    DEFAULTS,
    ExportOptions(val_fraction=0.5, min_pixels=100, images="copy"),
    ExportOptions(min_visibility=0.9, images="link"),
    ExportOptions(val_fraction=1.0, images="copy"),
)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("form", FORMS)
def test_a_sound_export_has_no_finding(form, options, sound, dataset):
    assert findings(form, sound(form, options), dataset) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_sound_export_without_silhouettes_has_no_finding(form, grown, tmp_path):
    EXPORTERS[form](grown.root, tmp_path / "out", DEFAULTS, None)
    assert findings(form, tmp_path / "out", grown.root) == []


@pytest.mark.parametrize("form", FORMS)
def test_progress_is_told(form, sound, dataset):
    seen = []
    list(EXPORT_CHECKS[form](sound(form, DEFAULTS), dataset, lambda done, total: seen.append((done, total))))
    assert seen == [(done, FRAMES) for done in range(1, FRAMES + 1)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [None, "{", "{}", '{"format": "coco", "options": {}}'])
def test_a_folder_without_a_sound_export_json_is_an_error(form, text, export, dataset):
    folder = export(form)
    (folder / "export.json").unlink()
    if text is not None:
        (folder / "export.json").write_text(text)
    with pytest.raises(StoreError, match=r"export\.json"):
        findings(form, folder, dataset)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "change",
    [{"min_pixels": 100}, {"min_visibility": 0.9}, {"val_fraction": 0.5}],
    ids=lambda change: next(iter(change)),
)
def test_an_export_that_does_not_follow_its_options_is_found(form, change, export, dataset):
    folder = export(form)
    data = json.loads((folder / "export.json").read_bytes())
    data["options"].update(change)
    (folder / "export.json").write_text(json.dumps(data))
    assert kinds(form, folder, dataset)


@pytest.mark.parametrize("form", FORMS)
def test_a_foreign_file_is_found(form, export, dataset):
    folder = export(form)
    (folder / "notes.txt").write_text("mine")
    (found,) = findings(form, folder, dataset)
    assert (found.kind, found.where) == ("export-extra", "notes.txt") and "remove it" in found.message


@pytest.mark.parametrize("form", FORMS)
def test_every_missing_file_is_found(form, export, dataset):
    folder = export(form, OPTIONS[1])
    names = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "export.json"]
    assert len(names) > 4
    for path in names:
        data = path.read_bytes()
        path.unlink()
        found = findings(form, folder, dataset)
        assert path.relative_to(folder).as_posix() in {finding.where for finding in found}
        assert {finding.kind for finding in found} <= {"export-unreadable"}
        path.write_bytes(data)


@pytest.mark.parametrize("form", FORMS)
def test_every_damaged_file_is_found(form, export, dataset):
    folder = export(form, OPTIONS[1])
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == "export.json":
            continue
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if data else b"0 0.5 0.5 0.5 0.5\n")
        found = findings(form, folder, dataset)
        assert path.relative_to(folder).as_posix() in {finding.where for finding in found}, path
        path.write_bytes(data)


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_of_another_frame_is_found(form, export, dataset):
    folder = export(form, OPTIONS[1])
    pictures = {
        int(path.stem): path
        for path in folder.rglob("*.png")
        if path.parent.name in ("images", "train", "val", "JPEGImages")
    }
    pictures[0].write_bytes(pictures[1].read_bytes())
    (found,) = findings(form, folder, dataset)
    assert found.kind == "export-mismatch" and found.frame == 0 and "is not a copy of" in found.message


@pytest.mark.parametrize("form", FORMS)
def test_a_link_that_leads_elsewhere_is_found(form, export, dataset):
    folder = export(form, OPTIONS[2])
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    links[0].unlink()
    links[0].symlink_to(dataset / "frames" / links[1].stem / "rgb.png")
    assert [finding.kind for finding in findings(form, folder, dataset)] == ["export-mismatch"]


@pytest.mark.parametrize("form", FORMS)
def test_a_frame_that_came_later_is_missing(form, grown, tmp_path):
    os.rename(grown.folder(3), grown.root / "hidden")
    try:
        EXPORTERS[form](grown.root, tmp_path / "out", ExportOptions(partial=True), None)
        assert findings(form, tmp_path / "out", grown.root) == []
    finally:
        os.rename(grown.root / "hidden", grown.folder(3))
    assert {finding.frame for finding in findings(form, tmp_path / "out", grown.root)} >= {3}


@pytest.mark.parametrize("form", FORMS)
def test_an_export_of_another_dataset_is_found(form, sound, grown, tmp_path):
    assert kinds(form, sound(form, ExportOptions(images="copy")), grown.root)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_line_says_whether_an_export_is_sound(form, export, dataset, capsys):
    folder = export(form)
    command = ["verify", "--format", form, str(folder), "--dataset", str(dataset)]
    assert main(command) == 0
    (folder / "notes.txt").write_text("mine")
    capsys.readouterr()
    assert main(command) == 1 and "notes.txt" in capsys.readouterr().out


# --- COCO -----------------------------------------------------------------------------------------------------------


def first(data, iscrowd=0):
    return next(item for item in data["annotations"] if item["iscrowd"] == iscrowd)


def doubled(data):
    data["annotations"].append(dict(data["annotations"][0]))


COCO_DAMAGE = {
    "bbox": (lambda data: first(data)["bbox"].__setitem__(2, first(data)["bbox"][2] + 1), "mismatch"),
    "area": (lambda data: first(data).update(area=first(data)["area"] + 1), "mismatch"),
    "category": (lambda data: first(data).update(category_id=10 - first(data)["category_id"]), "mismatch"),
    "crowd": (lambda data: first(data).update(iscrowd=1), "mismatch"),
    "mask": (lambda data: first(data).update(segmentation=data["annotations"][-1]["segmentation"]), "mismatch"),
    "mask cut short": (lambda data: first(data).update(segmentation={"size": [48, 64], "counts": "1"}), "mismatch"),
    "mask of nothing": (lambda data: first(data).update(segmentation=None), "mismatch"),
    "size": (lambda data: first(data).update(segmentation={"size": [64, 48], "counts": "PP3"}), "mismatch"),
    "full box": (lambda data: first(data).update(bbox_full=[0, 0, 1, 1]), "mismatch"),
    "full mask": (lambda data: first(data)["segmentation_full"].update(counts="PP3"), "mismatch"),
    "no full mask": (lambda data: first(data).pop("segmentation_full"), "mismatch"),
    "visibility": (lambda data: first(data).update(visibility=0.123), "mismatch"),
    "doubled": (doubled, "extra"),
    "id": (lambda data: first(data).update(id=99), "extra"),
    "lost": (lambda data: data["annotations"].pop(), "missing"),
    "image lost": (lambda data: data["images"].pop(), "missing"),
    "image doubled": (lambda data: data["images"].append(dict(data["images"][0])), "extra"),
    "image of no frame": (lambda data: data["images"].append({"id": 77}), "extra"),
    "file name": (lambda data: data["images"][0].update(file_name="frames/000001/rgb.png"), "mismatch"),
    "width": (lambda data: data["images"][0].update(width=65), "mismatch"),
    "categories": (lambda data: data["categories"][0].update(name="cup"), "mismatch"),
    "job": (lambda data: data["info"].update(job_digest="00"), "foreign"),
    "no images": (lambda data: data.pop("images"), "unreadable"),
}


@pytest.mark.parametrize("damage", COCO_DAMAGE)
def test_damaged_coco_is_found(damage, export, dataset):
    form = FORMS[len(damage) % 3]
    change, kind = COCO_DAMAGE[damage]
    folder = export(form)
    data = json.loads((folder / "annotations.json").read_bytes())
    change(data)
    (folder / "annotations.json").write_text(json.dumps(data))
    found = findings(form, folder, dataset)
    assert f"export-{kind}" in {finding.kind for finding in found}
    assert all(finding.where == "annotations.json" and "export again" in finding.message for finding in found)


def test_keypoints_that_moved_are_found(export, dataset):
    folder = export("coco-keypoints")
    data = json.loads((folder / "annotations.json").read_bytes())
    first(data)["keypoints"][0] += 0.5  # the pixel's edge instead of its middle
    (folder / "annotations.json").write_text(json.dumps(data))
    (found,) = findings("coco-keypoints", folder, dataset)
    assert found.kind == "export-mismatch" and found.message.startswith("keypoints of annotation 1 is")


@pytest.mark.parametrize("value", [0, 3])
def test_a_panoptic_picture_that_was_painted_on_is_found(value, export, dataset):
    folder = export("coco-panoptic")
    path = folder / "annotations" / "000001.png"
    pixels = np.array(Image.open(path))
    pixels[tuple(np.argwhere(pixels[..., 0] == 1)[0])] = (value, 0, 0)
    Image.fromarray(pixels).save(path)
    (found,) = findings("coco-panoptic", folder, dataset)
    assert (found.kind, found.where, found.frame) == ("export-mismatch", "annotations/000001.png", 1)


def test_a_panoptic_segment_of_another_area_is_found(export, dataset):
    folder = export("coco-panoptic")
    data = json.loads((folder / "annotations.json").read_bytes())
    data["annotations"][1]["segments_info"][0]["area"] += 1
    (folder / "annotations.json").write_text(json.dumps(data))
    assert kinds("coco-panoptic", folder, dataset) == {"export-mismatch"}


# --- YOLO -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [form for form in FORMS if form.startswith("yolo")])
@pytest.mark.parametrize("column", range(5))
def test_a_row_with_another_number_is_found(form, column, export, dataset):
    folder = export(form)
    path = folder / "labels" / "train" / "000000.txt"
    rows = [line.split() for line in path.read_text().splitlines()]
    rows[1][column] = str(float(rows[1][column]) + (1 if column == 0 else 0.04))
    path.write_text("".join(f"{' '.join(row)}\n" for row in rows))
    found = findings(form, folder, dataset)
    assert {finding.kind for finding in found} == {"export-mismatch"} and {f.frame for f in found} == {0}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("0 0.5 0.5 0.1", "export-mismatch"),
        ("", "export-missing"),
        ("0 nan 0.5 0.1 0.1", "export-mismatch"),
        ("0 1.5 0.5 0.1 0.1", "export-mismatch"),
        ("mug 0.5 0.5 0.1 0.1", "export-unreadable"),
    ],
)
@pytest.mark.parametrize("form", [form for form in FORMS if form.startswith("yolo")])
def test_a_row_that_is_none_is_found(form, row, kind, export, dataset):
    folder = export(form)
    path = folder / "labels" / "train" / "000000.txt"
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{line}\n" for line in (row, *lines[1:]) if line))
    assert kinds(form, folder, dataset) == {kind}


def test_rectangles_that_are_larger_turned_round_or_upright_boxes_are_found(export, dataset):
    folder = export("yolo-obb")
    path = folder / "labels" / "train" / "000000.txt"
    lines = path.read_text().splitlines()
    number, *values = lines[0].split()
    corners = np.reshape(values, (4, 2)).astype(float)
    low, high = corners.min(axis=0), corners.max(axis=0)
    upright = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
    for changed, word in (
        (corners[::-1], "anticlockwise"),
        (upright, "the smallest has"),
        (corners * 0.9, "pixels out"),
    ):
        path.write_text("\n".join([f"{number} {' '.join(map(str, changed.ravel()))}", *lines[1:]]))
        (found,) = findings("yolo-obb", folder, dataset)
        assert word in found.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mug", "cup"),
        ("images/train", "images/other"),
        ("kpt_shape: [3", "kpt_shape: [4"),
        ("flip_idx: [1", "flip_idx: [0"),
    ],
)
def test_another_data_yaml_is_found(before, after, export, dataset):
    folder = export("yolo-pose")
    path = folder / "data.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    assert kinds("yolo-pose", folder, dataset) == {"export-mismatch"}


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    """A dataset whose scene file declares keypoints, a skeleton, and which of them swap places in a mirror."""
    points = [
        NamedPoint(name=name, point_m=(0.0, 0.0, 0.0), mirror=mirror)
        for name, mirror in (("low", "high"), ("high", "low"), ("middle", None))
    ]
    group = AssetGroup(shapes=("cube",), category="mug", keypoints=tuple(points), skeleton=(("high", "low"),))
    plain = sample_job(frames=2)
    config = replace(plain.config, targets=(group,), outputs=("rgb", "keypoints"))
    job = make_job(config, plain.catalogue)
    return traced_dataset(tmp_path_factory.mktemp("declared") / "ds", 2, outputs=config.outputs, job=job).root


@pytest.mark.parametrize(
    ("form", "name", "before", "after"),
    [
        ("coco-keypoints", "annotations.json", '"skeleton":[[2,1]]', '"skeleton":[[2,3]]'),
        ("yolo-pose", "data.yaml", "flip_idx: [1, 0, 2]", "flip_idx: [0, 1, 2]"),
        ("yolo-pose", "data.yaml", "flip_idx: [1, 0, 2]", "flip_idx: [1, 2, 0]"),
        ("yolo-pose", "data.yaml", "flip_idx: [1, 0, 2]", "flip_idx: 5"),
    ],
)
def test_declared_keypoints_are_checked_with_skeleton_and_mirror(form, name, before, after, declared, tmp_path):
    EXPORTERS[form](declared, tmp_path / "out", DEFAULTS, None)
    assert findings(form, tmp_path / "out", declared) == []
    path = tmp_path / "out" / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    assert kinds(form, tmp_path / "out", declared) == {"export-mismatch"}


def test_caches_of_ultralytics_are_no_foreign_files(export, dataset):
    folder = export("yolo")
    (folder / "labels" / "train.cache").write_bytes(b"x")
    assert findings("yolo", folder, dataset) == []


# --- VOC ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("<xmin>(\\d+)", "<xmin>9999"),
        ("<name>mug", "<name>bowl"),
        ("<difficult>0", "<difficult>1"),
        ("<truncated>0", "<truncated>1"),
        ("<occluded>0", "<occluded>1"),
        ("<width>64", "<width>63"),
        ("000000.png", "000001.png"),
        ("<object>", "<thing>"),
    ],
)
def test_another_value_in_the_xml_is_found(pattern, text, export, dataset):
    folder = export("voc")
    path = folder / "Annotations" / "000000.xml"
    before = path.read_text()
    after = re.sub(pattern, text, before, count=1)
    assert after != before
    path.write_text(after)
    found = findings("voc", folder, dataset)
    assert found and {finding.where for finding in found} == {"Annotations/000000.xml"}


@pytest.mark.parametrize("kind", ["Class", "Object"])
def test_a_segmentation_picture_that_was_painted_on_is_found(kind, export, dataset):
    folder = export("voc")
    path = folder / f"Segmentation{kind}" / "000001.png"
    with Image.open(path) as picture:
        picture.load()
        picture.putpixel((0, 0), 1 - picture.getpixel((0, 0)))
        picture.save(path)
    (found,) = findings("voc", folder, dataset)
    assert (found.kind, found.where) == (
        "export-mismatch",
        f"Segmentation{kind}/000001.png",
    ) and "1 px" in found.message


def test_a_list_that_names_a_picture_twice_is_found(export, dataset):
    folder = export("voc")
    path = folder / "ImageSets" / "Main" / "train.txt"
    path.write_text(path.read_text() + "000000\n")
    assert [finding.where for finding in findings("voc", folder, dataset)] == ["ImageSets/Main/train.txt"]


def test_an_export_is_proven_against_a_dataset_that_must_be_named(tmp_path, capfd):
    assert main(["verify", "--format", "coco", str(tmp_path)]) == 2
    assert "--format needs --dataset: what the export was made of" in capfd.readouterr().err
