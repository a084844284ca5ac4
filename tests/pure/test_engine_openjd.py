"""The bundle of Open Job Description: accepted by the format's own model, and cut as it says."""

import re
import shlex
from pathlib import Path
from subprocess import Popen

import pytest
import yaml
from farm_samples import answering, awkward_submission

from pipeline.errors import FarmError
from pipeline.farm.engines import openjd
from pipeline.farm.engines.openjd import OPENJD
from pipeline.farm.submission import Resources
from pipeline.frames import parse_frames

model = pytest.importorskip("openjd.model")


def sample(**changes):
    return awkward_submission("openjd", **changes)


def created_job(submission, given=()):
    """Return the job that the format's own model makes of a bundle."""
    files = OPENJD.files(submission)
    template = model.decode_job_template(
        template=yaml.safe_load(files["template.yaml"]), supported_extensions=["TASK_CHUNKING"]
    )
    values = {item["name"]: item["value"] for item in yaml.safe_load(files["parameter_values.yaml"])["parameterValues"]}
    texts = {name: str(value) for name, value in (values | dict(given)).items()}
    parameters = model.preprocess_job_parameters(
        job_template=template, job_parameter_values=texts, job_template_dir=Path("/"), current_working_dir=Path("/")
    )
    return model.create_job(job_template=template, job_parameter_values=parameters)


def chunks(job):
    space = model.StepParameterSpaceIterator(space=job.steps[0].parameterSpace)
    return [task["Frame"].value for task in space]


def test_tasks_are_exactly_the_frames_in_shards_of_that_size():
    job = created_job(sample())
    assert [step.name for step in job.steps] == ["Render", "Finalize"]
    assert job.steps[1].dependencies[0].dependsOn == "Render"
    cut = chunks(job)
    assert [parse_frames(text, 100) for text in cut] == [(0, 1, 2, 3, 4), (5, 6, 7, 8, 9), (20, 30, 31, 32)]


def test_an_operator_can_change_frames_size_and_device():
    job = created_job(sample(), {"Frames": "4,8-20:4", "FramesPerShard": "2", "Device": "optix"})
    assert [parse_frames(text, 100) for text in chunks(job)] == [(4, 8), (12, 16), (20,)]
    assert job.parameters["Device"].value == "optix"


def test_a_list_of_frames_too_long_for_a_parameter_stands_in_the_template():
    many = ",".join(str(frame) for frame in range(0, 2000, 2))
    submission = sample(frames=many, shards=(many,))
    assert "Frames" not in created_job(submission).parameters
    assert parse_frames(",".join(chunks(created_job(submission))), 2000) == tuple(range(0, 2000, 2))


def test_the_command_is_the_shard_with_the_dataset_as_a_path_that_is_mapped():
    action = (
        created_job(sample(options=("--device", "cpu", "--threads", "2"), path_map=(("/home/me", "/mnt/me"),)))
        .steps[0]
        .script.actions.onRun
    )
    assert [str(action.command), *map(str, action.args)] == [
        *("python", "-m", "pipeline", "shard", "{{Param.Dataset}}", "--frames", "{{Task.Param.Frame}}"),
        *("--device", "{{Param.Device}}", "--threads", "2", "--path-map", "/home/me=/mnt/me"),
    ]
    rules = yaml.safe_load(OPENJD.files(sample(path_map=(("/home/me", "/mnt/me"),)))["path_mapping.json"])
    assert rules["path_mapping_rules"][0]["destination_path"] == "/mnt/me"


def test_machines_that_share_no_folder_get_the_dataset_and_the_assets_and_give_the_dataset_back():
    submission = sample(engine_options={"assets": "/a b:/c"})
    files = {name: yaml.safe_load(text) for name, text in OPENJD.files(submission).items()}
    references = files["asset_references.yaml"]["assetReferences"]
    assert references["inputs"]["directories"] == ["/a b", "/c"]
    assert references["outputs"]["directories"] == [submission.dataset]
    dataset, *_ = files["template.yaml"]["parameterDefinitions"]
    assert (dataset["name"], dataset["type"], dataset["dataFlow"]) == ("Dataset", "PATH", "INOUT")


def test_resources_time_and_cancelation_are_said():
    options = {"attr.worker.os.family": "linux", "attr.renderer": "optix,cuda", "amount.licence": "1", "notify": "90"}
    resources = Resources(time_min=30, cpus=4, memory_mb=9000, gres="gpu:a100:2")
    render = created_job(sample(resources=resources, engine_options=options)).steps[0]
    amounts = {item.name: int(item.min) for item in render.hostRequirements.amounts}
    assert amounts == {
        "amount.worker.vcpu": 4,
        "amount.worker.memory": 9000,
        "amount.worker.gpu": 2,
        "amount.licence": 1,
    }
    assert {item.name: item.anyOf for item in render.hostRequirements.attributes}["attr.renderer"] == ["optix", "cuda"]
    action = render.script.actions.onRun
    assert (action.timeout, action.cancelation.mode.value) == (1800, "NOTIFY_THEN_TERMINATE")
    assert action.cancelation.notifyPeriodInSeconds == 90


