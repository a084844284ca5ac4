"""Where an export's pictures lie: left in the dataset, copied, or linked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pipeline.dataset.disk import remove, storing, temporary_name
from pipeline.dataset.layout import FRAMES, frame_folder
from pipeline.exporters.options import Images

FOLDER = "images"


def place_image(
    dataset: Path, frame: int, rgb_name: str, out: Path, images: Images | None, folder: str = FOLDER, stem: str = ""
) -> str:
    """Bring the picture of a frame to where `images` says, and return its file name for the export.

    The name is relative to the dataset for "reference", else to `out`, in its `folder` and called by the frame's
    number or `stem`. A link is a relative symbolic link.
    """
    source = frame_folder(dataset, frame) / rgb_name
    if images == "reference":
        return f"{FRAMES}/{source.parent.name}/{rgb_name}"
    name = f"{folder}/{stem or source.parent.name}{source.suffix}"
    target = out / name
    temporary = target.parent / temporary_name(target.name)
    with storing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if images == "copy":
                shutil.copyfile(source, temporary)
            else:
                # Both ends resolved: a relative link is read from where it really lies.
                temporary.symlink_to(os.path.relpath(source.resolve(), target.parent.resolve()))
            os.replace(temporary, target)
        finally:
            remove(temporary)
    return name
