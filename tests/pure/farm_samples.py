"""Submissions, and programs that stand in for those of queues, for tests of the farm without one."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from store_samples import commit_samples, sample_job

from pipeline.dataset.store import open_store
from pipeline.farm.submission import Submission
from pipeline.job_file import write_job_file

FRAMES = 12  # of a job that is submitted
END = "\x1e"  # after the last word of a call

# Notes its words, then does as the shell text in FAKE_<name> says.
FAKE = """\
#!/bin/bash
printf '%s\\0' "${{0##*/}}" "$@" $'\\x1e' >>"{log}"
name=FAKE_${{0##*/}}
eval "${{!name:-}}"
"""


def sample_submission(**changed: Any) -> Submission:
    plain = {
        "engine": "slurm",
        "name": "variegate dice",
        "dataset": "/data/dice",
        "folder": "farm/0001-slurm",
        "frames": "0-9",
        "shards": ("0-3", "4-7", "8-9"),
        "command": ("/venv/bin/python", "-m", "pipeline"),
    }
    return Submission(**{**plain, **changed})


class Programs:
    """A folder of programs that only note how they were called."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        self.log = folder / "calls"
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            self.add(name)

    def add(self, name: str) -> Path:
        path = self.folder / name
        path.write_text(FAKE.format(log=self.log))
        path.chmod(0o755)
        return path

    def calls(self, name: str = "") -> list[list[str]]:
        """Return the calls, program and words, of one program or of all."""
        calls: list[list[str]] = [[]]
        for word in self.log.read_text().split("\0")[:-1] if self.log.exists() else ():
            if word == END:
                calls.append([])
            else:
                calls[-1].append(word)
        return [call for call in calls[:-1] if name in ("", call[0])]


def awkward_submission(engine: str, **changed: Any) -> Submission:
    """Return fourteen frames, with gaps, in three shards, of a dataset whose path needs quotes."""
    awkward = {
        "engine": engine,
        "name": "dice no. 1",
        "dataset": "/home/me/out put/dice",
        "folder": f"farm/0001-{engine}",
        "frames": "0-9,20,30-32",
        "shards": ("0-5", "6-9,20", "30-32"),
        "command": ("python", "-m", "pipeline"),
    }
    return sample_submission(**{**awkward, **changed})


def answering(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, *answers: tuple[str, int, str]
) -> Callable[[], list[list[str]]]:
    """Put a program on PATH and return a function that tells the words of its calls so far.

    Each answer is (text among its words, exit code, what it says); the first that fits is given.
    """
    programs = Programs(folder, name)
    cases = [
        f"*{shlex.quote(word)}*) printf %s {shlex.quote(text)}{' >&2' if code else ''}; exit {code};;"
        for word, code, text in answers
    ]
    monkeypatch.setenv(f"FAKE_{name}", f'case "$*" in {" ".join(cases)} esac')
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return lambda: [call[1:] for call in programs.calls(name)]


def write_job(folder: Path) -> Path:
    """Write a job.json to be submitted."""
    path = folder / "scene" / "job.json"
    write_job_file(path, sample_job(frames=FRAMES), path.parent)
    return path


def make(out: Path, *frames: int) -> None:
    """Commit frames, as shards on nodes do."""
    store = open_store(out, sample_job(frames=FRAMES), out)
    with tempfile.TemporaryDirectory() as scratch:
        commit_samples(store, Path(scratch), frames)
