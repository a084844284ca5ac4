"""Which layers there are to show, which a dataset holds, and what a list of them means."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.dataset import Dataset
from pipeline.errors import PipelineError
from pipeline.show.marks import MARKS
from pipeline.show.pictures import PICTURES
from pipeline.structure import did_you_mean

# What is made of other outputs than the one it is called by; nothing is needed for what every frame's labels say.
NEEDS = {"masks": "instance", "boxes": "", "axes": ""}
LAYERS = (*PICTURES, *MARKS)
OVERLAY = ("masks", "box_3d", "keypoints", "boxes")


def held_layers(dataset: Dataset) -> tuple[str, ...]:
    """Return the layers that the frames of a dataset hold, in the order of LAYERS."""
    outputs = {*dataset[0].plan.outputs, "instance", ""}
    return tuple(layer for layer in LAYERS if NEEDS.get(layer, layer) in outputs)


def parse_layers(text: str, dataset: Dataset) -> tuple[str, ...]:
    """Return the layers of a list like "rgb,depth,boxes", "all" for those the dataset holds, in its order.

    Raises PipelineError for a layer that is not known or that the dataset does not hold.
    """
    held = held_layers(dataset)
    names = [name.strip() for name in text.split(",")]
    if names == ["all"]:
        return held
    for name in names:
        if name not in LAYERS:
            raise PipelineError(f"--layers: no layer is called {name!r} ({did_you_mean(name, LAYERS)})")
        if name not in held:
            need = NEEDS.get(name, name)
            raise PipelineError(
                f"--layers: {dataset.root} does not hold {name}; it holds {', '.join(held)} "
                f"(for {name} add {need} to outputs and render to another --out)"
            )
    return tuple(dict.fromkeys(names))


def default_layers(dataset: Dataset, is_overlay: bool) -> tuple[str, ...]:
    """Return what is shown unless layers are named: what goes well on one picture, or everything side by side."""
    held = held_layers(dataset)
    return tuple(layer for layer in held if layer in OVERLAY) if is_overlay else held


def has_pictures(layers: Sequence[str]) -> bool:
    """Return whether a layer other than rgb covers the whole picture, so that layers are better side by side."""
    return any(layer in PICTURES and layer != "rgb" for layer in layers)
