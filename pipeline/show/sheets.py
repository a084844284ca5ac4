"""`show`: frames of a dataset drawn and written, on one sheet or as a picture each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipeline.dataset import Dataset, Frame, open_dataset
from pipeline.errors import PipelineError
from pipeline.frames import parse_frames
from pipeline.show.colors import Picture
from pipeline.show.frames import overlay_tile, side_by_side, stack
from pipeline.show.layers import default_layers, has_pictures, parse_layers
from pipeline.show.tiles import contact_sheet, save_sheet

PICTURE_TYPES = (".png", ".jpg", ".jpeg", ".webp")
OVERLAYS_AT_ONCE, GRIDS_AT_ONCE = 16, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOptions:
    """What to draw, None for what suits the rest. `frames` and `layers` as a user lists them; `is_overlay` all layers
    on one picture, else a tile for each; `scale` pixels of the drawing for one of the frame."""

    frames: str | None = None
    layers: str | None = None
    is_overlay: bool | None = None
    scale: int | None = None


def show_dataset(path: Path, out: Path, options: ShowOptions, progress: Callable[[int, int], None]) -> tuple[Path, ...]:
    """Draw frames of a dataset and return the files written: `out` when it ends like a picture, else a PNG for each
    frame in the folder `out`.

    Raises PipelineError for layers or frames that the dataset does not hold, and for another kind of file.
    """
    is_file = _is_file(out)
    dataset = open_dataset(path)
    if not len(dataset):
        raise PipelineError(
            f"{path} holds no accepted frame to show (render some, or see why in its labels.json files)"
        )
    layers = None if options.layers is None else parse_layers(options.layers, dataset)
    is_overlay = not has_pictures(layers or ()) if options.is_overlay is None else options.is_overlay
    layers = layers or default_layers(dataset, is_overlay)
    frames = _frames(dataset, options.frames, OVERLAYS_AT_ONCE if is_overlay else GRIDS_AT_ONCE)
    draw = overlay_tile if is_overlay else side_by_side
    pictures: list[Picture] = []
    written: list[Path] = []
    for done, frame in enumerate(frames, start=1):
        picture = draw(frame, layers, options.scale)
        if is_file:
            pictures.append(picture)
        else:
            written.append(out / f"{frame.number:06d}.png")
            save_sheet(Image.fromarray(picture), written[-1])
        progress(done, len(frames))
    if is_file:
        save_sheet(contact_sheet(pictures) if is_overlay else stack(pictures), out)
    return tuple(written) or (out,)


def _frames(dataset: Dataset, text: str | None, at_once: int) -> Sequence[Frame]:
    if text is None:
        return dataset[:at_once]
    return [dataset.frame(number) for number in parse_frames(text, int(dataset.header["frames"]))]


def _is_file(out: Path) -> bool:
    if out.suffix.lower() in PICTURE_TYPES and not out.is_dir():
        return True
    if out.suffix[1:].isalpha() and not out.is_dir():
        types = ", ".join(PICTURE_TYPES)
        raise PipelineError(f"--out: {out} is not a picture (end it in one of {types}, or name a folder)")
    return False
