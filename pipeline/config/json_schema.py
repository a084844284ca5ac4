"""The scene file's types as a JSON Schema (draft 2020-12), for editors to complete and check with.

Made from the same dataclasses that `structure` reads, so it cannot know other keys than the loader does. What needs
more than one value to see (low above high, exactly one of ...) is left to the loader.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pipeline.config.colors import Color
from pipeline.config.distributions import Mixture, Number
from pipeline.config.merge import is_record, without_none
from pipeline.config.schema import Config
from pipeline.config.text_choices import Word
from pipeline.structure import AssetPath, field_types, unstructure

Schema = dict[str, Any]

_PRIMITIVES: dict[Any, Schema] = {
    float: {"type": "number"},
    int: {"type": "integer"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
}
_BARE: dict[type, Schema] = {int: {"type": "number"}, float: {"type": "number"}, str: {"type": "string"}}
_UNIONS = {
    get_args(Number): "Number",
    get_args(Word): "Word",
    get_args(Color): "Color",
    get_args(get_args(field_types(Mixture)["of"])[0]): "NumberOfMixture",
}


def scene_schema() -> Schema:
    """Return the JSON Schema of a scene file. With `extends`, what is required may come from the file below."""
    definitions: dict[str, Schema] = {}
    for cls in _sections(Config):
        _record(cls, definitions, is_section=True)
    root = definitions.pop("Config")
    root["properties"] = {"extends": _extends(), **root["properties"]}
    required = root.pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Variegate scene file",
        **root,
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": required},
        "$defs": dict(sorted(definitions.items())),
    }


def _extends() -> Schema:
    name: Schema = {"type": "string", "minLength": 1}
    return {
        "description": "preset:NAME (a scene that comes with Variegate) or a path; later ones win, this file most",
        "anyOf": [name, {"type": "array", "items": name}],
    }


def _schema_of(kind: Any, definitions: dict[str, Schema]) -> Schema:
    if kind is AssetPath:
        return {"type": "string", "minLength": 1}
    if kind in _PRIMITIVES:
        return dict(_PRIMITIVES[kind])
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return _reference(kind, definitions)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        return _tuple(args, definitions)
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(args[1], definitions)}
    if origin in (Union, UnionType):
        return _union(args, definitions)
    raise TypeError(f"no JSON Schema for {kind!r}")


def _tuple(args: tuple[Any, ...], definitions: dict[str, Schema]) -> Schema:
    if len(args) == 2 and args[1] is Ellipsis:
        item = _schema_of(args[0], definitions)
        return {"anyOf": [{"type": "array", "items": item}, item]}  # one item stands for a list of one
    return _fixed([_schema_of(arg, definitions) for arg in args])


def _fixed(items: list[Schema]) -> Schema:
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _union(args: tuple[Any, ...], definitions: dict[str, Schema]) -> Schema:
    variants = [arg for arg in args if arg is not NoneType]
    tagged = len(variants) > 1 and all(hasattr(variant, "TAG") for variant in variants)
    if tagged:
        options = [_tagged_union(tuple(variants), definitions)]
    else:
        options = [_schema_of(variant, definitions) for variant in variants]
    if NoneType in args:
        options.append({"type": "null"})
    return options[0] if len(options) == 1 else {"anyOf": options}


def _tagged_union(variants: tuple[type, ...], definitions: dict[str, Schema]) -> Schema:
    """Return a reference to the union's own definition: bare forms, or exactly one tag."""
    name = _UNIONS[variants]
    if name not in definitions:
        definitions[name] = {}  # stands in while the parts are made
        options = [_bare(variant, kind, definitions) for variant in variants for kind in getattr(variant, "BARE", ())]
        tags = {getattr(variant, "TAG", ""): _reference(variant, definitions) for variant in variants}
        options.append(
            {
                "type": "object",
                "properties": tags,
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            }
        )
        definitions[name] = {"anyOf": [option for i, option in enumerate(options) if option not in options[:i]]}
    return {"$ref": f"#/$defs/{name}"}


def _bare(variant: type, kind: type, definitions: dict[str, Schema]) -> Schema:
    if kind not in (list, tuple):
        pattern = getattr(variant, "BARE_PATTERN", None)
        return dict(_BARE[kind]) | ({} if pattern is None else {"pattern": f"^{pattern}$"})
    types = field_types(variant)
    first = next(iter(types.values()))
    if get_origin(first) is tuple:
        return {"type": "array", "items": _schema_of(get_args(first)[0], definitions)}
    return _fixed([_schema_of(kind, definitions) for kind in types.values()])


def _reference(cls: type, definitions: dict[str, Schema]) -> Schema:
    name = cls.__name__
    if name not in definitions:
        definitions[name] = {}  # a record may hold itself
        _record(cls, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _sections(cls: type) -> list[type]:
    """Return the records that `extends` merges key by key: a file may give any part of them, and null for a default."""
    found = [cls]
    for kind in field_types(cls).values():
        inner = without_none(kind)
        if is_record(inner):
            found += [section for section in _sections(inner) if section not in found]
    return found


def _record(cls: type, definitions: dict[str, Schema], is_section: bool = False) -> None:
    notes = field_notes(cls)
    properties: dict[str, Schema] = {}
    required = []
    for spec in fields(cls):
        schema = _schema_of(field_types(cls)[spec.name], definitions)
        if is_section and {"type": "null"} not in schema.get("anyOf", ()):
            schema = {"anyOf": [schema, {"type": "null"}]}
        if spec.name in notes:
            schema["description"] = notes[spec.name]
        if spec.default is not MISSING:
            schema["default"] = as_written(spec.default)
        elif spec.default_factory is MISSING:
            required.append(spec.name)
        properties[spec.name] = schema
    record: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required and (not is_section or cls is Config):
        record["required"] = required
    short = _short_forms(cls, definitions)
    text = inspect.cleandoc(cls.__doc__ or "")
    definitions[cls.__name__] = {"description": text, **(record if not short else {"anyOf": [record, *short]})}


def _short_forms(cls: type, definitions: dict[str, Schema]) -> list[Schema]:
    """Return how the record may be written without its field names."""
    short: tuple[str, ...] = getattr(cls, "SHORT", ())
    if not short:
        return []
    kinds = [_schema_of(field_types(cls)[name], definitions) for name in short]
    if len(short) > 1:
        return [_fixed(kinds)]
    return kinds


def as_written(value: Any) -> Any:
    """Return a default as a scene file would say it: constants bare, distributions by their short form."""
    if is_dataclass(value) and not isinstance(value, type):
        body: Any = {f.name: as_written(getattr(value, f.name)) for f in fields(value) if not _is_default(value, f)}
        tag = getattr(value, "TAG", None)
        if tag == "constant":
            return body["value"]
        short = getattr(value, "SHORT", ())
        if short and set(body) == set(short):
            listed = [body[name] for name in short]
            body = listed[0] if len(listed) == 1 else listed
        return body if tag is None else {tag: body}
    if isinstance(value, tuple | list):
        return [as_written(item) for item in value]
    return unstructure(value)


def _is_default(record: Any, spec: Any) -> bool:
    return spec.default is not MISSING and getattr(record, spec.name) == spec.default


@cache
def field_notes(cls: type) -> dict[str, str]:
    """Return the text below each field of a record class, where there is one."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    notes: dict[str, str] = {}
    for above, below in zip(tree.body, tree.body[1:], strict=False):
        text = ast.get_docstring(ast.Module([below], []))
        if isinstance(above, ast.AnnAssign) and isinstance(above.target, ast.Name) and text is not None:
            notes[above.target.id] = " ".join(text.split())
    return notes
