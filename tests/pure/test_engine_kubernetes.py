"""The Indexed Job: every field known to the models of the Kubernetes client, every limit of the API kept."""

import json
import re
import shlex

import pytest
import yaml
from farm_samples import answering, awkward_submission

from pipeline.errors import FarmError
from pipeline.farm.engines.kubernetes import KUBERNETES
from pipeline.farm.submission import Resources

client = pytest.importorskip("kubernetes.client")

VOLUME = {"host-path": "/home/me"}


def sample(**changes):
    fields = {"container": "registry/variegate:1", "engine_options": VOLUME}
    return awkward_submission("kubernetes", **(fields | changes))


def manifest(submission):
    KUBERNETES.check(submission)
    return yaml.safe_load(KUBERNETES.files(submission)["job.yaml"])


def pod_of(submission):
    return manifest(submission)["spec"]["template"]["spec"]


def check_model(value, kind):
    """Assert that `value` has only fields of a model of the client, of its types, and that nothing required lacks."""
    if kind.lower().startswith("list["):
        assert isinstance(value, list)
        for item in value:
            check_model(item, kind[5:-1])
    elif kind.lower().startswith("dict["):
        assert isinstance(value, dict) and all(isinstance(key, str) for key in value)
        for item in value.values():
            check_model(item, kind[5:-1].split(", ")[1])
    elif kind in ("str", "int", "bool"):
        assert type(value).__name__ == kind, (value, kind)
    else:
        model = getattr(client, kind)
        names = {there: here for here, there in model.attribute_map.items()}
        assert isinstance(value, dict) and set(value) <= set(names), (kind, set(value) - set(names))
        for key, item in value.items():
            check_model(item, model.openapi_types[names[key]])
        model(**{names[key]: item for key, item in value.items()})  # its constructor refuses what lacks


RICH = {
    "pvc": "data:/home/me,models:/models",
    "nfs": "nas:/export/hdris:/hdris",
    "gpu-product": "NVIDIA-A100-SXM4-40GB",
    "node-selector.disk": "ssd",
    "toleration.nvidia.com/gpu": "",
    "toleration.team": "vision",
    "env.OMP_NUM_THREADS": "8",
    "run-as": "1000:100",
    "service-account": "renderer",
    "image-pull-secret": "pull",
    "image-pull-policy": "Always",
    "priority-class": "low",
    "queue": "vision",
    "grace": "120",
    "ttl": "86400",
}
RESOURCES = Resources(time_min=90, cpus=8, memory_mb=16000, gres="gpu:a100:2", partition="vision")


@pytest.mark.parametrize("changes", [{}, {"engine_options": RICH, "resources": RESOURCES, "max_running": 2}])
def test_every_field_is_one_of_the_api(changes):
    check_model(manifest(sample(**changes)), "V1Job")


@pytest.mark.parametrize(
    ("path", "value"),
    [(("spec", "completion"), 3), (("spec", "completions"), "3"), (("spec", "template", "spec", "nodeselector"), {})],
)
def test_the_check_of_fields_bites(path, value):
    job = manifest(sample())
    inner = job
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(AssertionError):
        check_model(job, "V1Job")


def test_one_index_a_shard_each_with_its_attempts():
    spec = manifest(sample(attempts=4, max_running=2))["spec"]
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (3, 2, "Indexed")
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"]) == (3, 3)
    assert spec["podReplacementPolicy"] == "Failed", "a pod that is being ended makes its shard until it is gone"
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never" and pod["terminationGracePeriodSeconds"] == 300
    disrupted, mended = spec["podFailurePolicy"]["rules"]
    assert disrupted["action"] == "Ignore" and disrupted["onPodConditions"][0]["type"] == "DisruptionTarget"
    assert mended["action"] == "FailIndex" and mended["onExitCodes"]["values"] == [2]
    assert mended["onExitCodes"]["containerName"] == spec["template"]["spec"]["containers"][0]["name"]


def test_shards_that_fail_do_not_end_the_others_unless_asked():
    many = tuple(f"{frame}" for frame in range(200))
    assert manifest(sample(shards=many, frames="0-199"))["spec"]["maxFailedIndexes"] == 200
    asked = sample(shards=many, frames="0-199", engine_options=VOLUME | {"max-failed-indexes": "7"})
    assert manifest(asked)["spec"]["maxFailedIndexes"] == 7


def expand(words, env):
    """Return words as the kubelet expands them: $(NAME) is a variable, $$ a plain $."""
    return [re.sub(r"\$\$|\$\((\w+)\)", lambda found: env[found[1]] if found[1] else "$", word) for word in words]


