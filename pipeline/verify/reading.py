"""A frame's folder opened for the checks: plan, labels and pictures parsed, each said to be unreadable where it is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.canonical import json_bytes
from pipeline.codecs.png import decode_png
from pipeline.codecs.rle import Counts, decode_counts
from pipeline.dataset.layout import COMMIT, LABELS, PLAN
from pipeline.dataset.outputs import DEPTH_PNG, MASK_FULL, OUTPUTS, RGB, array_of, output_files
from pipeline.dataset.read import read_labels
from pipeline.errors import StoreError
from pipeline.job import Job
from pipeline.records import Asset, FramePlan, Labels
from pipeline.structure import from_json, unstructure
from pipeline.verify.cameras import lens_problem
from pipeline.verify.finding import Finding
from pipeline.verify.folder import Folder
from pipeline.verify.opened import Opened, frame_finding
from pipeline.verify.shapes import shape_problems

T = TypeVar("T")
Image = NDArray[Any]


def read_records(folder: Folder, findings: list[Finding]) -> tuple[FramePlan | None, Labels | None]:
    """Return plan and labels of a frame, None for what cannot be read, and add what is wrong to `findings`."""
    plan = _record(folder, PLAN, FramePlan, findings)
    labels = _record(folder, LABELS, Labels, findings)
    if labels is not None:
        problems = list(shape_problems(labels))
        findings += [frame_finding("unreadable-json", folder.frame, LABELS, text) for text in problems]
        labels = None if problems else labels
    if plan is not None and labels is not None:
        findings += _disagreements(folder, plan, labels)
    return plan, labels


def _record(folder: Folder, name: str, kind: type[T], findings: list[Finding]) -> T | None:
    if name not in folder.data:
        return None
    try:
        value = from_json(json.loads(folder.data[name]), kind, name)
    except ValueError as error:
        text = str(error).removeprefix(f"{name}: ").splitlines()[0]
        findings.append(frame_finding("unreadable-json", folder.frame, name, f"cannot be read: {text}"))
        return None
    if json_bytes(unstructure(value)) != folder.data[name]:
        text = "not spelled as this program writes it; it was edited"
        findings.append(frame_finding("unreadable-json", folder.frame, name, text))
    return value


def _disagreements(folder: Folder, plan: FramePlan, labels: Labels) -> Iterator[Finding]:
    """What the three records of a frame say of the same."""
    frame, record = folder.frame, folder.record
    for name, seen, wanted in (
        (PLAN, plan.frame, frame),
        (LABELS, labels.frame, frame),
    ):
        if seen != wanted:
            yield frame_finding("doubled-frame", frame, name, f"says it is frame {seen}")
    for key in ("status", "reason", "id_source", "id_reason"):
        seen = getattr(labels, key)
        if seen != record[key]:
            text = f"{key} is {seen!r}, {COMMIT} says {record[key]!r}"
            yield frame_finding("record-mismatch", frame, LABELS, text)
    for key in ("format_version", "scene", "view"):
        if getattr(labels, key) != getattr(plan, key):
            text = f"{key} is {getattr(labels, key)}, {PLAN} says {getattr(plan, key)}"
            yield frame_finding("record-mismatch", frame, LABELS, text)
    if record["renderer"].get("engine") != plan.render.engine:
        text = f"engine is {record['renderer'].get('engine')!r}, {PLAN} says {plan.render.engine!r}"
        yield frame_finding("record-mismatch", frame, COMMIT, text)
    yield from _files(folder, plan, labels)


def _files(folder: Folder, plan: FramePlan, labels: Labels) -> Iterator[Finding]:
    """Exactly what the plan asks for is listed."""
    wanted = {PLAN, LABELS}
    if labels.status == "accepted":
        wanted |= set(output_files(plan, has_flow=labels.flow_to is not None).values())
    for name in sorted(wanted - folder.record["files"].keys()):
        yield frame_finding("incomplete-frame", folder.frame, name, f"{PLAN} asks for it, {COMMIT} does not list it")
    for name in sorted(folder.record["files"].keys() - wanted):
        yield frame_finding("stray-file", folder.frame, name, f"{PLAN} does not ask for it")


def open_frame(
    folder: Folder, job: Job, assets: Mapping[str, Asset], plan: FramePlan, labels: Labels, findings: list[Finding]
) -> Opened | None:
    """Return an accepted frame for the checks, None when there is no camera or no id image to start from."""
    if labels.camera is None:
        findings.append(frame_finding("camera-mismatch", folder.frame, LABELS, "an accepted frame without a camera"))
        return None
    images, rgb = _images(folder, plan, labels, findings)
    if "instance" not in images:
        return None
    return Opened(
        frame=folder.frame,
        job=job,
        assets=assets,
        plan=plan,
        labels=labels,
        camera=labels.camera,
        images=images,
        rgb=rgb,
        masks_full=_masks_full(folder, plan, findings),
        next_labels=None if labels.flow_to is None else _labels_of(folder.root, labels.flow_to),
    )


def _labels_of(root: Path, frame: int) -> Labels | None:
    """Return the labels of another frame, None where they are not whole: that frame's own checks say so."""
    try:
        labels = read_labels(root, frame)
    except StoreError:
        return None
    return None if labels.camera is None or lens_problem(labels.camera) else labels


