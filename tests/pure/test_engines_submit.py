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


def bundle_of(job, out, *words):
    """Submit a bundle, and return the command that stops `openjd run` of it."""
    place = ("farm-id=farm-1", "queue-id=queue-2", *words)
    options = [word for one in place for word in ("--engine-option", one)]
    assert main(["submit", str(job), "--out", str(out), "--engine", "openjd", *options]) == 0
    return f"pkill -INT -f 'openjd run {out}/farm/0001-openjd/template.yaml'"


CANCEL_JOB = "deadline job cancel --job-id ID --yes --farm-id farm-1 --queue-id queue-2"
LIST_JOBS = "deadline job list --farm-id farm-1 --queue-id queue-2"


def test_a_bundle_is_canceled_by_what_runs_it_and_how_is_told(job, out, capfd):
    stop_run = bundle_of(job, out)
    capfd.readouterr()
    assert main(["cancel", str(out)]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "farm/0001-openjd: is a bundle that you handed over. "
        "If openjd run makes it, press Ctrl-C in its terminal, or there:",
        f"  {stop_run}",
        f"  If Deadline Cloud has it, {LIST_JOBS} shows its ID:",
        f"  {CANCEL_JOB}",
    ]


def test_what_openjd_ran_to_its_end_needs_no_cancel_and_what_it_runs_is_stopped_there(
    job, out, tmp_path, monkeypatch, capfd
):
    answering(tmp_path / "bin", monkeypatch, "openjd", ("run", 0, ""))
    stop_run = bundle_of(job, out, "submit-with=openjd")
    capfd.readouterr()
    assert main(["cancel", str(out)]) == 0
    assert capfd.readouterr().out == ("farm/0001-openjd: openjd run has made it to its end: nothing waits or runs\n")
    (out / "farm/0001-openjd/submitted.json").unlink()  # which comes when it has ended
    assert main(["cancel", str(out)]) == 0
    first, then = capfd.readouterr().out.splitlines()
    assert first.startswith("farm/0001-openjd: is with openjd run, unless that was interrupted.") and "Ctrl-C" in first
    assert then == f"  {stop_run}"


def test_a_job_of_deadline_cloud_is_canceled_by_its_id_or_the_command_is_told(job, out, tmp_path, monkeypatch, capfd):
    known = "job-" + "0a" * 16
    calls = answering(tmp_path / "bin", monkeypatch, "deadline", ("submit", 0, known), ("cancel", 0, ""))
    bundle_of(job, out, "submit-with=deadline")
    capfd.readouterr()
    assert main(["cancel", str(out)]) == 0
    assert f"was asked to cancel job {known}," in capfd.readouterr().out
    command = CANCEL_JOB.replace("ID", known)
    assert calls()[-1] == command.split()[1:]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["cancel", str(out)]) == 2
    assert f"deadline is not on this machine's PATH (type this on a machine that has it: {command})" in (
        capfd.readouterr().err
    )
    (out / "farm/0001-openjd/submitted.json").unlink()
    assert main(["cancel", str(out)]) == 0
    assert capfd.readouterr().out.splitlines() == [
        f"farm/0001-openjd: was interrupted while deadline submitted it. If {LIST_JOBS} shows it:",
        f"  {CANCEL_JOB}",
    ]


def test_a_windows_program_stays_as_it_is(job, out):
    command = ["submit", str(job), "--out", str(out), "--engine", "openjd", "--python", "C:\\Program Files\\python.exe"]
    assert main(command) == 0
    assert read_ledger(out)[0].submission.command[0] == "C:/Program Files/python.exe"