def test_no_shell_comes_between_and_dollars_stay():
    submission = sample(dataset="/home/me/$(HOME) $x", options=("--device", "cpu"))
    container = pod_of(submission)["containers"][0]
    assert "args" not in container and container["command"][0] == "python"
    assert expand(container["command"], {"SHARD_INDEX": "2"}) == [
        *("python", "-m", "pipeline", "shard", "/home/me/$(HOME) $x"),
        *("--submission", "farm/0001-kubernetes", "--index", "2", "--device", "cpu"),
    ]
    index, node, task = container["env"]
    assert node["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"
    assert expand([task["value"]], {"SHARD_INDEX": "2", "NODE_NAME": "n3"}) == ["kubernetes 2 on n3"]
    assert index["name"] == "SHARD_INDEX"
    field = index["valueFrom"]["fieldRef"]["fieldPath"]
    assert field == "metadata.annotations['batch.kubernetes.io/job-completion-index']"


def test_own_variables_come_before_the_name_of_the_task_which_may_use_them():
    environment = pod_of(sample(engine_options={**VOLUME, "env.NODE_NAME": "mine", "env.A": "$x"}))["containers"][0][
        "env"
    ]
    assert [one["name"] for one in environment] == ["SHARD_INDEX", "NODE_NAME", "A", "VARIEGATE_TASK"]
    assert [environment[1]["value"], environment[2]["value"]] == ["mine", "$$x"]
    assert environment[3]["value"] == "kubernetes $(SHARD_INDEX) on $(NODE_NAME)"
    own = pod_of(sample(engine_options={**VOLUME, "env.VARIEGATE_TASK": "mine"}))["containers"][0]["env"]
    assert own[-1] == {"name": "VARIEGATE_TASK", "value": "mine"} and len(own) == 3


def test_resources_become_requests_and_limits():
    pod = pod_of(sample(engine_options=RICH, resources=RESOURCES))
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "8", "memory": "16000Mi"},
        "limits": {"memory": "16000Mi", "nvidia.com/gpu": "2"},
    }
    assert pod["activeDeadlineSeconds"] == 5400 and pod["terminationGracePeriodSeconds"] == 120
    assert pod["nodeSelector"] == {"disk": "ssd", "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB"}
    assert pod["securityContext"] == {"runAsUser": 1000, "runAsGroup": 100, "fsGroup": 100}
    assert {"key": "nvidia.com/gpu", "operator": "Exists"} in pod["tolerations"]


def test_the_gpu_of_amd_has_its_own_name():
    resources = Resources(gres="gpu")
    limits = pod_of(sample(options=("--device", "hip"), resources=resources))["containers"][0]["resources"]["limits"]
    assert limits == {"amd.com/gpu": "1"}


def test_volumes_are_mounted_where_the_words_of_the_command_point():
    options = {"pvc": "data:/data", "nfs": "nas:/export"}
    pod = pod_of(sample(engine_options=options, path_map=(("/home/me", "/data"),)))
    assert pod["volumes"] == [
        {"name": "volume-0", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "volume-1", "nfs": {"server": "nas", "path": "/export"}},
    ]
    assert [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]] == ["/data", "/export"]
    assert "/data/out put/dice" in pod["containers"][0]["command"]


@pytest.mark.parametrize("name", ["dice no. 1", "Würfel", "9 lives", "-", "x" * 80, "a" * 40 + "--"])
def test_the_name_is_one_that_dns_takes_with_every_index(name):
    submission = sample(name=name, shards=tuple(str(frame) for frame in range(900)))
    found = manifest(submission)["metadata"]["name"]
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", found) and len(f"{found}-899") <= 63


