"""Measured facts kept between runs, by what the file holds: with a warm cache no model is imported for a survey.

One small JSON file for each fact under $VARIEGATE_CACHE, or $XDG_CACHE_HOME/variegate (~/.cache/variegate), written
atomically. A cache that cannot be read or written is not used; nothing ever depends on it.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline.canonical import digest, json_bytes
from pipeline.structure import from_json

Record = TypeVar("Record")

CACHE_FORMAT = 4  # raise it when something is measured in another way


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsCache:
    """Facts by key. `folder` None keeps nothing; `series` is Blender's ("5.2"), which measures in its own way."""

    folder: Path | None
    series: str

    def get(self, *key: object) -> Any:
        """Return the facts of a key (JSON-like parts), or None."""
        if self.folder is None:
            return None
        try:
            entry = json.loads(self._file(key).read_bytes())
            return entry["facts"] if entry["key"] == self._whole(key) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def get_record(self, kind: type[Record], *key: object) -> Record | None:
        """Return the facts of a key as a record, or None where there are none that fit."""
        facts = self.get(*key)
        try:
            return None if facts is None else from_json(facts, kind, "cache")
        except ValueError:
            return None

    def put(self, facts: Any, *key: object) -> None:
        """Keep JSON-like facts; silently does nothing where the cache cannot be written."""
        if self.folder is None:
            return
        file = self._file(key)
        with contextlib.suppress(OSError, ValueError):
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(json_bytes({"key": self._whole(key), "facts": facts}))
                os.replace(name, file)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise

    def _whole(self, key: tuple[object, ...]) -> list[object]:
        return json.loads(json.dumps([CACHE_FORMAT, self.series, *key]))

    def _file(self, key: tuple[object, ...]) -> Path:
        assert self.folder is not None
        name = digest(self._whole(key))
        return self.folder / "facts" / name[:2] / f"{name}.json"


def cache_folder() -> Path | None:
    """Return where facts are kept, or None when the environment names no such place ($VARIEGATE_CACHE is "")."""
    chosen = os.environ.get("VARIEGATE_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "variegate" if os.path.isabs(home) else None
