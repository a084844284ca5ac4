"""The check of the COCO exports: every picture once, every object with its mask by pycocotools, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.dataset.create import read_dataset
from pipeline.verify.exports.coco_file import CocoExport, CocoFile, read_coco
from pipeline.verify.exports.coco_objects import check_objects
from pipeline.verify.exports.expected import (
    AGAIN,
    EXPORT,
    ExpectedFrame,
    Progress,
    categories,
    expected_frames,
    keypoints_by_category,
    read_about,
)
from pipeline.verify.exports.files import check_files, check_picture, mismatch
from pipeline.verify.finding import Finding


def check_coco(folder: Path, dataset: Path, progress: Progress | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a COCO export of any kind. Raises StoreError when it has no export.json."""
    about = read_about(folder)
    files: dict[str, CocoFile] = {}
    for split in about.splits:
        name = f"annotations_{split}.json" if len(about.splits) > 1 else "annotations.json"
        try:
            files[split] = read_coco(folder, name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            yield Finding(kind="export-unreadable", where=name, message=f"cannot be read: {error} ({AGAIN})")
    if len(files) < len(about.splits):
        return
    keypoints = keypoints_by_category(dataset) if about.form == "coco-keypoints" else {}
    export = CocoExport(folder=folder, dataset=dataset, about=about, keypoints=keypoints)
    for file in files.values():
        yield from _check_head(file, dataset, export)
    wanted = {EXPORT, *(file.name for file in files.values())}
    seen: dict[str, set[int]] = {split: set() for split in files}
    for one in expected_frames(dataset, about, progress):
        seen[one.split].add(one.frame)
        file = files[one.split]
        yield from _check_image(file, one, export, wanted)
        yield from check_objects(file, one, export, wanted)
    for split, file in files.items():
        yield from _check_rest(file, seen[split])
    yield from check_files(folder, wanted)


def _check_head(file: CocoFile, dataset: Path, export: CocoExport) -> Iterator[Finding]:
    """The class map and the job."""
    wanted = []
    for item in categories(dataset):
        row = {"id": item["id"], "name": item["name"], "supercategory": item["supercategory"]}
        if export.about.form == "coco-panoptic":
            row["isthing"] = 1
        if export.about.form == "coco-keypoints":
            if item["id"] not in export.keypoints:
                continue
            names = export.keypoints[item["id"]]
            pairs = [[names.index(name) + 1 for name in pair] for pair in item.get("skeleton") or []]
            row |= {"keypoints": names, "skeleton": pairs}
        wanted.append(row)
    found = file.data.get("categories")
    if not isinstance(found, list) or sorted(found, key=lambda item: int(item["id"])) != wanted:
        yield Finding(
            kind="export-mismatch", where=file.name,
            message=f"the categories are {found}, the dataset says {wanted} ({AGAIN})",
        )  # fmt: skip
    digest = read_dataset(dataset)["job_digest"]
    if file.data.get("info", {}).get("job_digest") != digest:
        yield Finding(
            kind="export-foreign", where=file.name, message=f"info does not name the dataset's job {digest} ({AGAIN})"
        )


def _check_image(file: CocoFile, one: ExpectedFrame, export: CocoExport, wanted: set[str]) -> Iterator[Finding]:
    images = file.images.get(one.frame, [])
    if len(images) != 1:
        kind = "export-extra" if images else "export-missing"
        yield Finding(
            kind=kind, where=file.name, frame=one.frame, message=f"the picture is listed {len(images)} times ({AGAIN})"
        )
        return
    image = images[0]
    name = f"images/{one.frame:06d}{one.picture.suffix}"
    if export.about.images == "reference":
        name = f"frames/{one.frame:06d}/{one.picture.name}"
    else:
        wanted.add(name)
        yield from check_picture(export.folder, name, one, export.about)
    for key, value in (("file_name", name), ("width", one.width), ("height", one.height)):
        if image.get(key) != value:
            yield mismatch(file.name, one, f"{key} of image {one.frame}", image.get(key), value)


def _check_rest(file: CocoFile, frames: set[int]) -> Iterator[Finding]:
    for what, listed in (("image", file.images), ("annotation", file.annotations)):
        for number in sorted(set(listed) - frames):
            yield Finding(
                kind="export-extra", where=file.name, frame=number,
                message=f"{len(listed[number])} {what}s of a frame that does not belong here ({AGAIN})",
            )  # fmt: skip
