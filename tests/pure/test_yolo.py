"""The YOLO exports, read back as ultralytics reads them: data.yaml, then each picture, then labels by its path."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from export_samples import REJECTED, keypoint_dataset, masks_of
from pycocotools import mask as codec
from store_samples import FACTS, sample_job
from traced_scenes import traced_frame

from pipeline.codecs.exr import encode_exr
from pipeline.dataset.read import read_labels
from pipeline.dataset.store import commit, open_store
from pipeline.errors import ExportError, StoreError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import DEFAULTS, ExportOptions
from pipeline.exporters.source import split_of
from pipeline.exporters.yolo.export import declared_mirrors, flip_indices, mirrored_name

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FRAMES = 6
TASKS = ("yolo", "yolo-segment", "yolo-pose", "yolo-obb")
CLASSES = {3: 0, 7: 1}
WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return keypoint_dataset(tmp_path_factory.mktemp("yolo") / "ds", FRAMES)


@pytest.fixture(scope="module")
def export(store, tmp_path_factory):
    done = {}

    def run(form, options=DEFAULTS):
        if (form, options) not in done:
            done[form, options] = tmp_path_factory.mktemp("out")
            EXPORTERS[form](store.root, done[form, options], options, None)
        return done[form, options]

    return run


def rows_of(out: Path, split: str = "train") -> dict[int, list[list[float]]]:
    """Rows by frame, found from data.yaml as ultralytics does: /images/ becomes /labels/, the ending .txt."""
    data = yaml.safe_load((out / "data.yaml").read_text())
    found = {}
    for image in sorted((out / data[split]).iterdir()):
        path = Path(str(image).replace(f"{os.sep}images{os.sep}", f"{os.sep}labels{os.sep}")).with_suffix(".txt")
        found[int(image.stem)] = [[float(value) for value in line.split()] for line in path.read_text().splitlines()]
    return found


def kept_of(store, frame):
    return [item for item in read_labels(store.root, frame).instances if item.category_id and item.visible_px]


def pairs(export, store, form):
    """Each row with the label it is of and its mask."""
    for frame, rows in rows_of(export(form)).items():
        items = kept_of(store, frame)
        assert len(rows) == len(items)
        for row, item in zip(rows, items, strict=True):
            assert row[0] == CLASSES[item.category_id]
            yield row[1:], item, masks_of(store, frame)[item.instance_id]


@pytest.mark.parametrize("form", TASKS)
def test_every_accepted_frame_has_a_picture_and_labels(form, export, store):
    out = export(form)
    frames = [frame for frame in range(FRAMES) if frame != REJECTED]
    assert sorted(rows_of(out)) == frames
    for frame in frames:
        link = out / "images" / "train" / f"{frame:06d}.png"
        assert link.is_symlink() and os.path.samefile(link, store.folder(frame) / "rgb.png")
    assert sorted(os.listdir(out / "labels" / "train")) == [f"{frame:06d}.txt" for frame in frames]


def test_boxes_are_the_extents_of_the_masks(export, store):
    for (x, y, width, height), _, mask in pairs(export, store, "yolo"):
        rows, columns = np.nonzero(mask)
        left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert np.allclose(
            [(x - width / 2) * WIDTH, (y - height / 2) * HEIGHT, (x + width / 2) * WIDTH, (y + height / 2) * HEIGHT],
            [left, top, right, bottom],
            atol=1e-6,
        )


def test_polygons_rasterise_to_the_masks(export, store):
    for row, _, mask in pairs(export, store, "yolo-segment"):
        polygon = (np.reshape(row, (-1, 2)) * (WIDTH, HEIGHT)).ravel().tolist()
        assert np.array_equal(codec.decode(codec.frPyObjects([polygon], HEIGHT, WIDTH))[..., 0].astype(bool), mask)


def test_rectangles_hold_the_masks_in_the_picture_and_are_no_larger_than_the_box(export, store):
    smaller = 0
    for row, item, mask in pairs(export, store, "yolo-obb"):
        assert len(row) == 8 and min(row) >= 0 and max(row) <= 1
        corners = np.reshape(row, (4, 2)) * (WIDTH, HEIGHT)
        sides = np.roll(corners, -1, axis=0) - corners
        area = np.linalg.norm(sides[0]) * np.linalg.norm(sides[1])
        rows, columns = np.nonzero(mask)
        for (x, y), (dx, dy) in zip(corners, sides, strict=True):
            assert (dx * (rows + 0.5 - y) - dy * (columns + 0.5 - x)).min() > 0
        box = item.bbox_xywh_px[2] * item.bbox_xywh_px[3]
        assert area <= box + 1e-6
        smaller += area < 0.95 * box
    assert smaller > 3


def test_keypoints_follow_the_box_and_are_padded_to_one_shape(export, store):
    data = yaml.safe_load((export("yolo-pose") / "data.yaml").read_text())
    assert data["kpt_shape"] == [3, 3] and data["flip_idx"] == [1, 0, 2]
    assert data["kpt_names"] == {0: ["left_rim", "right_rim", "handle"], 1: ["left_rim", "right_rim", "none_2"]}
    for row, item, _ in pairs(export, store, "yolo-pose"):
        x, y, width, height = item.bbox_xywh_px
        assert np.allclose(row[:4], [(x + width / 2) / 64, (y + height / 2) / 48, width / 64, height / 48], atol=1e-8)
        expected = [(x + 0.25) / 64, (y + 0.5) / 48, 2, (x + width - 0.25) / 64, (y + 0.5) / 48, 1, 0, 0, 0]
        assert np.allclose(row[4:], expected, atol=1e-8)


def test_data_yaml_names_the_classes_and_can_be_moved(export):
    data = yaml.safe_load((export("yolo") / "data.yaml").read_text())
    assert data == {"train": "images/train", "val": "images/train", "names": {0: "mug", 1: "bowl"}}


def test_a_split_goes_to_two_folders(export, store):
    out = export("yolo", ExportOptions(val_fraction=0.4))
    frames = {split: list(rows_of(out, split)) for split in ("train", "val")}
    assert sorted(frames["train"] + frames["val"]) == [frame for frame in range(FRAMES) if frame != REJECTED]
    assert all(split_of(store.job.digest, frame, 0.4) == split for split, found in frames.items() for frame in found)
    assert frames["train"] and frames["val"]


def test_both_folders_are_there_when_a_split_is_empty(export):
    out = export("yolo", ExportOptions(val_fraction=1.0))
    assert os.listdir(out / "images" / "train") == os.listdir(out / "labels" / "train") == []
    assert len(os.listdir(out / "images" / "val")) == FRAMES - 1


def test_ignored_objects_are_left_out_and_counted(store, tmp_path):
    options = ExportOptions(min_pixels=100)
    summary = EXPORTERS["yolo"](store.root, tmp_path, options, None)
    items = [item for frame in range(FRAMES) if frame != REJECTED for item in kept_of(store, frame)]
    small = sum(item.visible_px < 100 for item in items)
    assert small and (summary.annotations, summary.ignored) == (len(items) - small, small)
    assert sum(map(len, rows_of(tmp_path).values())) == summary.annotations


def test_a_frame_without_objects_has_an_empty_label_file(store, tmp_path):
    EXPORTERS["yolo"](store.root, tmp_path, ExportOptions(min_pixels=4_000), None)
    assert {path.read_bytes() for path in (tmp_path / "labels" / "train").iterdir()} == {b""}


def test_pictures_left_in_the_dataset_are_refused(store, tmp_path):
    with pytest.raises(ExportError, match=r"--images is reference, which yolo does not know \(use link or copy"):
        EXPORTERS["yolo"](store.root, tmp_path / "out", ExportOptions(images="reference"), None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["yolo", "voc"])
def test_an_exr_picture_is_an_error_with_the_remedy(form, tmp_path):
    store = open_store(tmp_path / "ds", sample_job(frames=1), tmp_path, FACTS)
    plan, rendered, annotation = traced_frame(store.job, 0, tmp_path)
    channels = {name: rendered.linear[..., i] for i, name in enumerate("RGB")}
    (tmp_path / "rgb.exr").write_bytes(encode_exr(channels))
    rendered = replace(rendered, rgb_file=tmp_path / "rgb.exr")
    commit(store, replace(plan, rgb_format="exr"), rendered, annotation)
    with pytest.raises(
        StoreError, match=r"has its picture as rgb.exr, which readers of .* \(set formats: \{rgb: png\}"
    ):
        EXPORTERS[form](store.root, tmp_path / "out", DEFAULTS, None)


@pytest.mark.parametrize(
    ("names", "flip"),
    [
        ({1: ("a", "b")}, [0, 1, 2]),
        ({1: ("Left.tip", "top", "Right.tip")}, [2, 1, 0]),
        ({1: ("left", "right"), 2: ("left", "right", "top")}, [1, 0, 2]),
        ({1: ("left", "right"), 2: ("top", "left", "right")}, None),
        ({1: ("left_eye", "bright_spot")}, [0, 1, 2]),
    ],
)
def test_flipping_exchanges_left_and_right_where_all_classes_agree(names, flip):
    assert flip_indices(names, 3, {}) == flip


def test_declared_mirrors_outrank_names():
    header = {"categories": [{"id": 1, "flip": [["port", "starboard"]]}, {"id": 2, "flip": []}, {"id": 3}]}
    mirrors = declared_mirrors(header)
    assert mirrors == {1: {"port": "starboard", "starboard": "port"}}
    assert flip_indices({1: ("port", "left", "starboard")}, 3, mirrors) == [2, 1, 0]
    assert flip_indices({1: ("port", "left", "starboard"), 3: ("left", "top", "right")}, 3, mirrors) == [2, 1, 0]


def test_a_name_is_mirrored_in_its_own_case():
    assert [mirrored_name(name) for name in ("left_eye", "Right", "top", "TOPLEFT")] == [
        "right_eye", "Left", "top", "TOPRIGHT"
    ]  # fmt: skip
