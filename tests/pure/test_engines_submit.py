"""submit, resume and cancel with the other engines, whose programs are played."""

from __future__ import annotations

import json

import pytest
from farm_samples import answering

from pipeline.cli import main
from pipeline.farm.engines import ENGINES
from pipeline.farm.ledger import read_ledger

PODS = {
    "items": [
        {"metadata": {"annotations": {"batch.kubernetes.io/job-completion-index": "1"}}, "status": {"phase": "Running"}}
    ]
}
KUBECTL = (
    ("get pods", 0, json.dumps(PODS)),
    ("get job", 0, json.dumps({"status": {"completedIndexes": "0", "failedIndexes": "2"}})),
    ("create", 0, ""),
    ("delete", 0, ""),
)
DEADLINE = (
    ("render_job_info", 0, "JobID=65f0"),
    ("finalize_job_info", 0, "JobID=75f0"),
    ("-GetJobTasks", 0, "TaskId=0\nStatus=Completed\n\nTaskId=1\nStatus=Rendering\n\nTaskId=2\nStatus=Failed\n"),
    ("-GetJob", 0, "Status=Active"),
    ("-FailJob", 0, ""),
)
ORDERS = {
    "kubernetes": ("kubectl", KUBECTL, ("--container", "v:1", "--engine-option", "host-path=/")),
    "deadline": ("deadlinecommand", DEADLINE, ("--partition", "gpus", "--engine-option", "Group=rtx")),
}


@pytest.mark.parametrize("engine", ORDERS)
def test_what_an_engine_still_has_is_not_submitted_again(engine, job, out, tmp_path, monkeypatch, capfd):
    program, answers, words = ORDERS[engine]
    calls = answering(tmp_path / "bin", monkeypatch, program, *answers)
    order = ["submit", str(job), "--out", str(out), "--engine", engine, "--frames-per-shard", "4", *words]
    assert main([*order, "--dry-run"]) == 0 and calls() == [] and not out.exists()
    assert main(order) == 0
    (entry,) = read_ledger(out)
    assert set(ENGINES[engine].files(entry.submission)) <= {
        path.name for path in (out / entry.submission.folder).iterdir()
    }

    capfd.readouterr()
    assert main(["resume", str(out), "--dry-run"]) == 0
    told = capfd.readouterr().out
    assert "4 frames (4-7) are left out" in told and "8 frames in 2 shards would go to" in told

    assert main(["cancel", str(out)]) == 0
    named = {word for call in calls()[-4:] for word in call}
    assert set(entry.ids) <= named


def test_a_bundle_is_canceled_by_what_runs_it(job, out, capfd):
    assert main(["submit", str(job), "--out", str(out), "--engine", "openjd"]) == 0
    assert "openjd run" in capfd.readouterr().out
    assert main(["cancel", str(out)]) == 0
    assert "handed over by other programs" in capfd.readouterr().out


def test_a_windows_program_stays_as_it_is(job, out):
    command = ["submit", str(job), "--out", str(out), "--engine", "openjd", "--python", "C:\\Program Files\\python.exe"]
    assert main(command) == 0
    assert read_ledger(out)[0].submission.command[0] == "C:/Program Files/python.exe"
