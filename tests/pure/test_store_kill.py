"""Kill -9 at random moments, and two writers at once: the dataset ends as an undisturbed one would."""

import random
import subprocess
import sys
import time
from pathlib import Path

from store_samples import commit_samples, contents, main, open_sample, sample_job

FRAMES = 12
SCRIPT = Path(__file__).with_name("store_samples.py")


def start(root, scratch, slow_s=0.0):
    scratch.mkdir(exist_ok=True)
    command = [sys.executable, str(SCRIPT), str(root), str(scratch), str(FRAMES), str(slow_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def names(root):
    return sorted(path.name for path in (root / "frames").iterdir())


def test_ten_kills_and_a_resume_leave_the_dataset_of_an_undisturbed_run(tmp_path):
    root, delays = tmp_path / "killed", random.Random(7)
    for number in range(10):
        writer = start(root, tmp_path / f"scratch{number}", slow_s=0.001)
        assert writer.stdout.readline() == b"open\n"  # Python has started: the rest is the store's own time
        time.sleep(delays.uniform(0.0, 0.15))
        writer.kill()
        writer.communicate()
    last = start(root, tmp_path / "scratch")
    assert last.communicate()[1] == b"" and last.returncode == 0
    main(tmp_path / "whole", tmp_path, FRAMES)
    assert names(root) == [f"{frame:06d}" for frame in range(FRAMES)]
    assert contents(root) == contents(tmp_path / "whole")


def test_two_writers_of_the_same_frames_lose_and_double_nothing(tmp_path):
    root = tmp_path / "shared"
    writers = [start(root, tmp_path / f"scratch{number}") for number in range(2)]
    assert [writer.communicate()[1] for writer in writers] == [b"", b""]
    main(tmp_path / "whole", tmp_path, FRAMES)
    assert names(root) == [f"{frame:06d}" for frame in range(FRAMES)]
    assert contents(root) == contents(tmp_path / "whole")


def test_the_order_and_grouping_of_frames_leave_no_trace(tmp_path):
    job = sample_job(frames=FRAMES)
    for frame in reversed(range(FRAMES)):
        commit_samples(open_sample(tmp_path / "reversed", job), tmp_path, (frame,))
    main(tmp_path / "whole", tmp_path, FRAMES)
    assert contents(tmp_path / "reversed") == contents(tmp_path / "whole")
