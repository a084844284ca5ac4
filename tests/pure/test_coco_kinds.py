"""COCO polygons, keypoints and panoptic, judged by pycocotools and read back from the files."""

import contextlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from export_samples import NAMES, REJECTED, keypoint_dataset, masks_of
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from store_samples import commit_samples, open_sample, sample_job
from traced_scenes import traced_dataset

from pipeline.config.schema import AssetGroup, NamedPoint
from pipeline.dataset.read import read_image, read_labels, read_masks_full
from pipeline.errors import ExportError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import DEFAULTS, ExportOptions
from pipeline.exporters.source import split_of
from pipeline.job import make_job
from pipeline.verify.exports.coco import check_coco

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FRAMES = 6
KINDS = ("coco", "coco-polygons", "coco-keypoints", "coco-panoptic")
ANNOTATED = KINDS[:3]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return keypoint_dataset(tmp_path_factory.mktemp("kinds") / "ds", FRAMES)


@pytest.fixture(scope="module")
def export(store, tmp_path_factory):
    """Export a kind with options, once."""
    done = {}

    def run(form, options=DEFAULTS):
        if (form, options) not in done:
            out = tmp_path_factory.mktemp("out")
            done[form, options] = (out, EXPORTERS[form](store.root, out, options, None))
        return done[form, options][0]

    return run


def load(path):
    with contextlib.redirect_stdout(None):
        return COCO(str(path))


@pytest.mark.parametrize("form", ANNOTATED)
def test_each_mask_is_where_the_instance_image_holds_the_id(form, export, store):
    coco = load(export(form) / "annotations.json")
    assert len(coco.anns) >= 3 * (FRAMES - 1) - 2
    for item in coco.anns.values():
        mask = masks_of(store, item["image_id"])[item["instance_id"]]
        assert np.array_equal(coco.annToMask(item).astype(bool), mask) and item["area"] == mask.sum()


@pytest.mark.parametrize(
    ("form", "kind"), [*((form, kind) for form in ANNOTATED for kind in ("segm", "bbox")), (ANNOTATED[2], "keypoints")]
)
def test_ground_truth_against_itself_scores_one(form, kind, export):
    coco = load(export(form) / "annotations.json")
    value = {"segm": coco.annToRLE, "bbox": lambda a: a["bbox"], "keypoints": lambda a: a["keypoints"]}[kind]
    key = {"segm": "segmentation"}.get(kind, kind)
    items = [item for item in coco.anns.values() if kind != "keypoints" or item["category_id"] == 3]
    results = [{"image_id": a["image_id"], "category_id": a["category_id"], key: value(a), "score": 1.0} for a in items]
    with contextlib.redirect_stdout(None):
        judge = COCOeval(coco, coco.loadRes(results), kind)
        if kind == "keypoints":
            judge.params.catIds, judge.params.kpt_oks_sigmas = [3], np.full(3, 0.05)
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]  # these objects are small
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"][..., -1]  # with as many detections a picture as there are
    assert precision.size and precision.min() == 1.0


def test_kept_objects_have_polygons_and_ignored_ones_run_lengths(export):
    coco = load(export("coco-polygons", ExportOptions(min_pixels=100)) / "annotations.json")
    crowds = [item for item in coco.anns.values() if item["iscrowd"]]
    others = [item for item in coco.anns.values() if not item["iscrowd"]]
    assert crowds and all(isinstance(item["segmentation"], dict) and item["area"] < 100 for item in crowds)
    assert others and all(isinstance(item["segmentation"], list) and item["area"] >= 100 for item in others)
    assert all(len(polygon) >= 8 for item in others for polygon in item["segmentation"])


