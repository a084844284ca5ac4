"""One frame's folder: its record, exactly the files it lists, and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipeline.canonical import json_bytes
from pipeline.codecs.exr import decode_exr
from pipeline.conventions import FORMAT_VERSION
from pipeline.dataset.layout import COMMIT, LABELS, PLAN, frame_folder
from pipeline.dataset.pictures import pixels_sha256
from pipeline.verify.finding import Finding
from pipeline.verify.opened import frame_finding

Channels = Mapping[str, NDArray[Any]]

STATUSES = ("accepted", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Folder:
    """What a frame's folder holds. `record` is frame.json, empty when the frame is of no use; `data` maps the names of
    the files that are there to their contents, `channels` those of EXRs to their channels by name."""

    root: Path
    frame: int
    record: Mapping[str, Any]
    findings: tuple[Finding, ...]
    data: Mapping[str, bytes] = field(default_factory=dict)
    channels: Mapping[str, Channels] = field(default_factory=dict)


def read_folder(root: Path, frame: int, job_digest: str) -> Folder:
    """Return the folder of a frame that is there, each file read once."""
    folder = frame_folder(root, frame)
    try:
        raw = (folder / COMMIT).read_bytes()
        names = sorted(os.listdir(folder))
    except OSError as error:
        text = f"{COMMIT} cannot be read: {error.strerror}; the frame is not committed"
        return _useless(root, frame_finding("incomplete-frame", frame, "", text), frame)
    try:
        record = json.loads(raw)
    except ValueError as error:
        return _useless(root, frame_finding("unreadable-json", frame, COMMIT, f"damaged: {error}"), frame)
    problem = _record_problem(record, frame, job_digest)
    if problem is not None:
        return _useless(root, problem, frame)
    findings = [] if raw == json_bytes(record) else [_not_canonical(frame, COMMIT)]
    data: dict[str, bytes] = {}
    channels: dict[str, Channels] = {}
    for name, facts in sorted(record["files"].items()):
        findings += _read_file(folder, frame, name, facts, data)
        if name.endswith(".exr") and name in data:
            findings += _read_exr(frame, name, data[name], facts, channels)
    listed = {COMMIT, *record["files"]}
    findings += [
        frame_finding("stray-file", frame, name, f"{COMMIT} does not list it", "remove that file")
        for name in names
        if name not in listed
    ]
    return Folder(root=root, frame=frame, record=record, findings=tuple(findings), data=data, channels=channels)


def _useless(root: Path, finding: Finding, frame: int) -> Folder:
    return Folder(root=root, frame=frame, record={}, findings=(finding,))


def _not_canonical(frame: int, name: str) -> Finding:
    return frame_finding("unreadable-json", frame, name, "not spelled as this program writes it; it was edited")


def _record_problem(record: Any, frame: int, job_digest: str) -> Finding | None:
    """Return what makes a frame's record useless."""
    if not isinstance(record, dict) or not _has_shape(record):
        return frame_finding("unreadable-json", frame, COMMIT, "not the record of a frame")
    if record["format_version"] != FORMAT_VERSION:
        text = f"format_version is {record['format_version']!r}, this version reads {FORMAT_VERSION}"
        return frame_finding("unreadable-json", frame, COMMIT, text)
    if record["job_digest"] != job_digest:
        text = f"made by job {str(record['job_digest'])[:12]}, the dataset is of job {job_digest[:12]}"
        return frame_finding("foreign-job", frame, "", text, "move that folder away and run render again")
    if record["frame"] != frame:
        return frame_finding("doubled-frame", frame, "", f"its record is that of frame {record['frame']}")
    return None


def _has_shape(record: dict[str, Any]) -> bool:
    files = record.get("files")
    return (
        {"format_version", "job_digest", "frame", "status", "reason", "id_source", "id_reason", "renderer"}
        <= record.keys()
        and record["status"] in STATUSES
        and isinstance(record["renderer"], dict)
        and isinstance(files, dict)
        and {PLAN, LABELS} <= files.keys()
        and all(isinstance(facts, dict) and os.path.basename(name) == name for name, facts in files.items())
    )


def _read_file(
    folder: Path, frame: int, name: str, facts: Mapping[str, Any], data: dict[str, bytes]
) -> Iterator[Finding]:
    """Read one listed file into `data` and compare it with what the record says."""
    try:
        body = (folder / name).read_bytes()
    except FileNotFoundError:
        yield frame_finding("incomplete-frame", frame, name, f"{COMMIT} lists it, and it is not there")
        return
    except OSError as error:
        yield frame_finding("incomplete-frame", frame, name, f"cannot be read: {error.strerror}")
        return
    data[name] = body
    if len(body) != facts.get("bytes"):
        yield frame_finding("hash-mismatch", frame, name, f"{len(body)} bytes instead of {facts.get('bytes')}")
        return
    seen = hashlib.sha256(body).hexdigest()
    if seen != facts.get("sha256"):
        text = f"its sha256 is {seen[:12]}, {COMMIT} says {str(facts.get('sha256'))[:12]}"
        yield frame_finding("hash-mismatch", frame, name, text)


def _read_exr(
    frame: int, name: str, body: bytes, facts: Mapping[str, Any], channels: dict[str, Channels]
) -> Iterator[Finding]:
    try:
        channels[name] = decode_exr(body)
    except ValueError as error:
        yield frame_finding("unreadable-picture", frame, name, str(error))
        return
    seen = pixels_sha256(dict(channels[name]))
    if seen != facts.get("pixels_sha256"):
        text = f"its pixels' sha256 is {seen[:12]}, {COMMIT} says {str(facts.get('pixels_sha256'))[:12]}"
        yield frame_finding("hash-mismatch", frame, name, text)
