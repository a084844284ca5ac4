"""Pascal VOC's folders: JPEGImages, Annotations, ImageSets, SegmentationClass and SegmentationObject.

Boxes count pixels from 1 and hold their last one, as VOC's do. What the policy ignores is `difficult`. Pictures keep
the type they were rendered in; readers that insist on .jpg (torchvision's VOCDetection) need `formats: {rgb: jpeg}`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.dataset.disk import storing
from pipeline.dataset.read import read_instance
from pipeline.errors import ExportError
from pipeline.exporters.files import put_file
from pipeline.exporters.images import place_image
from pipeline.exporters.options import DEFAULTS, ExportOptions, with_images
from pipeline.exporters.record import ExportSummary, begin_export, end_export
from pipeline.exporters.requirements import plain_rgb_name
from pipeline.exporters.source import Progress, Source, export_frames, open_source
from pipeline.exporters.voc.pictures import MOST_IDS, segmentation_pictures
from pipeline.exporters.voc.xml import annotation_xml

CLASSES = "classes.txt"  # the names of the pixels 1, 2, ... of SegmentationClass
PICTURES = "JPEGImages"
FOLDERS = (
    PICTURES, "Annotations", "ImageSets/Main", "ImageSets/Segmentation", "SegmentationClass", "SegmentationObject"
)  # fmt: skip


def export_voc(
    dataset: Path, out: Path, options: ExportOptions = DEFAULTS, progress: Progress | None = None
) -> ExportSummary:
    """Write VOC's folders to `out`; the lists train, val and trainval are there with and without a split.

    Raises StoreError when frames are missing, unless partial, or have no 8-bit rgb, and ExportError for more objects in
    a frame or more categories than VOC's segmentation pictures can number.
    """
    options = with_images(options, "voc", ("copy", "link"))
    source = open_source(dataset, options)
    names = _class_names(source)
    begin_export(out, "voc", source, options)
    for folder in FOLDERS:
        with storing(out / folder):
            os.makedirs(out / folder, exist_ok=True)
    listed: dict[str, list[int]] = {"train": [], "val": []}
    annotations, ignored = 0, 0
    for one in export_frames(source, options, progress):
        if len(one.objects) > MOST_IDS:
            raise ExportError(
                f"frame {one.frame} has {len(one.objects)} objects, VOC numbers {MOST_IDS} "
                "(leave small ones without a category, or use coco)"
            )
        name = plain_rgb_name(dataset, one.frame, "voc")
        picture = place_image(dataset, one.frame, name, out, options.images, PICTURES)
        instance = read_instance(dataset, one.frame)
        by_class, by_object = segmentation_pictures(dataset, one, instance, list(names))
        put_file(out / f"SegmentationClass/{one.frame:06d}.png", by_class)
        put_file(out / f"SegmentationObject/{one.frame:06d}.png", by_object)
        xml = annotation_xml(Path(picture).name, one, instance.shape, names)
        put_file(out / f"Annotations/{one.frame:06d}.xml", xml)
        listed[one.split].append(one.frame)
        annotations += len(one.objects)
        ignored += len(one.ignored)
    _write_lists(out, listed)
    put_file(out / CLASSES, "".join(f"{name}\n" for name in names.values()).encode())
    images = len(listed["train"]) + len(listed["val"])
    return end_export(out, "voc", source, options, out, images=images, annotations=annotations, ignored=ignored)


def _class_names(source: Source) -> dict[int, str]:
    """Return the name of each category id, in the order of the ids, which is that of the pixels 1, 2, ..."""
    names = {item["id"]: item["name"] for item in sorted(source.header["categories"], key=lambda item: int(item["id"]))}
    if len(names) > MOST_IDS:
        raise ExportError(f"{source.root} has {len(names)} categories, VOC numbers {MOST_IDS} (use coco)")
    return names


def _write_lists(out: Path, listed: dict[str, list[int]]) -> None:
    lists = {**listed, "trainval": sorted([*listed["train"], *listed["val"]])}
    for name, frames in lists.items():
        text = "".join(f"{frame:06d}\n" for frame in frames).encode()
        for folder in ("Main", "Segmentation"):
            put_file(out / "ImageSets" / folder / f"{name}.txt", text)
