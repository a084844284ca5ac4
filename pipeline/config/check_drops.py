"""What `placement.drop` asks of a scene file: something below to fall onto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.distributions import bounds
from pipeline.config.schema import AssetGroup, Drop, Surroundings
from pipeline.structure import FAILED, Reader
from pipeline.structure import Path as KeyPath


def check_drops(part: Mapping[str, Any], groups: Sequence[tuple[KeyPath, AssetGroup]], reader: Reader) -> None:
    """Report drop areas with nothing below them. A template may bring its own floor, so with one nothing is certain.

    `part` holds the sections that were read, FAILED for one that was not; `groups` are given with their key paths.
    """
    surroundings = Surroundings() if part["surroundings"] is None else part["surroundings"]
    if FAILED in (surroundings, part["template"]) or part["template"] is not None:
        return
    if surroundings.tray is not None and surroundings.floor is None:
        reader.report(("surroundings", "tray"), "a tray stands on the floor, and there is none", "give a floor too")
        return
    placements: list[tuple[KeyPath, Any]] = [((*path, "placement"), group.placement) for path, group in groups]
    if part["placement"] is not FAILED and any(group.placement is None for _, group in groups):
        placements.append((("placement",), part["placement"]))
    for path, placement in placements:
        if placement is not None and placement.drop is not None:
            _check_drop((*path, "drop"), placement.drop, surroundings, reader)


def _check_drop(path: KeyPath, drop: Drop, surroundings: Surroundings, reader: Reader) -> None:
    floor = surroundings.floor
    if surroundings.road is not None or surroundings.bin is not None:
        return
    if floor is None:
        reader.report(path, "there is no floor to drop onto", "give surroundings a floor, or use flying")
        return
    if floor.probability < 1:
        message = f"scenes without the floor (its probability is {floor.probability:g}) have nothing to drop onto"
        reader.report(path, message, "set surroundings.floor.probability to 1, or use flying")
    if drop.center_m[2] + bounds(drop.height_m)[1] < 0:
        reader.report((*path, "center_m"), "everything is released below the floor at z = 0", "raise center_m[2]")
    half = bounds(floor.size_m)[1] / 2
    if max(abs(drop.center_m[axis]) + drop.area_m[axis] / 2 for axis in (0, 1)) > half:
        message = f"the area reaches beyond the floor, which is at most {2 * half:g} m wide"
        reader.report((*path, "area_m"), message, "enlarge surroundings.floor.size_m, or drop onto less")
