"""Flamenco 3: a job type for its Manager, and the body of the request that makes a job of it.

Tested that far: the job type runs under node against the calls of Flamenco's job compilers, and the requests against a
server that checks them by Flamenco's API description; no Manager was there. Flamenco's Manager counts failures, for all
jobs alike (`task_fail_after_softfail_count`, 3), and knows no exit codes. A worker kills with SIGKILL, so the frame in
progress is made again. A frame that takes longer than the Manager's `task_timeout` (10 minutes) needs a longer one.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import FarmError
from pipeline.farm.containers import KNOBS as CONTAINER_KNOBS
from pipeline.farm.containers import check_container, in_container
from pipeline.farm.engine import Engine
from pipeline.farm.knobs import check_all, check_knobs, refuse_unmeant
from pipeline.farm.submission import Submission

JOB_TYPE = "variegate-shards"
SCRIPT = f"{JOB_TYPE}.js"
BODY = "job.json"
PLATFORMS = {"win32": "windows"}
TIMEOUT_S = 60.0
ENDED = {"completed", "failed", "canceled"}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check(submission: Submission) -> None:
    """Raise FarmError for what the body cannot say, or where no Manager is named."""
    check_all(submission, _check_manager, _check_options, check_container)


def job_files(submission: Submission) -> Mapping[str, str]:
    """Return the job type and the request's body."""
    script = Path(__file__).with_name(SCRIPT).read_text(encoding="utf-8")
    return {SCRIPT: script, BODY: json.dumps(_body(submission), indent=2, ensure_ascii=False) + "\n"}


def commands(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return the request that `submit` makes, as curl would."""
    url = f"{_manager(submission)}/api/v3/jobs"
    return (shlex.join(("curl", "--json", f"@{folder / BODY}", url)),)


def submit(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Post the body and return the job's id.

    Raises FarmError where the Manager does not answer, does not know the job type, or refuses the job.
    """
    known = {item["name"] for item in _request(submission, "GET", "jobs/types")["job_types"]}
    if JOB_TYPE not in known:
        raise FarmError(
            f"the Manager does not know the job type {JOB_TYPE} (copy {folder / SCRIPT} into the folder `scripts` "
            f"beside flamenco-manager, once)"
        )
    body = json.loads((folder / BODY).read_text(encoding="utf-8"))
    return (str(_request(submission, "POST", "jobs", body)["id"]),)


def cancel(submission: Submission, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Ask the Manager to cancel the jobs that have not ended, and return them."""
    live = tuple(job for job in ids if _request(submission, "GET", f"jobs/{job}")["status"] not in ENDED)
    for job in live:
        change = {"status": "cancel-requested", "reason": "variegate cancel"}
        _request(submission, "POST", f"jobs/{job}/setstatus", change)
    return live


def states(submission: Submission, ids: tuple[str, ...]) -> Mapping[int, str] | None:
    """Return the status of each shard's task that has not ended."""
    found = {}
    for job in ids:
        for task in _request(submission, "GET", f"jobs/{job}/tasks").get("tasks") or []:
            match = re.match(r"shard-([0-9]+)\b", task["name"])
            if match and task["status"] not in ENDED:
                found[int(match[1])] = str(task["status"])
    return found


def next_steps(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return nothing: `submit` does it all."""
    return ()


def _check_manager(submission: Submission) -> None:
    if re.fullmatch(r"https?://[^/\s]+/?", submission.engine_options.get("manager", "")) is None:
        raise FarmError("where is Flamenco's Manager? (--engine-option manager=http://HOST:8080)")


def _check_options(submission: Submission) -> None:
    check_knobs(submission, ("manager", "priority", *CONTAINER_KNOBS))
    workers = "give such workers a tag: --partition TAG-ID"
    unmeant = {"cpus": workers, "memory": workers, "gres": workers, "max-running": workers}
    refuse_unmeant(submission, unmeant | {"time": "the Manager's task_timeout is for all jobs"})
    if re.fullmatch(r"[0-9]{1,2}|100", submission.engine_options.get("priority", "50")) is None:
        raise FarmError(f"--engine-option priority={submission.engine_options['priority']} is not 0 to 100")
    tag = submission.resources.partition
    if tag and not _UUID.fullmatch(tag):
        raise FarmError(f"--partition {tag}: a worker tag goes by its id, a UUID (the Manager's page Tags shows it)")


def _body(submission: Submission) -> dict[str, Any]:
    dataset = submission.there(submission.dataset)
    shard = submission.shard_command("--submission", submission.folder, "--index", "SHARD_INDEX")
    settings = {
        "dataset": dataset,
        "frames": submission.frames,
        "shards": "\n".join(submission.shards),
        "shard_command": json.dumps(in_container(submission, shard, (dataset,)), ensure_ascii=False),
        "finalize_command": json.dumps(
            in_container(submission, submission.finalize_command(), (dataset,)), ensure_ascii=False
        ),
    }
    tag = {"worker_tag": submission.resources.partition} if submission.resources.partition else {}
    return {
        "name": submission.name,
        "type": JOB_TYPE,
        "priority": int(submission.engine_options.get("priority", "50")),
        "submitter_platform": PLATFORMS.get(sys.platform, sys.platform),
        "settings": settings,
        "metadata": {"project": submission.name, "variegate.submission": submission.folder},
        **tag,
    }


def _manager(submission: Submission) -> str:
    return submission.engine_options.get("manager", "").rstrip("/")


def _request(submission: Submission, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
    """Return the JSON of an answer, None for an empty one. Raises FarmError with the Manager's own words."""
    url = f"{_manager(submission)}/api/v3/{what}"
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            text = answer.read()
    except urllib.error.HTTPError as problem:
        said = problem.read().decode(errors="replace").strip()
        raise FarmError(f"{method} {url}: the Manager answers {problem.code}: {said}") from problem
    except OSError as problem:
        why = getattr(problem, "reason", problem)
        raise FarmError(f"{method} {url}: no Manager answers: {why} (is it running, is this its address?)") from problem
    return json.loads(text) if text.strip() else None


FLAMENCO = Engine(
    name="flamenco",
    check=check,
    files=job_files,
    commands=commands,
    submit=submit,
    cancel=cancel,
    states=states,
    next_steps=next_steps,
    knobs=(
        "manager=http://HOST:8080 (needed), priority=0 to 100, container-runtime, container-options; --partition is "
        "the id of a worker tag; how often a task may fail is set in the Manager"
    ),
)
