"""The WebDataset, imagefolder, Parquet and HDF5 exports, each read by the package that its users read it with."""

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image
from traced_scenes import traced_dataset

from pipeline.codecs.exr import decode_exr
from pipeline.dataset.read import read_image, read_instance, read_labels
from pipeline.exporters import parquet, shards
from pipeline.exporters.hdf5 import export_hdf5
from pipeline.exporters.imagefolder import export_imagefolder
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.parquet import export_parquet
from pipeline.exporters.webdataset import export_webdataset

FRAMES = 8
SPLIT = ExportOptions(val_fraction=0.4)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("tables") / "ds"
    traced_dataset(root, FRAMES)
    return root


def kept(dataset, frame):
    return [item for item in read_labels(dataset, frame).instances if item.category_id and item.visible_px]


def picture(dataset, frame):
    return np.asarray(Image.open(dataset / "frames" / f"{frame:06d}" / "rgb.png"))


# --- WebDataset -----------------------------------------------------------------------------------------------------


def read_shard(path):
    """The samples of a shard as WebDataset reads, groups and decodes them; its own opener leaves the file open."""
    webdataset = pytest.importorskip("webdataset")
    decode = webdataset.Decoder([webdataset.imagehandler("rgb8")])
    with open(path, "rb") as stream:
        members = webdataset.tariterators.tar_file_expander([{"url": str(path), "stream": stream}])
        return [decode(sample) for sample in webdataset.tariterators.group_by_keys(members)]


def test_webdataset_reads_every_sample_of_every_shard(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_FRAMES", 3)
    export_webdataset(dataset, tmp_path / "out", SPLIT)
    sizes = json.loads((tmp_path / "out" / "shards.json").read_text())
    found = {}
    for name, size in sizes.items():
        samples = read_shard(tmp_path / "out" / name)
        assert len(samples) == size
        for sample in samples:
            frame = int(sample["__key__"])
            assert int(name.split("-")[1].split(".")[0]) == frame // 3
            found[frame] = name.split("-")[0]
            assert np.array_equal(sample["rgb.png"], picture(dataset, frame))
            assert decode_exr(sample["depth.exr"])["Z"].shape == (48, 64)
            assert [item["id"] for item in sample["json"]["objects"]] == [i.instance_id for i in kept(dataset, frame)]
    assert sorted(found) == list(range(FRAMES)) and set(found.values()) == {"train", "val"}


def test_a_sample_holds_every_picture_of_the_frame_as_it_is(dataset, tmp_path):
    export_webdataset(dataset, tmp_path / "out")
    with tarfile.open(tmp_path / "out" / "train-000000.tar") as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar if member.name.startswith("000002.")}
        assert all((member.mtime, member.uid, member.uname, member.mode) == (0, 0, "", 0o644) for member in tar)
    folder = dataset / "frames" / "000002"
    expected = {path.name for path in folder.iterdir()} - {"plan.json", "labels.json", "frame.json"}
    assert {name.removeprefix("000002.") for name in members} == {*expected, "json"}
    assert all(members[f"000002.{name}"] == (folder / name).read_bytes() for name in expected)


def test_the_json_of_a_sample_tells_boxes_classes_and_camera(dataset, tmp_path):
    export_webdataset(dataset, tmp_path / "out")
    with tarfile.open(tmp_path / "out" / "train-000000.tar") as tar:
        told = json.loads(tar.extractfile("000001.json").read())
    assert (told["frame"], told["width"], told["height"]) == (1, 64, 48)
    assert told["camera"]["model"] == "pinhole"
    for row, item in zip(told["objects"], kept(dataset, 1), strict=True):
        assert row["bbox"] == list(item.bbox_xywh_px) and row["area"] == item.visible_px
        assert (row["category_id"], row["categories"]) in ((3, 0), (7, 1))
        labels = json.loads((dataset / "frames" / "000001" / "labels.json").read_bytes())["instances"]
        assert {**row, **labels[item.instance_id - 1]} == row  # every label of the object is there too


# --- Hugging Face ---------------------------------------------------------------------------------------------------


def check_rows(rows, dataset):
    for row in rows:
        frame = row["frame"]
        items = kept(dataset, frame)
        assert np.array_equal(np.asarray(row["image"]), picture(dataset, frame))
        assert (row["width"], row["height"]) == row["image"].size == (64, 48)
        assert row["objects"]["id"] == [item.instance_id for item in items]
        assert [list(bbox) for bbox in row["objects"]["bbox"]] == [list(item.bbox_xywh_px) for item in items]
        assert row["objects"]["categories"] == [{3: 0, 7: 1}[item.category_id] for item in items]
        assert row["objects"]["area"] == [item.visible_px for item in items]
        assert row["objects"]["visibility"] == pytest.approx([item.silhouette.visibility for item in items])


@pytest.fixture
def datasets(monkeypatch, tmp_path):
    module = pytest.importorskip("datasets")
    monkeypatch.setattr(module.config, "HF_DATASETS_OFFLINE", True)
    module.disable_progress_bars()
    return module


