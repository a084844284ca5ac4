"""What holds for every format with a folder of its own: equal bytes, splits, clean folders, and clear refusals."""

import json
import shutil
import sys

import numpy as np
import pytest
from export_samples import bytes_of
from store_samples import sample_job
from traced_scenes import LENS, traced_dataset

from pipeline.dataset.read import read_labels
from pipeline.errors import ExportError, PipelineError, StoreError
from pipeline.exporters import EXPORTERS, extras
from pipeline.exporters.options import ExportOptions
from pipeline.lenses import Lens, pinhole

FORMS = ("kitti", "bop", "dope", "webdataset", "imagefolder", "parquet", "hdf5")
NEEDS = {"parquet": "pyarrow", "hdf5": "h5py"}
POSES = ("kitti", "bop", "dope")  # they need a pinhole, silhouettes and 3D boxes
FRAMES = 8
SPLIT = ExportOptions(val_fraction=0.4)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("folders") / "ds"
    traced_dataset(root, FRAMES)
    return root


@pytest.fixture(params=FORMS)
def form(request):
    if request.param in NEEDS:
        pytest.importorskip(NEEDS[request.param])
    return request.param


def test_every_format_is_among_the_exporters():
    assert set(FORMS) < set(EXPORTERS)


def test_equal_datasets_export_to_equal_bytes(form, dataset, tmp_path):
    other = tmp_path / "other"
    traced_dataset(other, FRAMES)
    first, second = tmp_path / "a", tmp_path / "b"
    EXPORTERS[form](dataset, first, SPLIT)
    EXPORTERS[form](other, second, SPLIT)
    assert bytes_of(first) == bytes_of(second) != {}


def test_an_export_made_again_is_the_same(form, dataset, tmp_path):
    EXPORTERS[form](dataset, tmp_path / "out", SPLIT)
    before = bytes_of(tmp_path / "out")
    EXPORTERS[form](dataset, tmp_path / "out", SPLIT)
    assert bytes_of(tmp_path / "out") == before


def test_another_export_does_not_mix_with_it(form, dataset, tmp_path):
    EXPORTERS[form](dataset, tmp_path / "out", SPLIT)
    before = bytes_of(tmp_path / "out")
    with pytest.raises(ExportError, match="holds another export"):
        EXPORTERS[form](dataset, tmp_path / "out", ExportOptions(min_pixels=90))
    assert bytes_of(tmp_path / "out") == before


def test_the_export_says_what_it_is(form, dataset, tmp_path):
    summary = EXPORTERS[form](dataset, tmp_path / "out", SPLIT)
    told = json.loads((tmp_path / "out" / "export.json").read_text())
    assert told["format"] == form and told["options"]["val_fraction"] == 0.4
    assert (summary.images, summary.rejected, summary.missing) == (FRAMES, 0, 0)


def test_what_falls_short_of_the_policy_is_counted(form, dataset, tmp_path):
    sizes = [
        item.visible_px for frame in range(FRAMES) for item in read_labels(dataset, frame).instances if item.category_id
    ]
    summary = EXPORTERS[form](dataset, tmp_path / "out", ExportOptions(min_pixels=90))
    assert summary.annotations == sum(np.array(sizes) >= 90)
    assert summary.ignored == sum((np.array(sizes) > 0) & (np.array(sizes) < 90)) > 0


def test_a_longer_dataset_keeps_the_files_of_its_frames(form, dataset, tmp_path):
    longer = tmp_path / "longer"
    traced_dataset(longer, FRAMES + 2, job=sample_job(frames=FRAMES + 2))
    EXPORTERS[form](dataset, tmp_path / "a", SPLIT)
    EXPORTERS[form](longer, tmp_path / "b", SPLIT)
    short, long = bytes_of(tmp_path / "a"), bytes_of(tmp_path / "b")
    pictures = {name for name in short if name.endswith((".png", ".hdf5")) or "label_2" in name}
    assert pictures <= set(long) and all(short[name] == long[name] for name in pictures)
    assert set(short) <= set(long)


@pytest.mark.parametrize("form", ["kitti", "bop", "dope", "imagefolder"])
def test_pictures_are_copied_or_linked(form, dataset, tmp_path):
    EXPORTERS[form](dataset, tmp_path / "copy")
    EXPORTERS[form](dataset, tmp_path / "link", ExportOptions(images="link"))
    links = [path for path in (tmp_path / "link").rglob("*") if path.is_symlink()]
    assert len(links) == FRAMES and not any(path.is_symlink() for path in (tmp_path / "copy").rglob("*"))
    for path in links:
        assert path.resolve().parent.parent == (dataset / "frames").resolve()
        assert (tmp_path / "copy" / path.relative_to(tmp_path / "link")).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("form", POSES)
def test_a_lens_that_distorts_is_refused(form, tmp_path):
    lens = Lens(model="opencv", k=LENS.k, distortion=(0.1, 0, 0, 0, 0, 0, 0, 0), resolution=LENS.resolution)
    traced_dataset(tmp_path / "ds", 1, lens)
    with pytest.raises(StoreError, match=f"the lens is opencv, and {form} describes pinhole cameras alone"):
        EXPORTERS[form](tmp_path / "ds", tmp_path / "out")


@pytest.mark.parametrize(
    ("form", "lacking", "remedy"),
    [
        ("kitti", "mask_full", "no silhouettes.*add mask_full to outputs"),
        ("kitti", "box_3d", "no 3D boxes.*add box_3d to outputs"),
        ("bop", "mask_full", "no silhouettes.*add mask_full to outputs"),
        ("bop", "depth", "no depth.*add depth to outputs"),
        ("dope", "mask_full", "no silhouettes.*add mask_full to outputs"),
        ("dope", "box_3d", "no 3D boxes.*add box_3d to outputs"),
        ("imagefolder", "rgb", "no rgb.*add rgb to outputs"),
    ],
)
def test_what_a_format_needs_and_the_dataset_lacks_is_named(form, lacking, remedy, tmp_path):
    outputs = tuple({"rgb", "depth", "mask_full", "box_3d"} - {lacking})
    traced_dataset(tmp_path / "ds", 1, outputs=outputs)
    with pytest.raises(StoreError, match=remedy):
        EXPORTERS[form](tmp_path / "ds", tmp_path / "out")


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(PipelineError, match=r"--format hdf5 needs h5py.*pip install 'variegate\[export\]'"):
        extras.import_extra("h5py", "h5py", "hdf5")


def test_missing_frames_are_an_error_unless_partial(form, tmp_path):
    store = traced_dataset(tmp_path / "ds", 3)
    shutil.rmtree(store.folder(1))
    with pytest.raises(StoreError, match="lacks 1 of 3 frames: 1"):
        EXPORTERS[form](tmp_path / "ds", tmp_path / "out")
    assert EXPORTERS[form](tmp_path / "ds", tmp_path / "out", ExportOptions(partial=True)).images == 2


def test_one_wide_lens_is_still_a_pinhole(tmp_path):
    traced_dataset(tmp_path / "ds", 1, pinhole(((20.0, 0.0, 32.0), (0.0, 20.0, 24.0), (0.0, 0.0, 1.0)), (64, 48)))
    assert EXPORTERS["kitti"](tmp_path / "ds", tmp_path / "out").annotations == 3
