"""Which asset is to blame when it is in every frame that failed and in none that was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from math import comb
from pathlib import Path
from typing import Any

from pipeline.dataset.layout import PLAN, frame_folder
from pipeline.dataset.read import iter_frames
from pipeline.dataset.store import Store, quarantined
from pipeline.records import FramePlan
from pipeline.sampling.plan import plan_or_none
from pipeline.structure import unstructure

LEAST_FAILED = 2
LIKELY = 0.05  # that something as rare is there by chance
MOST_MADE = 2000  # plans looked at: reading those of a hundred thousand frames would take minutes

_IDS = frozenset({"asset_id", "texture_id", "source"})  # of models; of textures; of HDRIs and photos


def find_blame(root: Path, failed: Iterable[FramePlan], made: Iterable[int]) -> str:
    """Return a sentence that names the asset to blame, "" when there is none to name.

    `failed` are the plans of the frames that were given up, `made` the frames that `root` holds.
    """
    plans = [assets_in(unstructure(plan)) for plan in failed]
    if len(plans) < LEAST_FAILED:
        return ""
    suspects = set.intersection(*plans)
    seen = 0
    for frame in islice(made, MOST_MADE):
        if not suspects:
            return ""
        innocent = _assets_made(root, frame)
        if innocent is not None:
            suspects -= innocent
            seen += 1
    if not suspects or not seen:
        return ""
    names = ", ".join(sorted(suspects))
    verb = "is" if len(suspects) == 1 else "are"
    sentence = f"{names} {verb} in all {len(plans)} frames that failed and in none of {seen} that were made"
    return f"{sentence} (few frames: it may be chance)" if _is_weak(len(plans), seen, len(plans[0])) else sentence


def _is_weak(failed: int, made: int, assets: int) -> bool:
    """Return whether one of so many `assets` of a failed frame may well be in the other failed ones alone by chance."""
    others = failed - 1
    return assets / comb(others + made, others) > LIKELY


def blame_of(store: Store, frames: Iterable[int]) -> str:
    """Return the sentence for those of `frames` that are given up, "" when there is no asset to name."""
    given_up = sorted(set(quarantined(store.root)) & set(frames))
    plans = [plan for frame in given_up if (plan := plan_or_none(store.job, frame)) is not None]
    return find_blame(store.root, plans, iter_frames(store.root))


def assets_in(plan: Any) -> set[str]:
    """Return all assets that a plan's JSON names: models, HDRIs, textures, photos."""
    return set(_named(plan))


def _assets_made(root: Path, frame: int) -> set[str] | None:
    try:
        return assets_in(json.loads((frame_folder(root, frame) / PLAN).read_bytes()))
    except (OSError, ValueError):
        return None


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _IDS and isinstance(item, str):
                yield item
            elif key != "recipe":  # of a model, which goes by its asset_id
                yield from _named(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _named(item)
