"""The COCO export, judged by pycocotools and not by our own reader."""

import contextlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as codec
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from store_samples import HEIGHT, WIDTH, commit_samples, open_sample, sample_frame, sample_job

from pipeline.codecs.png import decode_png, encode_png
from pipeline.codecs.rle import encode_counts
from pipeline.dataset.store import commit
from pipeline.errors import StoreError
from pipeline.exporters import EXPORTERS
from pipeline.exporters.coco.export import export_coco
from pipeline.exporters.coco.rle import run_lengths
from pipeline.exporters.options import ExportOptions

# pycocotools 2.0.11 has not followed numpy 2 in decode, which only these tests call.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FRAMES = 12
JOB = sample_job(frames=FRAMES)
REJECTED = [4, 9]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coco")
    commit_samples(open_sample(folder / "ds", JOB), folder, tuple(range(FRAMES)))
    return folder / "ds"


def load(path):
    with contextlib.redirect_stdout(None):
        return COCO(str(path))


@pytest.fixture(scope="module")
def coco(dataset, tmp_path_factory):
    return load(export_coco(dataset, tmp_path_factory.mktemp("out")).file)


def test_coco_is_among_the_exporters():
    assert EXPORTERS["coco"] is export_coco


def test_images_are_the_accepted_frames_by_their_number(coco):
    assert sorted(coco.imgs) == [frame for frame in range(FRAMES) if frame not in REJECTED]
    assert coco.imgs[7] == {"id": 7, "file_name": "frames/000007/rgb.png", "width": WIDTH, "height": HEIGHT}


def test_categories_are_those_of_the_class_map(coco):
    assert coco.dataset["categories"] == [
        {"id": 3, "name": "mug", "supercategory": "kitchen"},
        {"id": 7, "name": "bowl", "supercategory": ""},
    ]


def test_every_visible_instance_of_a_category_is_annotated_and_nothing_else(coco, dataset):
    expected = set()
    for frame in coco.imgs:
        labels = json.loads((dataset / "frames" / f"{frame:06d}" / "labels.json").read_bytes())
        expected |= {(frame, i["instance_id"]) for i in labels["instances"] if i["category_id"] and i["visible_px"]}
    found = {(item["image_id"], item["instance_id"]) for item in coco.dataset["annotations"]}
    assert found == expected and len(found) == len(coco.dataset["annotations"]) > 10


def test_each_mask_is_where_the_instance_image_holds_the_id(coco, dataset):
    for item in coco.anns.values():
        instance = decode_png((dataset / "frames" / f"{item['image_id']:06d}" / "instance.png").read_bytes())
        assert np.array_equal(coco.annToMask(item).astype(bool), instance == item["instance_id"])


def test_each_box_and_area_is_that_of_its_mask(coco):
    for item in coco.anns.values():
        assert item["bbox"] == codec.toBbox(item["segmentation"]).tolist()
        assert item["area"] == codec.area(item["segmentation"]) == item["visible_px"]
        assert item["iscrowd"] == 0 and all(isinstance(value, float) for value in item["bbox"])


def test_annotation_ids_are_those_of_frame_and_instance(coco):
    assert all(key == a["image_id"] * 65_536 + a["instance_id"] for key, a in coco.anns.items())


@pytest.mark.parametrize("kind", ["segm", "bbox"])
def test_ground_truth_against_itself_scores_one(coco, kind):
    keys = {"segm": "segmentation", "bbox": "bbox"}
    results = [
        {"image_id": a["image_id"], "category_id": a["category_id"], keys[kind]: a[keys[kind]], "score": 1.0}
        for a in coco.anns.values()
    ]
    with contextlib.redirect_stdout(None):
        judge = COCOeval(coco, coco.loadRes(results), kind)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    assert judge.stats[0] == 1.0


def test_licences_are_those_of_the_assets(coco):
    assert coco.dataset["licenses"] == [{"id": 1, "name": "CC0-1.0", "url": "", "assets": ["mugs/red.glb"]}]
    assert coco.dataset["info"]["job_digest"] == JOB.digest


