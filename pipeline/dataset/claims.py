"""Who makes a frame right now, so that processes of any machine share the frames of one folder among them.

A claim is advice, never a lock: a frame made twice comes out the same, and `commit` keeps the first. A claim ends with
its process, so nothing waits for the dead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.canonical import json_bytes
from pipeline.dataset.attempts import is_alive
from pipeline.dataset.disk import create_file, remove, replace_file, storing
from pipeline.dataset.layout import CLAIMS, Store, frame_name
from pipeline.dataset.processes import process_name
from pipeline.dataset.resume import is_complete


@contextmanager
def claimed(root: Path, frame: int) -> Iterator[bool]:
    """Yield whether the frame is this process's to make; False while a living process of any machine makes it.

    The process's own log must be there already: it tells the others that it lives.
    """
    path = _path(root, frame)
    is_ours = _claim(root, path)
    try:
        yield is_ours
    finally:
        if is_ours:
            remove(path)


def claimed_by(root: Path, frame: int) -> str:
    """Return the living process that makes a frame, "" when none does."""
    owner = _owner(_path(root, frame))
    return owner if owner and is_alive(root, owner) else ""


def sweep_claims(root: Path) -> int:
    """Remove the claims of dead processes, and return how many there were."""
    dead = dead_claims(root)
    for path in dead:
        remove(path)
    return len(dead)


def dead_claims(root: Path) -> tuple[Path, ...]:
    """Return the claims of dead processes."""
    owners = {path: _owner(path) for path in sorted((root / CLAIMS).glob("[0-9]*.json"))}
    lives = {owner: bool(owner) and is_alive(root, owner) for owner in {*owners.values()}}
    return tuple(path for path, owner in owners.items() if not lives[owner])


def share_out(store: Store, frames: Sequence[int], wait: Callable[[Sequence[int]], None]) -> Generator[int, None, None]:
    """Yield each frame when it is this process's to make, under its claim until the next is asked for.

    Frames that others make come last, and not at all when they get done. While nothing else is left, `wait` is called
    with them again and again. Close the iterator when you leave early: it gives the claim back.
    """
    left: Sequence[int] = frames
    while left:
        elsewhere = []
        for frame in left:
            with claimed(store.root, frame) as is_ours:
                if not is_ours:
                    elsewhere.append(frame)
                elif not is_complete(store, frame):
                    yield frame
        left = [frame for frame in elsewhere if not is_complete(store, frame)]
        if left:
            wait(left)


def _claim(root: Path, path: Path) -> bool:
    data = json_bytes({"worker": process_name()})
    with storing(path):
        path.parent.mkdir(exist_ok=True)
        if create_file(path, data, lasting=False):
            return True
        owner = _owner(path)
        if owner and owner != process_name() and is_alive(root, owner):
            return False
        replace_file(path, data)  # two that do so at once both make the frame, and one of them in vain
        return True


def _owner(path: Path) -> str:
    with suppress(OSError, ValueError, AttributeError):
        return str(json.loads(path.read_bytes()).get("worker", ""))
    return ""


def _path(root: Path, frame: int) -> Path:
    return root / CLAIMS / f"{frame_name(frame)}.json"
