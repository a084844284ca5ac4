"""Slurm, driven by its own programs: arrays of shards that queue themselves again after a crash, a job at the end."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import FarmError
from pipeline.farm.containers import CONTAINER_OPTIONS, RUNTIME, check_container
from pipeline.farm.engine import Engine
from pipeline.farm.engines.slurm_logs import read_ends
from pipeline.farm.engines.slurm_programs import NO_CLUSTER, run
from pipeline.farm.engines.slurm_scripts import (
    FINALIZE,
    FINALIZE_PARTITION,
    OWN_KNOBS,
    RENDER,
    finalize_script,
    render_script,
)
from pipeline.farm.knobs import check_all
from pipeline.farm.refusals import take_back
from pipeline.farm.submission import Submission

ARRAY_SIZE = 1001  # Slurm's MaxArraySize where nothing else is configured
RUNTIMES = ("apptainer", "singularity", "pyxis")  # signals reach what runs in them
IDS_A_TIME = 50  # ids in one clause of a dependency, or in one command line

# States of a task that makes no more frames, unless Slurm queues it anew.
_OVER = frozenset(
    {"COMPLETING", "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY"}
    | {"BOOT_FAIL", "DEADLINE", "REVOKED"}
)

# Options of sbatch that are set otherwise, with what to use.
_TAKEN = {
    "array": "--frames-per-shard cuts the shards",
    "output": "logs go to the dataset's logs/",
    "error": "logs go to the dataset's logs/",
    "dependency": "the order of the jobs is fixed",
    "job-name": "use --name",
    "time": "use --time",
    "partition": "use --partition",
    "gres": "use --gres",
    "cpus-per-task": "use --cpus",
    "mem": "use --memory",
    "open-mode": "logs are appended to",
    "requeue": "shards are requeued, --attempts says how often",
    "no-requeue": "shards are requeued, --attempts 1 starts a crashed one never again",
    "parsable": "it is used already",
    "test-only": "use --dry-run",
    "wait": "ask with variegate status",
    "wrap": "the scripts are written for you",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call of sbatch. `after` are the places, in the list of calls, of those whose jobs must have ended."""

    options: tuple[str, ...]
    script: str
    arguments: tuple[str, ...] = ()
    after: tuple[int, ...] = ()

    def words(self, folder: Path, ids: Sequence[str]) -> tuple[str, ...]:
        depends = (f"--dependency={_after([ids[place] for place in self.after])}",) if self.after else ()
        return ("sbatch", "--parsable", *self.options, *depends, str(folder / self.script), *self.arguments)


def _check(submission: Submission) -> None:
    check_all(submission, _check_texts, _check_knobs)
    if shutil.which("sbatch"):
        array = f"--array=0-{min(len(submission.shards), _array_size()) - 1}"
        run("sbatch", "--test-only", array, text=render_script(submission), accept=NO_CLUSTER)
        run("sbatch", "--test-only", text=finalize_script(submission), accept=NO_CLUSTER)


def _check_texts(submission: Submission) -> None:
    for text in (submission.dataset, submission.there(submission.dataset), submission.name):
        if re.search(r"[\\\x00-\x1f]", text):
            raise FarmError(f"{text!r}: Slurm takes no backslash or control character there (choose another name)")


def _check_knobs(submission: Submission) -> None:
    for name, value in submission.engine_options.items():
        if re.search(r"[\x00-\x1f]", value):
            raise FarmError(f"--engine-option {name}={value!r}: one line of plain text, please")
        if name in _TAKEN:
            raise FarmError(f"--engine-option {name}: not for you to set: {_TAKEN[name]}")
        if name not in OWN_KNOBS and not re.fullmatch(r"[a-z][a-z0-9-]+", name):
            raise FarmError(f"--engine-option {name}: not a long option of sbatch (write account=NAME, exclusive=)")
    check_container(submission, RUNTIMES)


def _files(submission: Submission) -> Mapping[str, str]:
    return {RENDER: render_script(submission), FINALIZE: finalize_script(submission)}


def _calls(submission: Submission, array_size: int) -> list[_Call]:
    """Return the calls of sbatch in their order: arrays of at most `array_size` tasks, then the job at the end.

    Slurm's %K holds for one array, so with a limit the arrays come one after another.
    """
    most = f"%{submission.max_running}" if submission.max_running else ""
    calls: list[_Call] = []
    for first in range(0, len(submission.shards), array_size):
        last = min(array_size, len(submission.shards) - first) - 1
        before = (len(calls) - 1,) if most and calls else ()
        calls.append(_Call(options=(f"--array=0-{last}{most}",), script=RENDER, arguments=(str(first),), after=before))
    calls.append(_Call(options=(), script=FINALIZE, after=tuple(range(len(calls)))))
    return calls


