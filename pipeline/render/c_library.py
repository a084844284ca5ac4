"""The C library that a process calculates with: another one rounds the last bit of a sine or a power otherwise."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

LOADERS = Path("/lib")  # where musl has its loader, which says its version


def c_library() -> str:
    """Return the name and version of the C library, "glibc 2.36" or "musl 1.2.5"; of the system where that has one of
    its own, "macOS 14.5"."""
    with suppress(AttributeError, ValueError, OSError):  # Windows; another library; macOS
        if name := os.confstr("CS_GNU_LIBC_VERSION"):
            return name
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform == "win32":
        return f"Windows {platform.version()}"
    return next((_musl(loader) for loader in sorted(LOADERS.glob("ld-musl-*.so.1"))), sys.platform)


def _musl(loader: Path) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([loader], capture_output=True, text=True, check=False, timeout=10).stderr
        if version := re.search(r"^Version (\S+)", said, re.MULTILINE):
            return f"musl {version[1]}"
    return "musl"
