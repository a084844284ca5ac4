"""Labels on pictures and contact sheets: the right pixels, and every tile in its place."""

from __future__ import annotations

import numpy as np
import pytest
from store_samples import sample_job

from pipeline.check import bytes_per_frame, describe_job, show_bytes
from pipeline.config.load import load_config
from pipeline.preview import preview_config
from pipeline.records import CameraLabel, InstanceLabel, Labels
from pipeline.show.marks import draw_labels
from pipeline.show.tiles import GAP, add_caption, contact_sheet, text_tile

EYE = tuple(tuple(float(i == j) for j in range(4)) for i in range(4))


def label(instance_id: int, category: str, category_id: int, box: tuple[int, int, int, int] | None) -> InstanceLabel:
    return InstanceLabel(
        instance_id=instance_id,
        asset_id="a",
        role="target",
        category_id=category_id,
        category=category,
        bbox_xywh_px=box,
        visible_px=0,
        distance_m=1.0,
        world_from_object=EYE,
        camera_from_object=EYE,
        scale=(1.0, 1.0, 1.0),
        dimensions_m=(1.0, 1.0, 1.0),
    )


def labels(*instances: InstanceLabel) -> Labels:
    return Labels(
        format_version=1,
        frame=0,
        scene=0,
        view=0,
        status="accepted",
        reason="",
        id_source="render",
        id_reason="",
        lights=(),
        environment=None,
        camera=CameraLabel(model="pinhole", distortion=(), k=EYE, world_from_camera=EYE, resolution=(40, 30)),
        instances=instances,
    )


@pytest.fixture
def ids() -> np.ndarray:
    image = np.zeros((30, 40), np.uint16)
    image[10:20, 5:25] = 1
    image[22:28, 30:36] = 2
    return image


def changed(drawn: np.ndarray) -> np.ndarray:
    return np.any(drawn != 0, axis=2)


def test_box_and_outline_are_drawn_where_the_instance_is(ids):
    drawn = changed(draw_labels(np.zeros((30, 40, 3), np.uint8), labels(label(1, "mug", 3, (5, 10, 20, 10))), ids, 2))
    assert drawn.shape == (60, 80)
    assert drawn[20, 10:50].all() and drawn[39, 10:50].all() and drawn[20:40, 10].all() and drawn[20:40, 49].all()
    assert not drawn[22:38, 12:48].any()
    assert drawn[:20].any(), "the name stands above the box"
    assert not drawn[41:].any()


def test_what_has_no_category_gets_an_outline_alone(ids):
    drawn = draw_labels(np.zeros((30, 40, 3), np.uint8), labels(label(2, "", 0, (30, 22, 6, 6))), ids, 1)
    rows, columns = np.nonzero(changed(drawn))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (22, 27, 30, 35)
    assert len(set(drawn[22, 30])) == 1, "grey"


def test_hidden_instances_are_not_drawn(ids):
    picture = np.full((30, 40, 3), 9, np.uint8)
    assert (draw_labels(picture, labels(label(7, "mug", 3, None)), ids, 1) == 9).all()


def test_a_name_stays_inside_the_picture(ids):
    ids[:] = 0
    ids[0:30, 0:40] = 1
    draw_labels(np.zeros((30, 40, 3), np.uint8), labels(label(1, "a very long name", 3, (0, 0, 40, 30))), ids, 2)


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (4, 2, 2), (9, 3, 3), (10, 3, 4)])
def test_a_sheet_is_about_square_and_holds_every_tile(count, columns, rows):
    tiles = [np.full((30, 40, 3), 100 + i, np.uint8) for i in range(count)]
    sheet = np.asarray(contact_sheet(tiles))
    assert sheet.shape == (rows * (30 + GAP) + GAP, columns * (40 + GAP) + GAP, 3)
    assert set(np.unique(sheet)) >= {100 + i for i in range(count)}


def test_captions_and_reasons_are_written():
    assert changed(add_caption(np.zeros((60, 200, 3), np.uint8), "frame 3")).any()
    tile = text_tile("frame 3: no room for target 2 (rejected)", 200, 150)
    assert tile.shape == (150, 200, 3) and len(np.unique(tile)) > 5


# --- check ----------------------------------------------------------------------------------------------------------


def test_a_job_is_described_in_words():
    rows = dict(describe_job(sample_job()))
    assert rows["category 3"] == "mug: 1 shape (1 a frame)"
    assert rows["category 7"] == "bowl: no target has it"
    assert rows["distractors"] == "none" and rows["lights"] == "none"
    assert rows["outputs"] == "rgb (png), depth (exr), instance, category, mask_full, box_3d"
    assert rows["frames"] == "12 of 640 x 480 pixels"
    assert "materials of distractors" not in rows and rows["materials of targets"] == "1 plain material, 8 patterns"


def test_more_pixels_and_more_outputs_take_more_room(tmp_path):
    (tmp_path / "s.yaml").write_text("extends: preset:tabletop")

    def size(*overrides: str) -> int:
        return bytes_per_frame(load_config(tmp_path / "s.yaml", overrides))

    assert size("camera.resolution=[64,48]") < size() < size("camera.resolution=[1280,960]")
    assert size("formats.rgb=jpeg") < size() < size("outputs=[rgb,depth,instance,category,linear]")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (740_000, "740 kB"), (1_340_000_000, "1.34 GB"), (5e12, "5 TB")]
)
def test_sizes_read_well(count, text):
    assert show_bytes(count) == text


# --- preview --------------------------------------------------------------------------------------------------------


def test_a_preview_is_smaller_and_sees_the_same(tmp_path):
    (tmp_path / "s.yaml").write_text("extends: preset:tabletop\naccept: {min_pixels: 400}\nrender: {quality: final}")
    config = load_config(tmp_path / "s.yaml", ["camera.k={fx: 500, fy: 510, cx: 320, cy: 250}"])
    small = preview_config(config, 320)
    assert small.camera.resolution == (320, 240) and small.accept.min_pixels == 100
    assert small.camera.k is not None
    assert (small.camera.k.fx, small.camera.k.fy, small.camera.k.cx, small.camera.k.cy) == (250, 255, 160, 125)
    assert small.render.quality == "draft" and small.outputs == ("rgb",)
    assert (small.seed, small.targets, small.camera.shell) == (config.seed, config.targets, config.camera.shell)


def test_what_is_small_already_keeps_its_size(tmp_path):
    (tmp_path / "s.yaml").write_text("extends: preset:tabletop\ncamera: {resolution: [100, 50]}")
    assert preview_config(load_config(tmp_path / "s.yaml"), 320).camera.resolution == (100, 50)
