"""Deadline 10: a render job with one task a shard and a job that checks, both for its CommandLine plugin.

Tested that far: the texts of the files, and `deadlinecommand` played by a script; no repository was there. Keys and
values follow Deadline's manual. Deadline counts the errors of a task and knows no exit codes, so a shard that ends with
2 is tried as often as any other; the log of the task says why it ended.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import FarmError
from pipeline.farm.containers import KNOBS as CONTAINER_KNOBS
from pipeline.farm.containers import check_container
from pipeline.farm.engine import Engine
from pipeline.farm.engines.deadline_files import (
    DEPENDS,
    JOB_KEYS,
    OWN_KEYS,
    PASSED,
    check_values,
    info_files,
    is_job_key,
)
from pipeline.farm.knobs import check_all, check_knobs, refuse_unmeant
from pipeline.farm.programs import run_program
from pipeline.farm.refusals import take_back
from pipeline.farm.submission import Submission

COMMAND = "deadlinecommand"
INSTALL = "install the Deadline 10 client, or use --dry-run and submit the files on a machine that has it"
RENDER = ("render_job_info.txt", "render_plugin_info.txt")
FINALIZE = ("finalize_job_info.txt", "finalize_plugin_info.txt")
ENDED = {"completed", "failed", "archived", "deleted"}
WAITS_OR_RUNS = {"queued", "rendering", "suspended", "pending"}


def check(submission: Submission) -> None:
    """Raise FarmError for what the files cannot say."""
    check_all(submission, _check_options, check_values, check_container)


def commands(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return the two commands that `submit` runs; the second one's file names the job of the first."""
    return tuple(shlex.join(_command(folder, files)) for files in (RENDER, FINALIZE))


def submit(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Submit the render job, then the one that waits for it, and return both ids.

    Raises FarmError where Deadline refuses one; a render job that is in the queue by then is taken back.
    """
    render = _job_id(run_program(_command(folder, RENDER), INSTALL))
    info = folder / FINALIZE[0]
    info.write_text(info.read_text(encoding="utf-8").replace(DEPENDS, render), encoding="utf-8")
    try:
        return render, _job_id(run_program(_command(folder, FINALIZE), INSTALL))
    except FarmError as refusal:
        take_back(submission, (render,), refusal, lambda: cancel(submission, (render,)))
        raise


def cancel(submission: Submission, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Fail the jobs that have not ended, the one that waits first, so that it does not start, and return them."""
    failed = []
    for job in reversed(ids):
        if _fields(run_program((COMMAND, "-GetJob", job), INSTALL)).get("status", "").lower() not in ENDED:
            run_program((COMMAND, "-FailJob", job), INSTALL)
            failed.append(job)
    return tuple(reversed(failed))


def states(submission: Submission, ids: tuple[str, ...]) -> Mapping[int, str] | None:
    """Return the status of each task that waits or runs; None where the answer is not understood."""
    tasks = [_fields(block) for block in re.split(r"\n\s*\n", run_program((COMMAND, "-GetJobTasks", ids[0]), INSTALL))]
    known = [(task["id"], task["status"]) for task in tasks if task.get("id", "").isdigit() and "status" in task]
    if not known:
        return None
    return {int(index): status for index, status in known if status.lower() in WAITS_OR_RUNS}


def next_steps(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return nothing: `submit` does it all."""
    return ()


def _check_options(submission: Submission) -> None:
    numbered = filter(is_job_key, submission.engine_options)
    check_knobs(submission, (*JOB_KEYS, *numbered, *CONTAINER_KNOBS, *PASSED, *OWN_KEYS), passed=PASSED)
    machines = "name workers that have it: --engine-option Group=NAME, LimitGroups=NAME or Allowlist=NAME,NAME"
    refuse_unmeant(submission, {"cpus": machines, "memory": machines, "gres": machines})


def _command(folder: Path, files: tuple[str, str]) -> tuple[str, ...]:
    return (COMMAND, *(str(folder / name) for name in files))


def _job_id(said: str) -> str:
    match = re.search(r"^JobID=(\S+)\s*$", said, re.MULTILINE)
    if match is None:
        raise FarmError(f"{COMMAND} named no JobID; it said: {said.strip()}")
    return match[1]


def _fields(block: str) -> dict[str, str]:
    """Return the fields of a task or a job: "TaskId=3" and "Task Id = 3" are both id, "JobStatus" is status."""
    pairs = [line.partition("=") for line in block.splitlines() if "=" in line]
    return {re.sub(r"^(task|job)|\s", "", key.strip().lower()): value.strip() for key, _, value in pairs}


DEADLINE = Engine(
    name="deadline",
    programs=(COMMAND,),
    check=check,
    files=info_files,
    commands=commands,
    submit=submit,
    cancel=cancel,
    states=states,
    next_steps=next_steps,
    knobs=(
        "any key of a job info file, such as Group=NAME, SecondaryPool=NAME, LimitGroups=NAME, Priority=80, "
        "Allowlist=NAME,NAME or EnvironmentKeyValue0=NAME=VALUE; job_info.KEY and plugin_info.KEY pass a key that is "
        "not known here; container-runtime, container-options"
    ),
)
