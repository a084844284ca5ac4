"""submit, resume and cancel from the command line, with programs that stand in for Slurm's."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from farm_samples import Programs
from store_samples import commit_samples, sample_job

from pipeline.cli import main
from pipeline.dataset.quarantine import quarantine, quarantined
from pipeline.dataset.read import read_job
from pipeline.dataset.store import Store, WorkerLog, open_store
from pipeline.farm import room
from pipeline.farm.engines import ENGINES
from pipeline.farm.ledger import read_ledger
from pipeline.frames import parse_frames
from pipeline.job_file import write_job_file
from pipeline.script_arguments import parse_shard

FRAMES = 12


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Slurm's programs: sbatch gives the ids 101, 102 ..., squeue knows nothing unless FAKE_squeue says so."""
    programs = Programs(tmp_path / "bin", "sbatch", "squeue", "scancel", "scontrol")
    monkeypatch.setenv("PATH", f"{programs.folder}:{os.environ['PATH']}")
    jobs = tmp_path / "jobs"
    number = f"echo >>{jobs}; echo $((100 + $(wc -l <{jobs})))"
    monkeypatch.setenv("FAKE_sbatch", f'case "$*" in *test-only*) ;; *) {number};; esac')
    monkeypatch.setenv("FAKE_scontrol", 'echo "MaxArraySize            = 1001"')
    return programs


@pytest.fixture
def job(tmp_path) -> Path:
    path = tmp_path / "scene" / "job.json"
    write_job_file(path, sample_job(frames=FRAMES), path.parent)
    return path


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "data" / "dice"


def submissions(out: Path) -> list[tuple[str, tuple[str, ...]]]:
    return [(entry.submission.folder, entry.submission.shards) for entry in read_ledger(out)]


def make(out: Path, *frames: int) -> None:
    """Commit frames, as shards on nodes do."""
    store = open_store(out, sample_job(frames=FRAMES), out)
    with tempfile.TemporaryDirectory() as scratch:
        commit_samples(store, Path(scratch), frames)


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


# --- memory and room --------------------------------------------------------------------------------------------------


def starve(out: Path, shard: int, job: str = "101") -> None:
    """Leave the log of a shard that Slurm ended for its memory."""
    killed = (
        "slurmstepd: error: Detected 1 oom_kill event in StepId=5.batch. Some of the step tasks have been OOM Killed."
    )
    text = f"shard {shard}: task {job}_{shard} on n1, start 1\nshard {shard}: exit code 137\n{killed}\n"
    (out / f"logs/slurm-{job}_{shard}.log").write_text(text)


def memory(out: Path) -> list[int]:
    return [entry.submission.resources.memory_mb for entry in read_ledger(out)]


def test_resume_tells_what_ran_out_of_memory_and_changes_nothing_unasked(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out), "--frames-per-shard", "4", "--memory", "16G"])
    starve(out, 0)
    starve(out, 2)
    make(out, *range(4, 8))
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    told = capfd.readouterr().out
    assert told.startswith("2 shards of farm/0001-slurm ran out of memory at 16G: --memory 24G gives them more\n")
    assert memory(out) == [16384, 16384]
    assert main(["resume", str(out), "--memory", "20G"]) == 0
    assert "out of memory" not in capfd.readouterr().out


def test_resume_tells_why_shards_never_began_and_goes_on(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out), "--frames-per-shard", "6"])
    for shard in (0, 1):
        said = f"shard {shard}: task 101_{shard} on n1, start 1\nno module named pipeline\nshard {shard}: exit code 1\n"
        (out / f"logs/slurm-101_{shard}.log").write_text(said)
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    first, last = capfd.readouterr().out.splitlines()
    assert first == (
        "shards 0-1 of farm/0001-slurm ended before the first frame: no module named pipeline (logs/slurm-101_0.log)"
    )
    assert "12 frames in 2 shards are with slurm (farm/0002-slurm" in last


