"""Tests of this folder run without Blender: importing it, even indirectly, fails here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from farm_samples import Programs, write_job
from hypothesis import HealthCheck, settings

# The same examples in every run, however slow the machine is.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

for _name in ("bpy", "mathutils", "bmesh"):
    if _name not in sys.modules:
        sys.modules[_name] = None  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def _no_blender() -> None:
    """Pure tests share no process with Blender's."""
    loaded = [name for name in ("bpy", "mathutils", "bmesh") if sys.modules.get(name) is not None]
    if loaded:
        pytest.exit(f"tests/pure must run in a process of its own; {', '.join(loaded)} is already imported", 2)


@pytest.fixture
def job(tmp_path) -> Path:
    """A job.json to be submitted."""
    return write_job(tmp_path)


@pytest.fixture
def out(tmp_path) -> Path:
    """Where its dataset will be."""
    return tmp_path / "data" / "dice"


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Slurm's programs: sbatch gives the ids 101, 102 ..., squeue knows nothing unless FAKE_squeue says so."""
    programs = Programs(tmp_path / "bin", "sbatch", "squeue", "scancel", "scontrol")
    monkeypatch.setenv("PATH", f"{programs.folder}:{os.environ['PATH']}")
    jobs = tmp_path / "jobs"
    number = f"echo >>{jobs}; echo $((100 + $(wc -l <{jobs})))"
    monkeypatch.setenv("FAKE_sbatch", f'case "$*" in *test-only*) ;; *) {number};; esac')
    monkeypatch.setenv("FAKE_scontrol", 'echo "MaxArraySize            = 1001"')
    return programs
