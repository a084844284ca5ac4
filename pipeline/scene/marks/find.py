"""Which objects of the scene are marked, as what, under which name, with which settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy

from pipeline.scene.marks.outliner import Outliner, called
from pipeline.scene.marks.roles import COMMON, FREE, HELPERS, NAME, PREFIX, ROLE, ROLES, Kind
from pipeline.scene.marks.values import properties_of
from pipeline.scene.template.names import object_names
from pipeline.structure import did_you_mean

Report = Callable[[str, str], None]
"""Takes a whole sentence without its full stop, and the remedy."""

COPY_SUFFIX = re.compile(r"\.\d{3,}$")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """One marked object. `object_name` is unique in the scene; `values` are its properties, with those that it inherits
    from its collections; `whose` says of which
    collection; `place` is where the outliner has it."""

    item: bpy.types.Object
    object_name: str
    name: str
    roles: tuple[str, ...]
    values: Mapping[str, Any]
    whose: Mapping[str, str]
    place: str

    def __str__(self) -> str:
        return f"{called(self.item)}{self.place}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """What a collection or an object says by itself: roles (None where it says nothing of them), a name, settings."""

    roles: tuple[str, ...] | None = None
    name: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    whose: Mapping[str, str] = field(default_factory=dict)


def find_marks(scene: bpy.types.Scene, report: Report) -> tuple[Found, ...]:
    """Return the marked objects of a scene, by name. What is said in an unknown way goes to `report`."""
    outliner = Outliner(scene)
    names = object_names(scene)
    groups = {
        group.session_uid: _said_by_collection(group, f"Collection `{group.name}`", report)
        for group in (scene.collection, *scene.collection.children_recursive)
    }
    found = []
    for item in sorted(scene.objects, key=lambda one: (one.name, one.name_full)):
        one = _found(item, names[item.session_uid], groups, outliner, report)
        if one is not None:
            found.append(one)
    return tuple(found)


def helpers_of(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Return the marked objects that are there to help and never rendered."""
    return [one.item for one in find_marks(scene, lambda *_: None) if is_helper(one)]


def is_helper(one: Found) -> bool:
    """Return whether an object's roles are all of the kind that is never rendered, or one of them hides it."""
    return "hide" in one.roles or (bool(one.roles) and HELPERS.issuperset(one.roles))


def _found(
    item: bpy.types.Object, object_name: str, groups: Mapping[int, Said], outliner: Outliner, report: Report
) -> Found | None:
    place = outliner.place(item)
    own = _said_by(item, f"{called(item)}{place}", report)
    inherited = _inherited(item, groups, outliner)
    roles = own.roles if own.roles is not None else inherited.roles
    if roles is None:
        for key in sorted(own.values) if f"{PREFIX}{ROLE}" not in item else ():
            if key not in FREE:
                text = f"{called(item)}{place} has {PREFIX}{key} but no role"
                report(text, f"add {PREFIX}{ROLE}, or move it to a collection {PREFIX}ROLE")
        return None
    known = kinds_of(roles)
    _report_unknown(own.values, roles, f"{called(item)}{place}", report)
    passed = {key: value for key, value in inherited.values.items() if key in known and key not in own.values}
    return Found(
        item=item,
        object_name=object_name,
        name=own.name or inherited.name or item.name,
        roles=roles,
        values={key: value for key, value in {**passed, **own.values}.items() if key in known},
        whose={key: inherited.whose[key] for key in passed},
        place=place,
    )


def _report_unknown(values: Mapping[str, Any], roles: Sequence[str], label: str, report: Report) -> None:
    """Report settings that none of the roles has."""
    known = kinds_of(roles)
    for key in sorted(set(values) - set(known)):
        owners = [role for role, kinds in ROLES.items() if key in kinds]
        text = f"{label} has {PREFIX}{key}, which {_either(roles)} does not have"
        if owners:
            report(text, f"it belongs to {_either(owners)}")
        else:
            report(text, did_you_mean(key, known))


def _either(roles: Sequence[str]) -> str:
    return " or ".join(f"{article(role)} {role}" for role in roles)


def article(role: str) -> str:
    """Return "an" before a vowel, else "a"."""
    return "an" if role[0] in "aeiou" else "a"


def _inherited(item: bpy.types.Object, groups: Mapping[int, Said], outliner: Outliner) -> Said:
    """Return what the collections of an object say, upwards from those it lies in, each as far as the first with a
    role. Said twice, the nearer counts; several roles come together."""
    roles: dict[str, None] = {}
    name = None
    values: dict[str, Any] = {}
    whose: dict[str, str] = {}
    for line in outliner.lines(item):
        said = [groups[group.session_uid] for group in line]
        last = next((i for i, one in enumerate(said) if one.roles), None)
        if last is None:
            continue
        for one in said[: last + 1]:
            values, whose = {**one.values, **values}, {**one.whose, **whose}
        roles.update(dict.fromkeys(said[last].roles or ()))
        name = name or next((one.name for one in said[: last + 1] if one.name), None)
    return Said(roles=tuple(roles) or None, name=name, values=values, whose=whose)


def _said_by_collection(group: bpy.types.Collection, label: str, report: Report) -> Said:
    by_property = _said_by(group, label, report)
    role, name = _of_name(group.name, label, report)
    roles = by_property.roles if by_property.roles is not None else (role,) if role else None
    _report_unknown(by_property.values, roles if roles is not None else tuple(ROLES), label, report)
    whose = dict.fromkeys(by_property.values, label)
    return Said(roles=roles, name=by_property.name or name, values=by_property.values, whose=whose)


def _of_name(text: str, label: str, report: Report) -> tuple[str | None, str | None]:
    """Return role and mark name of a collection called "vg.ROLE" or "vg.ROLE.NAME"."""
    if not text.lower().startswith(PREFIX):
        return None, None
    role, _, name = COPY_SUFFIX.sub("", text[len(PREFIX) :]).partition(".")
    if role not in ROLES or not text.startswith(PREFIX):
        report(f"{label} is named for an unknown role {role!r}", did_you_mean(role.lower(), ROLES))
        return None, None
    return role, name or None


def _said_by(owner: Any, label: str, report: Report) -> Said:
    values = properties_of(owner)
    name = values.pop(NAME, None)
    if name is not None and not (isinstance(name, str) and name.strip()):
        report(f"{label} has {PREFIX}{NAME} = {name!r}, which is no name", "use a text")
        name = None
    roles = _roles(values.pop(ROLE, None), label, report)
    return Said(roles=roles, name=name, values=values)


def _roles(value: Any, label: str, report: Report) -> tuple[str, ...] | None:
    if value is None:
        return None
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else []
    if not [word for word in words if word]:
        report(f"{label} has {PREFIX}{ROLE} = {value!r}", f"write one or several of {', '.join(ROLES)}")
        return None
    known: list[str] = []
    for word in words:
        if word in ROLES:
            known.append(word)
        else:
            report(f"{label} has an unknown role {word!r} in {PREFIX}{ROLE}", did_you_mean(word.lower(), ROLES))
    return tuple(dict.fromkeys(known)) or None


def kinds_of(roles: Sequence[str]) -> dict[str, Kind]:
    """Return the settings that roles may have together."""
    return {key: kind for role in roles for key, kind in ROLES[role].items()} | dict(COMMON)


def marked_as(found: Sequence[Found], role: str) -> Iterator[Found]:
    """Yield the objects of a role."""
    return (one for one in found if role in one.roles)