def test_silhouettes_come_with_the_masks(export, store):
    for item in load(export("coco") / "annotations.json").anns.values():
        label = next(
            x for x in read_labels(store.root, item["image_id"]).instances if x.instance_id == item["instance_id"]
        )
        assert item["bbox_full"] == list(label.silhouette.bbox_xywh_px)
        assert (item["visibility"], item["truncation"]) == (label.silhouette.visibility, label.silhouette.truncation)
        full = load_mask(item["segmentation_full"])
        assert (full | masks_of(store, item["image_id"])[item["instance_id"]] == full).all()
        assert full.sum() == sum(read_masks_full(store.root, item["image_id"])[1][item["instance_id"]][1::2])


def load_mask(segmentation):
    coco = COCO()
    coco.imgs = {0: {"height": segmentation["size"][0], "width": segmentation["size"][1]}}
    return coco.annToMask({"image_id": 0, "segmentation": segmentation}).astype(bool)


def test_without_silhouettes_nothing_is_said_of_them(tmp_path):
    store = traced_dataset(tmp_path / "ds", 1, outputs=("rgb",))
    EXPORTERS["coco"](store.root, tmp_path / "out", DEFAULTS, None)
    items = json.loads((tmp_path / "out" / "annotations.json").read_bytes())["annotations"]
    assert items and not any("bbox_full" in item or "visibility" in item for item in items)


def test_keypoints_are_in_cocos_pixels_with_their_visibility(export, store):
    coco = load(export("coco-keypoints") / "annotations.json")
    assert {item["id"]: (item["keypoints"], item["skeleton"]) for item in coco.dataset["categories"]} == {
        number: (list(names), []) for number, names in NAMES.items()
    }
    for item in coco.anns.values():
        x, y, width, _ = item["bbox"]
        expected = [x + 0.25 - 0.5, y + 0.5 - 0.5, 2, x + width - 0.25 - 0.5, y + 0.5 - 0.5, 1]
        expected += [0, 0, 0] if item["category_id"] == 3 else []
        assert item["keypoints"] == expected and item["num_keypoints"] == 2


@pytest.mark.parametrize("form", ["coco-keypoints", "yolo-pose"])
def test_a_dataset_without_keypoints_is_an_error_with_the_remedy(form, tmp_path):
    store = traced_dataset(tmp_path / "ds", 1, outputs=("rgb",))
    with pytest.raises(ExportError, match=r"has no keypoints, .* add keypoints to outputs"):
        EXPORTERS[form](store.root, tmp_path / "out", DEFAULTS, None)
    assert not (tmp_path / "out").exists()


def ids_of(path):
    picture = np.array(Image.open(path)).astype(int)
    return picture[..., 0] + 256 * picture[..., 1] + 65536 * picture[..., 2]


@pytest.mark.parametrize("options", [DEFAULTS, ExportOptions(min_pixels=100)])
def test_panoptic_pictures_and_their_segments_say_the_same_as_the_labels(options, export, store):
    out = export("coco-panoptic", options)
    data = json.loads((out / "annotations.json").read_bytes())
    assert [item["isthing"] for item in data["categories"]] == [1, 1]
    assert sorted(os.listdir(out / "annotations")) == [item["file_name"] for item in data["annotations"]]
    for item in data["annotations"]:
        ids = ids_of(out / "annotations" / item["file_name"])
        labels = {x.instance_id: x for x in read_labels(store.root, item["image_id"]).instances if x.category_id}
        masks = {i: mask for i, mask in masks_of(store, item["image_id"]).items() if i in labels}
        assert sorted(x["id"] for x in item["segments_info"]) == sorted(masks) == [i for i in np.unique(ids) if i]
        for segment in item["segments_info"]:
            mask = masks[segment["id"]]
            rows, columns = np.nonzero(mask)
            box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert np.array_equal(ids == segment["id"], mask)
            assert (segment["area"], segment["bbox"]) == (mask.sum(), box)
            assert segment["category_id"] == labels[segment["id"]].category_id
            assert segment["iscrowd"] == int(mask.sum() < options.min_pixels)


