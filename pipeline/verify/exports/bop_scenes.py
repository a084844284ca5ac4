"""The JSON of a BOP export: the files of its scenes, taken image by image, and those of its objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.verify.exports.expected import AGAIN
from pipeline.verify.finding import Finding

SCENE_FILES = ("scene_camera.json", "scene_gt.json", "scene_gt_info.json")


class Scenes:
    """The JSON of the scenes at hand, one for each split, and what is left of it when all frames are taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[str, list[dict[str, Any]] | Finding]] = {}
        self._left: list[Finding] = []

    def take(self, scene: str, image: int) -> list[Any] | Finding:
        """Return what the three files say of an image, and count it as taken."""
        split = scene.split("/")[0]
        if split not in self._open or self._open[split][0] != scene:
            self._close(split)
            self._open[split] = (scene, self._load(scene))
        data = self._open[split][1]
        if isinstance(data, Finding):
            return data
        try:
            return [file.pop(str(image)) for file in data]
        except KeyError:
            return Finding(
                kind="export-missing", where=scene, message=f"image {image} is not in all of its files ({AGAIN})"
            )

    def rest(self) -> Iterator[Finding]:
        """Yield what nothing of the dataset stands for."""
        for split in tuple(self._open):
            self._close(split)
        yield from self._left

    def _load(self, scene: str) -> list[dict[str, Any]] | Finding:
        files = [read_json(self._folder, f"{scene}/{name}") for name in SCENE_FILES]
        faults = [file for file in files if isinstance(file, Finding)]
        return faults[0] if faults else [dict(file) for file in files]

    def _close(self, split: str) -> None:
        scene, data = self._open.pop(split, ("", []))
        if isinstance(data, Finding):
            return
        for name, file in zip(SCENE_FILES, data, strict=False):
            if file:
                message = f"holds images {sorted(file)[:3]} that do not belong here ({AGAIN})"
                self._left.append(Finding(kind="export-extra", where=f"{scene}/{name}", message=message))


def read_json(folder: Path, name: str) -> Any:
    """Return what a JSON file of the export holds, or the finding that it cannot be read."""
    try:
        return json.loads((folder / name).read_bytes())
    except (OSError, ValueError) as error:
        return Finding(kind="export-unreadable", where=name, message=f"cannot be read: {error} ({AGAIN})")
