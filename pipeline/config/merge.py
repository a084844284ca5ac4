"""Laying one scene over another: what `extends` and `--set` do.

Sections merge key by key; lists, scalars and distributions are replaced. Where keys exclude each other (shell or box
or around, say) the upper layer's choice takes the place of the lower's. `null` goes back to the default.
The types of the schema say which is which, so a distribution never mixes with another.
"""

from __future__ import annotations

import re
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pipeline.config.context_places import RELATIONS, AlongSpline, InVolume, OnSurface, Related
from pipeline.config.contexts_section import PLACES, Context
from pipeline.config.schema import AssetGroup, Background, Camera, Environment, MaterialOption, Placement
from pipeline.config.yaml_text import Node
from pipeline.errors import ConfigError, Problem
from pipeline.structure import field_types

# A choice is the keys that go together; choosing one drops the keys of the others.
EXCLUSIVE: dict[type, tuple[tuple[tuple[str, ...], ...], ...]] = {
    Placement: ((("drop",), ("flying",), ("resting",), ("frustum",)),),
    Camera: (
        (("shell", "center"), ("box",), ("around",), ("ride",)),
        (("focal_length_mm",), ("fov_deg",), ("k", "shift")),
    ),
    Background: ((("color",), ("photos",)),),
    Context: (tuple((place,) for place in PLACES), (("count",), ("density",))),
    AlongSpline: ((("gap_m",), ("headway_m",)), (("marks",), ("points_m",))),
    OnSurface: ((("marks",), ("rectangle",)),),
    InVolume: ((("marks",), ("box",)),),
    Related: (tuple((name,) for name in RELATIONS),),
    Environment: ((("hdris", "yaw_deg", "tilt_deg"), ("sky",)),),
    AssetGroup: (
        (("files", "objects", "collections", "up_axis"), ("shapes", "proportions")),
        (("category",), ("category_by_up_axis",)),
    ),
    MaterialOption: ((("pbr",), ("procedural",), ("textures",)),),
}
_WHOLE_SPHERE = {"focal_length_mm", "fov_deg", "k", "shift"}  # what an equirectangular lens has none of
_COMPANIONS = {"center", "shift", "objects", "collections", "up_axis", "proportions"}  # choose nothing by themselves

MERGED_NAMES = frozenset({"globals"})  # numbers by name, which merge like sections do

_PART = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
_KEY_PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[\d+\])*")


def merge(lower: Node | None, upper: Node, kind: Any) -> Node:
    """Return `upper` laid over `lower`, both read as type `kind`; the parts keep where they were written."""
    kind = without_none(kind)
    if not isinstance(upper.value, dict):
        return upper
    if get_origin(kind) is dict and is_record(get_args(kind)[1]):
        return _merge_named(lower, upper, get_args(kind)[1])
    if not is_record(kind):
        return upper
    lower = _written_out(lower, kind)
    below = lower.value if lower is not None and isinstance(lower.value, dict) else {}
    result = {key: node for key, node in below.items() if key not in _dropped(kind, upper.value)}
    for key, node in upper.value.items():
        inner = field_types(kind).get(key)
        if node.value is None and inner is not None and not accepts_none(inner):
            result.pop(key, None)
        elif key in MERGED_NAMES and isinstance(node.value, dict):
            result[key] = _merge_named(result.get(key), node, get_args(inner)[1])
        else:
            result[key] = merge(result.get(key), node, inner)
    return Node(result, upper.where, upper.folder)


def _merge_named(lower: Node | None, upper: Node, kind: Any) -> Node:
    """Return named things of one type laid over each other by their names; `null` takes one away."""
    result = dict(lower.value) if lower is not None and isinstance(lower.value, dict) else {}
    for name, node in upper.value.items():
        if node.value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), node, kind)
    return Node(result, upper.where, upper.folder)


def _written_out(node: Node | None, kind: Any) -> Node | None:
    """Return the short form of a record of several fields ("surface: Table") in full, so that keys lie beside it."""
    short: tuple[str, ...] = getattr(kind, "SHORT", ())
    if node is None or node.value is None or isinstance(node.value, dict):
        return node
    if len(short) != 1 or len(field_names(kind)) == 1 or hasattr(kind, "TAG"):
        return node
    return Node({short[0]: node}, node.where, node.folder)


def assign(tree: Node, path: str, value: Node, kind: Any) -> Node:
    """Return the tree with `value` at `path` ("targets[0].count", "targets.0.count"), as `--set` does.

    Raises ConfigError for a path that cannot be followed; an unknown key is left for `structure` to name.
    """
    parts = [word or int(index) for word, index in _PART.findall(path)]
    if not _KEY_PATH.fullmatch(path):
        raise _wrong(value, f"{path!r} is not a key path", "write it like camera.fov_deg or targets[0].count")
    return _assign(tree, parts, value, kind, "")


