"""The scene file: YAML, what it extends and what the command line sets, as one checked `Config`.

Every problem is reported at once, with file, line and key path. Paths in a scene file start from the folder of the
file they are written in, paths in `--set` from the current folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.addresses import address_of, shipped_dir
from pipeline.config.check import check_config
from pipeline.config.key_places import places_of
from pipeline.config.merge import assign, merge
from pipeline.config.schema import Config
from pipeline.config.yaml_text import Node, data_of, find, parse_yaml
from pipeline.errors import ConfigError, Problem
from pipeline.structure import FAILED, Reader, did_you_mean, structure
from pipeline.structure import Path as KeyPath

PRESET = "preset:"
_PLAIN_TEXT = re.compile(r"[A-Za-z_./~][\w./~ +=@-]*(?::[\w./~+=@*-]+)?")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_NOT_TEXT = frozenset({"True", "TRUE", "False", "FALSE", "Null", "NULL", "~"})


def load_config(path: Path, overrides: Sequence[str] = (), cwd: Path | None = None) -> Config:
    """Return the configuration of a scene file, or of a job.json, with `overrides` ("a.b=c") applied in order.

    Asset paths become addresses relative to the folder of `path`. Raises ConfigError with every problem found.
    """
    tree = _job_tree(path) if path.suffix == ".json" else _scene_tree(path, str(path), ())
    tree = _apply(tree, overrides, Path.cwd() if cwd is None else cwd)
    return _config_of(tree, base_dir_of(path))


def places_in(path: Path, overrides: Sequence[str] = (), cwd: Path | None = None) -> Callable[[str], str]:
    """Return what finds where a key path as text ("targets[0].files[1]") was written: "scene.yaml:12", or "" for one
    that stands in no file. For problems found after loading."""
    tree = _job_tree(path) if path.suffix == ".json" else _scene_tree(path, str(path), ())
    tree = _apply(tree, overrides, Path.cwd() if cwd is None else cwd)

    def where(text: str) -> str:
        steps = tuple(word or int(index) for word, index in _STEP.findall(text))
        return find(tree, steps).where if steps else ""

    return where


def base_dir_of(path: Path) -> Path:
    """Return the folder that the relative addresses of a scene file or job.json start from."""
    folder = path.resolve().parent
    if path.suffix != ".json":
        return folder
    base_dir = _read_job(path).get("base_dir")
    if not isinstance(base_dir, str):
        raise _problem(f"base_dir is {base_dir!r}, expected a path", str(path), "give a job.json as render wrote it")
    return Path(os.path.normpath(folder / base_dir))


def _config_of(tree: Node, base_dir: Path) -> Config:
    def address(path: KeyPath, text: str) -> str:
        return address_of(text, find(tree, path).folder, base_dir)

    reader = Reader(address_of=address, where_of=lambda path: find(tree, path).where, places_of=places_of)
    data = data_of(tree)
    config = structure(data, Config, reader)
    check_config(data, reader)
    if reader.problems:
        raise ConfigError(sorted(reader.problems, key=_place))
    assert config is not FAILED
    return config  # type: ignore[no-any-return]


def _place(problem: Problem) -> tuple[str, int]:
    """Problems read best in the order of the file."""
    name, _, line = problem.where.rpartition(":")
    return (name, int(line)) if line.isdecimal() else (problem.where, 0)


# --- files and what they extend -------------------------------------------------------------------------------------


def _scene_tree(path: Path, name: str, chain: tuple[tuple[Path, str], ...]) -> Node:
    """Return the tree of a scene file with its parents below it. `chain` is who extends whom, outermost first."""
    here = path.resolve()
    names = [shown_name for _, shown_name in chain]
    if here in [file for file, _ in chain]:
        raise _problem(f"extends goes in a circle: {' -> '.join([*names, name])}", names[-1], "cut it somewhere")
    tree = parse_yaml(_read_text(path, name), name, here.parent)
    if tree.value is None:
        tree = Node({}, f"{name}:1", here.parent)
    if not isinstance(tree.value, dict):
        raise _problem("a scene file is a mapping of keys", tree.where, "begin with lines such as `seed: 7`")
    own = {key: node for key, node in tree.value.items() if key != "extends"}
    parents = _extended(tree.value.get("extends"))
    merged: Node | None = None
    for parent in parents:
        layer = _scene_tree(*_parent_file(parent, name), (*chain, (here, name)))
        merged = merge(merged, layer, Config)
    root = Node(own, tree.where, tree.folder)
    return root if merged is None else merge(merged, root, Config)


def _extended(node: Node | None) -> list[Node]:
    """Return what a file extends, the first lowest."""
    if node is None or node.value is None:
        return []
    items = node.value if isinstance(node.value, list) else [node]
    for item in items:
        if not isinstance(item.value, str) or not item.value:
            raise _problem("extends needs preset:NAME, a path, or a list of these", item.where, path="extends")
    return items


def _parent_file(node: Node, child: str) -> tuple[Path, str]:
    """Return the file a parent is in, and what messages call it."""
    text: str = node.value
    if text.startswith(PRESET):
        name, known = text.removeprefix(PRESET), presets()
        if name not in known:
            raise _problem(f"there is no preset {name!r}", node.where, did_you_mean(name, list(known)), "extends")
        return known[name], text
    expanded = os.path.expanduser(text)
    file = node.folder / expanded
    if not file.is_file():
        raise _problem(f"{text!r} is not a file", node.where, f"looked for {os.path.normpath(file)}", "extends")
    return file, os.path.normpath(Path(child).parent / expanded)


def presets() -> dict[str, Path]:
    """Return the files that `extends: preset:NAME` takes, by name: the project's scenes and the literature's."""
    folder = shipped_dir("scenes")
    return dict(sorted((file.stem, file) for file in (*folder.glob("*.yaml"), *folder.glob("presets/*.yaml"))))


def _read_text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise _problem("no such file", name, "give the path of a scene file") from error
    except UnicodeDecodeError as error:
        raise _problem("not UTF-8 text", name, "give a scene file, or save it as UTF-8") from error
    except OSError as error:
        raise _problem(f"cannot be read: {error.strerror}", name) from error


def _read_job(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_read_text(path, str(path)))
    except ValueError as error:
        raise _problem(f"not JSON: {error}", str(path), "give a job.json as render or check --job wrote it") from error
    if not isinstance(data, dict) or not isinstance(data.get("config"), dict):
        raise _problem("not a job.json: it has no config", str(path), "give a scene file or a job.json")
    return data


def _job_tree(path: Path) -> Node:
    """A job's paths are addresses already, relative to its base folder."""
    return _json_tree(_read_job(path)["config"], str(path), base_dir_of(path))


