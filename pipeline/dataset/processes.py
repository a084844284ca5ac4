"""Names of processes, and whether those of this machine live."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_FIRST_PID_SPACE = "4026531836"  # Linux's number of the space that a machine's own processes are counted in

_STARTED = "s"  # begins a token that tells when its process was started; no random one does
_RANDOM = secrets.token_hex(4)


def host() -> str:
    """Return this machine's name in characters safe in a file name.

    A container that counts processes on its own is a machine of its own, whatever name it has.
    """
    name = re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname()) or "host"
    try:
        space = re.sub(r"[^0-9]", "", os.readlink("/proc/self/ns/pid"))
    except OSError:
        return name
    return name if space in ("", _FIRST_PID_SPACE) else f"{name}.{space}"


def process_name() -> str:
    """Return "HOST-PID-TOKEN", the name of this process among all that ever work on a dataset."""
    return f"{host()}-{os.getpid()}-{_own_token(os.getpid())}"


@cache
def _own_token(pid: int) -> str:
    """Return what tells this process from an earlier or a later one that has the same number on the same host."""
    fields = _process_facts(pid)
    return _start_token(fields) if fields else _RANDOM


def is_alive_here(process: str) -> bool | None:
    """Return whether the process called "HOST-PID-TOKEN" lives; None when it is of another machine, or no such name."""
    parts = process.rsplit("-", 2)
    if len(parts) != 3 or parts[0] != host() or not parts[1].isdecimal():
        return None
    pid = int(parts[1])
    if pid == os.getpid():
        return parts[2] == _own_token(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # there, and somebody else's
    fields = _process_facts(pid)
    if not fields:
        return True
    has_ended = fields[0] == "Z"  # and only waits for its parent to take note
    return not has_ended and (not parts[2].startswith(_STARTED) or parts[2] == _start_token(fields))


def _process_facts(pid: int) -> list[str]:
    """Return what Linux tells of a process, from its state on (proc_pid_stat(5)); nothing where it does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _start_token(fields: Sequence[str]) -> str:
    """Return the token of a process that was started when `fields` say. Numbers of processes are given anew, after a
    restart of the machine within minutes; the moment of a start is not."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return _STARTED + hashlib.sha256(f"{boot} {fields[19]}".encode()).hexdigest()[:7]
