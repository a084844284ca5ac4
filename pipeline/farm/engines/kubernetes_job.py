"""The manifest of an Indexed Job, batch/v1."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import yaml

from pipeline.errors import FarmError
from pipeline.farm.engines.kubernetes_volumes import VOLUME_KNOBS, Mount, read_mounts
from pipeline.farm.gres import read_gpus
from pipeline.farm.knobs import check_all, check_numbers, positive_number
from pipeline.farm.submission import Submission

KNOBS = (
    *VOLUME_KNOBS,
    *("gpu-resource", "gpu-product", "run-as", "service-account", "image-pull-secret", "image-pull-policy"),
    *("priority-class", "queue", "grace", "ttl", "max-failed-indexes"),
)
PASSED = ("node-selector.", "toleration.", "env.")

MOST_INDEXES = 100_000
MOST_UNASKED = 1000
"""Pods that may be created at once without `--max-running`; a cluster's store suffers from more."""

_CONTAINER = "shard"
_ANNOTATION = "metadata.annotations['batch.kubernetes.io/job-completion-index']"


def check_job(submission: Submission) -> None:
    """Raise FarmError for what no Job can say."""
    check_all(submission, _check_size, _check_image, _check_gpus, _check_volumes, _security, _check_numbers)


def job_files(submission: Submission) -> Mapping[str, str]:
    """Return the manifest, job.yaml."""
    return {"job.yaml": yaml.safe_dump(_job(submission), sort_keys=False, allow_unicode=True, width=120)}


def job_name(submission: Submission) -> str:
    """Return the Job's name: the submission's as far as DNS allows, with a digest that keeps datasets apart."""
    digest = hashlib.sha256(f"{submission.dataset}\n{submission.folder}".encode()).hexdigest()[:8]
    # A pod's host name is this, a dash and its index; a label of DNS has 63 characters.
    room = 63 - len(f"-{digest}-{len(submission.shards) - 1}")
    slug = re.sub(r"[^a-z0-9]+", "-", submission.name.lower())[:room].strip("-")
    slug = slug if slug[:1].isalpha() else f"job-{slug}"[:room].strip("-")
    return f"{slug}-{digest}"


def _check_size(submission: Submission) -> None:
    count = len(submission.shards)
    if count > MOST_INDEXES:
        raise FarmError(f"{count} shards: an Indexed Job holds {MOST_INDEXES} at most (more frames in each shard)")
    if count > MOST_UNASKED and not submission.max_running:
        raise FarmError(f"{count} pods at once: say how many may run with --max-running (needed above {MOST_UNASKED})")


def _check_image(submission: Submission) -> None:
    if not submission.container:
        raise FarmError("a pod needs an image with this program in it (--container IMAGE)")


def _check_gpus(submission: Submission) -> None:
    if read_gpus(submission.resources.gres).kind and "gpu-product" not in submission.engine_options:
        raise FarmError(
            f"--gres {submission.resources.gres}: say which nodes those are, as the label nvidia.com/gpu.product has "
            f"it (--engine-option gpu-product=NVIDIA-A100-SXM4-40GB)"
        )


def _check_volumes(submission: Submission) -> None:
    dataset, mounts = submission.there(submission.dataset), read_mounts(submission)
    if not any(mount.holds(dataset) for mount in mounts):
        raise FarmError(
            f"no volume of the pods holds {dataset} (--engine-option pvc=CLAIM:/mount, host-path=/folder or "
            f"nfs=SERVER:/export:/mount; --path-map for another path there)"
        )


def _check_numbers(submission: Submission) -> None:
    check_numbers(submission, "grace", "ttl", "max-failed-indexes")


