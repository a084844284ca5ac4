"""The BOP export, judged by the fields of bop_toolkit's format document and by numbers computed anew from its files."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from store_samples import sample_job
from traced_scenes import box, camera_at, staged_dataset, trace, traced_dataset

from pipeline.cli import main
from pipeline.dataset.read import read_instance, read_labels
from pipeline.errors import StoreError
from pipeline.exporters.bop import export as bop
from pipeline.exporters.bop import objects
from pipeline.exporters.bop.export import depth_steps, export_bop
from pipeline.exporters.options import ExportOptions
from pipeline.geometry import quaternion_about
from pipeline.lenses import pinhole
from pipeline.records import RealisedInstance

LEVEL = camera_at((0.0, -2.0, 0.0), (0.0, 1.0, 0.0))
GT_FIELDS = {"cam_R_m2c", "cam_t_m2c", "obj_id"}
INFO_FIELDS = {"bbox_obj", "bbox_visib", "px_count_all", "px_count_valid", "px_count_visib", "visib_fract"}
CAMERA_FIELDS = {"cam_K", "cam_R_w2c", "cam_t_w2c", "depth_scale"}


def load_json(path):
    """As bop_toolkit's load_json does with keys_to_int."""

    def with_integers(value):
        return {int(key) if key.lstrip("-").isdigit() else key: item for key, item in value.items()}

    return json.loads(path.read_text(), object_hook=with_integers)


def load_scene(folder):
    return tuple(load_json(folder / f"scene_{name}.json") for name in ("camera", "gt", "gt_info"))


def load_mask(folder, kind, image, number):
    return np.asarray(Image.open(folder / kind / f"{image:06d}_{number:06d}.png"))


def extent(mask):
    y, x = np.nonzero(mask)
    return [int(x.min()), int(y.min()), int(np.ptp(x)) + 1, int(np.ptp(y)) + 1]


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    root = tmp_path_factory.mktemp("bop")
    traced_dataset(root / "ds", 6)
    export_bop(root / "ds", root / "out")
    return root


def test_every_file_has_the_fields_of_the_format_document(traced):
    cameras, gts, infos = load_scene(traced / "out" / "train_pbr" / "000000")
    assert set(cameras) == set(gts) == set(infos) == set(range(6))
    for image in range(6):
        assert set(cameras[image]) == CAMERA_FIELDS and len(cameras[image]["cam_K"]) == 9
        assert len(gts[image]) == len(infos[image]) == 3
        assert all(
            set(gt) == GT_FIELDS and len(gt["cam_R_m2c"]) == 9 and len(gt["cam_t_m2c"]) == 3 for gt in gts[image]
        )
        assert all(set(info) == INFO_FIELDS for info in infos[image])
    sensor = load_json(traced / "out" / "camera.json")
    assert sensor == {"cx": 30.0, "cy": 22.5, "depth_scale": 0.1, "fx": 60.0, "fy": 62.0, "height": 48, "width": 64}


def test_the_masks_are_the_renderers_ids_and_silhouettes(traced):
    folder = traced / "out" / "train_pbr" / "000000"
    for image in range(6):
        instance = read_instance(traced / "ds", image)
        visible = [load_mask(folder, "mask_visib", image, number) for number in range(3)]
        full = [load_mask(folder, "mask", image, number) for number in range(3)]
        for number in range(3):
            assert np.array_equal(visible[number], np.where(instance == number + 1, 255, 0))
            assert set(np.unique(full[number])) == {0, 255} and (full[number] >= visible[number]).all()


def test_the_info_is_what_the_masks_the_depth_and_a_wider_picture_give(traced):
    folder = traced / "out" / "train_pbr" / "000000"
    cameras, gts, infos = load_scene(folder)
    for image in range(6):
        depth = np.asarray(Image.open(folder / "depth" / f"{image:06d}.png"))
        for number, info in enumerate(infos[image]):
            full, visible = (load_mask(folder, kind, image, number) > 0 for kind in ("mask", "mask_visib"))
            whole = wide_silhouette(traced / "ds", image, number, cameras[image], gts[image][number])
            assert info["px_count_all"] == whole.sum()
            assert np.array_equal(whole[48:96, 64:128], full)
            x, y, width, height = extent(whole)
            assert info["bbox_obj"] == [x - 64, y - 48, width, height]
            assert info["bbox_visib"] == extent(visible)
            assert info["px_count_valid"] == (depth[full] > 0).sum()
            assert info["px_count_visib"] == visible.sum()
            assert info["visib_fract"] == pytest.approx(visible.sum() / whole.sum(), abs=1e-8)


