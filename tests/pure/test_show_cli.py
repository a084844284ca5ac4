"""`variegate show`: sheets, folders, grids, and one clear message for what a dataset does not hold."""

import numpy as np
import pytest
from PIL import Image
from store_samples import commit_samples, open_sample, sample_job
from traced_scenes import traced_dataset

from pipeline.cli import main
from pipeline.dataset import open_dataset
from pipeline.dataset.store import open_store
from pipeline.show.frames import overlay_tile, side_by_side
from pipeline.show.layers import LAYERS, default_layers, held_layers, parse_layers
from pipeline.show.tiles import GAP


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    root = tmp_path_factory.mktemp("traced") / "ds"
    traced_dataset(root, 5)
    return root


@pytest.fixture
def samples(tmp_path):
    """Frames 0 and 3 accepted, 4 rejected, without silhouettes and 3D boxes."""
    store = open_sample(tmp_path / "ds", sample_job())
    commit_samples(store, tmp_path, (0, 3, 4))
    return store.root


def show(*args):
    return main(["show", *(str(arg) for arg in args)])


def size(path):
    with Image.open(path) as image:
        return image.size


def test_a_sheet_of_overlays_is_written_and_its_path_said(traced, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert show(traced) == 0
    assert capsys.readouterr().out == "wrote show.png\n"
    width, height = 64 * 8, 48 * 8
    assert size("show.png") == (2 * (width + GAP) + GAP, 3 * (height + GAP) + GAP)


def test_a_folder_gets_a_picture_of_each_frame(traced, tmp_path, capsys):
    out = tmp_path / "pictures"
    assert show(traced, "--frames", "1,3-4", "--out", out, "--scale", 2) == 0
    assert sorted(path.name for path in out.iterdir()) == ["000001.png", "000003.png", "000004.png"]
    assert size(out / "000003.png") == (128, 96)
    assert f"wrote 3 pictures to {out}" in capsys.readouterr().out


def test_pictures_are_shown_side_by_side_unless_asked_otherwise(traced, tmp_path):
    assert show(traced, "--frames", 0, "--layers", "rgb,depth", "--out", tmp_path / "a.png", "--scale", 4) == 0
    assert (
        show(traced, "--frames", 0, "--layers", "rgb,depth", "--out", tmp_path / "b.png", "--scale", 4, "--overlay")
        == 0
    )
    assert size(tmp_path / "a.png")[0] == 2 * (256 + GAP) + GAP
    assert size(tmp_path / "b.png") == (256 + 2 * GAP, 192 + 2 * GAP)


def test_all_that_a_dataset_holds_fits_one_grid(traced, tmp_path):
    assert show(traced, "--frames", 0, "--layers", "all", "--out", tmp_path / "all.png", "--scale", 2) == 0
    dataset = open_dataset(traced)
    held = held_layers(dataset)
    assert {"rgb", "depth", "nocs", "mask_full", "box_3d", "axes", "boxes", "masks"} <= {*held}
    assert not {"flow", "part", "keypoints"} & {*held}
    grid = side_by_side(dataset[0], held, 2)
    assert size(tmp_path / "all.png") == (grid.shape[1], grid.shape[0])


def test_an_overlay_of_a_picture_lets_the_rgb_through(traced):
    frame = open_dataset(traced)[0]
    plain, veiled = overlay_tile(frame, ("rgb",), 2), overlay_tile(frame, ("depth",), 2)
    seen = np.isfinite(frame.read("depth")).repeat(2, axis=0).repeat(2, axis=1)
    seen[-30:] = False  # where the caption is
    assert (veiled[seen] != plain[seen]).any(axis=1).mean() > 0.9
    assert np.array_equal(veiled[:-30][~seen[:-30]], plain[:-30][~seen[:-30]])


def test_what_is_shown_by_default_is_what_the_dataset_holds(traced, samples):
    assert default_layers(open_dataset(traced), True) == ("masks", "box_3d", "boxes")
    assert default_layers(open_dataset(samples), True) == ("masks", "boxes")
    assert "depth" in default_layers(open_dataset(samples), False)


def test_layers_are_kept_in_the_order_they_are_named(traced):
    assert parse_layers("depth, rgb,depth", open_dataset(traced)) == ("depth", "rgb")
    assert {*parse_layers("all", open_dataset(traced))} < {*LAYERS}


def test_rejected_frames_say_why(samples, tmp_path):
    assert show(samples, "--frames", "0,3-4", "--out", tmp_path / "sheet.png") == 0
    assert show(samples, "--frames", "4", "--out", tmp_path / "grid.png", "--side-by-side") == 0
    tile = overlay_tile(open_dataset(samples).frame(4), ("boxes",), None)
    assert tile.shape == overlay_tile(open_dataset(samples)[0], ("boxes",), None).shape


def test_wide_pictures_are_made_smaller_unless_a_scale_is_asked_for(traced):
    frame = open_dataset(traced)[0]
    assert overlay_tile(frame, ("rgb",), 16).shape[1] == 1024
    assert overlay_tile(frame, ("rgb",), None).shape[1] == 512


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--layers", "normal"], ["does not hold normal; it holds rgb, linear, depth", "add normal to outputs"]),
        (["--layers", "mask_full"], ["does not hold mask_full"]),
        (["--layers", "bokses"], ["no layer is called 'bokses'", "did you mean 'boxes'"]),
        (["--layers", ""], ["no layer is called ''"]),
        (["--frames", "1"], ["has no frame 1 (it has: 0,3-4)"]),
        (["--frames", "99"], ["frame 99 of '99' is outside 0-11"]),
        (["--out", "show.gif"], ["show.gif is not a picture", ".png"]),
        (["--scale", "0"], ["--scale"]),
    ],
)
def test_what_cannot_be_shown_is_one_message_and_exit_code_2(samples, args, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert show(samples, *args) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words), said
    assert not list(tmp_path.glob("show*"))


def test_a_dataset_without_frames_and_a_folder_without_dataset_are_named(tmp_path, capsys):
    open_store(tmp_path / "new", sample_job(), tmp_path)
    assert show(tmp_path / "new") == 2
    assert "holds no accepted frame to show" in capsys.readouterr().err
    assert show(tmp_path) == 2
    assert "is not a dataset" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(traced, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert show(traced, "--frames", 0, "--out", tmp_path / "file" / "a.png") == 2
    said = capsys.readouterr().err
    assert "cannot be written" in said and "choose another --out" in said
