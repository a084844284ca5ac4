"""WebDataset: shards train-SSSSSS.tar and val-SSSSSS.tar of up to 1000 frames, one sample each, for streaming loaders.

A sample's key is the frame's number (NNNNNN), its fields the files of the frame as they are (rgb.png, depth.exr,
instance.png, category.png, mask_full.json, whatever `outputs` asked for) and json: frame, scene, view, size, camera and
the kept objects as in labels.json, with bbox, area, categories and more beside (see `objects.object_columns`).
shards.json says how many samples each shard holds.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline.canonical import json_bytes
from pipeline.dataset.disk import storing
from pipeline.exporters.files import put_file, whole_file
from pipeline.exporters.objects import category_index, object_columns
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import camera_of, picture_files
from pipeline.exporters.shards import shard_name, shards
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source
from pipeline.structure import unstructure

FORM = "webdataset"
SUFFIX = ".tar"
SHARDS = "shards.json"


def export_webdataset(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset as WebDataset shards into `out`. Raises StoreError when frames are missing, unless partial."""
    options = with_images(options, FORM, ())
    source = open_source(dataset, options)
    begin_export(out, FORM, source, options)
    index = category_index(source)
    sizes: dict[str, int] = {}
    annotations = ignored = 0
    with shards(out, SUFFIX, _tar) as shard_of:
        for one in export_frames(source, options, progress):
            for member, data in _sample(source, one, index):
                _add(shard_of(one), f"{one.frame:06d}.{member}", data)
            name = shard_name(one, SUFFIX)
            sizes[name] = sizes.get(name, 0) + 1
            annotations, ignored = annotations + len(one.kept), ignored + len(one.ignored)
    put_file(out / SHARDS, json_bytes(sizes, indent=1))
    images = sum(sizes.values())
    return end_export(out, FORM, source, options, out / SHARDS, images=images, annotations=annotations, ignored=ignored)


@contextmanager
def _tar(path: Path) -> Iterator[IO[bytes]]:
    """Yield a tar file to add to; it ends with two empty blocks."""
    with whole_file(path) as file:
        yield file
        file.write(bytes(2 * tarfile.BLOCKSIZE))


def _add(file: IO[bytes], name: str, data: bytes) -> None:
    """Add a file with a header that holds no clock, user or machine."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o644, 0
    file.write(member.tobuf(tarfile.USTAR_FORMAT))
    file.write(data)
    file.write(bytes(-len(data) % tarfile.BLOCKSIZE))


def _sample(source: Source, one: ExportFrame, index: dict[int, int]) -> Iterator[tuple[str, bytes]]:
    for path in picture_files(source, one.frame).values():
        with storing(path):
            yield path.name, path.read_bytes()
    camera = camera_of(source, one)
    columns = object_columns(one, index)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    label: dict[str, Any] = {
        "frame": one.frame,
        "scene": one.labels.scene,
        "view": one.labels.view,
        "width": camera.resolution[0],
        "height": camera.resolution[1],
        "camera": unstructure(camera),
        "objects": [{**unstructure(item), **row} for item, row in zip(one.kept, rows, strict=True)],
    }
    yield "json", json_bytes(label)