def test_the_summary_counts_what_is_in_and_what_is_not(dataset, tmp_path):
    seen = []
    summary = export_coco(dataset, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert (summary.images, summary.rejected, summary.missing) == (10, 2, 0)
    assert summary.annotations == len(load(summary.file).anns)
    assert seen == [(done, FRAMES) for done in range(1, FRAMES + 1)]


def test_the_file_is_the_same_bytes_however_the_frames_were_made(dataset, tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    for frame in (5, 4, 3, 2, 1, 0, *range(11, 5, -1)):
        commit_samples(store, tmp_path, (frame,))
    first, second = export_coco(dataset, tmp_path / "a"), export_coco(tmp_path / "ds", tmp_path / "b")
    assert first.file.read_bytes() == second.file.read_bytes()


def test_nothing_but_the_export_is_left_in_the_folder(dataset, tmp_path):
    export_coco(dataset, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["annotations.json", "export.json"]


def test_copied_images_are_named_from_the_export_folder(dataset, tmp_path):
    coco = load(export_coco(dataset, tmp_path, ExportOptions(images="copy")).file)
    assert coco.imgs[7]["file_name"] == "images/000007.png"
    for image in coco.imgs.values():
        copy, rgb = tmp_path / image["file_name"], dataset / "frames" / f"{image['id']:06d}" / "rgb.png"
        assert copy.read_bytes() == rgb.read_bytes() and not copy.is_symlink()
    assert len(os.listdir(tmp_path / "images")) == 10


def test_linked_images_lead_to_those_of_the_dataset(dataset, tmp_path):
    coco = load(export_coco(dataset, tmp_path / "deep" / "out", ExportOptions(images="link")).file)
    for image in coco.imgs.values():
        link = tmp_path / "deep" / "out" / image["file_name"]
        assert link.is_symlink() and os.path.samefile(link, dataset / "frames" / f"{image['id']:06d}" / "rgb.png")


def test_an_export_is_replaced_by_the_next(dataset, tmp_path):
    before = export_coco(dataset, tmp_path, ExportOptions(images="link")).file.read_bytes()
    (tmp_path / "annotations.json").write_text("old")
    assert export_coco(dataset, tmp_path, ExportOptions(images="link")).file.read_bytes() == before


def test_missing_frames_are_an_error_that_names_them(tmp_path):
    commit_samples(open_sample(tmp_path / "ds", JOB), tmp_path, (0, 1, 5))
    with pytest.raises(StoreError, match=r"lacks 9 of 12 frames: 2-4,6-11 \(render them"):
        export_coco(tmp_path / "ds", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_partial_export_says_how_many_frames_it_lacks(tmp_path):
    commit_samples(open_sample(tmp_path / "ds", JOB), tmp_path, (0, 1, 5))
    summary = export_coco(tmp_path / "ds", tmp_path / "out", ExportOptions(partial=True))
    assert (summary.images, summary.missing) == (3, 9) and sorted(load(summary.file).imgs) == [0, 1, 5]


def test_a_dataset_of_rejected_frames_alone_is_an_empty_but_valid_export(tmp_path):
    commit_samples(open_sample(tmp_path / "ds", JOB), tmp_path, (4,))
    coco = load(export_coco(tmp_path / "ds", tmp_path / "out", ExportOptions(partial=True)).file)
    assert coco.dataset["images"] == [] and coco.dataset["annotations"] == []


def test_frames_without_rgb_are_an_error_with_the_remedy(tmp_path):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit(open_sample(tmp_path / "ds", JOB), replace(plan, outputs=("depth",)), rendered, annotation)
    with pytest.raises(StoreError, match=r"000000 has no rgb, .* \(add rgb to outputs"):
        export_coco(tmp_path / "ds", tmp_path / "out", ExportOptions(partial=True))
    assert os.listdir(tmp_path / "out") == []


def test_an_id_image_that_is_not_the_one_of_the_labels_is_an_error(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, (0,))
    path = store.folder(0) / "instance.png"
    instance = decode_png(path.read_bytes())
    instance[instance == 1] = 0
    changed = encode_png(instance)
    record = json.loads((store.folder(0) / "frame.json").read_bytes())
    record["files"]["instance.png"]["bytes"] = len(changed)  # past the quick check
    (store.folder(0) / "frame.json").write_text(json.dumps(record))
    path.write_bytes(changed)
    with pytest.raises(StoreError, match="instance 1 has 0 px in instance.png and"):
        export_coco(tmp_path / "ds", tmp_path / "out", ExportOptions(partial=True))


def test_an_output_that_cannot_be_written_is_an_error_with_the_remedy(dataset, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="choose another --out"):
        export_coco(dataset, tmp_path / "file")


id_images = hnp.arrays(
    np.uint16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.sampled_from([0, 1, 2, 65_535])
)


@given(id_images)
def test_masks_are_encoded_as_pycocotools_encodes_them(image):
    height, width = image.shape
    counts = run_lengths(image)
    assert counts.keys() == {int(i) for i in np.unique(image) if i}
    for instance_id, lengths in counts.items():
        theirs = codec.encode(np.asfortranarray(image == instance_id, np.uint8))
        assert (encode_counts(lengths), [height, width]) == (theirs["counts"].decode(), theirs["size"])
