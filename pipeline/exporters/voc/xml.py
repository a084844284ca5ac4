"""The XML of one picture in Pascal VOC."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from pipeline.exporters.source import ExportFrame
from pipeline.records import InstanceLabel

# VOC's guidelines of 2011: occluded when more than 5 % is hidden, truncated when more than 15 to 20 % lies outside.
OCCLUDED_ABOVE = 0.05
TRUNCATED_ABOVE = 0.15


def annotation_xml(filename: str, one: ExportFrame, shape: tuple[int, ...], names: Mapping[int, str]) -> bytes:
    """Return the XML of a picture of (height, width) `shape` with its objects, numbered from 1 in the order of ids."""
    root = ElementTree.Element("annotation")
    _text(root, "folder", "VOC")
    _text(root, "filename", filename)
    source = ElementTree.SubElement(root, "source")
    _text(source, "database", "Variegate")
    size = ElementTree.SubElement(root, "size")
    for tag, value in (("width", shape[1]), ("height", shape[0]), ("depth", 3)):
        _text(size, tag, value)
    _text(root, "segmented", 1)
    for item in one.objects:
        is_difficult = item.instance_id in one.ignored_ids
        _add_object(root, item, names[item.category_id], is_difficult, (shape[0], shape[1]))
    ElementTree.indent(root, "\t")
    data: bytes = ElementTree.tostring(root, encoding="utf-8")
    return data + b"\n"


def _add_object(
    root: ElementTree.Element, item: InstanceLabel, name: str, is_difficult: bool, shape: tuple[int, int]
) -> None:
    assert item.bbox_xywh_px is not None
    x, y, width, height = item.bbox_xywh_px
    element = ElementTree.SubElement(root, "object")
    _text(element, "name", name)
    _text(element, "pose", "Unspecified")
    _text(element, "truncated", int(_is_truncated(item, shape)))
    if item.silhouette is not None:
        _text(element, "occluded", int(item.silhouette.occlusion > OCCLUDED_ABOVE))
    _text(element, "difficult", int(is_difficult))
    box = ElementTree.SubElement(element, "bndbox")
    for tag, value in (("xmin", x + 1), ("ymin", y + 1), ("xmax", x + width), ("ymax", y + height)):
        _text(box, tag, value)


def _is_truncated(item: InstanceLabel, shape: tuple[int, int]) -> bool:
    """Return whether the picture cuts an object off: by its silhouette, else whether it touches the border."""
    if item.silhouette is not None:
        return item.silhouette.truncation > TRUNCATED_ABOVE
    x, y, width, height = item.bbox_xywh_px or (0, 0, 0, 0)
    return x == 0 or y == 0 or x + width == shape[1] or y + height == shape[0]


def _text(parent: ElementTree.Element, tag: str, value: object) -> None:
    ElementTree.SubElement(parent, tag).text = str(value)
