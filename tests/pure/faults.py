"""A file system that fails on purpose: every call of this process that changes it is counted, and one goes wrong.

Used as a context in a forked child. What a power failure loses is known from the calls themselves: the content of files
that nobody waited for, and names in folders that nobody waited for.
"""

from __future__ import annotations

import builtins
import gc
import io
import os
import shutil
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

Kind = Literal["none", "die", "power", "power-names-lost", "error", "error-from-then-on"]

DIED, REFUSED, BROKE = 99, 3, 4  # exit codes of `forked`
CHANGING = ("mkdir", "rename", "replace", "link", "symlink", "unlink", "remove", "rmdir", "utime", "fsync")
GIVING_BACK = ("unlink", "remove", "rmdir", "rename", "replace", "close", "fsync", "utime")  # work on a full disk


class Faults:
    """Makes call number `at` (from 1) below the folder `root` go wrong; `calls` lists those made so far."""

    def __init__(self, root: Path, kind: Kind = "none", at: int = 0, code: int = 0) -> None:
        self._root, self._kind, self._at, self._code = str(root), kind, at, code
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CHANGING}
        self._open = io.open
        self._stash = Path(f"{root}.stash")
        self._unsaved_files: set[int] = set()
        self._unsaved_names: list[tuple[frozenset[int], Callable[[], None]]] = []
        self.calls: list[str] = []

    def __enter__(self) -> Faults:
        shutil.rmtree(self._stash, ignore_errors=True)
        self._stash.mkdir()
        for name in CHANGING:
            setattr(os, name, self._wrapped(name))
        builtins.open = io.open = self._opened  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        for name, real in self._real.items():
            setattr(os, name, real)
        builtins.open = io.open = self._open  # type: ignore[assignment]
        shutil.rmtree(self._stash, ignore_errors=True)

    def reach(self, call: str, half: Callable[[], None] = lambda: None) -> None:
        """Count a call that is about to be made; `half` does a part of it, which is all that comes of the fatal one."""
        self.calls.append(call)
        number, verb = len(self.calls), call.split()[0]
        if self._kind == "error-from-then-on" and number >= self._at:
            if self._code != 28 or verb not in GIVING_BACK:  # ENOSPC
                half()
                raise OSError(self._code, os.strerror(self._code), call.split()[-1])
        elif number == self._at and self._kind == "error":
            half()
            raise OSError(self._code, os.strerror(self._code), call.split()[-1])
        elif number == self._at and self._kind != "none":
            half()
            if self._kind != "die":
                self._lose(names=self._kind == "power-names-lost")
            os._exit(DIED)

    def saved(self, handle: int) -> None:
        """The disk has what an open file or folder holds."""
        inode = os.fstat(handle).st_ino
        self._unsaved_files.discard(inode)
        self._unsaved_names = [entry for entry in self._unsaved_names if inode not in entry[0]]

    def _lose(self, names: bool) -> None:
        for name, real in self._real.items():
            setattr(os, name, real)
        builtins.open = io.open = self._open  # type: ignore[assignment]
        for folder, _, files in os.walk(self._root):
            for file in files:
                path = os.path.join(folder, file)
                if os.stat(path).st_ino in self._unsaved_files:
                    os.truncate(path, 0)
        for _, undo in reversed(self._unsaved_names) if names else ():
            with suppress(OSError):
                undo()

    def _opened(self, file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        path = os.fspath(file) if not isinstance(file, int) else ""
        if not set(mode) & set("wxa+") or not self._is_ours(path):
            return self._open(file, mode, *args, **options)
        if "/scratch/" in path:  # what renders writes there and waits for nothing
            opened = self._open(file, mode, *args, **options)
            self._unsaved_files.add(os.fstat(opened.fileno()).st_ino)
            return opened
        self.reach(f"open {path}")
        is_new = not os.path.exists(path)
        opened = self._open(file, mode, *args, **options)
        if is_new:
            self._remember(path, lambda place: self._real["unlink"](place))
        self._unsaved_files.add(os.fstat(opened.fileno()).st_ino)
        return _File(opened, self, path)

    def _is_ours(self, path: Any) -> bool:
        return f"{path}/".startswith(f"{self._root}/")

    def _wrapped(self, name: str) -> Callable[..., Any]:
        real = self._real[name]

        def call(*args: Any, **options: Any) -> Any:
            paths = [self._path(arg, options) for arg in args[: 2 if name in ("rename", "replace", "link") else 1]]
            if not self._is_ours(paths[-1]):
                return real(*args, **options)
            self.reach(f"{name} {' '.join(paths)}")
            undo = self._undo_of(name, paths)
            result = real(*args, **options)
            if name == "fsync":
                self.saved(args[0])
            for path, action in undo:
                self._remember(path, action)
            return result

        return call

    def _path(self, arg: Any, options: dict[str, Any]) -> str:
        if isinstance(arg, int):
            return os.readlink(f"/proc/self/fd/{arg}")
        if options.get("dir_fd") is not None:
            return os.path.join(os.readlink(f"/proc/self/fd/{options['dir_fd']}"), os.fspath(arg))
        return os.path.abspath(os.fspath(arg))

    def _undo_of(self, name: str, paths: list[str]) -> list[tuple[str, Callable[[str], None]]]:
        """Return what takes a change of names back, each with the path it is about."""
        target = paths[-1]
        if name == "mkdir":
            return [(target, lambda place: shutil.rmtree(place))]
        if name == "link":
            return [(target, lambda place: self._real["unlink"](place))]
        if name in ("unlink", "remove", "rmdir"):
            kept = self._kept(target)
            return [(target, kept)] if kept is not None else []
        if name not in ("rename", "replace"):
            return []
        source, kept = self._located(paths[0]), self._kept(target)

        def back(place: str) -> None:
            self._real["rename"](place, source())
            if kept is not None:
                kept(place)

        return [(target, back)]

    def _kept(self, path: str) -> Callable[[str], None] | None:
        """Keep what a path names and return what brings it there again."""
        if os.path.isdir(path):
            return lambda place: self._real["mkdir"](place)
        if not os.path.lexists(path):
            return None
        copy = self._stash / str(len(self.calls))
        self._real["link"](path, copy)
        return lambda place: self._real["link"](copy, place)

    def _remember(self, path: str, undo: Callable[[str], None]) -> None:
        place = self._located(path)
        self._unsaved_names.append((frozenset([os.stat(os.path.dirname(path)).st_ino]), lambda: undo(place())))

    def _located(self, path: str) -> Callable[[], str]:
        """Return what finds a path again when its folder has another name by then."""
        inode, name = os.stat(os.path.dirname(path)).st_ino, os.path.basename(path)

        def find() -> str:
            for folder, _, _ in os.walk(os.path.dirname(self._root)):
                if os.stat(folder).st_ino == inode:
                    return os.path.join(folder, name)
            raise FileNotFoundError(path)

        return find


class _File:
    """An open file whose writes are counted."""

    def __init__(self, file: Any, faults: Faults, path: str) -> None:
        self._file, self._faults, self._path = file, faults, path

    def write(self, data: Any) -> int:
        def half() -> None:
            self._file.write(data[: len(data) // 2])
            self._file.flush()

        self._faults.reach(f"write {self._path}", half)
        return int(self._file.write(data))

    def flush(self) -> None:
        self._faults.reach(f"flush {self._path}")
        self._file.flush()

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def forked(work: Callable[[Callable[[str], None]], None]) -> tuple[int, list[str]]:
    """Run `work` in a child and return its exit code and what it told: by calling its argument, or as an error."""
    read_end, write_end = os.pipe()
    tell_all = os.write
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # numpy's threads do not mind
        child = os.fork()
    if child == 0:
        gc.disable()  # it would touch, and so copy, all memory of a process that has run many tests
        os.close(read_end)
        code = BROKE
        try:
            work(lambda text: tell_all(write_end, f"{text}\n".encode()) and None)
            code = 0
        except BaseException as error:
            code = REFUSED if type(error).__name__ == "StoreError" else BROKE
            import traceback

            text = str(error) if code == REFUSED else "".join(traceback.format_exception(error))
            tell_all(write_end, text.encode())
        finally:
            os._exit(code)
    os.close(write_end)
    with open(read_end, encoding="utf-8") as pipe:
        told = pipe.read().splitlines()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told