def test_memory_auto_gives_half_as_much_again_up_to_a_limit(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out), "--memory", "4G"])
    assert main(["resume", str(out), "--memory", "auto"]) == 0
    assert memory(out) == [4096, 4096], "nothing ran out of it"
    for jobs in ("103", "105", "107"):
        starve(out, 0, jobs)
        assert main(["resume", str(out), "--memory", "auto"]) == 0
    assert memory(out) == [4096, 4096, 6144, 9216, 14336]
    assert "1 shard of farm/0004-slurm ran out of memory at 9G: now they get 14G\n" in capfd.readouterr().out
    starve(out, 0, "109")
    assert main(["resume", str(out), "--memory", "auto"]) == 2
    said = capfd.readouterr().err
    assert "ran out of memory at 14G, and 4 times the first is where auto ends (look for what fills it, or give" in said


def test_memory_auto_makes_no_figure_up(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out)])
    starve(out, 0)
    assert main(["resume", str(out), "--memory", "auto"]) == 2
    assert "ran out of memory, and nobody knows how much they had" in capfd.readouterr().err
    assert main(["submit", str(job), "--out", str(out), "--memory", "auto"]) == 2
    assert "--memory auto goes with variegate resume" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["submit"], ["submit", "--dry-run"], ["resume"]])
def test_room_on_the_disk_is_told_once_frames_are_there(slurm, job, out, capfd, monkeypatch, words):
    order = [str(job), "--out", str(out)]
    assert main(["submit", *order, "--frames", "0-5"]) == 0
    assert " free" not in "".join(capfd.readouterr()), "there is nothing to go by"
    make(out, 0, 1)
    command = [words[0], *([str(out)] if words[0] == "resume" else order), *words[1:], "--anyway"]
    assert main(command) == 0
    assert re.search(r"dice: about [\d.]+ kB for \d+ frames?; [\d.]+ [GT]B free\n", capfd.readouterr().out)
    full = SimpleNamespace(f_bavail=1, f_frsize=512, f_favail=0, f_files=0)
    monkeypatch.setattr(room.os, "statvfs", lambda path: full)
    assert main(command) == 0
    assert "512 bytes free: they will not fit. Make room" in capfd.readouterr().err


# --- cancel -----------------------------------------------------------------------------------------------------------


LIVE = "; ".join(f"echo '{job} PENDING'" for job in range(101, 105))


def test_cancel_takes_back_one_submission_or_all(slurm, job, out, capfd, monkeypatch):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3"])
    main(["submit", str(job), "--out", str(out), "--frames", "4-9"])
    monkeypatch.setenv("FAKE_squeue", LIVE)
    assert main(["cancel", str(out), "--submission", "farm/0002-slurm"]) == 0
    assert slurm.calls("scancel") == [["scancel", "103", "104"]]
    monkeypatch.setenv("FAKE_scancel", "echo 'scancel: error: Invalid job id 101' >&2; exit 1")
    assert main(["cancel", str(out)]) == 0
    assert "farm/0001-slurm: cancelled (jobs 101, 102)" in capfd.readouterr().out
    assert main(["cancel", str(out), "--submission", "farm/0003-slurm"]) == 2
    assert "it has: farm/0001-slurm, farm/0002-slurm" in capfd.readouterr().err


def test_cancel_says_what_it_did_and_the_ledger_remembers(slurm, job, out, capfd, monkeypatch):
    main(["submit", str(job), "--out", str(out), "--frames-per-shard", "4"])
    capfd.readouterr()
    assert main(["cancel", str(out)]) == 0
    assert capfd.readouterr().out == "farm/0001-slurm: nothing waits or runs\n"
    assert slurm.calls("scancel") == [] and not read_ledger(out)[0].is_cancelled
    monkeypatch.setenv("FAKE_squeue", "echo '101 COMPLETING'; echo '102 PENDING'; echo '77 RUNNING'")
    assert main(["cancel", str(out)]) == 0
    assert capfd.readouterr().out == "farm/0001-slurm: cancelled (job 102)\n"
    assert slurm.calls("scancel") == [["scancel", "102"]] and read_ledger(out)[0].is_cancelled
    monkeypatch.delenv("FAKE_squeue")
    assert main(["cancel", str(out)]) == 0
    assert capfd.readouterr().out == "farm/0001-slurm: nothing waits or runs (it was cancelled before)\n"