def test_a_container_sees_the_dataset_where_the_node_does():
    submission = sample(
        container="me/variegate:1",
        resources=Resources(gres="gpu:1"),
        engine_options={"assets": "/a b", "container-runtime": "docker"},
    )
    action = created_job(submission).steps[0].script.actions.onRun
    words = [str(action.command), *map(str, action.args)]
    assert words[:6] == ["docker", "run", "--rm", "--init", "--gpus", "all"]
    assert "type=bind,source={{Param.Dataset}},target={{Param.Dataset}}" in words
    assert "type=bind,source=/a b,target=/a b" in words
    # The image's own entry point would take "python" for an argument.
    assert words[words.index("--entrypoint") + 1] == "python"
    assert words[words.index("me/variegate:1") + 1 :][:3] == ["-m", "pipeline", "shard"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"engine_options": {"notfy": "3"}}, "did you mean 'notify'"),
        ({"engine_options": {"notify": "soon"}}, "notify=soon is not a whole number"),
        ({"engine_options": {"submit-with": "openj"}}, "did you mean 'openjd'"),
        ({"engine_options": {"container-runtime": "docker"}}, "goes with --container"),
        ({"engine_options": {"container-runtime": "dokcer"}, "container": "v:1"}, "did you mean 'docker'"),
        ({"engine_options": {"container-options": "'"}, "container": "v:1"}, "quote as in a shell"),
        ({"resources": Resources(gres="gpu:a100:1")}, "attr.NAME=VALUE"),
        ({"resources": Resources(gres="shard:1")}, "write gpu:COUNT"),
        ({"resources": Resources(partition="long")}, "--partition long: openjd has no word for it"),
        ({"dataset": "/out/{{x}}"}, "begins an expression"),
        ({"name": "x" * 129}, "128 at most"),
    ],
)
def test_what_a_bundle_cannot_say_is_refused(changes, said):
    with pytest.raises(FarmError) as refused:
        OPENJD.check(sample(**changes))
    assert said in str(refused.value)


def test_without_submit_with_the_next_steps_are_told(tmp_path):
    assert OPENJD.submit(sample(), tmp_path) == () and OPENJD.commands(sample(), tmp_path) == ()
    run, send = OPENJD.next_steps(sample(max_running=8), tmp_path)
    assert run == f"openjd run {tmp_path}/template.yaml -p 'Dataset=/home/me/out put/dice'"
    assert send == f"deadline bundle submit {tmp_path} --yes --max-retries-per-task 2 --max-worker-count 8"
    assert OPENJD.states(sample(), ()) is None
    assert OPENJD.states(sample(engine_options={"submit-with": "openjd"}), ()) == {}


@pytest.mark.parametrize("dataset", ["/home/me/out put/dice", "/data/a+b (1) [x]{2}|^$*?/dice"])
def test_the_command_that_stops_a_run_names_that_run_alone(dataset):
    submission = sample(dataset=dataset, engine_options={"submit-with": "openjd"})
    _, stop = OPENJD.by_hand(submission, None)
    *words, pattern = shlex.split(stop)
    assert words == ["pkill", "-INT", "-f"]
    (run,) = OPENJD.commands(submission, Path(dataset, submission.folder))
    assert re.search(pattern, " ".join(shlex.split(run)))
    assert not re.search(pattern, " ".join(shlex.split(run)).replace("/dice/", "/mice/"))


def test_deadline_cloud_gets_the_bundle_and_a_cancel(tmp_path, monkeypatch):
    job = "job-" + "0a" * 16
    calls = answering(
        tmp_path / "bin", monkeypatch, "deadline", ("submit", 0, f"Submitted job bundle:\n{job}"), ("cancel", 0, "")
    )
    submission = sample(engine_options={"submit-with": "deadline", "farm-id": "farm-1", "priority": "70"})
    OPENJD.check(submission)
    assert OPENJD.submit(submission, tmp_path) == (job,)
    assert OPENJD.cancel(submission, (job,)) is None  # Deadline Cloud does not say whether it had ended
    assert OPENJD.states(submission, (job,)) is None
    assert calls() == [
        [
            *("bundle", "submit", str(tmp_path), "--yes", "--max-retries-per-task", "2"),
            *("--farm-id", "farm-1", "--priority", "70"),
        ],
        ["job", "cancel", "--job-id", job, "--yes", "--farm-id", "farm-1"],
    ]


def test_ctrl_c_is_for_the_program_that_runs_the_bundle_whose_end_is_waited_for(tmp_path, monkeypatch):
    class Interrupted(Popen):
        waits = 0

        def wait(self, timeout=None):
            Interrupted.waits += 1
            if Interrupted.waits == 1:
                raise KeyboardInterrupt  # the terminal's signal goes to both
            return super().wait(timeout)

    answering(tmp_path / "bin", monkeypatch, "openjd", ("run", 143, ""))
    monkeypatch.setattr(openjd.subprocess, "Popen", Interrupted)
    with pytest.raises(FarmError, match="openjd ended with exit code 143 .frames that are made stay"):
        OPENJD.submit(sample(engine_options={"submit-with": "openjd"}), tmp_path)
    assert Interrupted.waits >= 2


def test_a_refusal_of_deadline_cloud_is_told_in_its_own_words(tmp_path, monkeypatch):
    answering(tmp_path / "bin", monkeypatch, "deadline", ("submit", 1, "no queue of that id"))
    with pytest.raises(FarmError, match="exit code 1: no queue of that id"):
        OPENJD.submit(sample(engine_options={"submit-with": "deadline"}), tmp_path)


@pytest.mark.parametrize("program", ["openjd", "deadline"])
def test_a_missing_program_is_told_with_what_to_do(program, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    submission = sample(engine_options={"submit-with": program})
    OPENJD.check(submission)  # for --dry-run
    with pytest.raises(FarmError, match=f"{program} is not on this machine's PATH .pip install"):
        OPENJD.submit(submission, tmp_path)
