"""The files that a template's look depends on besides the .blend: linked libraries, images, fonts, volumes, caches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import bpy

from pipeline.canonical import digest
from pipeline.errors import Problem
from pipeline.scene.assets.asset_files import file_sha256
from pipeline.scene.session import Session, datablocks

BACK = "put it back, or correct its path in the template (File > External Data)"

# Where datablocks of files lie in bpy.data, and what artists call them.
KINDS = {"images": "Image", "fonts": "Font", "volumes": "Volume", "cache_files": "Cache file", "movieclips": "Clip"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """A datablock that lives in files: `written` is the path as the artist sees it, `files` are those it needs."""

    kind: str
    item: bpy.types.ID
    written: str
    files: tuple[Path, ...]


def template_digest(session: Session, sha256: str) -> str:
    """Return what identifies a template whose .blend is `sha256`: that alone, or with all files it needs, by name and
    content wherever they lie."""
    files = {path: None for one in references(session) for path in one.files}
    files.update(dict.fromkeys(_baked(session)))
    if not files:
        return sha256
    return digest([sha256, sorted([path.name, file_sha256(path) if path.is_file() else ""] for path in files)])


def check_files(session: Session, report: Callable[[Problem], None], notice: Callable[[str], None]) -> None:
    """Report every file and every linked thing that is missing, with what wears or shows it. What no render shows is
    only noticed."""
    users = bpy.data.user_map()
    for one in references(session):
        if all(path.is_file() for path in one.files):
            continue
        message = f"{one.kind} `{one.item.name}`{_worn(one.item, users)} is missing ({one.written})"
        if isinstance(one.item, bpy.types.Library) or is_shown(one.item, users, session.scene):
            report(Problem(message=message, remedy=BACK))
        else:
            notice(f"{message}; no render shows it")
    for item in _own(session):
        if item.is_missing and item.library is not None and not item.library.is_missing:
            kind = item.bl_rna.name
            message = f"{kind} `{item.name}` is no longer in the library `{item.library.name}`"
            report(Problem(message=message, remedy="rename it back, or link it again"))


def references(session: Session) -> Iterator[Reference]:
    """Yield whatever the template holds that lives in other files, libraries of libraries too, by kind and name."""
    own = _own(session)
    for library in sorted(_libraries(own), key=lambda item: item.name):
        if library.packed_file is None and not getattr(library, "is_archive", False):
            path = Path(bpy.path.abspath(library.filepath))
            yield Reference(kind="Library", item=library, written=_plain(library.filepath), files=(path,))
    for place, kind in KINDS.items():
        kept = {item.session_uid for item in own}
        for item in getattr(bpy.data, place):
            if item.session_uid in kept and (files := tuple(_files_of(item))):
                yield Reference(kind=kind, item=item, written=_plain(item.filepath), files=files)
    for item in own:
        for kind, written in _named_within(item):
            path = Path(bpy.path.abspath(written, library=item.library))
            yield Reference(kind=kind, item=item, written=_plain(written), files=(path,))


def is_shown(item: bpy.types.ID, users: Mapping[bpy.types.ID, set[bpy.types.ID]], scene: bpy.types.Scene) -> bool:
    """Return whether a datablock is part of what `scene` renders, as far as who uses whom tells."""
    return any(user == scene for user in _above(item, users))


def _own(session: Session) -> list[bpy.types.ID]:
    return [item for item in datablocks() if item.session_uid in session.baseline]


def _libraries(own: Iterable[bpy.types.ID]) -> set[bpy.types.Library]:
    found: set[bpy.types.Library] = set()
    for item in own:
        library = item.library
        while library is not None and library not in found:
            found.add(library)
            library = library.parent
    return found


def _files_of(item: bpy.types.ID) -> Iterator[Path]:
    """Yield the files of a datablock; none for one that is packed, generated, or built in."""
    written = item.filepath
    if not written or written == "<builtin>" or getattr(item, "packed_file", None) is not None:
        return
    source = getattr(item, "source", "FILE")
    if source in ("GENERATED", "VIEWER"):
        return
    path = Path(bpy.path.abspath(written, library=item.library))
    if source == "TILED":
        yield from (path.with_name(path.name.replace("<UDIM>", str(tile.number))) for tile in item.tiles)
    elif source == "SEQUENCE" or getattr(item, "is_sequence", False):
        yield from _sequence(path)
    else:
        yield path


def _named_within(item: bpy.types.ID) -> Iterator[tuple[str, str]]:
    """Yield what a datablock reads without a datablock for it: light profiles, shaders as text, meshes of modifiers."""
    tree = item if isinstance(item, bpy.types.NodeTree) else getattr(item, "node_tree", None)
    for node in tree.nodes if tree is not None else ():
        if node.type in ("TEX_IES", "SCRIPT") and node.mode == "EXTERNAL" and node.filepath:
            yield "Light profile of" if node.type == "TEX_IES" else "Script of", node.filepath
    for modifier in item.modifiers if isinstance(item, bpy.types.Object) else ():
        if modifier.type == "MESH_CACHE" and modifier.filepath:
            yield "Mesh cache of", modifier.filepath


def _sequence(path: Path) -> list[Path]:
    """Return the files whose names differ from that of `path` in their last number alone; itself if there are none."""
    head, number, tail = re.fullmatch(r"(.*?)(\d*)(\D*)", path.name).groups()  # type: ignore[union-attr]
    if not number or not path.parent.is_dir():
        return [path]
    pattern = re.compile(re.escape(head) + r"\d+" + re.escape(tail))
    return sorted(other for other in path.parent.iterdir() if pattern.fullmatch(other.name)) or [path]


def _baked(session: Session) -> list[Path]:
    """Return the files of simulations that were baked to disk, which lie beside the .blend."""
    if session.template is None:
        return []
    folder = session.template.parent / f"blendcache_{session.template.stem}"
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _plain(path: str) -> str:
    return path.removeprefix("//")


def _above(item: bpy.types.ID, users: Mapping[bpy.types.ID, set[bpy.types.ID]]) -> Iterator[bpy.types.ID]:
    """Yield what uses `item`, nearest first, and what uses that, but for objects that are not rendered."""
    seen = {item}
    waiting = [item]
    for one in waiting:
        for user in sorted(users.get(one, ()), key=lambda user: (user.bl_rna.identifier, user.name)):
            if user in seen or (isinstance(user, bpy.types.Object) and user.hide_render):
                continue
            seen.add(user)
            waiting.append(user)
            yield user


def _worn(item: bpy.types.ID, users: Mapping[bpy.types.ID, set[bpy.types.ID]]) -> str:
    """Return " of material `Wood` on `Table`", as far as there are such."""
    above = list(_above(item, users))
    material = next((one for one in above if isinstance(one, bpy.types.Material)), None)
    shown = next((one for one in above if isinstance(one, bpy.types.Object)), None)
    told = "" if material is None else f" of material `{material.name}`"
    return told if shown is None else f"{told} on `{shown.name}`"
