"""Strict YAML: what stands in the file and where, and nothing that YAML 1.1 makes of it on its own.

Duplicate keys are errors; `1e-3` is a number; `no`, `on`, `12:30` and dates stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, Problem
from pipeline.structure import Path as KeyPath
from pipeline.structure import show_path

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None, "Null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a value was written: `text` is "file:line" or the option; `folder` is where its relative paths start."""

    text: str
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Plain data, and the mark of every key path in it."""

    data: Any
    marks: dict[KeyPath, Mark] = field(default_factory=dict)


def read_yaml(path: Path) -> Document:
    """Return the document of a YAML file. Raises ConfigError when it cannot be read or is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(message=f"cannot be read: {error.strerror}", where=str(path))]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(message="is not UTF-8 text", where=str(path))]) from error
    return parse_yaml(text, str(path), path.resolve().parent)


def parse_yaml(text: str, name: str, folder: Path, *, line_numbers: bool = True) -> Document:
    """Return the document of YAML text; `name` is what errors call it."""
    yaml = _import_yaml()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark and line_numbers else name
        raise ConfigError([Problem(message=f"is not YAML: {error.problem or error.context}", where=where)]) from error
    except yaml.YAMLError as error:
        raise ConfigError([Problem(message=f"is not YAML: {error}", where=name)]) from error
    reader = _Composer(yaml=yaml, name=name, folder=folder, line_numbers=line_numbers)
    data = None if node is None else reader.value(node, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    return Document(data=data, marks=reader.marks)


def _import_yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise ConfigError(
            [
                Problem(
                    message="this Python has no PyYAML, so it cannot read scene files",
                    remedy="make a job.json outside with `variegate check SCENE.yaml --job job.json` and give that",
                )
            ]
        ) from error
    return yaml


@dataclass(slots=True)
class _Composer:
    yaml: Any
    name: str
    folder: Path
    line_numbers: bool
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: Any, path: KeyPath) -> Any:
        self.marks[path] = Mark(text=self.where(node), folder=self.folder)
        if isinstance(node, self.yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, self.yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return _scalar(node.value) if node.style is None else node.value

    def mapping(self, node: Any, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, self.yaml.ScalarNode):
                self.report(key_node, path, "a key must be text")
                continue
            key = key_node.value
            if key in result:
                self.report(key_node, (*path, key), f"the key {key!r} stands twice")
            result[key] = self.value(value_node, (*path, key))
            self.marks[(*path, key)] = Mark(text=self.where(key_node), folder=self.folder)
        return result

    def where(self, node: Any) -> str:
        return f"{self.name}:{node.start_mark.line + 1}" if self.line_numbers else self.name

    def report(self, node: Any, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(message=message, path=show_path(path), where=self.where(node)))


def _scalar(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".nan", "nan").replace(".NaN", "nan"))
    return text
