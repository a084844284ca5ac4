"""Tests of this folder start the real programs of a farm; frames are made in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_cluster import Cluster, why_not

ROOT = Path(__file__).resolve().parents[2]

SCENE = """
frames: 24
seed: 5
categories: [{id: 1, name: block}]
targets: [{shapes: [cube, wedge], category: block, count: {integer: [1, 2]}, size_m: {uniform: [0.1, 0.3]}}]
placement: {frustum: {depth_m: {uniform: [1, 2]}}}
camera: {shell: {distance_m: 1.5}, look_at: [0, 0, 0.2], min_targets_in_view: 0, resolution: [80, 60]}
render: {quality: draft, denoiser: none, samples_per_pixel: 2}
"""


@pytest.fixture
def slurm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A Slurm of two nodes; indirect parameters go to `Cluster`."""
    if reason := why_not():
        pytest.skip(reason)
    cluster = Cluster(**getattr(request, "param", {}))
    try:
        cluster.start()
        monkeypatch.setenv("SLURM_CONF", str(cluster.config))
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job.json of 24 frames that take a moment each."""
    folder = tmp_path_factory.mktemp("scene")
    (folder / "scene.yaml").write_text(SCENE)
    variegate("check", folder / "scene.yaml", "--job", folder / "job.json")
    return folder / "job.json"


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user may write to, as file servers have them."""
    with tempfile.TemporaryDirectory(prefix="variegate-farm-") as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def variegate(*words: object) -> str:
    """Run the command line in a process of its own and return what it said."""
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
