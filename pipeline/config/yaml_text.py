"""Strict YAML: text to a tree that remembers the file, line and folder of every value.

Stricter than PyYAML: duplicate keys are errors, keys are always text, only `true` and `false` are booleans, so `no`
and `on` stay text, `1e-3` is a number, `12:30` and `2024-01-01` are text, and tags such as `!!python/...` are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, Problem
from pipeline.structure import Path as KeyPath
from pipeline.structure import show_path

MAX_NODES = 100_000  # aliases of aliases grow without bound

_STRING = "tag:yaml.org,2002:str"
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|false")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_COMMENTED_COLOR = re.compile(r"(?:[:\-,\[]\s+)#[0-9a-fA-F]{6}\b")


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it stands ("scene.yaml:12") and the folder that relative paths in it start from."""

    value: Any
    where: str
    folder: Path


def parse_yaml(text: str, name: str, folder: Path, *, lines: bool = True) -> Node:
    """Return the tree of one YAML document, null for an empty one.

    `name` is what messages call it; with `lines` they add ":LINE". Raises ConfigError with every problem found.
    """
    yaml = _yaml()
    try:
        root = yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax_problem(error, name, lines)]) from error
    except yaml.YAMLError as error:
        raise ConfigError([Problem(message=f"not YAML: {error}", where=name)]) from error
    except RecursionError as error:
        raise ConfigError([Problem(message="nested too deeply", where=name)]) from error
    reader = _TreeReader(name=name, folder=folder, lines=lines, text=text.splitlines(), problems=[])
    tree = reader.read(root, (), ()) if root is not None else Node(None, reader.where(0), folder)
    if reader.problems:
        raise ConfigError(reader.problems)
    return tree


def data_of(node: Node) -> Any:
    """Return the tree as plain dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: data_of(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [data_of(child) for child in node.value]
    return node.value


def find(node: Node, path: KeyPath) -> Node:
    """Return the node at `path`, or its nearest ancestor that exists."""
    for part in path:
        if isinstance(node.value, dict) and str(part) in node.value:
            node = node.value[str(part)]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        elif part != 0:  # index 0 of a bare item is the item: it stands for a list of one
            return node
    return node


@dataclass(slots=True)
class _TreeReader:
    name: str
    folder: Path
    lines: bool
    text: list[str]
    problems: list[Problem]
    count: int = 0

    def where(self, line: int) -> str:
        return f"{self.name}:{line + 1}" if self.lines else self.name

    def report(self, line: int, path: KeyPath, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(message=message, path=show_path(path), where=self.where(line), remedy=remedy))

    def read(self, node: Any, path: KeyPath, parents: tuple[int, ...], line: int | None = None) -> Node:
        """`line` is where the key of the value stands, which is where a user looks for it."""
        line = node.start_mark.line if line is None else line
        self.count += 1
        if id(node) in parents or self.count > MAX_NODES:
            why = "contains itself" if id(node) in parents else f"grows beyond {MAX_NODES} values"
            self.problems = [Problem(message=f"an alias (*) {why}", path=show_path(path), where=self.where(line))]
            raise ConfigError(self.problems)
        inside = (*parents, id(node))
        value: Any
        if node.id == "scalar":
            value = self.scalar(node, path, line)
        elif node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self.report(line, path, f"the tag {node.tag} is not allowed here", "leave it out")
            value = None
        elif node.id == "sequence":
            value = [self.read(item, (*path, i), inside) for i, item in enumerate(node.value)]
        else:
            value = self.mapping(node, path, inside)
        return Node(value, self.where(line), self.folder)

    def mapping(self, node: Any, path: KeyPath, parents: tuple[int, ...]) -> dict[str, Node]:
        result: dict[str, Node] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line
            if key_node.id != "scalar":
                self.report(line, path, "a key must be a word, not a list or a mapping", "put braces in quotes")
                continue
            key = str(key_node.value)
            if key == "<<" and key_node.style is None:
                self.report(line, path, "merge keys (<<) are not read", "use extends, or repeat the keys")
            elif key in result:
                message = f"the key {key!r} is given twice, first on line {first[key] + 1}"
                self.report(line, (*path, key), message, "remove one")
            else:
                first[key] = line
                result[key] = self.read(value_node, (*path, key), parents, line)
        return result

    def scalar(self, node: Any, path: KeyPath, line: int) -> str | int | float | bool | None:
        text = str(node.value)
        if node.style is not None or node.tag == _STRING:
            return text
        if not node.tag.startswith("tag:variegate,"):
            self.report(line, path, f"the tag {node.tag} is not allowed here", "leave it out")
            return None
        value = plain_value(text)
        if value is None and not text and self._color_in_comment(line):
            self.report(line, path, "the colour is read as a comment", 'put it in quotes: "#rrggbb"')
        return value

    def _color_in_comment(self, line: int) -> bool:
        return line < len(self.text) and _COMMENTED_COLOR.search(self.text[line]) is not None


def plain_value(text: str) -> str | int | float | bool | None:
    """Return what an unquoted word of YAML means here."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text


def _syntax_problem(error: Any, name: str, lines: bool) -> Problem:
    mark = error.problem_mark or error.context_mark
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if lines and mark is not None else name
    message = " ".join(part for part in (error.context, error.problem) if part)
    remedy = "indent with spaces, not tabs" if "\\t" in message else ""
    return Problem(message=f"not YAML: {message}", where=where, remedy=remedy)


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        remedy = "outside Blender make a job of it: variegate check SCENE.yaml --job job.json; then give job.json here"
        raise ConfigError([Problem(message="this Python has no PyYAML to read scene files", remedy=remedy)]) from error
    return yaml


@cache
def _loader() -> type:
    """A SafeLoader that resolves no plain scalar itself: all get one tag, and `plain_value` reads them."""

    class PlainLoader(_yaml().SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, list[Any]] = {None: [("tag:variegate,plain", re.compile(""))]}  # type: ignore[dict-item]

    return PlainLoader
