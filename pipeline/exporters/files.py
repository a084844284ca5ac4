"""Small files of an export. They are whole or not there; the disk is not waited for, an export can be made again."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.dataset.disk import remove, storing, temporary_name


def put_file(path: Path, data: bytes) -> None:
    """Write a file and the folders above it. Raises StoreError when that cannot be."""
    temporary = path.parent / temporary_name(path.name)
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        finally:
            remove(temporary)
