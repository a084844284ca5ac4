"""How much of a machine is ours: a machine of sixteen processors, whatever this one has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.farm.blender import PACKAGE
from pipeline.farm.local import machine
from pipeline.farm.local.crew import child_variables
from pipeline.farm.local.memory import sample_memory


@pytest.fixture
def sixteen(monkeypatch):
    """Sixteen processors, on which this process may run anywhere; returns what limits it to some of them."""
    allowed = list(range(16))
    process = SimpleNamespace(cpu_affinity=lambda: allowed)
    memory = SimpleNamespace(total=64 * 2**30)
    fake = SimpleNamespace(cpu_count=lambda: 16, Process=lambda: process, virtual_memory=lambda: memory)
    monkeypatch.setattr(machine, "psutil", fake)
    monkeypatch.setattr(machine, "_cgroup_folders", lambda controller: ())
    return allowed


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Return what puts a text where this system would have it."""

    def there(path):
        return tmp_path / str(path).lstrip("/") if str(path).startswith(("/proc", "/sys")) else Path(path)

    def put(path, text):
        there(path).parent.mkdir(parents=True, exist_ok=True)
        there(path).write_text(text)

    monkeypatch.setattr(machine, "Path", there)
    return put


def test_a_process_uses_the_processors_it_may_run_on(sixteen):
    assert machine.usable_cpus({}) == 16
    del sixteen[5:]
    assert machine.usable_cpus({}) == 5 and machine.usable_cpus({"SLURM_CPUS_PER_TASK": "3"}) == 3


@pytest.mark.parametrize(("quota", "cpus"), [("max 100000", 16), ("250000 100000", 2), ("20000 100000", 1)])
def test_a_containers_share_of_the_processors_is_rounded_and_never_none(sixteen, tmp_path, monkeypatch, quota, cpus):
    step = tmp_path / "step"
    step.mkdir()
    (step / "cpu.max").write_text("max 100000\n")
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    monkeypatch.setattr(machine, "_cgroup_folders", lambda controller: [step, tmp_path])
    assert machine.usable_cpus({}) == cpus


def test_limits_of_all_groups_above_hold_in_both_versions_of_the_interface(system, tmp_path):
    system("/proc/self/cgroup", "4:cpu,cpuacct:/slurm/job1\n3:memory:/other\n0::/pod/box\n")
    found = machine._cgroup_folders("cpu", tmp_path)
    assert list(found) == [
        *(tmp_path / "cpu,cpuacct" / place for place in ("slurm/job1", "slurm", ".")),
        *(tmp_path / place for place in ("pod/box", "pod", ".")),
    ]


def test_a_quota_of_the_older_interface_is_kept(sixteen, tmp_path, monkeypatch):
    (tmp_path / "cpu.cfs_period_us").write_text("100000\n")
    monkeypatch.setattr(machine, "_cgroup_folders", lambda controller: [tmp_path])
    for quota_us, cpus in ((400_000, 4), (-1, 16)):
        (tmp_path / "cpu.cfs_quota_us").write_text(f"{quota_us}\n")
        assert machine.usable_cpus({}) == cpus


def test_a_containers_memory_is_kept(sixteen, tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_cgroup_folders", lambda controller: [tmp_path])
    assert machine.usable_memory_mib({}) == 64 * 1024
    for name in ("memory.max", "memory.limit_in_bytes"):
        (tmp_path / name).write_text(f"{512 * 2**20}\n")
        assert machine.usable_memory_mib({}) == 512.0
        (tmp_path / name).write_text("max\n")


@pytest.mark.parametrize(("visible", "gpus"), [("0,3", 2), ("-1", 0), ("", 0), ("GPU-ab", 1)])
def test_gpus_that_a_queue_gave_are_counted(visible, gpus):
    assert (
        machine.count_gpus({"CUDA_VISIBLE_DEVICES": visible})
        == gpus
        == machine.count_gpus({"ROCR_VISIBLE_DEVICES": visible})
    )


def test_gpus_of_amd_are_those_of_the_drivers_nodes_that_are_no_processors(system, monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    for node, units in enumerate((0, 304, 304)):
        system(f"/sys/class/kfd/kfd/topology/nodes/{node}/properties", f"cpu_cores_count 8\nsimd_count {units}\n")
    assert machine.count_gpus({}) == 2


def test_gpus_of_nvidia_are_those_its_program_lists(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\necho 'GPU 0: RTX 4090 (UUID: GPU-1)'; echo 'GPU 1: RTX 4090 (UUID: GPU-2)'; echo other\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(machine.shutil, "which", lambda name: str(program))
    assert machine.count_gpus({}) == 2
    program.write_text("#!/bin/sh\nexit 9\n")
    assert machine._nvidia_gpus() == 0


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "kept = b'x' * 100 * 2**20; print('filled', flush=True); input()"])
child.wait()
"""


def test_the_memory_of_a_worker_is_that_of_all_it_has_started():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"filled\n"
        worker, other = SimpleNamespace(pid=process.pid, memory_mib=0.0), SimpleNamespace(pid=0, memory_mib=7.0)
        sample_memory([worker, other])
        process.communicate(b"\n")
    assert 100 < worker.memory_mib < 300 and other.memory_mib == 0.0


def test_a_child_finds_this_very_program_and_keeps_to_its_threads():
    found = child_variables(3, {"PYTHONPATH": "/mine"})
    assert found["PYTHONPATH"] == f"{PACKAGE}{os.pathsep}/mine" and child_variables(3, {})["PYTHONPATH"] == str(PACKAGE)
    assert {found[name] for name in machine.THREADS_OF_LIBRARIES} == {"3"}
