"""The queues and formats that frames can be submitted to, one file each; ENGINES names them all."""

from __future__ import annotations

from pipeline.farm.engine import Engine
from pipeline.farm.engines.deadline import DEADLINE
from pipeline.farm.engines.flamenco import FLAMENCO
from pipeline.farm.engines.kubernetes import KUBERNETES
from pipeline.farm.engines.openjd import OPENJD
from pipeline.farm.engines.slurm import SLURM

ENGINES: dict[str, Engine] = {
    "slurm": SLURM,
    "openjd": OPENJD,
    "kubernetes": KUBERNETES,
    "flamenco": FLAMENCO,
    "deadline": DEADLINE,
}
