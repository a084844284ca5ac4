"""From what a scene file names (files, folders, globs) to single files, and what belongs to each."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from pipeline.addresses import Places, child_address, resolve
from pipeline.errors import AssetError, PipelineError, Problem
from pipeline.scene.importers import gltf_header

Found = tuple[str, Path]
"""Address and file."""


def expand(address: str, suffixes: Iterable[str], places: Places, path: str) -> list[Found]:
    """Return the files an address of key path `path` stands for, sorted. Raises AssetError when there are none.

    A folder gives every file at or below it with one of `suffixes`; a glob what matches; a file itself.
    """
    known = tuple(suffixes)
    try:
        target = resolve(address, places)
    except PipelineError as error:
        raise AssetError([Problem(message=str(error), path=path)]) from error
    if target.is_dir():
        files = sorted(file for file in target.rglob("*") if file.is_file() and file.suffix.lower() in known)
        if not files:
            raise _problem(path, f"{target} holds no {_list(known)}", "put files there, or name another folder")
        return [(child_address(address, target, file), file) for file in files]
    if target.is_file():
        if target.suffix.lower() not in known:
            raise _problem(path, f"{target.name}: files of kind {target.suffix or '(none)'} are not known here", _list(known))
        return [(address, target)]
    if glob.has_magic(str(target)):
        return _expand_glob(address, target, known, places, path)
    raise _problem(path, f"there is no {target}", "check the path: it starts at the folder of the file it is written in")


def _expand_glob(address: str, target: Path, known: tuple[str, ...], places: Places, path: str) -> list[Found]:
    matches = sorted(Path(match) for match in glob.glob(str(target), recursive=True))
    files = [match for match in matches if match.is_file() and match.suffix.lower() in known]
    if not files:
        seen = f"; it matches {len(matches)} files of other kinds" if matches else ""
        raise _problem(path, f"nothing matches {target}{seen}", f"known are {_list(known)}")
    fixed = address[: re.search(r"[*?\[]", address).start()].rpartition("/")[0]  # type: ignore[union-attr]
    scheme = address.split(":", 1)[0] + ":" if ":" in address.split("/", 1)[0] else ""
    folder = fixed or scheme or "."
    start = resolve(folder, places)
    if folder == ".":
        return [(file.relative_to(start).as_posix(), file) for file in files]
    return [(child_address(folder, start, file), file) for file in files]


def _list(suffixes: Iterable[str]) -> str:
    return " ".join(suffixes)


def _problem(path: str, message: str, remedy: str) -> AssetError:
    return AssetError([Problem(message=message, path=path, remedy=remedy)])


def belonging_files(file: Path) -> list[Path]:
    """Return a model file and what it refers to beside it (buffers, materials, textures), where that is there."""
    suffix = file.suffix.lower()
    names: list[str] = []
    if suffix in (".gltf", ".glb"):
        header = gltf_header(file)
        for key in ("buffers", "images"):
            entries = header.get(key, [])
            names += [unquote(entry["uri"]) for entry in entries if isinstance(entry, dict) and "uri" in entry]  # type: ignore[attr-defined]
    elif suffix == ".obj":
        names = _obj_files(file)
    beside = {file.parent / name for name in names if not name.startswith("data:")}
    return [file, *sorted(path for path in beside if path.is_file())]


def _obj_files(file: Path) -> list[str]:
    names = []
    for library in _after(file, "mtllib"):
        names.append(library)
        if (file.parent / library).is_file():
            names += [name for _, name in mtl_maps(file.parent / library)]
    return names


def mtl_maps(library: Path) -> list[tuple[str, str]]:
    """Return (keyword, file name) of every map a .mtl names; options before the name are left out."""
    maps = []
    for line in library.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if len(words) > 1 and words[0].lower().startswith(("map_", "bump", "norm", "disp", "refl")):
            maps.append((words[0], words[-1].replace("\\", "/")))
    return maps


def missing_maps(file: Path) -> list[str]:
    """Return the texture files that an OBJ's materials name and that are not there; its importer drops them silently."""
    if file.suffix.lower() != ".obj":
        return []
    libraries = [file.parent / name for name in _after(file, "mtllib") if (file.parent / name).is_file()]
    return [name for library in libraries for _, name in mtl_maps(library) if not (library.parent / name).is_file()]


def _after(file: Path, keyword: str) -> list[str]:
    start = keyword + " "
    with open(file, encoding="utf-8", errors="replace") as lines:
        return [line[len(start) :].strip() for line in lines if line.startswith(start)]