def wide_silhouette(dataset, image, number, camera, gt):
    """The silhouette on a canvas of three by three pictures, traced from BOP's own pose and matrix."""
    k = np.array(camera["cam_K"]).reshape(3, 3)
    k[:2, 2] += (64 + 0.5, 48 + 0.5)
    pose = np.eye(4)
    pose[:3, :3] = np.array(gt["cam_R_m2c"]).reshape(3, 3)
    pose[:3, 3] = np.array(gt["cam_t_m2c"]) / 1000
    label = read_labels(dataset, image).instances[number]
    alone: RealisedInstance = replace(
        box(1, pose[:3, 3], label.dimensions_m), world_from_object=tuple(map(tuple, pose.tolist()))
    )
    view = replace(LEVEL, k=pinhole(k, (192, 144)).k, world_from_camera=tuple(map(tuple, np.eye(4).tolist())))
    return trace(replace(view, resolution=(192, 144)), [alone]).instance > 0


def test_a_pose_and_a_camera_known_by_hand(tmp_path):
    turned = quaternion_about((0.0, 0.0, 1.0), np.pi / 2)
    staged_dataset(tmp_path / "ds", [(LEVEL, [box(1, (0.3, 1.0, 0.1), (0.4, 0.2, 0.3), turned)])])
    export_bop(tmp_path / "ds", tmp_path / "out")
    cameras, gts, _ = load_scene(tmp_path / "out" / "train_pbr" / "000000")
    (gt,) = gts[0]
    assert gt["cam_t_m2c"] == pytest.approx([300, -100, 3000], abs=1e-6)
    # Object x points along world y, into the picture; y along world -x, to the left; z up.
    assert np.array(gt["cam_R_m2c"]).reshape(3, 3) == pytest.approx(
        np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0]]), abs=1e-9
    )
    assert cameras[0]["cam_K"] == [60.0, 0.0, 30.0, 0.0, 62.0, 22.5, 0.0, 0.0, 1.0]
    assert np.array(cameras[0]["cam_R_w2c"]).reshape(3, 3) == pytest.approx(
        np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    )
    assert cameras[0]["cam_t_w2c"] == pytest.approx([0, 0, 2000], abs=1e-6)
    depth = np.asarray(Image.open(tmp_path / "out" / "train_pbr" / "000000" / "depth" / "000000.png"))
    near = depth[depth > 0] * cameras[0]["depth_scale"]
    assert near.min() == 2800 and near.max() <= 3200  # the near face is half of 0.4 m before the middle at 3 m


def test_a_silhouette_beyond_the_border_keeps_its_whole_box(tmp_path):
    staged_dataset(tmp_path / "ds", [(LEVEL, [box(1, (1.7, 1.0, 0.0), (0.4, 0.1, 0.4))])])
    export_bop(tmp_path / "ds", tmp_path / "out")
    (info,) = load_scene(tmp_path / "out" / "train_pbr" / "000000")[2][0]
    assert info["bbox_obj"][0] + info["bbox_obj"][2] > 64 == info["bbox_visib"][0] + info["bbox_visib"][2]
    assert info["px_count_all"] > info["px_count_valid"] == info["px_count_visib"]


def test_depth_is_in_tenths_of_a_millimetre_where_it_fits():
    near = np.array([[0.00104, 6.5535, np.inf, np.nan, 0.0]])
    steps, scale = depth_steps(near)
    assert scale == 0.1 and steps.tolist() == [[10, 65_535, 0, 0, 0]]
    steps, scale = depth_steps(np.array([[0.0012, 6.56, 65.535, 65.6, np.inf]]))
    assert scale == 1.0 and steps.tolist() == [[1, 6560, 65_535, 0, 0]]