def _commands(submission: Submission, folder: Path) -> tuple[str, ...]:
    calls = _calls(submission, _array_size())
    ids = [f"<id {place}>" for place in range(1, len(calls) + 1)]
    return tuple(" ".join(_shown(word) for word in call.words(folder, ids)) for call in calls)


def _submit(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return the ids of the jobs: "1234" for an array whose task 0 is shard 0, "1235+1000" where it is shard 1000."""
    calls = _calls(submission, _array_size())
    jobs: list[str] = []
    try:
        for call in calls:
            jobs.append(run(*call.words(folder, jobs)).strip().partition(";")[0])  # "1234;cluster"
    except BaseException as refusal:
        take_back(submission, _with_offsets(jobs, calls), refusal, lambda: _scancel(jobs))
        raise
    return _with_offsets(jobs, calls)


def _with_offsets(jobs: Sequence[str], calls: Sequence[_Call]) -> tuple[str, ...]:
    offsets = [int(call.arguments[0]) if call.arguments else 0 for call in calls]
    return tuple(f"{job}+{offset}" if offset else job for job, offset in zip(jobs, offsets, strict=False))


def _cancel(submission: Submission, ids: tuple[str, ...]) -> tuple[str, ...] | None:
    jobs = [job.partition("+")[0] for job in ids]
    live = jobs
    if is_told := shutil.which("squeue") is not None:
        listed = run("squeue", "--noheader", f"--jobs={','.join(jobs)}", "--format=%F %T", accept="Invalid job id")
        lines = [line.split() for line in listed.splitlines()]
        found = {job for job, state in lines if state not in _OVER}
        live = [job for job in jobs if job in found]
    _scancel(live)
    return tuple(live) if is_told else None


def _scancel(jobs: Sequence[str]) -> None:
    for start in range(0, len(jobs), IDS_A_TIME):
        run("scancel", *jobs[start : start + IDS_A_TIME], accept="Invalid job id")


def _states(submission: Submission, ids: tuple[str, ...]) -> Mapping[int, str] | None:
    if shutil.which("squeue") is None:
        return None
    offsets = {job: int(offset or 0) for job, _, offset in (one.partition("+") for one in ids)}
    jobs = f"--jobs={','.join(offsets)}"
    listed = run("squeue", "--noheader", "--array", jobs, "--format=%i %T", accept="Invalid job id")
    found: dict[int, str] = {}
    for line in listed.splitlines():
        task, _, state = line.strip().partition(" ")
        job, _, index = task.partition("_")
        if job in offsets and index.isdecimal() and state not in _OVER:
            found[offsets[job] + int(index)] = state
    return found


def _next_steps(submission: Submission, folder: Path) -> tuple[str, ...]:
    return ()


def _array_size() -> int:
    """Return how many tasks an array may have here; as a rule, where no Slurm can be asked."""
    if shutil.which("scontrol") is None:
        return ARRAY_SIZE
    config = run("scontrol", "show", "config", accept=NO_CLUSTER)
    match = re.search(r"^MaxArraySize\s*=\s*(\d+)", config, re.MULTILINE)
    size = int(match[1]) if match else ARRAY_SIZE
    if size < 2:
        raise FarmError("this Slurm allows no job arrays: its MaxArraySize is 0 (ask who runs it to set it)")
    return size


def _after(jobs: Sequence[str]) -> str:
    parts = [jobs[start : start + IDS_A_TIME] for start in range(0, len(jobs), IDS_A_TIME)]
    return ",".join(f"afterany:{':'.join(part)}" for part in parts)


def _shown(word: str) -> str:
    return word if word.startswith("--dependency=") else shlex.quote(word)


SLURM = Engine(
    name="slurm",
    programs=("sbatch", "squeue", "scancel", "scontrol"),
    check=_check,
    files=_files,
    commands=_commands,
    submit=_submit,
    cancel=_cancel,
    states=_states,
    ends=read_ends,
    unseen="they left no log: their nodes may not see the dataset's folder, or somebody took them back",
    next_steps=_next_steps,
    knobs=(
        "any long option of sbatch (account=NAME, qos=high, constraint=a100, signal=B:TERM@300, exclusive=); "
        f"{FINALIZE_PARTITION}=NAME for the job that checks at the end; {RUNTIME}={'|'.join(RUNTIMES)} and "
        f"{CONTAINER_OPTIONS}='--bind /assets' with --container"
    ),
)
