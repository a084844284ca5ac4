"""`render --workers` and `shard --workers` with Blender: the dataset is that of one process, whatever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

import pytest
from store_samples import contents

from pipeline.dataset.attempts import read_workers
from pipeline.dataset.claims import claimed
from pipeline.dataset.layout import TEMPORARY
from pipeline.plurals import counted

ROOT = Path(__file__).resolve().parents[2]
BLENDER = os.environ.get("VARIEGATE_BLENDER", "")  # "chroot /srv/blender /usr/bin/blender", say
FRAMES = 8
PATIENCE_S = 600.0
SCENE = f"""\
title: Cubes
frames: {FRAMES}
views_per_scene: 2
categories: [{{id: 1, name: cube}}]
targets: [{{shapes: [cube, cone], category: cube, size_m: 0.1, count: 2}}]
camera: {{shell: {{distance_m: 0.8}}, resolution: [80, 60]}}
render: {{quality: draft, samples_per_pixel: 1, denoiser: none}}
"""
ENDLESS = ("--set", "camera.resolution=[640, 480]", "--set", "render.samples_per_pixel=1000000")

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


def start(*args: object, cwd: Path = ROOT) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, args)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def run(*args: object) -> tuple[int, str, str]:
    return end(start(*args))


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    path = tmp_path_factory.mktemp("workers") / "scene.yaml"
    path.write_text(SCENE)
    return path


@pytest.fixture(scope="module")
def whole(scene):
    """The dataset of one process without a supervisor."""
    code, _, err = run("render", scene, "--out", scene.parent / "whole", "--device", "cpu")
    assert code == 0, err
    return scene.parent / "whole"


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The temporary folder of what a test starts, in which nothing may be left: not by those that were stopped, nor of
    killed workers, nor of a killed supervisor once another began."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield
    assert not list(folder.iterdir()), "left in the temporary folder"


@pytest.fixture
def job(whole):
    """What `scene` is when it is made final: nothing is surveyed any more."""
    return whole / "job.json"


@pytest.fixture
def out(scene, request):
    """A dataset beside the scene, so that job.json names the same places."""
    yield (folder := scene.parent / f"{request.node.name}")
    shutil.rmtree(folder, ignore_errors=True)


def render(scene, out, *args):
    return start("render", scene, "--out", out, "--device", "cpu", "--workers", 2, *args)


def wait_until(process, is_there):
    until = time.monotonic() + PATIENCE_S
    while not is_there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@contextmanager
def unending(whole, out):
    """Make `out` the dataset `whole` without its frames, of which the last cannot be made meanwhile: it is claimed by
    this process. So a run does not end before it is stopped or killed, however long that takes."""
    shutil.copytree(whole, out, ignore=shutil.ignore_patterns("0*", "*.jsonl"))
    with claimed(out, FRAMES - 1) as is_ours:
        assert is_ours
        yield


def is_a_frame_made(out):
    return (out / "frames").is_dir() and any(name.isdecimal() for name in os.listdir(out / "frames"))


def working(out):
    """Processes of workers that are at a frame now, by the frame."""
    if not (out / "timing").is_dir():
        return {}
    return {
        attempt.frame: pid_of(worker)
        for worker in workers(out)
        for attempt in worker.attempts
        if attempt.outcome == "running"
    }


def workers(out):
    return [worker for worker in read_workers(out) if worker.start.get("role") == "worker"]


def pid_of(worker):
    return int(worker.name.rsplit("-", 2)[1])


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def outcomes(out, frame):
    return [one.outcome for worker in read_workers(out) for one in worker.attempts if one.frame == frame]


def assert_as_whole(out, whole):
    assert contents(out) == contents(whole)
    assert not list(out.rglob(f"{TEMPORARY}*")) and not list((out / "claims").glob("*"))


def test_two_workers_make_the_dataset_of_one_process(scene, whole, out):
    code, told, err = end(render(scene, out, "--save-blend"))
    assert code == 0, err
    assert_as_whole(out, whole)
    assert f"{FRAMES} frames made" in told and "Progress: 100%" in told and "openjd_progress: 100.0" in told
    assert f"Saved: '{out}/frames/000003/rgb.png'" in told
    assert err.count("accepted in") == FRAMES and "(worker 1 ·" in err and "(worker 2 ·" in err
    assert len(list((out / "blends").glob("*.blend"))) == FRAMES
    facts = [worker.start for worker in read_workers(out)]
    assert sorted((one["role"], one.get("worker")) for one in facts if one["role"] == "worker") == [
        ("worker", 1),
        ("worker", 2),
    ]
    again = run("render", whole / "job.json", "--out", out, "--device", "cpu", "--workers", "auto")
    assert again[0] == 0 and f"{FRAMES} were there already" in again[1]


def test_a_worker_killed_in_mid_frame_costs_that_frame_a_second_try(job, whole, out):
    process, frame = kill_a_worker_in_mid_frame(job, out)
    code, _, err = end(process)
    assert code == 0 and f"frame {frame} failed" in err, err
    assert_as_whole(out, whole)
    lost = [one for worker in read_workers(out) for one in worker.attempts if one.outcome == "lost"]
    assert [one.frame for one in lost] == [frame] and "SIGKILL" in lost[0].reason


def kill_a_worker_in_mid_frame(job, out):
    """Return a run whose worker was killed, and the frame it was at."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        process = render(job, out)
        while process.poll() is None:
            for frame, pid in working(out).items():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    is_caught = working(out).get(frame) == pid
                    os.kill(pid, signal.SIGKILL if is_caught else signal.SIGCONT)
                    if is_caught:
                        return process, frame
        assert end(process)[0] == 0
        shutil.rmtree(out)  # it was over too soon
    raise AssertionError("no worker was caught at work")


