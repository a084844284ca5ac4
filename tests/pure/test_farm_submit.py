"""submit and resume from the command line, with programs that stand in for Slurm's."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from farm_samples import FRAMES, make
from store_samples import sample_job

from pipeline.cli import main
from pipeline.dataset.quarantine import quarantine, quarantined
from pipeline.dataset.read import read_job
from pipeline.dataset.store import Store, WorkerLog
from pipeline.farm.engines import ENGINES
from pipeline.farm.engines import slurm as slurm_engine
from pipeline.farm.ledger import read_ledger
from pipeline.frames import parse_frames
from pipeline.script_arguments import parse_shard


def submissions(out: Path) -> list[tuple[str, tuple[str, ...]]]:
    return [(entry.submission.folder, entry.submission.shards) for entry in read_ledger(out)]


def given_up(out: Path, frame: int) -> None:
    store = Store(root=out, job=sample_job(frames=FRAMES))
    quarantine(store, frame, ["it went wrong"], None, "")


def test_submit_makes_the_dataset_and_hands_over_shards(slurm, job, out, capfd):
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "5"]) == 0
    assert "12 frames in 3 shards are with slurm (farm/0001-slurm, jobs 101, 102)" in capfd.readouterr().out
    assert submissions(out) == [("farm/0001-slurm", ("0-4", "5-9", "10-11"))]
    folder = out / "farm" / "0001-slurm"
    assert (folder / "shards.txt").read_text() == "0-4\n5-9\n10-11\n"
    assert json.loads((folder / "submitted.json").read_text())["ids"] == ["101", "102"]
    assert [call for call in slurm.calls("sbatch") if "--test-only" not in call] == [
        ["sbatch", "--parsable", "--array=0-2", str(folder / "render.sbatch"), "0"],
        ["sbatch", "--parsable", "--dependency=afterany:101", str(folder / "finalize.sbatch")],
    ]
    assert (out / "job.json").is_file()
    assert sorted(path.name for path in (out / "farm").iterdir()) == ["0001-slurm"]


def test_arrays_are_split_and_a_limit_holds_over_all_of_them(slurm, job, out, monkeypatch):
    monkeypatch.setenv("FAKE_scontrol", 'echo "MaxArraySize = 5"')
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "1", "--max-running", "2"]) == 0
    calls = [call[2:-2] + call[-1:] for call in slurm.calls("sbatch") if "--test-only" not in call]
    assert calls[:3] == [
        ["--array=0-4%2", "0"],
        ["--array=0-4%2", "--dependency=afterany:101", "5"],
        ["--array=0-1%2", "--dependency=afterany:102", "10"],
    ]
    assert "--dependency=afterany:101:102:103" in slurm.calls("sbatch")[-1]
    assert json.loads((out / "farm/0001-slurm/submitted.json").read_text())["ids"] == ["101", "102+5", "103+10", "104"]


def test_arrays_without_a_limit_need_not_wait_for_each_other(slurm, job, out, monkeypatch):
    monkeypatch.setenv("FAKE_scontrol", 'echo "MaxArraySize = 5"')
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "1"]) == 0
    assert sum("--dependency" in " ".join(call) for call in slurm.calls("sbatch")) == 1


def test_many_arrays_are_named_some_at_a_time(slurm, job, out, monkeypatch):
    monkeypatch.setattr(slurm_engine, "IDS_A_TIME", 2)
    monkeypatch.setenv("FAKE_scontrol", 'echo "MaxArraySize = 5"')
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "1"]) == 0
    assert "--dependency=afterany:101:102,afterany:103" in slurm.calls("sbatch")[-1]
    monkeypatch.setenv("FAKE_squeue", "printf '101 RUNNING\\n102 PENDING\\n103 PENDING\\n104 PENDING\\n'")
    assert main(["cancel", str(out)]) == 0
    assert slurm.calls("scancel") == [["scancel", "101", "102"], ["scancel", "103", "104"]]


def test_dry_run_writes_nothing_and_prints_all(slurm, job, out, capfd, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    words = ["submit", str(job), "--out", str(out), "--frames-per-shard", "5", "--dry-run"]
    assert main(words) == 0
    said = capfd.readouterr().out
    slurm.log.unlink()  # asking what Slurm would say is no change
    assert sorted(tmp_path.rglob("*")) == before
    assert main(words[:-1]) == 0
    for file in (out / "farm/0001-slurm").iterdir():
        if file.name != "submitted.json":
            assert f"=== {file}\n{file.read_text()}" in said
    run = [" ".join(call) for call in slurm.calls("sbatch") if "--test-only" not in call]
    for command in run:
        assert command.replace("afterany:101", "afterany:<id 1>") in said
    assert "nothing was written: 12 frames in 3 shards would go to slurm" in said


def test_dry_run_needs_no_slurm_and_no_dataset(job, out, capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["submit", str(job), "--out", str(out), "--dry-run"]) == 0
    assert not out.exists()
    assert main(["submit", str(job), "--out", str(out)]) == 2
    assert "--engine slurm: sbatch, squeue, scancel, scontrol not here" in capfd.readouterr().err
    assert not out.exists()


def test_frames_that_are_there_are_not_submitted(slurm, job, out, capfd):
    make(out, 0, 3, 4)
    assert main(["submit", str(job), "--out", str(out), "--frames", "0-5"]) == 0
    assert submissions(out) == [("farm/0001-slurm", ("1-2,5",))]
    make(out, 1, 2, 5)
    assert main(["submit", str(job), "--out", str(out), "--frames", "0-5"]) == 0
    assert "nothing is missing" in capfd.readouterr().out
    assert len(submissions(out)) == 1


def test_what_sbatch_refuses_leaves_no_submission_and_no_job(slurm, job, out, capfd, monkeypatch):
    refusal = "sbatch: error: QOSMaxSubmitJobPerUserLimit"
    monkeypatch.setenv(
        "FAKE_sbatch", f'case "$*" in *test-only*) ;; *finalize*) echo "{refusal}" >&2; exit 1;; *) echo 7;; esac'
    )
    assert main(["submit", str(job), "--out", str(out)]) == 2
    assert "sbatch: QOSMaxSubmitJobPerUserLimit (the site limits how many shards" in capfd.readouterr().err
    assert slurm.calls("scancel") == [["scancel", "7"]]
    assert list((out / "farm").iterdir()) == []


def test_what_the_test_of_sbatch_refuses_is_told_before_anything_is_written(slurm, job, out, capfd, monkeypatch):
    monkeypatch.setenv("FAKE_sbatch", 'echo "sbatch: error: invalid partition specified: gpu" >&2; exit 1')
    assert main(["submit", str(job), "--out", str(out), "--partition", "gpu"]) == 2
    assert "invalid partition specified: gpu (sinfo lists the partitions: --partition NAME)" in capfd.readouterr().err
    assert not out.exists()


def test_frames_beyond_the_last_make_the_dataset_longer_and_change_none(slurm, job, out, capfd):
    make(out, 0, 1)
    assert main(["submit", str(job), "--out", str(out), "--frames", "0-29", "--frames-per-shard", "20"]) == 0
    assert "the dataset gets 30 frames, more than the scene file's 12" in capfd.readouterr().out
    assert submissions(out) == [("farm/0001-slurm", ("2-21", "22-29"))]
    longer = read_job(out)
    assert (longer.config.frames, longer.digest) == (30, sample_job(frames=FRAMES).digest)
    assert main(["submit", str(job), "--out", str(out), "--frames", "3", "--frames-per-shard", "20"]) == 0
    assert read_job(out).config.frames == 30


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--frames", "9-5"], "'9-5' ends before it begins"),
        (["--frames", "0-9999999"], "outside 0-999999 (--set frames=N for so many)"),
        (["--gres", "gpu:a100:many"], "'gpu:a100:many' is not NAME, NAME:COUNT or NAME:TYPE:COUNT"),
        (["--path-map", "/data"], "--path-map '/data': write A=B"),
        (["--path-map", "data=/mnt"], "--path-map data=...: the folder here must be absolute"),
        (["--time", "soon"], "'soon' is not a time; write 240 (minutes), 4h, 90m or 1d12h"),
        (["--memory", "much"], "'much' is not an amount of memory; write 16G or 512M"),
        (["--engine-option", "account"], "'account' is not KEY=VALUE"),
        (["--engine-option", "mem=3"], "--engine-option mem: not for you to set: use --memory"),
        (["--frames-per-shard", "3", "--minutes-per-shard", "3"], "not both"),
        (["--blender", "blender", "--python", "python3"], "nodes run the one or the other"),
        (["--blender", "blender", "--workers", "2"], "a shard that a real Blender runs is one process"),
        (["--minutes-per-shard", "3"], "--minutes-per-shard 3: no frame of"),
    ],
)
def test_bad_orders_are_refused_before_anything_is_written(slurm, job, out, words, message, capfd):
    assert main(["submit", str(job), "--out", str(out), *words]) == 2
    assert message in " ".join(capfd.readouterr().err.split())
    assert not out.exists()


def test_times_and_memory_are_read_as_people_write_them(slurm, job, out):
    assert (
        main(
            [
                "submit",
                str(job),
                "--out",
                str(out),
                "--time",
                "1d12h",
                "--memory",
                "1.5G",
                "--cpus",
                "4",
                "--workers",
                "2",
            ]
        )
        == 0
    )
    submission = read_ledger(out)[0].submission
    assert (submission.resources.time_min, submission.resources.memory_mb) == (36 * 60, 1536)
    assert submission.options == ("--workers", "2", "--threads", "4")


def test_a_real_blender_runs_the_script_of_this_checkout(slurm, job, out):
    words = ["--blender", "blender", "--attempts", "2", "--frame-time-limit", "600"]
    assert main(["submit", str(job), "--out", str(out), *words]) == 0
    submission = read_ledger(out)[0].submission
    options = parse_shard([str(out), "--frames", "0", *submission.options])
    assert (options.attempts, options.frame_time_limit) == (2, 600.0)
    command = submission.command
    assert command[:2] == ("blender", "--background")
    assert Path(command[-2]).name == "render.py" and Path(command[-2]).is_file() and command[-1] == "--"


# --- resume -----------------------------------------------------------------------------------------------------------


def test_resume_submits_exactly_what_is_missing_as_before(slurm, job, out, capfd):
    main(
        ["submit", str(job), "--out", str(out), "--frames-per-shard", "4", "--cpus", "2", "--engine-option", "qos=low"]
    )
    make(out, 0, 1, 5, 11)
    given_up(out, 7)
    capfd.readouterr()
    assert main(["resume", str(out), "--memory", "2G", "--engine-option", "account=lab"]) == 0
    said = capfd.readouterr().out
    assert "1 frame (7) is given up and left out" in said
    assert "7 frames in 2 shards are with slurm (farm/0002-slurm" in said
    submission = read_ledger(out)[-1].submission
    assert submission.shards == ("2-4,6", "8-10")
    assert (submission.resources.cpus, submission.resources.memory_mb) == (2, 2048)
    assert submission.engine_options == {"qos": "low", "account": "lab"}
    assert submission.options == ("--threads", "2")


def test_resume_cuts_shards_as_they_were_cut_not_as_a_remnant_was(slurm, job, out):
    main(["submit", str(job), "--out", str(out), "--frames-per-shard", "4"])
    make(out, *range(11))
    assert main(["resume", str(out)]) == 0
    shutil.rmtree(out / "frames")
    assert main(["resume", str(out)]) == 0
    assert [shards for _, shards in submissions(out)] == [("0-3", "4-7", "8-11"), ("11",), ("0-3", "4-7", "8-11")]


def test_resume_makes_again_what_lost_its_record(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3"])
    make(out, *range(4))
    (out / "frames/000002/frame.json").unlink()
    capfd.readouterr()
    assert main(["status", str(out), "--frames", "0-3", "--require-complete"]) == 1
    assert capfd.readouterr().out.splitlines()[1:] == ["damaged: 2", "  frame 2: frame.json is not there"]
    assert main(["resume", str(out)]) == 0
    assert "1 frame (2) is there without a record (frame.json), so made again" in capfd.readouterr().out
    assert submissions(out)[-1] == ("farm/0002-slurm", ("2",))


def test_resume_in_a_container_runs_the_containers_own_python(slurm, job, out):
    main(["submit", str(job), "--out", str(out)])
    assert main(["resume", str(out), "--container", "/images/variegate.sif"]) == 0
    assert main(["resume", str(out), "--container", "/images/other.sif", "--python", "/opt/bin/python3"]) == 0
    commands = [entry.submission.command[0] for entry in read_ledger(out)]
    assert commands == [sys.executable, "python", "/opt/bin/python3"]


def test_resume_leaves_frames_out_that_still_wait_or_run(slurm, job, out, capfd, monkeypatch):
    main(["submit", str(job), "--out", str(out), "--frames-per-shard", "4"])
    monkeypatch.setenv("FAKE_squeue", "echo '101_0 RUNNING'; echo '101_1 COMPLETING'; echo '102 PENDING'")
    make(out, 2)
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    said = capfd.readouterr().out
    assert "farm/0001-slurm still has shards that wait or run: their 3 frames (0-1,3) are left out" in said
    assert submissions(out)[-1] == ("farm/0002-slurm", ("4-7", "8-11"))
    monkeypatch.setenv("FAKE_squeue", "echo '101_0 RUNNING'; echo '103_0 PENDING'; echo '103_1 PENDING'")
    assert main(["resume", str(out)]) == 0
    assert "nothing else is missing" in capfd.readouterr().out
    assert main(["resume", str(out), "--anyway"]) == 0
    assert submissions(out)[-1] == ("farm/0003-slurm", ("0-1,3-4", "5-8", "9-11"))


def test_resume_with_nothing_missing_says_so(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out), "--frames", "0-2"])
    make(out, 0, 1, 2)
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    assert "nothing is missing" in capfd.readouterr().out
    assert len(submissions(out)) == 1


def test_resume_can_try_again_what_was_given_up(slurm, job, out):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3"])
    make(out, 0, 1, 2)
    given_up(out, 3)
    assert main(["resume", str(out)]) == 0
    assert len(submissions(out)) == 1
    assert main(["resume", str(out), "--retry-quarantined", "--dry-run"]) == 0
    assert quarantined(out) == (3,)
    assert main(["resume", str(out), "--retry-quarantined"]) == 0
    assert submissions(out)[-1] == ("farm/0002-slurm", ("3",))
    assert quarantined(out) == ()


def test_resume_needs_something_to_resume(slurm, job, out, capfd):
    make(out, 0)
    assert main(["resume", str(out)]) == 2
    assert "nothing was submitted for it yet (begin with variegate submit)" in capfd.readouterr().err


def test_an_interrupted_submission_is_told(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out)])
    (out / "farm/0001-slurm/submitted.json").unlink()
    assert main(["resume", str(out)]) == 0
    assert "farm/0001-slurm: was interrupted while it was submitted" in capfd.readouterr().out
    assert main(["cancel", str(out), "--submission", "farm/0001-slurm"]) == 0
    assert "look at the queue itself" in capfd.readouterr().out
    assert slurm.calls("scancel") == []


def test_ctrl_c_while_it_is_submitted_leaves_what_shards_need(slurm, job, out, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setitem(ENGINES, "slurm", replace(ENGINES["slurm"], submit=interrupted))
    main(["submit", str(job), "--out", str(out)])
    (entry,) = read_ledger(out)
    assert entry.ids is None and (out / entry.submission.folder / "shards.txt").is_file()


def test_a_dataset_that_moved_is_resumed_where_it_is(slurm, job, out):
    main(["submit", str(job), "--out", str(out)])
    moved = out.with_name("moved")
    shutil.move(out, moved)
    assert main(["resume", str(moved)]) == 0
    assert read_ledger(moved)[-1].submission.dataset == moved.as_posix()


def test_shards_are_sized_by_what_frames_took(slurm, job, out):
    make(out)
    with WorkerLog(out, {"role": "test"}) as log:
        log.begin(11)
        log.done(11, "accepted", {"render": 25.0, "commit": 5.0})
    make(out, 11)
    assert main(["submit", str(job), "--out", str(out), "--minutes-per-shard", "2"]) == 0
    assert submissions(out)[-1] == ("farm/0001-slurm", ("0-3", "4-7", "8-10"))


def test_frames_of_all_submissions_together_are_those_asked_for(slurm, job, out):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3", "--frames-per-shard", "2"])
    main(["submit", str(job), "--out", str(out), "--frames", "2-9"])
    asked = {frame for _, shards in submissions(out) for shard in shards for frame in parse_frames(shard, FRAMES)}
    assert asked == set(range(10))
    assert sys.executable.endswith(Path(read_ledger(out)[0].submission.command[0]).name)
