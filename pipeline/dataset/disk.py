"""Writing so that a crash leaves either the whole thing or nothing, and errors that say what to do."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pipeline.dataset.layout import TEMPORARY
from pipeline.dataset.processes import is_alive_here, process_name
from pipeline.errors import StoreError

T = TypeVar("T")

STRANGER_AGE_S = 24 * 3600.0  # a temporary folder of another host this old has no writer any more
OCCUPIED = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)  # something is where a rename leads
NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK)  # a file system, or a file, without more links

# A temporary that could not be removed is in nobody's way: no two of a process have one name.
_NUMBERS = itertools.count(1)

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again; committed frames are kept",
    errno.EDQUOT: "the disk quota is used up: free space and run the same command again; committed frames are kept",
    errno.EFBIG: "the file is too large for this file system or the process's limit",
    errno.EROFS: "the file system is read-only: choose another --out",
    errno.EACCES: "no permission: choose another --out or change the folder's permissions",
    errno.EPERM: "no permission: choose another --out or change the folder's permissions",
    errno.EEXIST: "a file is in the way: choose another --out",
    errno.ENOENT: "a folder of the path is not there and cannot be made: choose another --out",
    errno.ENOTDIR: "a part of the path is a file: choose another --out",
    errno.ENAMETOOLONG: "the path is too long: choose a shorter --out",
}


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a StoreError that names the file and the remedy."""
    try:
        yield
    except OSError as error:
        raise store_error(error, path) from error


def store_error(error: OSError, path: Path) -> StoreError:
    """Return the StoreError for a file operation that failed while `path` was written."""
    reason = error.strerror or str(error)
    if error.filename is not None and str(error.filename) != str(path):
        reason = f"{reason}: {error.filename}"
    remedy = _REMEDIES.get(error.errno or 0, "check the disk and run the same command again; committed frames are kept")
    return StoreError(f"{path}: cannot be written: {reason} ({remedy})")


def temporary_name(label: str) -> str:
    """Return ".tmp-LABEL.NUMBER-HOST-PID-TOKEN", another one each time; `is_stale` sees from it whose it is."""
    return f"{TEMPORARY}{label}.{next(_NUMBERS)}-{process_name()}"


def maker_of(path: Path) -> str:
    """Return the process "HOST-PID-TOKEN" that made a temporary file or folder."""
    return "-".join(path.name.rsplit("-", 3)[1:])


def is_stale(path: Path) -> bool:
    """Return whether the process that made a temporary file or folder is gone.

    On this host its number tells; of another host only what is older than STRANGER_AGE_S counts as left behind, and
    only when the file server's clock and this host's both say so: either may jump.
    """
    alive = is_alive_here(maker_of(path))
    if alive is not None:
        return not alive
    try:
        made_s = path.stat().st_mtime
    except OSError:
        return False  # gone already
    if abs(time.time() - made_s) < STRANGER_AGE_S:
        return False
    now_s = server_time_s(path.parent)
    return now_s is not None and abs(now_s - made_s) >= STRANGER_AGE_S


def server_time_s(folder: Path) -> float | None:
    """Return the present by the clock of the disk that holds `folder`, as modification times have it; None where
    nothing can be written there."""
    probe = folder / temporary_name("now")
    try:
        create_file(probe, b"", lasting=False)
        return probe.stat().st_mtime
    except OSError:
        return None
    finally:
        remove(probe)


def write_file(path: Path, data: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's list of names."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows cannot open folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise  # some network file systems keep lists of names at once, and refuse to be asked
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are not, and wait until the disk has them."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):  # another process was first; a file in the way is seen at once
        path.mkdir()
    sync(path.parent)


def again_if_stale(read: Callable[[], T]) -> T:
    """Return what `read` returns. On NFS a file that another machine replaced meanwhile is opened anew."""
    try:
        return read()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
    return read()


def replace_file(path: Path, data: bytes, workplace: Path | None = None) -> None:
    """Write a file so that a reader finds the old or the new content, never a part. What is unfinished lies in
    `workplace` of the same disk, by default beside the file."""
    temporary = (workplace or path.parent) / temporary_name(path.name)
    try:
        write_file(temporary, data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def create_file(path: Path, data: bytes, *, lasting: bool = True) -> bool:
    """Write a file that does not exist, at once and complete; False when another was first, whose file stays.

    One that is not `lasting` may be gone after the machine itself dies, and is not waited for.
    """
    temporary = path.parent / temporary_name(path.name)
    try:
        if lasting:
            write_file(temporary, data)
        else:
            temporary.write_bytes(data)
        os.link(temporary, path)  # unlike a rename, a link never replaces
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.replace(temporary, path)  # a file system without links: two different jobs at this instant would not be seen
    finally:
        temporary.unlink(missing_ok=True)
    if lasting:
        sync(path.parent)
    return True


def move_file(source: Path, target: Path) -> None:
    """Move a file to `target`, copying where it lies on another file system."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)
        sync(target)
        source.unlink()
    else:
        sync(target)


def discard(path: Path) -> bool:
    """Remove a folder or file of the dataset at once for every reader, and return whether it was there.

    The disk is waited for, so that it does not come back.
    """
    gone = path.parent / temporary_name(f"{path.name}.gone")
    try:
        os.rename(path, gone)
    except FileNotFoundError:
        return False
    remove(gone)
    sync(path.parent)
    return True


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; what another process removed meanwhile is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
