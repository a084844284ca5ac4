"""Volumes of a pod in one word each: pvc=CLAIM:/mount, host-path=/folder[:/mount], nfs=SERVER:/export[:/mount]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import FarmError
from pipeline.farm.submission import Submission

VOLUME_KNOBS = ("pvc", "host-path", "nfs")

_SHAPES = {
    "pvc": (re.compile(r"(?P<claim>[^:/]+):(?P<path>/[^:]*)"), "CLAIM:/mount"),
    "host-path": (re.compile(r"(?P<folder>/[^:]*)(?::(?P<path>/[^:]*))?"), "/folder or /folder:/mount"),
    "nfs": (re.compile(r"(?P<server>[^:/]+):(?P<folder>/[^:]*)(?::(?P<path>/[^:]*))?"), "SERVER:/export[:/mount]"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One volume and where pods see it. `source` is the part of a Volume that says what it is."""

    name: str
    source: Mapping[str, Any]
    path: str

    def holds(self, path: str) -> bool:
        """Tell whether `path` of a pod lies on this volume."""
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


def read_mounts(submission: Submission) -> tuple[Mount, ...]:
    """Return the volumes that the engine options name, in their order. Raises FarmError for one not so written."""
    found: list[Mount] = []
    for kind in VOLUME_KNOBS:
        for text in filter(None, submission.engine_options.get(kind, "").split(",")):
            found.append(_mount(kind, text, f"volume-{len(found)}"))
    return tuple(found)


def _mount(kind: str, text: str, name: str) -> Mount:
    shape, written = _SHAPES[kind]
    match = shape.fullmatch(text)
    if match is None:
        raise FarmError(f"--engine-option {kind}={text} is not {written}")
    if kind == "pvc":
        return Mount(name=name, source={"persistentVolumeClaim": {"claimName": match["claim"]}}, path=match["path"])
    path = match["path"] or match["folder"]
    if kind == "nfs":
        return Mount(name=name, source={"nfs": {"server": match["server"], "path": match["folder"]}}, path=path)
    return Mount(name=name, source={"hostPath": {"path": match["folder"], "type": "Directory"}}, path=path)
