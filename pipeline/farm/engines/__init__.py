"""The queues and formats that frames can be submitted to, one file each; ENGINES names them all."""

from __future__ import annotations

from pipeline.farm.engine import Engine
from pipeline.farm.engines.slurm import SLURM

ENGINES: dict[str, Engine] = {
    "slurm": SLURM,
}