def test_panoptic_ground_truth_against_itself_has_a_quality_of_one(export):
    judge = pytest.importorskip("hotcoco.panoptic", reason="hotcoco, the judge of panoptic quality, is not installed")
    path = str(export("coco-panoptic") / "annotations.json")  # the pictures are where panopticapi looks for them
    with contextlib.redirect_stdout(None):
        scores = judge.pq_compute(path, path)
    assert (scores["All"]["pq"], scores["Things"]["n"]) == (1.0, 2)


def test_panoptic_pictures_are_those_of_the_output_panoptic(export, store):
    out = export("coco-panoptic")
    for path in (out / "annotations").iterdir():
        assert np.array_equal(np.array(Image.open(path)), read_image(store.root, int(path.stem), "panoptic"))


@pytest.mark.parametrize("form", KINDS)
def test_a_split_puts_every_frame_into_one_of_two_files(form, export, store):
    out = export(form, ExportOptions(val_fraction=0.4))
    files = {split: json.loads((out / f"annotations_{split}.json").read_bytes()) for split in ("train", "val")}
    frames = {split: [image["id"] for image in data["images"]] for split, data in files.items()}
    assert sorted(frames["train"] + frames["val"]) == [frame for frame in range(FRAMES) if frame != REJECTED]
    for split, data in files.items():
        assert all(split_of(store.job.digest, frame, 0.4) == split for frame in frames[split])
        assert {item["image_id"] for item in data["annotations"]} <= set(frames[split])
    assert not (out / "annotations.json").exists() and frames["train"] and frames["val"]


def digest(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize("form", [name for name in EXPORTERS if name.split("-")[0] in ("coco", "yolo", "voc")])
def test_the_export_of_an_equal_dataset_elsewhere_is_the_same_bytes(form, store, tmp_path):
    again = keypoint_dataset(tmp_path / "deep" / "other", FRAMES)
    options = ExportOptions(val_fraction=0.4, min_pixels=100, images="copy")
    first = EXPORTERS[form](store.root, tmp_path / "a", options, None)
    second = EXPORTERS[form](again.root, tmp_path / "deep" / "b", options, None)
    assert digest(tmp_path / "a") == digest(tmp_path / "deep" / "b")
    assert first.annotations == second.annotations > 3 and first.ignored > 0
    assert not [name for name in digest(tmp_path / "a") if re.search(r"\.tmp|part", name)]


def test_a_growing_dataset_keeps_what_was_exported(tmp_path):
    job = sample_job(frames=12)
    store = open_sample(tmp_path / "ds", job)
    options = ExportOptions(val_fraction=0.3, partial=True)
    seen = []
    for first, stop in ((0, 5), (5, 12)):
        commit_samples(store, tmp_path, tuple(range(first, stop)))
        EXPORTERS["coco"](store.root, tmp_path / "out", options, None)
        seen.append(
            [set(Path(tmp_path / "out" / f"annotations_{x}.json").read_text().splitlines()) for x in ("train", "val")]
        )
    drop = {"]}", "],", ""}
    for before, after in zip(*seen, strict=True):
        assert {line.rstrip(",") for line in before - drop} <= {line.rstrip(",") for line in after}


def test_a_declared_skeleton_joins_keypoints_by_number(tmp_path):
    points = tuple(NamedPoint(name=name, point_m=(0.0, 0.0, 0.0)) for name in ("low", "high", "middle"))
    group = AssetGroup(
        shapes=("cube",), category="mug", keypoints=points, skeleton=(("high", "low"), ("middle", "high"))
    )
    plain = sample_job(frames=2)
    config = replace(plain.config, targets=(group,), outputs=("rgb", "keypoints"))
    store = traced_dataset(tmp_path / "ds", 2, outputs=config.outputs, job=make_job(config, plain.catalogue))
    EXPORTERS["coco-keypoints"](store.root, tmp_path / "out", DEFAULTS, None)
    (category,) = load(tmp_path / "out" / "annotations.json").dataset["categories"]
    assert category["keypoints"] == ["low", "high", "middle"]
    assert category["skeleton"] == [[2, 1], [3, 2]]
    assert list(check_coco(tmp_path / "out", store.root)) == []