def test_an_object_for_each_size_of_an_asset(tmp_path):
    small, large = (0.5, 0.5, 0.5), (2.0, 2.0, 2.0)

    def scaled(number, x, scale):
        return replace(box(number, (x, 1.0, 0.0), (0.2, 0.2, 0.2)), scale=scale)

    stages = [(LEVEL, [scaled(1, -0.4, large), scaled(2, 0.4, small)]), (LEVEL, [scaled(1, 0.0, small)])]
    staged_dataset(tmp_path / "ds", stages)
    export_bop(tmp_path / "ds", tmp_path / "out")
    _, gts, _ = load_scene(tmp_path / "out" / "train_pbr" / "000000")
    assert [[gt["obj_id"] for gt in gts[image]] for image in (0, 1)] == [[2, 1], [1]]
    assets = json.loads((tmp_path / "out" / "models" / "assets.json").read_text())
    assert [(item["obj_id"], item["asset_id"], item["scale"][0]) for item in assets] == [
        (1, "mugs/red.glb", 0.5),
        (2, "mugs/red.glb", 2.0),
    ]
    infos = load_json(tmp_path / "out" / "models" / "models_info.json")
    assert (infos[1]["min_x"], infos[1]["size_x"], infos[2]["min_z"], infos[2]["size_z"]) == (-25, 50, -100, 200)


def test_a_size_that_is_drawn_anew_each_time_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "MAX_SIZES", 2)
    stages = [
        (LEVEL, [replace(box(1, (0.0, 1.0, 0.0), (0.2, 0.2, 0.2)), scale=(scale,) * 3)]) for scale in (0.9, 1.0, 1.1)
    ]
    staged_dataset(tmp_path / "ds", stages)
    with pytest.raises(StoreError, match="mugs/red.glb comes in more than 2 sizes, and a BOP model has one .give its"):
        export_bop(tmp_path / "ds", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_distractors_and_what_the_policy_ignores_have_no_annotation(traced, tmp_path):
    export_bop(traced / "ds", tmp_path / "out", ExportOptions(min_pixels=90))
    _, gts, infos = load_scene(tmp_path / "out" / "train_pbr" / "000000")
    for image in range(6):
        big = [
            item for item in read_labels(traced / "ds", image).instances if item.category_id and item.visible_px >= 90
        ]
        assert [info["px_count_visib"] for info in infos[image]] == [item.visible_px for item in big]
        assert len(list((tmp_path / "out").glob(f"train_pbr/000000/mask/{image:06d}_*.png"))) == len(gts[image])


def test_a_thousand_frames_are_a_scene_and_the_split_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bop, "SCENE_FRAMES", 4)
    traced_dataset(tmp_path / "ds", 10, job=sample_job(frames=10))
    export_bop(tmp_path / "ds", tmp_path / "out", ExportOptions(val_fraction=0.4))
    found = {}
    for folder in sorted((tmp_path / "out").glob("*_pbr/*")):
        cameras, gts, infos = load_scene(folder)
        assert set(cameras) == set(gts) == set(infos) == {int(path.stem) for path in (folder / "rgb").iterdir()}
        for image in cameras:
            found[int(folder.name) * 4 + image] = folder.parent.name
    assert sorted(found) == list(range(10)) and set(found.values()) == {"train_pbr", "val_pbr"}


def test_labels_that_the_pixels_contradict_are_refused(tmp_path):
    store = traced_dataset(tmp_path / "ds", 1)
    labels = store.folder(0) / "labels.json"
    seen = read_labels(store.root, 0).instances[0].visible_px
    labels.write_text(labels.read_text().replace(f'"visible_px": {seen}', f'"visible_px": {seen - 1}', 1))
    with pytest.raises(StoreError, match=f"instance 1 has {seen} px in instance.png and {seen - 1} px in labels.json"):
        export_bop(tmp_path / "ds", tmp_path / "out")


def test_the_licences_of_the_assets_are_named(traced):
    assert "- CC0-1.0: mugs/red.glb" in (traced / "out" / "dataset_info.md").read_text()


def test_without_blender_models_are_a_notice_and_the_export_stands(tmp_path, capfd):
    traced_dataset(tmp_path / "ds", 1)
    arguments = ["export", str(tmp_path / "ds"), "--format", "bop", "--out", str(tmp_path / "out"), "--models"]
    assert main(arguments) == 0
    said = capfd.readouterr().out
    assert "1 image, 3 annotations" in said
    assert "holds models_info.json with boxes alone, no meshes and no diameters: this Python has no Blender" in said


def test_models_of_a_format_without_meshes_are_refused(tmp_path, capfd):
    arguments = ["export", str(tmp_path / "ds"), "--format", "kitti", "--out", str(tmp_path / "out"), "--models"]
    assert main(arguments) == 2
    assert "--models is for --format bop; kitti has no meshes" in capfd.readouterr().err