def test_ctrl_c_stops_after_the_frames_in_progress_and_the_same_command_goes_on(job, whole, out):
    with unending(whole, out):
        process = render(job, out)
        wait_until(process, lambda: is_a_frame_made(out))
        process.send_signal(signal.SIGINT)
        code, _, err = end(process)
    made = len(list((out / "frames").glob("[0-9]*")))
    assert (code, made < FRAMES) == (130, True), err
    assert "stopping: frames in progress may take 30 s more" in err
    assert f"interrupted: {counted(made, 'frame is', 'frames are')} committed" in err
    assert end(render(job, out))[0] == 0
    assert_as_whole(out, whole)
    assert not {"lost", "failed"} & {kind for frame in range(FRAMES) for kind in outcomes(out, frame)}


def test_a_second_signal_stops_at_once_and_no_process_is_left(scene, out):
    process = render(scene, out, *ENDLESS)
    wait_until(process, lambda: len(working(out)) == 2)
    pids = working(out).values()
    process.send_signal(signal.SIGINT)
    while "stopping" not in process.stderr.readline():  # two signals at one moment are one
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, _, err = end(process)
    assert code == 130 and "interrupted: 0 frames are committed" in err
    assert all(map(is_gone, pids)) and not list(out.rglob(f"{TEMPORARY}*"))


def test_a_killed_supervisor_leaves_no_process_and_the_same_command_cleans_up(job, whole, out):
    with unending(whole, out):
        process = render(job, out)
        wait_until(process, lambda: is_a_frame_made(out) and len(workers(out)) == 2)
        pids = [pid_of(worker) for worker in workers(out)]
        process.kill()
        process.communicate()
        until = time.monotonic() + PATIENCE_S
        while not all(map(is_gone, pids)):
            assert time.monotonic() < until, "a worker outlived its supervisor"
            time.sleep(0.01)
    assert end(render(job, out, "--attempts", 1))[0] == 0
    assert_as_whole(out, whole)


def test_a_shard_is_supervised_and_stopped_by_a_queue(whole, out):
    frames = f"{FRAMES - 3}-{FRAMES - 1}"
    with unending(whole, out):
        process = start("shard", out, "--frames", frames, "--device", "cpu")
        wait_until(process, lambda: is_a_frame_made(out))
        process.send_signal(signal.SIGTERM)
        code, told, _ = end(process)
    assert (code, "openjd_fail: stopped" in told) == (75, True), told
    for folder in (whole / "frames").iterdir():
        if int(folder.name) < FRAMES - 3:
            shutil.copytree(folder, out / "frames" / folder.name)
    code, told, err = run("shard", out, "--frames", frames, "--device", "cpu")
    assert code == 0 and "Progress: 100%" in told and "openjd_status: frame" in told, err
    assert_as_whole(out, whole)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounts a small disk, which takes root")
def test_a_full_disk_stops_the_run_with_one_message_and_room_lets_it_go_on(job, whole, out):
    out.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", out]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        code, _, err = end(render(job, out))
        assert code == 2 and err.count("the disk is full") == 1, err
        subprocess.run(["mount", "-o", "remount,size=64m", out], check=True)
        code, _, err = end(render(job, out))
        assert code == 0, err
        assert_as_whole(out, whole)
    finally:
        subprocess.run(["umount", out], check=True)


def test_what_is_wrong_with_a_scene_is_told_with_its_line(scene, tmp_path):
    path = tmp_path / "scene.yaml"
    path.write_text(SCENE.replace("shapes: [cube, cone]", "files: no/such.glb"))
    code, _, err = end(render(path, tmp_path / "ds"))
    assert code == 2 and f"{path}:5" in err and "no/such.glb" in err and "Traceback" not in err
    assert not (tmp_path / "ds/dataset.json").exists() and not list(tmp_path.rglob(f"{TEMPORARY}*"))


@pytest.mark.skipif(not BLENDER, reason="VARIEGATE_BLENDER does not name a Blender executable")
def test_workers_of_a_real_blender_give_the_bytes_of_one_process_and_the_labels_of_the_package(scene, whole):
    version = subprocess.run([*BLENDER.split(), "--version"], capture_output=True, text=True, check=True).stdout
    # Imported into this process, the package would keep a folder of its own in the temporary folder.
    if version.split()[1].rsplit(".", 1)[0] != metadata.version("bpy").rsplit(".", 1)[0]:
        pytest.skip(f"{version.splitlines()[0]} is not of this series")
    share = Path(os.environ.get("VARIEGATE_BLENDER_ROOT", "/"))
    folder = share / "tmp" / f"variegate-workers-{os.getpid()}"
    try:
        shutil.copytree(ROOT, folder / "repo", ignore=shutil.ignore_patterns(".*", "out", "*.egg-info"))
        shutil.copy(scene, folder)
        mapped = () if share == Path("/") else ("--path-map", f"{share}=/")
        words = ("render", folder / scene.name, "--out", folder / "ds", "--device", "cpu", "--workers", 2)
        command = [sys.executable, "-m", "pipeline", *map(str, words), "--blender", BLENDER, *mapped]
        done = subprocess.run(command, cwd=folder / "repo", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for frame in range(FRAMES):
            name = f"frames/{frame:06d}/labels.json"
            assert (folder / "ds" / name).read_bytes() == (whole / name).read_bytes()
        inside = Path("/") / folder.relative_to(share)
        script = ("--background", "--factory-startup", "--python-exit-code", "1", "--python")
        words = (inside / "repo/scripts/render.py", "--", inside / "ds/job.json", "--out", inside / "alone")
        command = [*BLENDER.split(), *script, *map(str, words), "--device", "cpu"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert contents(folder / "alone") == contents(folder / "ds")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
