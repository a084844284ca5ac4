"""Parquet shards with the pictures in them, as Hugging Face keeps datasets: data/train-SSSSSS.parquet, README.md.

`load_dataset("parquet", data_files=...)` or `load_dataset(OUT)` reads it, the column `image` as a picture. Shards
hold up to 1000 frames, rows in groups of 64 (what a writer holds in memory). The columns are those of the imagefolder
export. Equal datasets give equal bytes with one version of pyarrow, which writes its version into each file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.canonical import rounded
from pipeline.dataset.disk import storing
from pipeline.dataset.layout import frame_folder
from pipeline.exporters.dataset_card import CARD, dataset_card
from pipeline.exporters.extras import import_extra
from pipeline.exporters.files import put_file, whole_file
from pipeline.exporters.objects import Row, category_index, object_columns
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import camera_of, plain_rgb_name
from pipeline.exporters.shards import shards
from pipeline.exporters.source import ExportFrame, Progress, Source, export_frames, open_source

FORM = "parquet"
FOLDER = "data"
GROUP_ROWS = 64

# The columns as Hugging Face's `datasets` names their types; pyarrow's follow from them.
_LIST = {"id": "int32", "categories": "int32", "category_id": "int32", "category": "string", "area": "int64"}
_FEATURES: Row = {
    "image": {"_type": "Image"},
    **{name: {"dtype": "int64", "_type": "Value"} for name in ("frame", "scene", "width", "height")},
    "objects": {
        **{name: {"feature": {"dtype": dtype, "_type": "Value"}, "_type": "List"} for name, dtype in _LIST.items()},
        "bbox": {
            "feature": {"feature": {"dtype": "float64", "_type": "Value"}, "length": 4, "_type": "List"},
            "_type": "List",
        },
        "visibility": {"feature": {"dtype": "float64", "_type": "Value"}, "_type": "List"},
    },
}


@dataclass(slots=True, eq=False)
class _Shard:
    """A shard being written, and the rows that wait for their group."""

    writer: Any
    schema: Any
    rows: list[Row] = field(default_factory=list)


def export_parquet(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write a dataset as Parquet shards into `out`.

    Raises StoreError when frames are missing, unless partial, or have no PNG or JPEG rgb; PipelineError without
    pyarrow.
    """
    arrow, parquet = (import_extra(name, "pyarrow", FORM) for name in ("pyarrow", "pyarrow.parquet"))
    options = with_images(options, FORM, ())
    source = open_source(dataset, options)
    begin_export(out, FORM, source, options)
    index = category_index(source)
    images = annotations = ignored = 0
    with shards(out / FOLDER, ".parquet", partial(_shard, arrow, parquet)) as shard_of:
        for one in export_frames(source, options, progress):
            shard = shard_of(one)
            shard.rows.append(_row(source, one, index))
            if len(shard.rows) == GROUP_ROWS:
                _flush(arrow, shard)
            images, annotations, ignored = images + 1, annotations + len(one.kept), ignored + len(one.ignored)
    put_file(out / CARD, dataset_card(source, images, annotations).encode())
    return end_export(out, FORM, source, options, out / FOLDER, images=images, annotations=annotations, ignored=ignored)


@contextmanager
def _shard(arrow: ModuleType, parquet: ModuleType, path: Path) -> Iterator[_Shard]:
    schema = _schema(arrow)
    with whole_file(path) as file:
        writer = parquet.ParquetWriter(
            file, schema, version="2.6", compression="snappy", use_dictionary=False, write_statistics=False
        )
        shard = _Shard(writer=writer, schema=schema)
        try:
            yield shard
            _flush(arrow, shard)
        finally:
            writer.close()


def _flush(arrow: ModuleType, shard: _Shard) -> None:
    if shard.rows:
        shard.writer.write_table(arrow.Table.from_pylist(shard.rows, schema=shard.schema))
        shard.rows.clear()


def _schema(arrow: ModuleType) -> Any:
    types = {"int32": arrow.int32(), "int64": arrow.int64(), "string": arrow.string(), "float64": arrow.float64()}
    columns = {name: arrow.list_(types[dtype]) for name, dtype in _LIST.items()}
    columns["bbox"] = arrow.list_(arrow.list_(types["float64"], 4))
    columns["visibility"] = arrow.list_(types["float64"])
    fields = [("image", arrow.struct([("bytes", arrow.binary()), ("path", types["string"])]))]
    fields += [(name, types["int64"]) for name in ("frame", "scene", "width", "height")]
    fields += [("objects", arrow.struct(list(columns.items())))]
    features = json.dumps({"info": {"features": _FEATURES}})
    return arrow.schema(fields, metadata={"huggingface": features})


def _row(source: Source, one: ExportFrame, index: dict[int, int]) -> Row:
    picture = frame_folder(source.root, one.frame) / plain_rgb_name(source.root, one.frame, FORM)
    with storing(picture):
        data = picture.read_bytes()
    width, height = camera_of(source, one).resolution
    return {
        "image": {"bytes": data, "path": f"{one.frame:06d}{picture.suffix}"},
        "frame": one.frame,
        "scene": one.labels.scene,
        "width": width,
        "height": height,
        "objects": rounded(object_columns(one, index)),
    }
