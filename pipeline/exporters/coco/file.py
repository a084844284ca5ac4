"""A COCO file written as a stream: images to the file, annotations to a spool beside it, joined at the end.

So memory does not grow with the dataset. With a split there are two files, written side by side.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipeline.dataset.disk import remove, storing, sync, temporary_name
from pipeline.exporters.options import ExportOptions
from pipeline.exporters.source import Source, Split

ANNOTATIONS: Mapping[Split, str] = {"train": "annotations_train.json", "val": "annotations_val.json"}
UNSPLIT = "annotations.json"


def file_names(options: ExportOptions) -> dict[Split, str]:
    """Return the file of each split: one for everything unless some of it is for validation."""
    return dict(ANNOTATIONS) if options.val_fraction > 0 else {"train": UNSPLIT}


@dataclass(slots=True, kw_only=True, eq=False)
class CocoFile:
    """A COCO file being written."""

    body: IO[str]
    spool: IO[str]
    images: int = 0
    annotations: int = 0

    def add(self, image: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]]) -> None:
        """Write an image and its annotations."""
        self.body.write(_separator(self.images) + _json(image))
        self.images += 1
        for annotation in annotations:
            self.spool.write(_separator(self.annotations) + _json(annotation))
            self.annotations += 1

    def close(self) -> None:
        """Bring the annotations behind the images and wait until the disk has all."""
        self.body.write('\n],\n"annotations":[')
        self.spool.seek(0)
        shutil.copyfileobj(self.spool, self.body, 1 << 20)
        self.body.write("\n]}\n")
        self.body.flush()
        os.fsync(self.body.fileno())


@contextmanager
def coco_files(
    out: Path, source: Source, options: ExportOptions, categories: Sequence[Mapping[str, Any]]
) -> Iterator[dict[Split, CocoFile]]:
    """Yield the open file of each split; they come into being when the block ends without an error."""
    names = file_names(options)
    spools = {split: out / temporary_name(f"{name}.part") for split, name in names.items()}
    bodies = {split: out / temporary_name(name) for split, name in names.items()}
    with storing(out / next(iter(names.values()))):
        try:
            with ExitStack() as stack:
                files: dict[Split, CocoFile] = {}
                for split in names:
                    body = stack.enter_context(open(bodies[split], "w", encoding="utf-8", newline="\n"))
                    spool = stack.enter_context(open(spools[split], "w+", encoding="utf-8", newline="\n"))
                    body.write(_head(source.header, categories))
                    files[split] = CocoFile(body=body, spool=spool)
                yield files
                for file in files.values():
                    file.close()
            for split, name in names.items():
                os.replace(bodies[split], out / name)
            sync(out)
        finally:
            for path in (*bodies.values(), *spools.values()):
                remove(path)


def _head(header: Mapping[str, Any], categories: Sequence[Mapping[str, Any]]) -> str:
    """Return the start of the file, up to the list of images.

    The licences are those of the assets the pictures may show; what licence the pictures have is for their maker to
    say, so no image names one.
    """
    by_licence: dict[str, list[str]] = {}
    for asset in header["assets"]:
        by_licence.setdefault(asset["licence"], []).append(asset["asset_id"])
    info = {
        "description": header["title"] or "Made with Variegate",
        "version": f"variegate {header['versions']['variegate']}",
        "job_digest": header["job_digest"],
        "seed": header["seed"],
    }
    licences = [
        {"id": number, "name": name, "url": "", "assets": by_licence[name]}
        for number, name in enumerate(sorted(by_licence), start=1)
    ]
    return f'{{"info":{_json(info)},\n"licenses":{_json(licences)},\n"categories":{_json(categories)},\n"images":['


def _separator(number: int) -> str:
    return ",\n" if number else "\n"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
