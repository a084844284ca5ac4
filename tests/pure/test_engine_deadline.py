"""The files of Deadline 10, read as its plugin reads them, and the commands of its client."""

import pytest
from farm_samples import answering, awkward_submission

from pipeline.errors import FarmError
from pipeline.farm.engines.deadline import DEADLINE
from pipeline.farm.refusals import PartlyTaken
from pipeline.farm.submission import Resources

RENDER = """\
Plugin=CommandLine
Name=dice no. 1
BatchName=dice no. 1
Frames=0-2
ChunkSize=1
OverrideTaskFailureDetection=true
FailureDetectionTaskErrors=3
OverrideJobFailureDetection=true
FailureDetectionJobErrors=9
OutputDirectory0=/home/me/out put/dice/frames
MachineLimit=2
TaskTimeoutSeconds=1800
OnTaskTimeout=Error
Pool=gpus
Group=rtx
Priority=80
EnvironmentKeyValue0=OMP_NUM_THREADS=8
NewKey=1
"""
PLUGIN = """\
Executable=python
Arguments=-m pipeline shard <QUOTE>/home/me/out put/dice<QUOTE> --submission farm/0001-deadline --index <STARTFRAME>
StartupDirectory=
Shell=default
ShellExecute=False
SingleFramesOnly=False
"""


def sample(**changes):
    return awkward_submission("deadline", **changes)


def read_info(text):
    """Return an info file as Deadline does: a line is a key up to the first "=", and its value."""
    pairs = [line.split("=", 1) for line in text.splitlines()]
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def words_of(submission, name="render_plugin_info.txt", **tokens):
    """Return the command line of a task, split as a program of Windows or .NET splits its arguments."""
    info = read_info(DEADLINE.files(submission)[name])
    line = info["Arguments"]
    for token, text in ({"QUOTE": '"'} | tokens).items():
        line = line.replace(f"<{token}>", text)
    words, word, quoted, at = [], None, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        if slashes and line[at + slashes : at + slashes + 1] == '"':
            word = (word or "") + "\\" * (slashes // 2)
            at += slashes
            if slashes % 2:
                word += '"'
                at += 1
        elif line[at] == '"':
            word, quoted, at = word or "", not quoted, at + 1
        elif line[at].isspace() and not quoted:
            words, word, at = [*words, word], None, at + 1
        else:
            word, at = (word or "") + line[at], at + 1
    assert not quoted
    return [info["Executable"], *words, *([word] if word is not None else [])]


def test_the_texts_of_the_render_job():
    knobs = {"Group": "rtx", "Priority": "80", "EnvironmentKeyValue0": "OMP_NUM_THREADS=8", "job_info.NewKey": "1"}
    resources = Resources(time_min=30, partition="gpus")
    files = DEADLINE.files(sample(resources=resources, engine_options=knobs, max_running=2))
    assert files["render_job_info.txt"] == RENDER
    assert files["render_plugin_info.txt"] == PLUGIN


def test_the_job_that_checks_waits_for_the_other_however_it_ends():
    info = read_info(DEADLINE.files(sample(engine_options={"Group": "rtx"}))["finalize_job_info.txt"])
    assert info["JobDependencies"] == "<id of the render job>" and info["ResumeOnFailedDependencies"] == "true"
    assert (info["Frames"], info["Group"], info["FailureDetectionTaskErrors"]) == ("0", "rtx", "1")


@pytest.mark.parametrize(
    "dataset", ["/out/dice", "/out put/dice", 'C:/a "b" c', "//nas/it's/x", "C:\\a b\\", 'x\\"y z', "a\\\\b c\\\\"]
)
def test_words_come_through_as_they_were(dataset):
    submission = sample(dataset=dataset, command=("C:/Program Files/python.exe", "-m", "pipeline"))
    words = words_of(submission, STARTFRAME="2")
    assert words == list(submission.shard_command("--submission", "farm/0001-deadline", "--index", "2"))
    assert words_of(submission, "finalize_plugin_info.txt") == list(submission.finalize_command())


def test_a_blender_of_windows_gets_the_paths_of_windows():
    command = ("C:/Blender/blender.exe", "--background", "--python", "R:/variegate/scripts/render.py", "--")
    submission = sample(command=command, path_map=(("/home/me", "R:/me"),))
    words = words_of(submission, STARTFRAME="1")
    assert words[:5] == list(command) and words[6] == "R:/me/out put/dice"
    assert words[-2:] == ["--path-map", "/home/me=R:/me"]
    assert (
        read_info(DEADLINE.files(submission)["render_job_info.txt"])["OutputDirectory0"] == "R:/me/out put/dice/frames"
    )


def test_a_container_is_run_by_its_program():
    knobs = {"container-options": "--env 'A=b c'", "plugin_info.StartupDirectory": "/tmp"}
    submission = sample(container="/images/v.sif", engine_options=knobs)
    words = words_of(submission, STARTFRAME="0")
    dataset = "/home/me/out put/dice"
    assert words[:7] == ["apptainer", "exec", "--bind", dataset, "--env", "A=b c", "/images/v.sif"]
    assert words[7:10] == ["python", "-m", "pipeline"]
    assert "StartupDirectory=/tmp\n" in DEADLINE.files(submission)["render_plugin_info.txt"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"engine_options": {"Gruop": "rtx"}}, "did you mean 'Group'"),
        ({"engine_options": {"Frames": "0-9"}}, "filled from the options of submit itself"),
        ({"engine_options": {"plugin_info.Arguments": "-x"}}, "filled from the options of submit itself"),
        ({"engine_options": {"EnvironmentKeyValue": "A=b"}}, "has no such option"),
        ({"engine_options": {"job_info.ChunkSize": "4"}}, "filled from the options of submit itself"),
        ({"engine_options": {"Comment": "a\nPool=b"}}, "cannot stand in Deadline's files"),
        ({"dataset": "/out/<QUOTE>"}, "cannot stand in Deadline's files"),
        ({"resources": Resources(gres="gpu:1")}, "--gres gpu:1: deadline has no word for it"),
        ({"resources": Resources(cpus=4)}, "--cpus 4: deadline has no word for it"),
    ],
)
def test_what_the_files_cannot_say_is_refused(changes, said):
    with pytest.raises(FarmError) as refused:
        DEADLINE.check(sample(**changes))
    assert said in str(refused.value)