def _json_tree(data: Any, where: str, folder: Path) -> Node:
    if isinstance(data, dict):
        return Node({key: _json_tree(value, where, folder) for key, value in data.items()}, where, folder)
    if isinstance(data, list):
        return Node([_json_tree(item, where, folder) for item in data], where, folder)
    return Node(data, where, folder)


# --- overrides ------------------------------------------------------------------------------------------------------


def _apply(tree: Node, overrides: Sequence[str], cwd: Path) -> Node:
    """Return the tree with every "a.b=c" set, and all that is wrong with them raised at once."""
    problems: list[Problem] = []
    for override in overrides:
        try:
            key, value = _parse_override(override, cwd)
            tree = assign(tree, key, value, Config)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tree


def _parse_override(override: str, cwd: Path) -> tuple[str, Node]:
    name = f"--set {override}" if len(override) <= 80 else f"--set {override[:77]}..."
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise _problem("expected KEY=VALUE", name, "write it like --set camera.fov_deg=60")
    if key.strip() == "extends":
        raise _problem("extends cannot be set from the command line", name, "write it in a scene file of your own")
    if text.lstrip().startswith("#"):
        return key.strip(), Node(text.strip(), name, cwd)  # a colour, which YAML would take for a comment
    if find_spec("yaml") is None:  # inside a bare Blender
        return key.strip(), _without_yaml(text, name, cwd)
    return key.strip(), parse_yaml(text, name, cwd, lines=False)


def _without_yaml(text: str, name: str, cwd: Path) -> Node:
    """Read a value as JSON, or as plain text where YAML would take it for nothing else."""
    try:
        return _json_tree(json.loads(text), name, cwd)
    except ValueError:
        if _PLAIN_TEXT.fullmatch(text) and text not in _NOT_TEXT:
            return Node(text, name, cwd)
    raise _problem(
        "this Python has no PyYAML, so values must be JSON or plain words", name, 'write lists as ["a", "b"]'
    )


def _problem(message: str, where: str, remedy: str = "", path: str = "") -> ConfigError:
    return ConfigError([Problem(message=message, path=path, where=where, remedy=remedy)])
