"""Kubernetes: one Indexed Job, whose pod K makes shard K; `kubectl` hands it over, asks for it and deletes it.

Tested that far: the manifest passes the models of the Kubernetes client strictly, every field known; `kubectl` was
played by a script, no cluster was there. Needs Kubernetes 1.29 or later, for `backoffLimitPerIndex`. A pod that a node
lost or that was preempted does not count as an attempt, exit code 2 ends an index at once, any other code (75, 128 +
signal) is tried again in a new pod. Jobs have no dependencies there: `status --require-complete` tells whether all
frames have come.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.farm.engine import Engine
from pipeline.farm.engines.kubernetes_job import KNOBS, PASSED, check_job, job_files, job_name
from pipeline.farm.knobs import check_all, check_knobs
from pipeline.farm.programs import run_program
from pipeline.farm.submission import Submission
from pipeline.frames import parse_frames

INSTALL = "install kubectl and give it a cluster, or use --dry-run and take the manifest there"
INDEX = "batch.kubernetes.io/job-completion-index"


def check(submission: Submission) -> None:
    """Raise FarmError for what a Job cannot say."""
    check_all(submission, _check_knobs, check_job)


def commands(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return the one command that `submit` runs."""
    return (shlex.join(_create(submission, folder)),)


def submit(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Create the Job and return its name. Raises FarmError where the cluster refuses it."""
    run_program(_create(submission, folder), INSTALL)
    return (job_name(submission),)


def cancel(submission: Submission, ids: tuple[str, ...]) -> None:
    """Delete the Job with its pods; each gets TERM and its grace period."""
    for job in ids:
        run_program(_kubectl(submission, "delete", "job", job, "--ignore-not-found", "--wait=false"), INSTALL)


def states(submission: Submission, ids: tuple[str, ...]) -> Mapping[int, str] | None:
    """Return the phase of each pod that is not over, and "Waiting" for a shard that has none yet."""
    found: dict[int, str] = {}
    for job in ids:
        said = run_program(_kubectl(submission, "get", "job", job, "--ignore-not-found", "-o", "json"), INSTALL)
        if not said.strip():
            continue
        status = json.loads(said).get("status", {})
        if not any(item["type"] in ("Complete", "Failed") and item["status"] == "True" for item in _conditions(status)):
            ended = _indexes(status.get("completedIndexes", "")) | _indexes(status.get("failedIndexes", ""))
            found |= {index: "Waiting" for index in range(len(submission.shards)) if index not in ended}
        found |= _pods(submission, job)
    return dict(sorted(found.items()))


def next_steps(submission: Submission, folder: Path) -> tuple[str, ...]:
    """Return nothing: `submit` does it all."""
    return ()


def _check_knobs(submission: Submission) -> None:
    check_knobs(submission, ("context", *KNOBS, *PASSED), passed=PASSED)


def _create(submission: Submission, folder: Path) -> tuple[str, ...]:
    # Not `apply`: a Job of this name that is there already must be an error, its pods cannot be changed.
    return _kubectl(submission, "create", "-f", str(folder / "job.yaml"))


def _kubectl(submission: Submission, *words: str) -> tuple[str, ...]:
    context, namespace = submission.engine_options.get("context"), submission.resources.partition
    where = (*(("--context", context) if context else ()), *(("--namespace", namespace) if namespace else ()))
    return ("kubectl", *where, *words)


def _pods(submission: Submission, job: str) -> dict[int, str]:
    said = run_program(
        _kubectl(submission, "get", "pods", "-l", f"batch.kubernetes.io/job-name={job}", "-o", "json"), INSTALL
    )
    found = {}
    for pod in json.loads(said)["items"]:
        index, phase = pod["metadata"].get("annotations", {}).get(INDEX), pod.get("status", {}).get("phase", "")
        if index is not None and phase not in ("Succeeded", "Failed"):
            found[int(index)] = phase
    return found


def _conditions(status: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return status.get("conditions") or []


def _indexes(text: str) -> set[int]:
    return set(parse_frames(text, 10**6)) if text else set()


KUBERNETES = Engine(
    name="kubernetes",
    programs=("kubectl",),
    check=check,
    files=job_files,
    commands=commands,
    submit=submit,
    cancel=cancel,
    states=states,
    next_steps=next_steps,
    knobs=(
        "volumes that hold the dataset's folder: pvc=CLAIM:/mount, host-path=/folder[:/mount], "
        "nfs=SERVER:/export[:/mount], several with commas; gpu-resource (nvidia.com/gpu), gpu-product for a kind of "
        "GPU, node-selector.LABEL=VALUE, toleration.TAINT=VALUE, env.NAME=VALUE; run-as=UID[:GID], service-account, "
        "image-pull-secret, image-pull-policy, priority-class, queue (Kueue's), grace=SECONDS after TERM, ttl=SECONDS, "
        "max-failed-indexes, context"
    ),
)
