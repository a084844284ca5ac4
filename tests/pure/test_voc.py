"""The Pascal VOC export, read back with xml.etree and Pillow as torchvision's VOCDetection and VOCSegmentation do."""

import os
from xml.etree import ElementTree

import numpy as np
import pytest
from export_samples import REJECTED, keypoint_dataset, masks_of
from PIL import Image
from store_samples import sample_job
from traced_scenes import traced_dataset

from pipeline.dataset.read import read_labels
from pipeline.errors import ExportError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import DEFAULTS, ExportOptions

FRAMES = 6
ACCEPTED = [frame for frame in range(FRAMES) if frame != REJECTED]
NAMES = {"mug": 3, "bowl": 7}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return keypoint_dataset(tmp_path_factory.mktemp("voc") / "ds", FRAMES)


@pytest.fixture(scope="module")
def out(store, tmp_path_factory):
    """An export in which some objects are ignored."""
    folder = tmp_path_factory.mktemp("out")
    EXPORTERS["voc"](store.root, folder, ExportOptions(min_pixels=100), None)
    return folder


def objects(folder, frame):
    return ElementTree.parse(folder / "Annotations" / f"{frame:06d}.xml").getroot().findall("object")


def labelled(store, frame):
    return [item for item in read_labels(store.root, frame).instances if item.category_id and item.visible_px]


def test_the_folders_are_vocs(out):
    assert sorted(os.listdir(out)) == [
        "Annotations", "ImageSets", "JPEGImages", "SegmentationClass", "SegmentationObject", "classes.txt",
        "export.json",
    ]  # fmt: skip
    for folder, ending in (("Annotations", "xml"), ("JPEGImages", "png"), ("SegmentationClass", "png")):
        assert sorted(os.listdir(out / folder)) == [f"{frame:06d}.{ending}" for frame in ACCEPTED]


def test_the_xml_names_the_picture_and_its_size(out, store):
    for frame in ACCEPTED:
        root = ElementTree.parse(out / "Annotations" / f"{frame:06d}.xml").getroot()
        picture = out / "JPEGImages" / root.findtext("filename")
        with Image.open(picture) as image:
            size = (image.width, image.height, len(image.getbands()))
        assert tuple(int(root.findtext(f"size/{tag}")) for tag in ("width", "height", "depth")) == size
        assert picture.read_bytes() == (store.folder(frame) / "rgb.png").read_bytes() and not picture.is_symlink()


def test_boxes_count_pixels_from_one_and_hold_the_last(out, store):
    for frame in ACCEPTED:
        for found, item in zip(objects(out, frame), labelled(store, frame), strict=True):
            rows, columns = np.nonzero(masks_of(store, frame)[item.instance_id])
            box = [int(found.findtext(f"bndbox/{tag}")) for tag in ("xmin", "ymin", "xmax", "ymax")]
            assert box == [columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1]
            assert NAMES[found.findtext("name")] == item.category_id and found.findtext("pose") == "Unspecified"


def test_ignored_objects_are_difficult(out, store):
    flags = [
        (found.findtext("difficult") == "1", item.visible_px < 100)
        for frame in ACCEPTED
        for found, item in zip(objects(out, frame), labelled(store, frame), strict=True)
    ]
    assert all(found == expected for found, expected in flags) and len({found for found, _ in flags}) == 2


def test_occluded_and_truncated_follow_the_silhouette(out, store):
    seen = set()
    for frame in ACCEPTED:
        for found, item in zip(objects(out, frame), labelled(store, frame), strict=True):
            assert found.findtext("occluded") == str(int(item.silhouette.occlusion > 0.05))
            assert found.findtext("truncated") == str(int(item.silhouette.truncation > 0.15))
            seen.add(found.findtext("occluded"))
    assert seen == {"0", "1"}


def test_without_silhouettes_what_touches_the_border_is_truncated_and_occlusion_is_not_told(tmp_path):
    store = traced_dataset(tmp_path / "ds", 3, outputs=("rgb",))
    EXPORTERS["voc"](store.root, tmp_path / "out", DEFAULTS, None)
    for frame in range(3):
        for found, item in zip(objects(tmp_path / "out", frame), labelled(store, frame), strict=True):
            x, y, width, height = item.bbox_xywh_px
            touches = x == 0 or y == 0 or x + width == 64 or y + height == 48
            assert found.find("occluded") is None and found.findtext("truncated") == str(int(touches))


@pytest.mark.parametrize("folder", ["SegmentationClass", "SegmentationObject"])
def test_segmentation_pictures_are_the_masks_in_vocs_colours(folder, out, store):
    assert (out / "classes.txt").read_text() == "mug\nbowl\n"
    voids = 0
    for frame in ACCEPTED:
        with Image.open(out / folder / f"{frame:06d}.png") as image:
            assert image.mode == "P" and image.getpalette()[:6] == [0, 0, 0, 128, 0, 0]
            pixels = np.array(image)
        expected = np.zeros_like(pixels)
        for number, item in enumerate(labelled(store, frame), start=1):
            value = {3: 1, 7: 2}[item.category_id] if folder == "SegmentationClass" else number
            expected[masks_of(store, frame)[item.instance_id]] = 255 if item.visible_px < 100 else value
        assert np.array_equal(pixels, expected)
        voids += (pixels == 255).sum()
    assert voids


def test_the_lists_name_every_picture_once(store, tmp_path):
    EXPORTERS["voc"](store.root, tmp_path, ExportOptions(val_fraction=0.4), None)
    for folder in ("Main", "Segmentation"):
        lists = {name: (tmp_path / f"ImageSets/{folder}/{name}.txt").read_text().split() for name in ("train", "val")}
        both = (tmp_path / f"ImageSets/{folder}/trainval.txt").read_text().split()
        assert both == sorted(lists["train"] + lists["val"]) == [f"{frame:06d}" for frame in ACCEPTED]
        assert lists["train"] and lists["val"]


def test_more_categories_than_voc_can_number_are_an_error(tmp_path, monkeypatch):
    store = traced_dataset(tmp_path / "ds", 1, outputs=("rgb",), job=sample_job(frames=1))
    monkeypatch.setattr("pipeline.exporters.voc.export.MOST_IDS", 1)
    with pytest.raises(ExportError, match=r"has 2 categories, VOC numbers 1 \(use coco\)"):
        EXPORTERS["voc"](store.root, tmp_path / "out", DEFAULTS, None)


def test_more_objects_than_voc_can_number_are_an_error(tmp_path, monkeypatch):
    store = traced_dataset(tmp_path / "ds", 1, outputs=("rgb",))
    monkeypatch.setattr("pipeline.exporters.voc.export.MOST_IDS", 2)
    with pytest.raises(ExportError, match="frame 0 has 3 objects, VOC numbers 2"):
        EXPORTERS["voc"](store.root, tmp_path / "out", DEFAULTS, None)