def test_datasets_reads_the_imagefolder(dataset, tmp_path, datasets):
    export_imagefolder(dataset, tmp_path / "out", SPLIT)
    loaded = datasets.load_dataset("imagefolder", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "validation"}
    assert sorted(loaded["train"]["frame"][:] + loaded["validation"]["frame"][:]) == list(range(FRAMES))
    for split in loaded.values():
        check_rows(split, dataset)


def test_datasets_reads_the_parquet_folder(dataset, tmp_path, datasets):
    export_parquet(dataset, tmp_path / "out", SPLIT)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "validation"}
    assert isinstance(loaded["train"].features["image"], datasets.Image)
    assert sorted(loaded["train"]["frame"][:] + loaded["validation"]["frame"][:]) == list(range(FRAMES))
    for split in loaded.values():
        check_rows(split, dataset)


def test_the_dataset_card_says_what_is_in_it_and_claims_no_licence(dataset, tmp_path):
    export_imagefolder(dataset, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "8 pictures with 24 objects" in card and "- CC0-1.0: mugs/red.glb" in card
    assert "Classes: 0 mug, 1 bowl." in card
    assert "license:" not in card.split("---")[1]


def test_a_shard_is_written_in_groups_of_rows(dataset, tmp_path, monkeypatch):
    reader = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(parquet, "GROUP_ROWS", 3)
    monkeypatch.setattr(shards, "SHARD_FRAMES", 5)
    export_parquet(dataset, tmp_path / "out")
    files = [reader.ParquetFile(path) for path in sorted((tmp_path / "out" / "data").iterdir())]
    assert [[file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] for file in files] == [
        [3, 2],
        [3],
    ]
    row = files[0].read().to_pylist()[1]
    assert row["frame"] == 1 and row["image"]["path"] == "000001.png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(row["image"]["bytes"]))), picture(dataset, 1))


# --- HDF5 -----------------------------------------------------------------------------------------------------------


def test_h5py_reads_the_arrays_under_blenderprocs_names(dataset, tmp_path):
    h5py = pytest.importorskip("h5py")
    export_hdf5(dataset, tmp_path / "out", SPLIT)
    files = sorted((tmp_path / "out").glob("*/*.hdf5"), key=lambda path: int(path.stem))
    assert [int(path.stem) for path in files] == list(range(FRAMES))
    for frame, path in enumerate(files):
        with h5py.File(path) as file:
            assert np.array_equal(file["colors"], picture(dataset, frame)) and file["colors"].dtype == np.uint8
            assert np.array_equal(file["instance_segmaps"], read_instance(dataset, frame))
            assert np.array_equal(file["category_id_segmaps"], read_image(dataset, frame, "category"))
            depth = read_image(dataset, frame, "depth")
            assert np.array_equal(file["depth"], np.where(np.isfinite(depth), depth, np.float32(1e10)))
            normal = read_image(dataset, frame, "normal").astype(np.float32)
            assert np.asarray(file["normals"]) * 2 - 1 == pytest.approx(normal * (1, -1, -1), abs=1e-6)
            assert file["nocs"].dtype == np.float32 and "blender_proc_version" not in file
            assert (
                file.attrs["variegate"] == json.loads((dataset / "dataset.json").read_text())["versions"]["variegate"]
            )


def test_the_attribute_maps_name_every_id_of_the_segmentation(dataset, tmp_path):
    h5py = pytest.importorskip("h5py")
    export_hdf5(dataset, tmp_path / "out")
    with h5py.File(tmp_path / "out" / "train" / "3.hdf5") as file:
        # As BlenderProc's README reads JSON in its containers.
        told = json.loads(np.array(file["instance_attribute_maps"]).tobytes())
        camera = json.loads(np.array(file["camera_pose"]).tobytes())
        ids = {int(value) for value in np.unique(file["instance_segmaps"])} - {0}
    labels = read_labels(dataset, 3)
    assert ids <= {row["idx"] for row in told}
    assert [row["category_id"] for row in told] == [item.category_id for item in labels.instances]
    assert camera["cam_K"] == [60.0, 0.0, 30.0, 0.0, 62.0, 22.5, 0.0, 0.0, 1.0]
    pose = np.linalg.inv(np.array(labels.camera.world_from_camera))
    assert np.array(camera["cam_R_w2c"]).reshape(3, 3) == pytest.approx(pose[:3, :3], abs=1e-6)
    assert camera["cam_t_w2c"] == pytest.approx(pose[:3, 3], abs=1e-6)


def test_what_the_policy_ignores_is_named_in_the_file(dataset, tmp_path):
    h5py = pytest.importorskip("h5py")
    export_hdf5(dataset, tmp_path / "out", ExportOptions(min_pixels=90))
    with h5py.File(tmp_path / "out" / "train" / "0.hdf5") as file:
        ignored = file.attrs["ignored"].tolist()
    assert ignored == [item.instance_id for item in kept(dataset, 0) if item.visible_px < 90]
