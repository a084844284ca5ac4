"""Open Job Description: a job bundle that `openjd run` executes and AWS Deadline Cloud takes.

Tested that far: `openjd check` accepts the bundle, and `openjd run` (openjd-cli 0.8) renders it, a killed one resumed.
The reader of deadline 0.60 takes its files and values, and `deadline bundle submit` is called with that one's options;
no farm of Deadline Cloud was there.
Retries are the scheduler's: Deadline Cloud counts them per task, `openjd run` stops at the first failure, and the same
command again goes on. Exit code 2 is to both a failure like any other, so a shard not worth retrying is tried again.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import FarmError
from pipeline.farm.containers import KNOBS as CONTAINER_KNOBS
from pipeline.farm.containers import check_container
from pipeline.farm.engine import Engine
from pipeline.farm.engines.openjd_bundle import bundle_files, check_text
from pipeline.farm.gres import read_gpus
from pipeline.farm.knobs import check_all, check_knobs, check_numbers, refuse_unmeant
from pipeline.farm.programs import need_program, run_program
from pipeline.farm.submission import Submission
from pipeline.structure import did_you_mean

WITH = "submit-with"
PLACE = ("profile", "region", "farm-id", "queue-id")
DEADLINE = (*PLACE, "storage-profile-id", "priority", "max-failed-tasks-count", "job-attachments-file-system")
INSTALL = {
    "openjd": "pip install openjd-cli, or leave out submit-with and take the bundle elsewhere",
    "deadline": "pip install deadline and `deadline config`, or leave out submit-with and take the bundle elsewhere",
}


def check(submission: Submission) -> None:
    """Raise FarmError for what the bundle cannot say."""
    check_all(submission, _check_options, _check_gpus, check_text, check_container)


def commands(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return the one command that `submit` runs; none where it only writes the bundle."""
    program = _options(submission).get(WITH)
    return (shlex.join(_command(program, submission, folder)),) if program else ()