def test_cancel_without_squeue_says_no_more_than_it_knows(slurm, job, out, capfd, monkeypatch):
    main(["submit", str(job), "--out", str(out)])
    (slurm.folder / "squeue").unlink()
    monkeypatch.setenv("PATH", f"{slurm.folder}:{bare_path(slurm.folder.parent)}")
    capfd.readouterr()
    for _ in range(2):
        assert main(["cancel", str(out)]) == 0
        said = capfd.readouterr().out
        assert said == (
            "farm/0001-slurm: slurm was asked to cancel jobs 101, 102, and does not tell what still waited or ran\n"
        )
    assert slurm.calls("scancel") == [["scancel", "101", "102"]] * 2 and read_ledger(out)[0].is_cancelled


def bare_path(folder: Path) -> Path:
    """Return a folder with what the programs that stand in need, and no Slurm of this machine."""
    path = folder / "bare"
    path.mkdir()
    for name in ("bash", "wc"):
        (path / name).symlink_to(str(shutil.which(name)))
    return path


def test_what_cannot_be_cancelled_keeps_no_other_from_it(slurm, job, out, capfd, monkeypatch):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3"])
    main(["submit", str(job), "--out", str(out), "--frames", "4-9"])
    monkeypatch.setenv("FAKE_squeue", LIVE)
    monkeypatch.setenv("FAKE_scancel", 'case "$*" in *101*) echo "scancel: error: Access denied" >&2; exit 1;; esac')
    assert main(["cancel", str(out)]) == 2
    told = capfd.readouterr()
    assert "farm/0002-slurm: cancelled" in told.out and "farm/0001-slurm: scancel: Access denied" in told.err
    assert [entry.is_cancelled for entry in read_ledger(out)] == [False, True]


REFUSES_THE_THIRD = (
    'case "$*" in *test-only*) ;; *--array=0-1*) echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1;; '
    "*) echo >>{jobs}; echo $((100 + $(wc -l <{jobs})));; esac"
)


def test_a_refusal_is_told_first_where_what_was_taken_before_cannot_be_taken_back(
    slurm, job, out, capfd, monkeypatch, tmp_path
):
    """The submission stays with the ids of what is queued, so that cancel and resume know of it."""
    monkeypatch.setenv("FAKE_scontrol", 'echo "MaxArraySize = 5"')
    monkeypatch.setenv("FAKE_sbatch", REFUSES_THE_THIRD.format(jobs=tmp_path / "jobs"))
    monkeypatch.setenv("FAKE_scancel", "echo 'scancel: error: Socket timed out' >&2; exit 1")
    assert main(["submit", str(job), "--out", str(out), "--frames-per-shard", "1"]) == 2
    refusal, kept, why = capfd.readouterr().err.strip().splitlines()
    assert "sbatch: QOSMaxSubmitJobPerUserLimit (the site limits how many shards" in refusal
    assert "may still wait or run, as it could not be taken back: jobs 101, 102 (variegate cancel" in kept
    assert why == "scancel: Socket timed out"
    assert read_ledger(out)[0].ids == ("101", "102+5")
    monkeypatch.setenv("FAKE_squeue", "echo '101_3 PENDING'; echo '102_0 PENDING'")
    monkeypatch.delenv("FAKE_scancel")
    assert main(["resume", str(out), "--dry-run"]) == 0
    assert "their 2 frames (3,5) are left out" in capfd.readouterr().out
    monkeypatch.setenv("FAKE_squeue", LIVE)
    assert main(["cancel", str(out)]) == 0
    assert "farm/0001-slurm: cancelled (jobs 101, 102)" in capfd.readouterr().out


def test_frames_of_all_submissions_together_are_those_asked_for(slurm, job, out):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3", "--frames-per-shard", "2"])
    main(["submit", str(job), "--out", str(out), "--frames", "2-9"])
    asked = {frame for _, shards in submissions(out) for shard in shards for frame in parse_frames(shard, FRAMES)}
    assert asked == set(range(10))
    assert sys.executable.endswith(Path(read_ledger(out)[0].submission.command[0]).name)
