"""GPUs asked for in Slurm's words, for engines that count them: "gpu:2" or "gpu:rtx4090:2"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import FarmError

_GRES = re.compile(r"gpu(?::(?P<kind>[A-Za-z][\w.-]*))?(?::(?P<count>[1-9][0-9]{0,3}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpus:
    """How many GPUs a shard needs, and of which kind; "" for any."""

    count: int = 0
    kind: str = ""


def read_gpus(gres: str) -> Gpus:
    """Return what `--gres` asks for; no GPU for "". Raises FarmError for what only Slurm understands."""
    if not gres:
        return Gpus()
    match = _GRES.fullmatch(gres)
    if match is None:
        raise FarmError(f"--gres {gres!r} is not understood here (write gpu:COUNT or gpu:KIND:COUNT)")
    return Gpus(count=int(match["count"] or 1), kind=match["kind"] or "")