def submit(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Run or submit the bundle as `submit-with` asks; without it, leave it where it is.

    Raises FarmError where a task fails under openjd, or Deadline Cloud refuses the bundle.
    """
    program = _options(submission).get(WITH)
    if program is None:
        return ()
    command = _command(program, submission, folder)
    if program == "deadline":
        return _ids(run_program(command, INSTALL[program]))
    need_program(program, INSTALL[program])
    code = _watch(command)
    if code != 0:
        raise FarmError(
            f"openjd ended with exit code {code} (frames that are made stay; the same command again goes on)"
        )
    return ()


def cancel(submission: Submission, ids: tuple[str, ...]) -> None:
    """Cancel jobs of Deadline Cloud, which does not say whether they had ended."""
    for job in ids:
        command = _cancel_command(submission, job)
        run_program(command, f"type this on a machine that has it: {shlex.join(command)}")


def by_hand(submission: Submission, ids: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return how to stop what runs a bundle that `submit` did not send to Deadline Cloud."""
    program = _options(submission).get(WITH)
    run = " ".join(_command("openjd", submission, Path(submission.dataset) / submission.folder)[:3])
    pattern = re.sub(r"([][*+?(){}|^$])", r"\\\1", run)
    stop_run = f"pkill -INT -f {shlex.quote(pattern)}"
    stop_job = shlex.join(_cancel_command(submission, "ID"))
    find_job = shlex.join(("deadline", "job", "list", *_flags(submission, PLACE)))
    if program == "openjd" and ids is not None:
        return ("openjd run has made it to its end: nothing waits or runs",)
    if program == "openjd":
        return (
            "is with openjd run, unless that was interrupted. To stop it, press Ctrl-C in its terminal, or there:",
            stop_run,
        )
    if program == "deadline":
        return (f"was interrupted while deadline submitted it. If {find_job} shows it:", stop_job)
    return (
        "is a bundle that you handed over. If openjd run makes it, press Ctrl-C in its terminal, or there:",
        stop_run,
        f"If Deadline Cloud has it, {find_job} shows its ID:",
        stop_job,
    )


def states(submission: Submission, ids: tuple[str, ...]) -> Mapping[int, str] | None:
    """Return None, as tasks are cut by whoever runs the bundle; nothing where `submit` itself ran it to its end."""
    return {} if _options(submission).get(WITH) == "openjd" else None


def next_steps(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return how to run the bundle here, and how to submit it, where `submit` did neither."""
    if WITH in _options(submission):
        return ()
    return tuple(shlex.join(_command(program, submission, folder)) for program in INSTALL)


def _check_options(submission: Submission) -> None:
    known = (WITH, "notify", "target-runtime", "assets", *DEADLINE, *CONTAINER_KNOBS, "attr.", "amount.")
    check_knobs(submission, known, passed=("attr.", "amount."))
    refuse_unmeant(submission, {"partition": "Deadline Cloud's queue is --engine-option queue-id=ID"})
    check_numbers(
        submission, "notify", "target-runtime", *(key for key in _options(submission) if key[:7] == "amount.")
    )
    program = _options(submission).get(WITH)
    if program is not None and program not in INSTALL:
        raise FarmError(f"--engine-option {WITH}={program}: not known ({did_you_mean(program, INSTALL)})")


def _check_gpus(submission: Submission) -> None:
    kind = read_gpus(submission.resources.gres).kind
    if kind and not any(key.startswith("attr.") for key in _options(submission)):
        raise FarmError(
            f"--gres {submission.resources.gres}: a bundle counts GPUs but knows no kinds of them (write gpu:COUNT and "
            f"--engine-option attr.NAME=VALUE, an attribute of the farm's workers, or a queue of that kind)"
        )


def _options(submission: Submission) -> Mapping[str, str]:
    return submission.engine_options


def _command(program: str, submission: Submission, folder: Path) -> tuple[str, ...]:
    if program == "openjd":
        rules = ("--path-mapping-rules", f"file://{folder / 'path_mapping.json'}") if submission.path_map else ()
        return ("openjd", "run", str(folder / "template.yaml"), "-p", f"Dataset={submission.dataset}", *rules)
    most = ("--max-worker-count", str(submission.max_running)) if submission.max_running else ()
    retries = ("--max-retries-per-task", str(submission.attempts - 1))
    return ("deadline", "bundle", "submit", str(folder), "--yes", *retries, *most, *_flags(submission, DEADLINE))


def _cancel_command(submission: Submission, job: str) -> tuple[str, ...]:
    return ("deadline", "job", "cancel", "--job-id", job, "--yes", *_flags(submission, PLACE))


def _flags(submission: Submission, names: tuple[str, ...]) -> tuple[str, ...]:
    options = _options(submission)
    return tuple(word for name in names if name in options for word in (f"--{name}", options[name]))


def _watch(command: tuple[str, ...]) -> int:
    """Run a program that writes to this terminal, and return its exit code."""
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the terminal sent it to the program as well, which now lets its tasks finish a frame


def _ids(said: str) -> tuple[str, ...]:
    found = re.findall(r"\bjob-[0-9a-f]{32}\b", said)
    if not found:
        raise FarmError(f"deadline named no job id; it said: {said.strip()}")
    return (found[-1],)


OPENJD = Engine(
    name="openjd",
    check=check,
    files=bundle_files,
    commands=commands,
    submit=submit,
    cancel=cancel,
    by_hand=by_hand,
    states=states,
    next_steps=next_steps,
    knobs=(
        "submit-with=openjd runs the bundle here, submit-with=deadline sends it to AWS Deadline Cloud, with its "
        "profile, region, farm-id, queue-id, storage-profile-id, priority, max-failed-tasks-count and "
        "job-attachments-file-system; notify=SECONDS after TERM; target-runtime=SECONDS of a task; assets=DIR:DIR that "
        "the job reads; attr.NAME=VALUE,VALUE and amount.NAME=LEAST of a worker; container-runtime, container-options"
    ),
)
