"""The policy that all exports share: what is kept, which split, and which folder an export may go to."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import commit_samples, open_sample, sample_job
from traced_scenes import traced_dataset

from pipeline.errors import ExportError, StoreError
from pipeline.exporters.coco.export import export_coco
from pipeline.exporters.options import ExportOptions, with_images
from pipeline.exporters.source import export_frames, open_source, split_of

PARTIAL = ExportOptions(partial=True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"min_visibility": 1.01}, "--min-visibility is 1.01, expected 0 to 1"),
        ({"val_fraction": math.nan}, "--val-fraction is nan, expected 0 to 1"),
        ({"val_fraction": -0.1}, "--val-fraction is -0.1"),
        ({"min_pixels": 0}, "--min-pixels is 0, expected 1 or more"),
    ],
)
def test_a_value_out_of_range_is_an_error(values, words):
    with pytest.raises(ExportError, match=words):
        ExportOptions(**values)


def test_pictures_go_the_first_way_of_a_format_unless_asked_otherwise():
    ways = ("link", "copy")
    assert with_images(ExportOptions(), "yolo", ways).images == "link"
    assert with_images(ExportOptions(images="copy"), "yolo", ways).images == "copy"
    assert with_images(ExportOptions(), "hdf5", ()).images is None


@pytest.mark.parametrize(
    ("ways", "remedy"), [(("link", "copy"), "use link or copy, or leave it out for link"), ((), "leave it out")]
)
def test_a_way_that_a_format_does_not_have_is_an_error_with_the_remedy(ways, remedy):
    with pytest.raises(ExportError, match=rf"--images is reference, which yolo does not know \({remedy}\)"):
        with_images(ExportOptions(images="reference"), "yolo", ways)


@given(st.text("0123456789abcdef", min_size=8, max_size=8), st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_a_scene_never_leaves_val_when_more_is_validated(digest, scene, low, high):
    low, high = sorted((low, high))
    assert split_of(digest, scene, low) == "train" or split_of(digest, scene, high) == "val"
    assert (split_of(digest, scene, 0.0), split_of(digest, scene, 1.0)) == ("train", "val")


def test_about_the_asked_share_of_scenes_is_validated():
    assert 0.17 < sum(split_of("ab" * 32, scene, 0.2) == "val" for scene in range(5_000)) / 5_000 < 0.23


def test_the_split_of_a_frame_stays_as_the_dataset_grows(tmp_path):
    options = ExportOptions(val_fraction=0.4, partial=True)
    job = sample_job(frames=12)
    store = open_sample(tmp_path / "ds", job)
    seen = []
    for stop in (4, 9, 12):
        commit_samples(store, tmp_path, tuple(range({4: 0, 9: 4, 12: 9}[stop], stop)))
        seen.append({one.frame: one.split for one in export_frames(open_source(store.root, options), options)})
    assert seen[0].items() < seen[1].items() < seen[2].items() and set(seen[2].values()) == {"train", "val"}


@pytest.mark.parametrize("options", [ExportOptions(min_visibility=0.9), ExportOptions(min_pixels=100)])
def test_every_visible_instance_of_a_category_is_kept_or_ignored(options, tmp_path):
    store = traced_dataset(tmp_path / "ds", 3)
    kept, ignored = 0, 0
    for one in export_frames(open_source(store.root, options), options):
        for item in one.labels.instances:
            enough = item.silhouette.visibility >= options.min_visibility and item.visible_px >= options.min_pixels
            is_object = bool(item.category_id and item.visible_px)
            assert (item in one.kept, item in one.ignored) == (is_object and enough, is_object and not enough)
        kept, ignored = kept + len(one.kept), ignored + len(one.ignored)
    assert kept and ignored


def test_a_visibility_limit_without_silhouettes_is_an_error_with_the_remedy(tmp_path):
    commit_samples(open_sample(tmp_path / "ds", sample_job()), tmp_path, (0,))
    with pytest.raises(StoreError, match=r"has no silhouettes, which --min-visibility needs \(add mask_full"):
        export_coco(tmp_path / "ds", tmp_path / "out", ExportOptions(partial=True, min_visibility=0.5))
    assert not (tmp_path / "out" / "export.json").exists()


@pytest.fixture
def dataset(tmp_path):
    commit_samples(open_sample(tmp_path / "ds", sample_job(frames=3)), tmp_path, (0, 1))
    return tmp_path / "ds"


def test_export_json_says_what_the_export_is(dataset, tmp_path):
    export_coco(dataset, tmp_path / "out", PARTIAL)
    data = json.loads((tmp_path / "out" / "export.json").read_bytes())
    assert data["format"] == "coco" and data["job_digest"] == sample_job(frames=3).digest
    assert data["options"] == {
        "images": "reference", "partial": True, "min_visibility": 0.0, "min_pixels": 1, "val_fraction": 0.0
    }  # fmt: skip


def test_a_partial_export_may_be_completed_in_place(dataset, tmp_path):
    assert export_coco(dataset, tmp_path / "out", PARTIAL).images == 2
    commit_samples(open_sample(dataset, sample_job(frames=3)), tmp_path, (2,))
    assert export_coco(dataset, tmp_path / "out").images == 3


@pytest.mark.parametrize("damage", [None, "[]", "{", '{"format": "coco"}'])
def test_a_folder_of_another_export_is_refused(damage, dataset, tmp_path):
    export_coco(dataset, tmp_path / "out", PARTIAL)
    if damage is not None:
        (tmp_path / "out" / "export.json").write_text(damage)
    options = ExportOptions(partial=True, val_fraction=0.0 if damage else 0.5)
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(ExportError, match=r"holds another export: .* \(choose another --out"):
        export_coco(dataset, tmp_path / "out", options)
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def test_no_export_goes_into_a_dataset(tmp_path):
    store = open_sample(tmp_path / "ds", sample_job())
    commit_samples(store, tmp_path, (0,))
    with pytest.raises(ExportError, match=r"ds holds a dataset, which an export would litter \(choose another --out\)"):
        export_coco(store.root, store.root, PARTIAL)
    assert not (store.root / "export.json").exists()
