"""Measured facts by content: a file that was measured once is not opened again, wherever it lies."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.canonical import digest, json_bytes

FORMAT = 1  # of what is measured; a change of any measurement raises it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """A folder of JSON files. One that cannot be read or written is the same as none."""

    folder: Path
    series: str

    def get(self, *key: Any) -> Any:
        """Return what was put under `key`, or None."""
        try:
            return json.loads(self._path(key).read_bytes())
        except (OSError, ValueError):
            return None

    def put(self, value: Any, *key: Any) -> None:
        """Keep JSON-like `value` under `key`."""
        path = self._path(key)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(json_bytes(value))
            os.replace(temporary, path)

    def _path(self, key: tuple[Any, ...]) -> Path:
        name = digest([FORMAT, self.series, *key])
        return self.folder / name[:2] / f"{name}.json"


def default_folder() -> Path:
    """Return $VARIEGATE_CACHE, or the user's cache folder for this program."""
    if own := os.environ.get("VARIEGATE_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "variegate"


def file_sha256(*files: Path) -> str:
    """Return the sha256 (hex) over the contents of files, in the order given."""
    whole = hashlib.sha256()
    for file in files:
        with open(file, "rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()
