"""Files of an export. They are whole or not there; the disk is not waited for, an export can be made again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.dataset.disk import remove, storing, temporary_name


def put_file(path: Path, data: bytes) -> None:
    """Write a file and the folders above it. Raises StoreError when that cannot be."""
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write that becomes `path` once it is complete. Raises StoreError when that cannot be."""
    temporary = path.parent / temporary_name(path.name)
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as file:
                yield file
            os.replace(temporary, path)
        finally:
            remove(temporary)