def written(folder, submission):
    for name, text in DEADLINE.files(submission).items():
        (folder / name).write_text(text)
    return folder


def test_two_jobs_are_submitted_the_second_after_the_first(tmp_path, monkeypatch):
    calls = answering(
        tmp_path / "bin",
        monkeypatch,
        "deadlinecommand",
        ("render_job_info", 0, "Deadline Command 10.3\n\nResult=Success\nJobID=65f0a1b2c3d4e5f6a7b8c9d0\n"),
        ("finalize_job_info", 0, "Result=Success\nJobID=75f0a1b2c3d4e5f6a7b8c9d1\n"),
        ("-FailJob", 0, ""),
        ("-GetJob", 0, "JobStatus=Active\nJobName=dice\n"),
    )
    folder = written(tmp_path, sample())
    ids = DEADLINE.submit(sample(), folder)
    assert ids == ("65f0a1b2c3d4e5f6a7b8c9d0", "75f0a1b2c3d4e5f6a7b8c9d1")
    assert read_info((folder / "finalize_job_info.txt").read_text())["JobDependencies"] == ids[0]
    assert DEADLINE.cancel(sample(), ids) == ids
    assert calls() == [
        [f"{folder}/render_job_info.txt", f"{folder}/render_plugin_info.txt"],
        [f"{folder}/finalize_job_info.txt", f"{folder}/finalize_plugin_info.txt"],
        ["-GetJob", ids[1]],
        ["-FailJob", ids[1]],
        ["-GetJob", ids[0]],
        ["-FailJob", ids[0]],
    ]


def test_what_has_ended_is_not_failed(tmp_path, monkeypatch):
    calls = answering(tmp_path / "bin", monkeypatch, "deadlinecommand", ("-GetJob", 0, "Job Status = Completed"))
    assert DEADLINE.cancel(sample(), ("65f0",)) == ()
    assert calls() == [["-GetJob", "65f0"]]


def test_a_refused_second_job_takes_the_first_one_back(tmp_path, monkeypatch):
    """Its tasks read shards.txt, which a refused submission does not leave behind."""
    answers = [("render_job_info", 0, "JobID=65f0\n"), ("finalize_job_info", 1, "no such pool")]
    further = [("-FailJob", 0, ""), ("-GetJob", 0, "JobStatus=Active\n")]
    calls = answering(tmp_path / "bin", monkeypatch, "deadlinecommand", *answers, *further)
    with pytest.raises(FarmError, match="no such pool"):
        DEADLINE.submit(sample(), written(tmp_path, sample()))
    assert calls()[-1] == ["-FailJob", "65f0"]


def test_a_refused_second_job_whose_first_cannot_be_taken_back_names_it(tmp_path, monkeypatch):
    answers = [("render_job_info", 0, "JobID=65f0\n"), ("finalize_job_info", 1, "no such pool")]
    answering(tmp_path / "bin", monkeypatch, "deadlinecommand", *answers, ("-GetJob", 1, "no connection"))
    with pytest.raises(PartlyTaken, match=r"(?s)no such pool.*job 65f0 \(variegate cancel .*no connection") as refused:
        DEADLINE.submit(sample(), written(tmp_path, sample()))
    assert refused.value.ids == ("65f0",)


@pytest.mark.parametrize(
    ("said", "states"),
    [
        (
            "TaskId=0\nStatus=Completed\n\nTaskId=1\nStatus=Rendering\n\nTaskId=2\nStatus=Queued\n",
            {1: "Rendering", 2: "Queued"},
        ),
        ("Task Id = 0\nTask Status = Failed\n\nTask Id = 1\nTask Status = Pending\n", {1: "Pending"}),
        ("an answer of another kind", None),
    ],
)
def test_states_are_those_of_tasks_that_wait_or_run(said, states, tmp_path, monkeypatch):
    answering(tmp_path / "bin", monkeypatch, "deadlinecommand", ("-GetJobTasks", 0, said))
    assert DEADLINE.states(sample(), ("65f0", "75f0")) == states