def _job(submission: Submission) -> dict[str, Any]:
    options = submission.engine_options
    labels = {"app.kubernetes.io/name": "variegate"}
    metadata: dict[str, Any] = {"name": job_name(submission)}
    if submission.resources.partition:
        metadata["namespace"] = submission.resources.partition
    queue = {"kueue.x-k8s.io/queue-name": options["queue"]} if "queue" in options else {}
    metadata["labels"] = labels | queue
    metadata["annotations"] = {"variegate/dataset": submission.dataset, "variegate/submission": submission.folder}
    count = len(submission.shards)
    spec: dict[str, Any] = {
        "completions": count,
        "parallelism": min(submission.max_running or count, count),
        "completionMode": "Indexed",
        "backoffLimitPerIndex": submission.attempts - 1,
        # A shard with a frame that was given up has failed; that is no reason to end the others.
        "maxFailedIndexes": min(positive_number(submission, "max-failed-indexes", MOST_INDEXES), count),
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": _failure_rules()},
    }
    if "ttl" in options:
        spec["ttlSecondsAfterFinished"] = positive_number(submission, "ttl", 1)
    spec["template"] = {"metadata": {"labels": labels}, "spec": _pod(submission)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _failure_rules() -> list[dict[str, Any]]:
    disrupted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    codes = {"containerName": _CONTAINER, "operator": "In", "values": [2]}
    return [disrupted, {"action": "FailIndex", "onExitCodes": codes}]


def _pod(submission: Submission) -> dict[str, Any]:
    options, mounts = submission.engine_options, read_mounts(submission)
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": positive_number(submission, "grace", 300),
        "containers": [_container(submission, mounts)],
        "volumes": [{"name": mount.name, **mount.source} for mount in mounts],
    }
    if submission.resources.time_min:
        pod["activeDeadlineSeconds"] = 60 * submission.resources.time_min
    selector = _prefixed(submission, "node-selector.")
    if "gpu-product" in options:
        selector["nvidia.com/gpu.product"] = options["gpu-product"]
    tolerations = [
        {"key": key} | ({"operator": "Equal", "value": value} if value else {"operator": "Exists"})
        for key, value in _prefixed(submission, "toleration.").items()
    ]
    further = {
        "nodeSelector": selector,
        "tolerations": tolerations,
        "serviceAccountName": options.get("service-account"),
        "imagePullSecrets": [{"name": options["image-pull-secret"]}] if "image-pull-secret" in options else None,
        "priorityClassName": options.get("priority-class"),
        "securityContext": _security(submission),
    }
    return pod | {key: value for key, value in further.items() if value}


def _container(submission: Submission, mounts: tuple[Mount, ...]) -> dict[str, Any]:
    words = submission.shard_command("--submission", submission.folder, "--index", "$(SHARD_INDEX)")
    # Kubernetes reads $(NAME) in every word and $$ as a plain $.
    command = [word if word == "$(SHARD_INDEX)" else word.replace("$", "$$") for word in words]
    index = {"name": "SHARD_INDEX", "valueFrom": {"fieldRef": {"fieldPath": _ANNOTATION}}}
    container: dict[str, Any] = {"name": _CONTAINER, "image": submission.container, "command": command}
    if "image-pull-policy" in submission.engine_options:
        container["imagePullPolicy"] = submission.engine_options["image-pull-policy"]
    node = {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    # A pod's host name is its own: what it runs on, status learns from this.
    task = {"name": "VARIEGATE_TASK", "value": "kubernetes $(SHARD_INDEX) on $(NODE_NAME)"}
    given = _prefixed(submission, "env.")
    named = [{"name": name, "value": value.replace("$", "$$")} for name, value in given.items()]
    first, last = ([one] if one["name"] not in given else [] for one in (node, task))
    container["env"] = [index, *first, *named, *last]  # a variable can name only those before it
    container["resources"] = _resources(submission)
    container["volumeMounts"] = [{"name": mount.name, "mountPath": mount.path} for mount in mounts]
    return container


def _resources(submission: Submission) -> dict[str, Any]:
    asked, gpus = submission.resources, read_gpus(submission.resources.gres)
    requests = {"cpu": str(asked.cpus)} if asked.cpus else {}
    memory = {"memory": f"{asked.memory_mb}Mi"} if asked.memory_mb else {}
    amd = "hip" in submission.options
    gpu = submission.engine_options.get("gpu-resource", "amd.com/gpu" if amd else "nvidia.com/gpu")
    counted = {gpu: str(gpus.count)} if gpus.count else {}
    found = {"requests": requests | memory, "limits": memory | counted}
    return {kind: amounts for kind, amounts in found.items() if amounts}


def _security(submission: Submission) -> dict[str, int] | None:
    text = submission.engine_options.get("run-as")
    if text is None:
        return None
    match = re.fullmatch(r"(?P<user>[0-9]+)(?::(?P<group>[0-9]+))?", text)
    if match is None:
        raise FarmError(f"--engine-option run-as={text} is not UID or UID:GID in numbers")
    user = {"runAsUser": int(match["user"])}
    return user | ({"runAsGroup": int(match["group"]), "fsGroup": int(match["group"])} if match["group"] else {})


def _prefixed(submission: Submission, prefix: str) -> dict[str, str]:
    options = submission.engine_options.items()
    return {name.removeprefix(prefix): value for name, value in options if name.startswith(prefix)}
