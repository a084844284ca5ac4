"""The checks of KITTI and BOP exports find nothing in sound ones, and each damage done to one."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from traced_scenes import box, camera_at, staged_dataset, traced_dataset

from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import DEFAULTS, ExportOptions
from pipeline.geometry import quaternion_about
from pipeline.verify.exports import EXPORT_CHECKS, verify_export

FRAMES = 5
SPLIT = ExportOptions(val_fraction=0.5, min_pixels=90)
LABEL, CALIB = "training/label_2/000002.txt", "training/calib/000002.txt"
SCENE = "train_pbr/000000"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("poses") / "ds"
    traced_dataset(root, FRAMES)
    return root


@pytest.fixture(scope="module")
def sound(dataset, tmp_path_factory):
    folders = {form: tmp_path_factory.mktemp("sound") / form for form in ("kitti", "bop")}
    for form, folder in folders.items():
        EXPORTERS[form](dataset, folder, DEFAULTS, None)
    return folders


def kinds(form, folder, dataset):
    return {finding.kind for finding in EXPORT_CHECKS[form](folder, dataset, None)}


@pytest.mark.parametrize("options", [DEFAULTS, SPLIT, ExportOptions(images="link", min_visibility=0.97)])
@pytest.mark.parametrize("form", ["kitti", "bop"])
def test_a_sound_export_has_no_finding(form, options, dataset, tmp_path):
    EXPORTERS[form](dataset, tmp_path, options, None)
    report = verify_export(form, tmp_path, dataset)
    assert report.findings == ()


@pytest.mark.parametrize("form", ["kitti", "bop"])
def test_odd_poses_are_sound_too(form, tmp_path):
    nose_down = quaternion_about((0.0, 1.0, 0.0), np.pi / 2)
    camera = camera_at((0.0, -2.0, 0.0), (0.0, 1.0, 0.0))
    stages = [(camera, [box(1, (x, 1.0, 0.0), (0.4, 0.2, 0.3), nose_down)]) for x in (-1.6, 0.0, 1.7)]
    staged_dataset(tmp_path / "ds", stages)
    EXPORTERS[form](tmp_path / "ds", tmp_path / "out", DEFAULTS, None)
    assert kinds(form, tmp_path / "out", tmp_path / "ds") == set()


def edit_row(number, **changes):
    boxes = ["left", "top", "right", "bottom", "h", "w", "l", "x", "y", "z", "rotation_y"]
    fields = ["truncated", "occluded", "alpha", *boxes]

    def damage(folder):
        path = folder / LABEL
        lines = path.read_text().splitlines()
        words = lines[number].split(" ")
        for field, change in changes.items():
            at = 0 if field == "kind" else fields.index(field) + 1
            words[at] = change if field == "kind" else f"{float(words[at]) + change:.6f}"
        lines[number] = " ".join(words)
        path.write_text("\n".join(lines) + "\n")

    return damage


def edit_text(name, change):
    def damage(folder):
        path = folder / name
        path.write_text(change(path.read_text()))

    return damage


def edit_json(name, change):
    def damage(folder):
        data = json.loads((folder / name).read_text())
        change(data)
        (folder / name).write_text(json.dumps(data))

    return damage


def edit_pixels(name, change):
    def damage(folder):
        with Image.open(folder / name) as picture:
            pixels = np.array(picture)
        (folder / name).unlink()
        Image.fromarray(change(pixels)).save(folder / name)

    return damage


def without(name):
    return lambda folder: (folder / name).unlink()


def with_file(name):
    return lambda folder: (folder / name).write_text("1\n")


KITTI = {
    "a type": (edit_row(0, kind="bowl"), "export-mismatch"),
    "a box one pixel off": (edit_row(0, right=1), "export-mismatch"),
    "truncation": (edit_row(1, truncated=0.01), "export-mismatch"),
    "occlusion": (edit_row(1, occluded=1), "export-mismatch"),
    "a height": (edit_row(0, h=0.001), "export-mismatch"),
    "a length": (edit_row(2, l=-0.001), "export-mismatch"),
    "a place to the right": (edit_row(0, x=0.001), "export-mismatch"),
    "a place further away": (edit_row(0, z=0.001), "export-mismatch"),
    "the middle for the bottom": (edit_row(0, y=-0.05), "export-mismatch"),
    "a yaw": (edit_row(0, rotation_y=0.001), "export-mismatch"),
    "a yaw turned round": (edit_row(0, rotation_y=np.pi), "export-mismatch"),
    "an alpha": (edit_row(0, alpha=0.01), "export-mismatch"),
    "a row without a field": (edit_text(LABEL, lambda text: text.replace(" ", "", 1)), "export-mismatch"),
    "a row too few": (edit_text(LABEL, lambda text: "".join(text.splitlines(True)[1:])), "export-missing"),
    "a row too many": (edit_text(LABEL, lambda text: text + text.splitlines(True)[0]), "export-extra"),
    "pixel edges on integers": (edit_text(CALIB, lambda text: text.replace("3.0000", "3.0500")), "export-mismatch"),
    "a matrix missing": (edit_text(CALIB, lambda text: text.replace("R0_rect", "R_rect")), "export-mismatch"),
    "no label": (without(LABEL), "export-unreadable"),
    "no calibration": (without(CALIB), "export-unreadable"),
    "no picture": (without("training/image_2/000001.png"), "export-unreadable"),
    "another picture": (edit_pixels("training/image_2/000001.png", lambda p: p // 2), "export-mismatch"),
    "a frame not listed": (edit_text("ImageSets/train.txt", lambda text: text[7:]), "export-mismatch"),
    "a stray label": (with_file("training/label_2/000099.txt"), "export-extra"),
}


def change_gt(name, key, change, image="2", number=1):
    def edit(data):
        entry = data[image] if number is None else data[image][number]
        entry[key] = change(entry[key])

    return edit_json(f"{SCENE}/scene_{name}.json", edit)


def moved(values):
    return [values[0] + 0.001, *values[1:]]


BOP = {
    "a matrix with pixel edges on integers": (
        change_gt("camera", "cam_K", lambda k: [*k[:2], k[2] + 0.5, *k[3:]], number=None),
        "export-mismatch",
    ),
    "a camera's place": (
        change_gt("camera", "cam_t_w2c", lambda t: [t[0] + 0.1, *t[1:]], number=None),
        "export-mismatch",
    ),
    "a step of depth": (change_gt("camera", "depth_scale", lambda _: 1.0, number=None), "export-mismatch"),
    "a rotation column by column": (
        change_gt("gt", "cam_R_m2c", lambda r: np.reshape(r, (3, 3)).T.ravel().tolist()),
        "export-mismatch",
    ),
    "a place in metres": (change_gt("gt", "cam_t_m2c", lambda t: [v / 1000 for v in t]), "export-mismatch"),
    "an object": (change_gt("gt", "obj_id", lambda _: 2), "export-mismatch"),
    "a visible box": (change_gt("gt_info", "bbox_visib", moved), "export-mismatch"),
    "a whole box": (change_gt("gt_info", "bbox_obj", moved), "export-mismatch"),
    "pixels in all": (change_gt("gt_info", "px_count_all", lambda n: n + 1), "export-mismatch"),
    "pixels with depth": (change_gt("gt_info", "px_count_valid", lambda n: n - 1), "export-mismatch"),
    "visible pixels": (change_gt("gt_info", "px_count_visib", lambda n: n + 1), "export-mismatch"),
    "a visible share": (change_gt("gt_info", "visib_fract", lambda v: v * 0.99), "export-mismatch"),
    "a pose too few": (edit_json(f"{SCENE}/scene_gt.json", lambda data: data["1"].pop()), "export-missing"),
    "an image not in a file": (edit_json(f"{SCENE}/scene_gt.json", lambda data: data.pop("1")), "export-missing"),
    "an image too many": (
        edit_json(f"{SCENE}/scene_gt.json", lambda data: data.update({"77": []})),
        "export-extra",
    ),
    "a mask": (edit_pixels(f"{SCENE}/mask/000001_000000.png", lambda p: np.roll(p, 1, 0)), "export-mismatch"),
    "a visible mask": (
        edit_pixels(f"{SCENE}/mask_visib/000001_000000.png", lambda p: np.roll(p, 1, 1)),
        "export-mismatch",
    ),
    "no mask": (without(f"{SCENE}/mask/000001_000002.png"), "export-unreadable"),
    "depth in other steps": (edit_pixels(f"{SCENE}/depth/000003.png", lambda p: p + (p > 0)), "export-mismatch"),
    "no depth": (without(f"{SCENE}/depth/000003.png"), "export-unreadable"),
    "no poses": (without(f"{SCENE}/scene_gt.json"), "export-unreadable"),
    "no assets": (without("models/assets.json"), "export-unreadable"),
    "no models_info": (without("models/models_info.json"), "export-unreadable"),
    "an asset's size": (
        edit_json("models/assets.json", lambda data: data[0].update(scale=[2.0, 2.0, 2.0])),
        "export-mismatch",
    ),
    "a model's box": (
        edit_json("models/models_info.json", lambda data: data["1"].update(size_x=101.0)),
        "export-mismatch",
    ),
    "a diameter": (
        edit_json("models/models_info.json", lambda data: data["1"].update(diameter=50.0)),
        "export-mismatch",
    ),
    "a stray mask": (with_file(f"{SCENE}/mask/000001_000009.png"), "export-extra"),
}
CASES = [("kitti", what) for what in KITTI] + [("bop", what) for what in BOP]


@pytest.mark.parametrize(("form", "what"), CASES)
def test_each_damage_is_found(form, what, sound, dataset, tmp_path):
    damage, kind = {"kitti": KITTI, "bop": BOP}[form][what]
    folder = tmp_path / form
    shutil.copytree(sound[form], folder)
    damage(folder)
    assert kind in kinds(form, folder, dataset)


def test_a_diameter_that_the_box_can_have_is_sound(sound, dataset, tmp_path):
    shutil.copytree(sound["bop"], tmp_path / "bop")
    edit_json("models/models_info.json", lambda data: data["1"].update(diameter=150.0))(tmp_path / "bop")
    (tmp_path / "bop" / "models" / "obj_000001.ply").write_text("ply\n")
    assert kinds("bop", tmp_path / "bop", dataset) == set()


def test_an_export_of_other_labels_is_found(sound, dataset, tmp_path):
    """The same frames, lit and posed alike, but frame 2 shows other objects."""
    other = tmp_path / "ds"
    shutil.copytree(dataset, other)
    shutil.copytree(other / "frames" / "000003", other / "frames" / "000002", dirs_exist_ok=True)
    for name in ("labels.json", "frame.json"):
        path = other / "frames" / "000002" / name
        path.write_text(path.read_text().replace('"frame": 3', '"frame": 2').replace('"scene": 3', '"scene": 2'))
    found = {finding.frame for finding in EXPORT_CHECKS["bop"](sound["bop"], other, None)}
    assert 2 in found