def _images(
    folder: Folder, plan: FramePlan, labels: Labels, findings: list[Finding]
) -> tuple[dict[str, Image], Image | None]:
    images: dict[str, Image] = {}
    rgb = None
    for output, name in output_files(plan, has_flow=labels.flow_to is not None).items():
        if name == MASK_FULL or name not in folder.data:
            continue
        try:
            array = _decode(folder, output, name)
        except ValueError as error:
            findings.append(frame_finding("unreadable-picture", folder.frame, name, str(error)))
            continue
        if array is None:
            continue
        width, height = plan.camera.resolution
        if array.shape[:2] != (height, width):
            text = f"{array.shape[1]} x {array.shape[0]} px, {PLAN} says {width} x {height}"
            findings.append(frame_finding("unreadable-picture", folder.frame, name, text))
        elif output == "rgb":
            rgb = array
        else:
            images[output] = array
    return images, rgb


def _decode(folder: Folder, output: str, name: str) -> Image | None:
    """Return an output's array, None where its EXR was found unreadable before. Raises ValueError for a damaged one."""
    if name.endswith(".exr"):
        channels = folder.channels.get(name)
        if channels is None:
            return None
        try:
            array = (
                np.stack([channels[c] for c in "RGB"], axis=-1)
                if output == "rgb"
                else array_of(OUTPUTS[output], channels)
            )
        except KeyError as error:
            raise ValueError(f"has no channel {error}") from error
    else:
        array = _decode_jpeg(folder.data[name]) if name == RGB["jpeg"] else decode_png(folder.data[name])
    if output == "rgb":
        return array
    if name == DEPTH_PNG:
        if array.dtype != np.uint16 or array.ndim != 2:
            raise ValueError(f"holds {array.dtype} {array.shape}, expected uint16 millimetres (H, W)")
        return np.where(array > 0, array / 1000.0, np.inf)
    row = OUTPUTS[output]
    layers = 3 if output == "panoptic" else max(1, len(row.channels))
    if array.dtype != row.dtype or array.shape[2:] != ((layers,) if layers > 1 else ()):
        raise ValueError(f"holds {array.dtype} {array.shape}, expected {row.what}")
    return array


def _decode_jpeg(body: bytes) -> Image:
    from PIL import Image as PillowImage

    try:
        with PillowImage.open(io.BytesIO(body)) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"the JPEG is damaged: {error}") from error


def _masks_full(folder: Folder, plan: FramePlan, findings: list[Finding]) -> dict[int, Counts] | None:
    if "mask_full" not in plan.outputs or MASK_FULL not in folder.data:
        return None
    try:
        data = json.loads(folder.data[MASK_FULL])
        height, width = data["size"]
        counts = {int(key): decode_counts(text) for key, text in data["counts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        findings.append(frame_finding("unreadable-json", folder.frame, MASK_FULL, f"damaged: {error}"))
        return None
    if json_bytes(data) != folder.data[MASK_FULL]:
        text = "not spelled as this program writes it; it was edited"
        findings.append(frame_finding("unreadable-json", folder.frame, MASK_FULL, text))
    if (width, height) != tuple(plan.camera.resolution):
        text = f"of a picture of {width} x {height} px, {PLAN} says {' x '.join(map(str, plan.camera.resolution))}"
        findings.append(frame_finding("silhouette-mismatch", folder.frame, MASK_FULL, text))
        return None
    return counts
