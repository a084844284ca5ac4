"""The YOLO exports, judged by ultralytics' own reader of datasets where it is installed."""

import warnings

import numpy as np
import pytest
from export_samples import keypoint_dataset, masks_of

from pipeline.exporters import EXPORTERS
from pipeline.exporters.options import ExportOptions

TASKS = ("yolo", "yolo-segment", "yolo-pose", "yolo-obb")


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """ultralytics.data.utils; its settings go to a folder of this test."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("settings")))
        patch.setenv("YOLO_OFFLINE", "true")
        yield pytest.importorskip("ultralytics.data.utils", reason="ultralytics is not installed (it needs torch)")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return keypoint_dataset(tmp_path_factory.mktemp("ultralytics") / "ds")


def verified(judge, form, folder):
    """What ultralytics reads of every picture: class and box, polygons, keypoints."""
    data = judge.check_det_dataset(str(folder / "data.yaml"), autodownload=False)
    slots, numbers = data.get("kpt_shape", (0, 0))
    for split in ("train", "val"):
        pictures = sorted(str(path) for path in (folder / "images" / split).iterdir())
        for picture, labels in zip(pictures, judge.img2label_paths(pictures), strict=True):
            args = (picture, labels, "", form == "yolo-pose", data["nc"], slots, numbers, False)
            yield picture, judge.verify_image_label(args)


@pytest.mark.parametrize("form", TASKS)
def test_ultralytics_reads_every_picture_without_a_complaint(form, judge, store, tmp_path):
    summary = EXPORTERS[form](store.root, tmp_path / "out", ExportOptions(val_fraction=0.4), None)
    rows = 0
    for picture, (file, boxes, shape, *_, missing, found, empty, corrupt, message) in verified(
        judge, form, tmp_path / "out"
    ):
        assert (file, shape, missing, found, empty, corrupt, message) == (picture, (48, 64), 0, 1, 0, 0, "")
        rows += len(boxes)
    assert rows == summary.annotations


def test_the_masks_ultralytics_draws_are_the_masks_and_their_seam(judge, store, tmp_path):
    EXPORTERS["yolo-segment"](store.root, tmp_path / "out", ExportOptions(val_fraction=0.4), None)
    for picture, (_, _, shape, segments, *_) in verified(judge, "yolo-segment", tmp_path / "out"):
        masks = [mask for number, mask in masks_of(store, int(picture[-10:-4])).items() if number < 4]
        for segment, mask in zip(segments, masks, strict=True):
            drawn = judge.polygon2mask(shape, [(segment * shape[::-1]).round().ravel()]).astype(bool)
            # cv2.fillPoly also fills the pixels that the right and lower edges run through.
            seam = np.pad(mask, ((1, 0), (1, 0)))
            assert (drawn >= mask).all() and (
                drawn <= seam[1:, 1:] | seam[:-1, 1:] | seam[1:, :-1] | seam[:-1, :-1]
            ).all()
