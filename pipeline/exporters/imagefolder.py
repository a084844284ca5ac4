"""Hugging Face's imagefolder: train/ and val/ with pictures and metadata.jsonl, and README.md as the dataset card.

`load_dataset("imagefolder", data_dir=OUT)` reads it; val is its split "validation". `objects` holds the kept objects
column by column: see `objects.object_columns`.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from pipeline.canonical import rounded
from pipeline.exporters.dataset_card import CARD, dataset_card
from pipeline.exporters.files import put_file, whole_file
from pipeline.exporters.images import place_image
from pipeline.exporters.objects import category_index, object_columns
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import camera_of, plain_rgb_name
from pipeline.exporters.source import Progress, export_frames, open_source

FORM = "imagefolder"
METADATA = "metadata.jsonl"


def export_imagefolder(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset as a Hugging Face imagefolder into `out`.

    Raises StoreError when frames are missing, unless partial, or have no PNG or JPEG rgb.
    """
    options = with_images(options, FORM, ("copy", "link"))
    source = open_source(dataset, options)
    begin_export(out, FORM, source, options)
    index = category_index(source)
    images = annotations = ignored = 0
    with ExitStack() as stack:
        metadata: dict[str, IO[bytes]] = {}
        for one in export_frames(source, options, progress):
            if one.split not in metadata:  # an empty metadata.jsonl is an error for its reader
                metadata[one.split] = stack.enter_context(whole_file(out / one.split / METADATA))
            picture = plain_rgb_name(dataset, one.frame, FORM)
            name = place_image(dataset, one.frame, picture, out, options.images, one.split)
            width, height = camera_of(source, one).resolution
            row = {
                "file_name": Path(name).name,
                "frame": one.frame,
                "scene": one.labels.scene,
                "width": width,
                "height": height,
                "objects": object_columns(one, index),
            }
            text = json.dumps(rounded(row), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
            metadata[one.split].write(f"{text}\n".encode())
            images, annotations, ignored = images + 1, annotations + len(one.kept), ignored + len(one.ignored)
    put_file(out / CARD, dataset_card(source, images, annotations).encode())
    return end_export(out, FORM, source, options, out / CARD, images=images, annotations=annotations, ignored=ignored)
