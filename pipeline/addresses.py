"""Where files are, said without a machine's paths: the same address means the same file wherever the job runs.

An address is "shipped:REL" (made by this project), "bundled:NAME" (HDRIs inside Blender), "shape:NAME" (built-in
shapes, no file at all) or a path relative to the job's base folder, with forward slashes; absolute only when the
scene file says so itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError

SCHEMES = ("shipped:", "bundled:", "shape:")

PathMap = tuple[tuple[str, str], ...]
"""Pairs (here, there): a path of the machine that submits and what it is called where frames are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders addresses start from. `bundled_hdris` is None where Blender has not been asked; absolute addresses
    go through `path_map`."""

    base_dir: Path
    bundled_hdris: Path | None = None
    path_map: PathMap = ()


def shipped_dir(kind: str) -> Path:
    """Return the folder of what the project ships: kind "assets" or "scenes"."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "shipped" / kind, package.parent / kind):  # installed, or a checkout
        if candidate.is_dir():
            return candidate
    raise PipelineError(f"the folder {kind!r} that belongs to Variegate is missing; install it again")


def resolve(address: str, places: Places) -> Path:
    """Return the file, folder or glob an address stands for. Raises PipelineError for one without a file."""
    if address.startswith("shipped:"):
        return shipped_dir("assets") / address.removeprefix("shipped:")
    if address.startswith("bundled:"):
        if places.bundled_hdris is None:
            raise PipelineError(
                f"{address}: this Blender build comes without HDRIs; name your own in environment.hdris"
            )
        return places.bundled_hdris / address.removeprefix("bundled:")
    if address.startswith("shape:"):
        raise PipelineError(f"{address} is a built-in shape, not a file")
    return Path(os.path.normpath(places.base_dir / map_path(address, places.path_map)))


def map_path(path: str, path_map: PathMap) -> str:
    """Return a path with its beginning translated; the longest that fits wins, and a path that none fits stays."""
    fits = [pair for pair in path_map if path == pair[0] or path.startswith(pair[0].rstrip("/") + "/")]
    if not fits:
        return path
    here, there = max(fits, key=lambda pair: len(pair[0]))
    return there.rstrip("/") + path[len(here.rstrip("/")) :]


def parse_path_map(pairs: Iterable[str]) -> PathMap:
    """Return the map of pairs written "A=B": A here is called B there. Raises PipelineError for anything else."""
    found = []
    for pair in pairs:
        here, equals, there = pair.partition("=")
        if not equals or not here or not there:
            raise PipelineError(f"--path-map {pair!r}: write A=B, where A is a folder here and B the same folder there")
        found.append((here.replace("\\", "/"), there.replace("\\", "/")))
    return tuple(found)


def inverse(path_map: PathMap) -> PathMap:
    """Return the map that leads back."""
    return tuple((there, here) for here, there in path_map)


def address_of(path: str | Path, written_in: Path, base_dir: Path) -> str:
    """Return the address of `path`, as written in a file of folder `written_in`, for a job based in `base_dir`.

    A relative path stays relative (to the job's base), an absolute one absolute; schemes pass through.
    """
    text = str(path)
    if text.startswith(SCHEMES):
        return text
    text = os.path.expanduser(text)
    if os.path.isabs(text):
        return Path(text).as_posix()
    return Path(os.path.relpath(written_in / text, base_dir)).as_posix()


def child_address(folder_address: str, folder: Path, file: Path) -> str:
    """Return the address of `file`, found at or below `folder`, whose address is `folder_address`."""
    relative = Path(os.path.relpath(file, folder)).as_posix()
    if folder_address in SCHEMES or folder_address.endswith("/"):
        return folder_address + relative
    return f"{folder_address}/{relative}"
