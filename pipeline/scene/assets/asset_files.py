"""Which files a scene file means by its files, folders and globs, and which other files those need."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.addresses import SCHEMES, Places, child_address, resolve
from pipeline.errors import PipelineError, Problem
from pipeline.scene.assets.gltf import AGAIN, bad_positions, outside_files, read_gltf
from pipeline.structure import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file and the address it goes by."""

    address: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: "models", "HDRIs"; `named` extensions are taken when a file or glob names them, `gathered`
    ones from folders."""

    what: str
    named: tuple[str, ...]
    gathered: tuple[str, ...]


def find_files(address: str, places: Places, wanted: Wanted) -> tuple[Found, ...]:
    """Return the files of an address, sorted; folders are searched to the bottom, hidden files left out.

    Raises ValueError with a message and a remedy when there is none.
    """
    try:
        path = resolve(address, places)
    except PipelineError as error:
        raise ValueError(str(error)) from None
    if path.is_file():
        return (_one(address, path, wanted),)
    if path.is_dir():
        found = _gather(address, path, wanted.gathered)
        if not found:
            raise ValueError(f"{address}: no {wanted.what} in this folder", f"looked for {' '.join(wanted.gathered)}")
        return found
    if not glob.has_magic(path.as_posix()):
        raise ValueError(f"{address}: there is no such file or folder", _near(path))
    found = _matches(address, places, wanted)
    if not found:
        raise ValueError(f"{address}: no {wanted.what} match", f"looked for {' '.join(wanted.named)} at {path}")
    return found


def problem_of(error: ValueError) -> Problem:
    """Return ValueError(message, remedy) as a problem."""
    message, remedy = (*map(str, error.args[:2]), "", "")[:2]
    return Problem(message=message, remedy=remedy)


def _one(address: str, path: Path, wanted: Wanted) -> Found:
    suffix = path.suffix.lower()
    if suffix not in wanted.named:
        text = f"{suffix!r} files are no {wanted.what}" if suffix else f"a file without extension is no {wanted.what}"
        raise ValueError(f"{address}: {text}", f"known: {' '.join(wanted.named)}")
    return Found(address=address, path=path)


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"looked at {path}"
    near = did_you_mean(path.name, os.listdir(path.parent))
    return near if near.startswith("did") else f"looked at {path}"


def _gather(address: str, folder: Path, extensions: Collection[str]) -> tuple[Found, ...]:
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if Path(name).suffix.lower() in extensions and not name.startswith("."):
                found.append(_child(address, folder, Path(root) / name))
    return tuple(sorted(found, key=lambda one: one.address))


def _matches(address: str, places: Places, wanted: Wanted) -> tuple[Found, ...]:
    """A glob takes files of known extensions, and folders as if they were named."""
    scheme = next((scheme for scheme in SCHEMES if address.startswith(scheme)), "")
    parts = address.removeprefix(scheme).split("/")
    plain = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    root_address = scheme + "/".join(parts[:plain])
    if not scheme and plain and not root_address:
        root_address = "/"
    root = resolve(root_address or ".", places)
    found: dict[str, Found] = {}
    for match in sorted(glob.glob("/".join(parts[plain:]), root_dir=root, recursive=True)):
        one = _child(root_address, root, root / match)
        if one.path.is_dir():
            for inner in _gather(one.address, one.path, wanted.gathered):
                found.setdefault(inner.address, inner)
        elif one.path.suffix.lower() in wanted.named:
            found.setdefault(one.address, one)
    return tuple(found[key] for key in sorted(found))


def _child(address: str, folder: Path, file: Path) -> Found:
    if address.startswith(SCHEMES):
        return Found(address=child_address(address, folder, file), path=file)
    relative = Path(os.path.relpath(file, folder)).as_posix()
    return Found(address=posixpath.normpath(posixpath.join(address, relative)), path=file)


# --- contents -------------------------------------------------------------------------------------------------------


def file_sha256(path: Path) -> str:
    """Return the sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model file with what it needs beside it: `others` are existing files by the name it calls them.

    `missing_data` hinders reading it, `missing_looks` only its materials. `draco` tells whether glTF meshes are
    Draco-compressed; `licence` is what the file says about itself.
    """

    sha256: str
    others: dict[str, Path] = field(default_factory=dict)
    missing_data: tuple[Problem, ...] = ()
    missing_looks: tuple[Problem, ...] = ()
    draco: bool = False
    licence: str = ""


def read_model_file(path: Path) -> Model:
    """Look into a model file without importing it. Raises ValueError(message, remedy) for a damaged glTF."""
    sha256 = file_sha256(path)
    suffix = path.suffix.lower()
    if suffix in (".glb", ".gltf"):
        return _gltf_model(path, sha256)
    if suffix == ".obj":
        return _model(sha256, _obj_references(path))
    if suffix == ".ply":
        return _model(sha256, _ply_references(path))
    return Model(sha256=sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    kind: str
    name: str
    path: Path


def _model(sha256: str, references: Iterable[_Reference], *, draco: bool = False, licence: str = "") -> Model:
    named = {one.name: one for one in references}
    absent = [one for one in named.values() if not one.path.is_file()]
    return Model(
        sha256=sha256,
        others={name: one.path for name, one in named.items() if one.path.is_file()},
        missing_data=tuple(_missing(one) for one in absent if one.kind == "data file"),
        missing_looks=tuple(_missing(one) for one in absent if one.kind != "data file"),
        draco=draco,
        licence=licence,
    )


def _missing(one: _Reference) -> Problem:
    return Problem(message=f"its {one.kind} {one.name!r} is missing", remedy=f"put it at {one.path}")


def _gltf_model(path: Path, sha256: str) -> Model:
    gltf = read_gltf(path)
    draco = "KHR_draco_mesh_compression" in gltf.extensions
    references = (_Reference(kind=kind, name=name, path=path.parent / name) for kind, name in outside_files(gltf))
    bad = 0 if draco else bad_positions(gltf, path.parent)
    if bad:
        raise ValueError(f"{bad} of its vertices have coordinates that are NaN or infinite", AGAIN)
    return _model(sha256, references, draco=draco, licence=gltf.licence)


_MTL_LIBRARY = re.compile(rb"^[ \t]*mtllib[ \t]+(.+?)[ \t\r]*$", re.MULTILINE)
_MTL_MAP = re.compile(
    r"^[ \t]*(map_(?:Kd|Ks|Ns|d|Ke|refl|Bump|Pr|Pm|Ps)|refl|bump|norm)[ \t]+(.+?)[ \t\r]*$",
    re.MULTILINE | re.IGNORECASE,
)
_MTL_OPTION = re.compile(
    r"^-(?:(?:blendu|blendv|cc|clamp|texres|imfchan|type|bm|boost)[ \t]+\S+|mm(?:[ \t]+\S+){2}"
    r"|[ost](?:[ \t]+[-+\d.][-+\d.eE]*){1,3})[ \t]+"
)


def _obj_references(path: Path) -> Iterator[_Reference]:
    names = {match.decode(errors="replace") for match in _MTL_LIBRARY.findall(path.read_bytes())}
    for name in sorted(names):
        library = path.parent / name.replace("\\", "/")
        yield _Reference(kind="material file", name=name, path=library)
        if library.is_file():
            for _, rest in _MTL_MAP.findall(library.read_text(errors="replace")):
                while option := _MTL_OPTION.match(rest):
                    rest = rest[option.end() :]
                yield _Reference(kind="texture", name=rest, path=_mtl_texture(library.parent, rest))


def _mtl_texture(folder: Path, name: str) -> Path:
    """Blender looks for the name as written, then for its last part beside the material file."""
    written = folder / name.replace("\\", "/")
    beside = folder / written.name
    return beside if not written.is_file() and beside.is_file() else written


_PLY_TEXTURE = re.compile(rb"^comment[ \t]+TextureFile[ \t]+(.+?)[ \t\r]*$", re.MULTILINE)


def _ply_references(path: Path) -> Iterator[_Reference]:
    with path.open("rb") as file:
        header = file.read(1 << 20).split(b"end_header", 1)[0]
    for match in _PLY_TEXTURE.findall(header):
        name = match.decode(errors="replace")
        yield _Reference(kind="texture", name=name, path=path.parent / name)


def licence_beside(path: Path) -> str:
    """Return the licence that a catalogue in the same folder (a JSON list of {file, licence}) gives a file, or ""."""
    for catalogue in (path.parent / f"{path.parent.name}.json", path.parent / "catalogue.json"):
        try:
            entries = json.loads(catalogue.read_bytes())
        except (OSError, ValueError):
            continue
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("file") == path.name:
                return str(entry.get("licence", ""))
    return ""