def _assign(node: Node | None, parts: list[str | int], value: Node, kind: Any, at: str) -> Node:
    kind = without_none(kind)
    if not parts:
        return merge(node, value, kind)
    part, rest = parts[0], parts[1:]
    if part in field_names(kind):
        node = _written_out(node, kind)
    if node is not None and isinstance(node.value, list):
        return _assign_item(node, part, rest, value, kind, at)
    if part in (0, "0") and node is not None and get_origin(kind) is tuple:
        return _assign(node, rest, value, get_args(kind)[0], f"{at}[0]")  # a bare item stands for a list of one
    if isinstance(part, int) or (node is not None and not _is_open(node, kind)):
        holds = "is no list" if isinstance(part, int) else "has no keys below it"
        raise _wrong(value, f"{at or 'the scene file'} {holds}", f"set {at or 'a key'} as a whole")
    known = node.value if node is not None and isinstance(node.value, dict) else {}
    if _tags(kind) and part not in known:
        known = {}  # another distribution takes the place of this one
    if not rest and get_origin(kind) is dict:
        named = Node({part: value}, value.where, value.folder)
        return _merge_named(Node(known, value.where, value.folder), named, get_args(kind)[1])
    if not rest:
        return merge(Node(known, value.where, value.folder), Node({part: value}, value.where, value.folder), kind)
    child = _assign(known.get(part), rest, value, kind_of(kind, part), f"{at}.{part}" if at else part)
    dropped = _dropped(kind, {part: child}) if is_record(kind) else set()
    kept = {key: item for key, item in known.items() if key not in dropped}
    return Node({**kept, part: child}, value.where if node is None else node.where, value.folder)


def _is_open(node: Node, kind: Any) -> bool:
    """Whether keys can be set below: a mapping, nothing yet, or a bare value of what may be a distribution."""
    return isinstance(node.value, dict) or node.value is None or bool(_tags(kind)) or is_record(kind)


def _assign_item(node: Node, part: str | int, rest: list[str | int], value: Node, kind: Any, at: str) -> Node:
    if isinstance(part, str) and not part.isdecimal():
        if _tags(kind) or is_record(kind):
            raise _wrong(value, f"{at} is written as a list here", f"write {at}[0], or set {at} as a whole")
        raise _wrong(value, f"{at} is a list", f"write {at}[0].{part}")
    index = int(part)
    if index >= len(node.value):
        raise _wrong(value, f"{at} has {len(node.value)} entries, so there is no {at}[{index}]", "they count from 0")
    items = list(node.value)
    items[index] = _assign(items[index], rest, value, kind_of(kind, index), f"{at}[{index}]")
    return Node(items, node.where, node.folder)


def _wrong(value: Node, message: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(message=message, where=value.where, remedy=remedy)])


def _dropped(kind: type, upper: dict[str, Node]) -> set[str]:
    """Return the keys of the lower layer that the upper layer's choices shut out."""
    dropped: set[str] = set()
    for choices in EXCLUSIVE.get(kind, ()):
        chosen = [keys for keys in choices if any(_chooses(upper, key) for key in keys)]
        if chosen:
            dropped |= {key for keys in choices if keys not in chosen for key in keys}
    lens = upper.get("lens")
    if kind is Camera and lens is not None and isinstance(lens.value, dict) and "equirectangular" in lens.value:
        dropped |= _WHOLE_SPHERE
    return dropped


def _chooses(upper: dict[str, Node], key: str) -> bool:
    return key in upper and upper[key].value is not None and key not in _COMPANIONS


# --- what a type says -----------------------------------------------------------------------------------------------


def without_none(kind: Any) -> Any:
    """Return `X` for `X | None`, any other type as it is."""
    if get_origin(kind) in (Union, UnionType):
        rest = [arg for arg in get_args(kind) if arg is not type(None)]
        return rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007 (built at run time)
    return kind


def accepts_none(kind: Any) -> bool:
    """Return whether null is a value of the type."""
    return kind is type(None) or (get_origin(kind) in (Union, UnionType) and type(None) in get_args(kind))


def is_record(kind: Any) -> bool:
    """Return whether the type is one record class."""
    return isinstance(kind, type) and is_dataclass(kind)


def field_names(kind: Any) -> frozenset[str]:
    """Return the keys that a record has; none for what is no record."""
    return frozenset(field_types(kind)) if is_record(kind) else frozenset()


def kind_of(kind: Any, part: str | int) -> Any:
    """Return the type of a key or an index of a value of type `kind`, None where that is not known."""
    kind = without_none(kind)
    args = get_args(kind)
    if isinstance(part, int):
        if get_origin(kind) is not tuple:
            return None
        return args[0] if args[-1] is Ellipsis else args[part] if part < len(args) else None
    if is_record(kind):
        return field_types(kind).get(part)
    if get_origin(kind) is dict:
        return args[1]
    return _tags(kind).get(part)


def _tags(kind: Any) -> dict[str, type]:
    if get_origin(kind) not in (Union, UnionType):
        return {}
    return {arg.TAG: arg for arg in get_args(kind) if is_record(arg) and hasattr(arg, "TAG")}
