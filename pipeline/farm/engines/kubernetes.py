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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.farm.engine import End, Ends, Engine
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


def cancel(submission: Submission, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Delete the Job with its pods, each of which gets TERM and its grace period. One that is over stays, as its pods
    hold their logs."""
    live = tuple(job for job in ids if not _is_over(_status(submission, job)))
    for job in live:
        run_program(_kubectl(submission, "delete", "job", job, "--ignore-not-found", "--wait=false"), INSTALL)
    return live


def states(submission: Submission, ids: tuple[str, ...]) -> Mapping[int, str] | None:
    """Return the phase of each pod that is not over, and "Waiting" for a shard that has none yet."""
    found: dict[int, str] = {}
    for job in ids:
        status = _status(submission, job)
        if status is None:
            continue
        if not _is_over(status):
            ended = _indexes(status.get("completedIndexes", "")) | _indexes(status.get("failedIndexes", ""))
            found |= {index: "Waiting" for index in range(len(submission.shards)) if index not in ended}
        found |= _pods(submission, job)
    return dict(sorted(found.items()))


def ends(submission: Submission, ids: tuple[str, ...], shards: Sequence[int]) -> Ends:
    """Return how the last pod of each shard ended, as long as the cluster keeps it."""
    asked = frozenset(shards)
    pods = [(index, pod) for job in ids for index, pod in _pods_of(submission, job) if index in asked]
    found: dict[int, End] = {}
    for index, pod in sorted(pods, key=lambda one: str(one[1].get("status", {}).get("startTime", ""))):
        if (end := _end(submission, pod)) is not None:
            was_starved = index in found and found[index].is_starved  # all pods of a Job have the same memory
            found[index] = replace(end, is_starved=end.is_starved or was_starved)
    return Ends(looked_into=shards, told=found)


def _end(submission: Submission, pod: Mapping[str, Any]) -> End | None:
    """Return how a pod ended, None where it did not, or nobody says how."""
    status = pod.get("status", {})
    ends = [one.get("state", {}).get("terminated") for one in status.get("containerStatuses") or []]
    ended = next((one for one in ends if one), status if status.get("phase") == "Failed" else None)
    if ended is None:
        return None
    code, reason = ended.get("exitCode"), str(ended.get("reason") or "Error")
    return End(
        reason=" ".join(str(ended.get("message") or "").split())
        or (reason if code is None else f"{reason}, exit code {code}"),
        where=shlex.join(_kubectl(submission, "logs", pod["metadata"].get("name", "POD"))),
        exit_code=code,
        node=str(pod.get("spec", {}).get("nodeName", "")),
        is_starved=reason == "OOMKilled",
    )


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
    """Return the phase of each pod that is not over, and what it waits for: "Pending: ImagePullBackOff"."""
    found = {}
    for index, pod in _pods_of(submission, job):
        status = pod.get("status", {})
        phase = str(status.get("phase", ""))
        if phase not in ("Succeeded", "Failed"):
            waiting = [one.get("state", {}).get("waiting") or {} for one in status.get("containerStatuses") or []]
            found[index] = ": ".join([phase, *(one["reason"] for one in waiting if one.get("reason"))])
    return found


def _pods_of(submission: Submission, job: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the pods of a Job with the shard that each makes."""
    label = f"batch.kubernetes.io/job-name={job}"
    said = run_program(_kubectl(submission, "get", "pods", "-l", label, "-o", "json"), INSTALL)
    for pod in json.loads(said)["items"]:
        index = pod["metadata"].get("annotations", {}).get(INDEX)
        if index is not None:
            yield int(index), pod


def _status(submission: Submission, job: str) -> Mapping[str, Any] | None:
    """Return the status of a Job, None for one that is gone."""
    said = run_program(_kubectl(submission, "get", "job", job, "--ignore-not-found", "-o", "json"), INSTALL)
    status: Mapping[str, Any] | None = json.loads(said).get("status", {}) if said.strip() else None
    return status


def _is_over(status: Mapping[str, Any] | None) -> bool:
    conditions = [] if status is None else status.get("conditions") or []
    ends = any(item["type"] in ("Complete", "Failed") and item["status"] == "True" for item in conditions)
    return status is None or ends


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
    ends=ends,
    unseen="their pods are gone, and what they said with them",
    next_steps=next_steps,
    knobs=(
        "volumes that hold the dataset's folder: pvc=CLAIM:/mount, host-path=/folder[:/mount], "
        "nfs=SERVER:/export[:/mount], several with commas; gpu-resource (nvidia.com/gpu), gpu-product for a kind of "
        "GPU, node-selector.LABEL=VALUE, toleration.TAINT=VALUE, env.NAME=VALUE; run-as=UID[:GID], service-account, "
        "image-pull-secret, image-pull-policy, priority-class, queue (Kueue's), grace=SECONDS after TERM, ttl=SECONDS, "
        "max-failed-indexes, context"
    ),
)
