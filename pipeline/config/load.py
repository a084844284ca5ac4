"""A scene file to a `Config`: read, extended, overridden, typed and cross-checked, every problem at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.addresses import address_of, shipped_dir
from pipeline.config.check import cross_problems
from pipeline.config.merge import merge
from pipeline.config.schema import Config
from pipeline.config.yaml_file import Document, Mark, parse_yaml, read_yaml
from pipeline.errors import ConfigError, Problem
from pipeline.structure import FAILED, Reader, did_you_mean, structure
from pipeline.structure import Path as KeyPath

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def load_config(path: Path, overrides: Sequence[str] = (), cwd: Path | None = None) -> Config:
    """Return the configuration of a scene file. Raises ConfigError with every problem there is.

    `overrides` are "key.path=value" with YAML values. A path in a scene file starts at that file's folder, one in an
    override at `cwd`; the configuration holds addresses relative to the scene file's folder (`base_dir_of`).
    """
    document = _extended(path, ())
    for override in overrides:
        document = _overridden(document, override, cwd or Path.cwd())
    return _typed(document, base_dir_of(path), str(path))


def base_dir_of(path: Path) -> Path:
    """Return the folder at which the addresses of a scene file's configuration start."""
    return path.resolve().parent


def preset_names() -> tuple[str, ...]:
    """Return the names that `extends: preset:NAME` knows."""
    return tuple(sorted(file.stem for file in shipped_dir("scenes").glob("*.yaml")))


# --- extends --------------------------------------------------------------------------------------------------------


def _extended(path: Path, below: tuple[Path, ...]) -> Document:
    if path.resolve() in below:
        raise ConfigError([Problem(message="extends itself", path="extends", where=str(path))])
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise ConfigError([Problem(message="is not a scene file: it holds no keys", where=str(path))])
    data = dict(document.data)
    parents = data.pop("extends", [])
    merged: Document | None = None
    for parent in [parents] if isinstance(parents, str) else parents:
        lower = _extended(_parent_path(parent, document.marks[("extends",)]), (*below, path.resolve()))
        merged = lower if merged is None else merge(merged, lower)
    own = Document(data=data, marks=document.marks)
    return own if merged is None else merge(merged, own)


def _parent_path(parent: Any, mark: Mark) -> Path:
    if not isinstance(parent, str):
        raise ConfigError([Problem(message=f"expected preset:NAME or a path, got {parent!r}", path="extends", where=mark.text)])
    if not parent.startswith("preset:"):
        return mark.folder / Path(parent).expanduser()
    name = parent.removeprefix("preset:")
    if name not in preset_names():
        remedy = did_you_mean(name, preset_names())
        raise ConfigError([Problem(message=f"no preset {name!r}", path="extends", where=mark.text, remedy=remedy)])
    return shipped_dir("scenes") / f"{name}.yaml"


# --- --set ----------------------------------------------------------------------------------------------------------


def _overridden(document: Document, override: str, cwd: Path) -> Document:
    where = f"--set {override}"
    keys, equals, text = override.partition("=")
    if not equals or not keys.strip():
        raise ConfigError([Problem(message="expected key.path=value", where=where)])
    value = parse_yaml(text, where, cwd, line_numbers=False)
    path = _key_path(keys.strip(), where)
    data = _nested(document.data, path, value.data, where)
    marks = {place: mark for place, mark in document.marks.items() if place[: len(path)] != path}
    marks |= {(*path, *place): mark for place, mark in value.marks.items()}
    marks |= {path[:i]: document.marks.get(path[:i], Mark(text=where, folder=cwd)) for i in range(1, len(path))}
    return Document(data=data, marks=marks)


def _key_path(text: str, where: str) -> KeyPath:
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ConfigError([Problem(message=f"{text!r} is not a key path", where=where, remedy="write a.b[0].c=value")])
        steps.append(int(match[2]) if match[2] is not None else match[1])
        at = match.end()
    return tuple(steps)


def _nested(data: Any, path: KeyPath, value: Any, where: str) -> Any:
    """Return a copy of `data` with `value` at `path`, through the same rules as a scene file that extends it."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(data, list):
        index = int(step) if str(step).isdecimal() else -1
        if not 0 <= index < len(data):
            message = f"there is no item {step!r} in a list of {len(data)}"
            raise ConfigError([Problem(message=message, where=where, remedy=f"items are 0 to {len(data) - 1}")])
        return [_nested(item, rest, value, where) if i == index else item for i, item in enumerate(data)]
    below = data.get(str(step)) if isinstance(data, dict) else None
    upper = Document(data={str(step): _nested(below, rest, value, where)})
    lower = {key: item for key, item in data.items() if key != step} if isinstance(data, dict) else {}
    return merge(Document(data=lower), upper).data


# --- types ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Finds the mark of a key path, or of the nearest part above it."""

    marks: dict[KeyPath, Mark]
    fallback: Mark

    def mark(self, path: KeyPath) -> Mark:
        for end in range(len(path), -1, -1):
            if path[:end] in self.marks:
                return self.marks[path[:end]]
        return self.fallback


def _typed(document: Document, base_dir: Path, name: str) -> Config:
    places = _Places(marks=document.marks, fallback=Mark(text=name, folder=base_dir))
    reader = Reader(
        address_of=lambda path, text: address_of(text, places.mark(path).folder, base_dir),
        where_of=lambda path: places.mark(path).text,
    )
    config = structure(document.data, Config, reader)
    if config is FAILED:
        raise ConfigError(reader.problems)
    for path, message, remedy in cross_problems(config):
        reader.report(path, message, remedy)
    if reader.problems:
        raise ConfigError(reader.problems)
    return config