def test_two_datasets_of_one_name_are_two_jobs():
    names = {manifest(sample(dataset=path))["metadata"]["name"] for path in ("/home/me/a/dice", "/home/me/b/dice")}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"container": ""}, "--container IMAGE"),
        ({"engine_options": {}}, "no volume of the pods holds /home/me/out put/dice"),
        ({"engine_options": {"host-path": "/home/m"}}, "no volume of the pods holds"),
        ({"engine_options": VOLUME | {"pcv": "a:/b"}}, "did you mean 'pvc'"),
        ({"engine_options": {"pvc": "data"}}, "pvc=data is not CLAIM:/mount"),
        ({"engine_options": VOLUME | {"run-as": "me"}}, "UID:GID in numbers"),
        ({"engine_options": VOLUME | {"grace": "0"}}, "grace=0 is not a whole number from 1"),
        ({"resources": Resources(gres="gpu:a100:1")}, "gpu-product="),
        ({"shards": ("0",) * 100_001, "max_running": 5}, "100001 shards: an Indexed Job holds 100000"),
        ({"shards": ("0",) * 1001}, "1001 pods at once: say how many may run with --max-running"),
    ],
)
def test_what_a_job_cannot_say_is_refused(changes, said):
    with pytest.raises(FarmError) as refused:
        KUBERNETES.check(sample(**changes))
    assert said in str(refused.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(FarmError) as refused:
        KUBERNETES.check(sample(container="", engine_options={"pcv": "a:/b", "grace": "0"}))
    assert len(str(refused.value).splitlines()) == 4


def test_a_job_is_created_asked_for_and_deleted(tmp_path, monkeypatch):
    job = {"status": {"active": 2, "completedIndexes": "0-3,7", "failedIndexes": "5"}}
    pods = [
        {
            "metadata": {"annotations": {"batch.kubernetes.io/job-completion-index": str(index)}},
            "status": {"phase": phase},
        }
        for index, phase in [(0, "Succeeded"), (4, "Running"), (5, "Failed"), (6, "Pending")]
    ]
    calls = answering(
        tmp_path / "bin",
        monkeypatch,
        "kubectl",
        ("pods", 0, json.dumps({"items": pods})),
        ("get", 0, json.dumps(job)),
        ("create", 0, "job.batch created"),
        ("delete", 0, "deleted"),
    )
    submission = sample(
        shards=tuple(str(frame) for frame in range(9)),
        resources=Resources(partition="vision"),
        engine_options=VOLUME | {"context": "lab"},
    )
    (name,) = KUBERNETES.submit(submission, tmp_path)
    assert KUBERNETES.states(submission, (name,)) == {4: "Running", 6: "Pending", 8: "Waiting"}
    assert KUBERNETES.cancel(submission, (name,)) == (name,)
    where = ["--context", "lab", "--namespace", "vision"]
    assert calls()[0] == [*where, "create", "-f", f"{tmp_path}/job.yaml"]
    assert calls()[-1] == [*where, "delete", "job", name, "--ignore-not-found", "--wait=false"]
    assert KUBERNETES.commands(submission, tmp_path) == (shlex.join(["kubectl", *calls()[0]]),)
    assert KUBERNETES.programs == ("kubectl",) and KUBERNETES.next_steps(submission, tmp_path) == ()


@pytest.mark.parametrize(("said", "pods"), [("", None), ({"conditions": [{"type": "Failed", "status": "True"}]}, [])])
def test_a_job_that_is_over_or_gone_has_no_states(said, pods, tmp_path, monkeypatch):
    text = json.dumps({"status": said}) if said else ""
    answering(tmp_path / "bin", monkeypatch, "kubectl", ("pods", 0, json.dumps({"items": pods})), ("get", 0, text))
    assert KUBERNETES.states(sample(), ("dice",)) == {}
    assert KUBERNETES.cancel(sample(), ("dice",)) == ()


def pod(index, name, started, **status):
    return {
        "metadata": {"name": name, "annotations": {"batch.kubernetes.io/job-completion-index": str(index)}},
        "spec": {"nodeName": "n3"},
        "status": {"startTime": f"2026-01-01T00:00:0{started}Z", **status},
    }


def ended(code, reason, message=""):
    state = {"terminated": {"exitCode": code, "reason": reason, "message": message}}
    return {"phase": "Failed", "containerStatuses": [{"state": state}]}


def test_pods_that_ended_tell_why(tmp_path, monkeypatch):
    waits = {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}
    pods = [
        pod(0, "dice-0-b", 2, **ended(128, "StartError", 'exec: "pyton": not found')),
        pod(0, "dice-0-a", 1, **ended(1, "Error")),
        pod(1, "dice-1-b", 2, **ended(1, "Error")),
        pod(1, "dice-1-a", 1, **ended(137, "OOMKilled")),
        pod(2, "dice-2", 1, phase="Failed", reason="Evicted", message="the node was low on memory"),
        pod(3, "dice-3", 1, **waits),
        pod(4, "dice-4", 1, **ended(2, "Error")),
    ]
    answering(
        tmp_path / "bin", monkeypatch, "kubectl", ("get pods", 0, json.dumps({"items": pods})), ("get job", 0, "")
    )
    submission = sample(resources=Resources(partition="vision"))
    ends = KUBERNETES.ends(submission, ("dice",), (0, 1, 2, 3, 9))
    assert ends.looked_into == (0, 1, 2, 3, 9)
    found = ends.told
    assert {index: (end.reason, end.exit_code, end.is_starved) for index, end in found.items()} == {
        0: ('exec: "pyton": not found', 128, False),
        1: ("Error, exit code 1", 1, True),
        2: ("the node was low on memory", None, False),
    }
    assert found[0].where == "kubectl --namespace vision logs dice-0-b" and found[0].node == "n3"


def test_a_pod_that_waits_says_for_what(tmp_path, monkeypatch):
    waits = {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}
    pods = [pod(0, "dice-0", 1, **waits), pod(1, "dice-1", 1, phase="Running")]
    answers = [("get pods", 0, json.dumps({"items": pods})), ("get job", 0, json.dumps({"status": {}}))]
    answering(tmp_path / "bin", monkeypatch, "kubectl", *answers)
    assert KUBERNETES.states(sample(shards=("0", "1")), ("dice",)) == {0: "Pending: ImagePullBackOff", 1: "Running"}
