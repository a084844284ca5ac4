"""What a farm does not do as asked: memory that runs out, disks that fill, submissions that are taken back."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from farm_samples import FRAMES, make, sample_submission
from status_samples import begin, dead, end, failed, start, write_log
from store_samples import sample_job

from pipeline.cli import main
from pipeline.dataset.store import open_store
from pipeline.farm import room
from pipeline.farm.ledger import add_entry, read_ledger, ready_files, record_ids
from pipeline.farm.local.limits import over_memory

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
    capfd.readouterr()
    assert main(["resume", str(out), "--memory", "auto"]) == 0
    assert memory(out) == [4096, 4096], "nothing ran out of it"
    told = capfd.readouterr().out.splitlines()
    assert "no shard of farm/0001-slurm that lacks frames ran out of memory: what is asked for stays 4G" in told
    for jobs in ("103", "105", "107"):
        starve(out, 0, jobs)
        assert main(["resume", str(out), "--memory", "auto"]) == 0
    assert memory(out) == [4096, 4096, 6144, 9216, 14336]
    assert "1 shard of farm/0004-slurm ran out of memory at 9G: now they get 14G\n" in capfd.readouterr().out
    starve(out, 0, "109")
    assert main(["resume", str(out), "--memory", "auto"]) == 2
    said = capfd.readouterr().err
    assert "ran out of memory at 14G, and 4 times the first is where auto ends (look for what fills it, or give" in said


def test_memory_auto_that_finds_nothing_names_what_was_never_asked_for(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out)])
    capfd.readouterr()
    assert main(["resume", str(out)]) == 0
    assert "out of memory" not in capfd.readouterr().out
    assert main(["resume", str(out), "--memory", "auto", "--dry-run"]) == 0
    assert "ran out of memory: what is asked for stays what the site gives unasked\n" in capfd.readouterr().out


def test_memory_auto_makes_no_figure_up(slurm, job, out, capfd):
    main(["submit", str(job), "--out", str(out)])
    starve(out, 0)
    assert main(["resume", str(out), "--memory", "auto"]) == 2
    assert "ran out of memory, and nobody knows how much they had" in capfd.readouterr().err
    assert main(["submit", str(job), "--out", str(out), "--memory", "auto"]) == 2
    assert "--memory auto goes with variegate resume" in capfd.readouterr().err


def test_engines_that_take_no_memory_are_told_of_no_memory_option(job, out, capfd, monkeypatch):
    submission = sample_submission(
        engine="deadline", folder="farm/0001-deadline", dataset=out.as_posix(), frames="0-11", shards=("0-5", "6-11")
    )
    open_store(out, sample_job(frames=FRAMES), job.parent)
    record_ids(out, add_entry(out, "deadline", lambda folder: (submission, ready_files(submission))), ("a", "b"), ())
    write_log(out, dead(), [start(role="shard"), begin(1, 20), failed(1, 30, over_memory(1500, 1400)), end(40)])
    assert main(["resume", str(out), "--memory", "auto"]) == 2
    remedy = "farm/0001-deadline ran out of memory at 1556M: machines with more memory, or fewer --workers"
    assert f"--memory auto: deadline takes no --memory; 1 shard of {remedy}" in capfd.readouterr().err
    assert main(["resume", str(out), "--dry-run"]) == 0
    assert f"1 shard of {remedy}\n" in capfd.readouterr().out


def test_logs_that_were_tidied_away_have_their_place_again(slurm, job, out):
    main(["submit", str(job), "--out", str(out)])
    shutil.rmtree(out / "logs")
    assert main(["resume", str(out)]) == 0
    assert (out / "logs").is_dir(), "Slurm starts no shard that it cannot open a log for"


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


def test_a_shard_that_has_no_room_for_its_log_is_for_the_queue_to_try_again_later(out, capfd, monkeypatch):
    with monkeypatch.context() as until:
        until.setattr(tempfile, "tempdir", str(out / "gone"))
        assert main(["shard", str(out), "--frames", "0", "--workers", "0"]) == 75
    told = capfd.readouterr()
    assert told.out.startswith("openjd_fail: no temporary folder: ") and "name a folder in TMPDIR" in told.err


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


def test_a_disk_that_takes_no_note_keeps_no_other_from_being_cancelled(slurm, job, out, capfd, monkeypatch):
    main(["submit", str(job), "--out", str(out), "--frames", "0-3"])
    main(["submit", str(job), "--out", str(out), "--frames", "4-9"])
    monkeypatch.setenv("FAKE_squeue", LIVE)
    real = os.link

    def link(source, target):
        if "0001-slurm" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    assert main(["cancel", str(out)]) == 2
    told = capfd.readouterr()
    assert "farm/0002-slurm: cancelled" in told.out and "No space left on device" in told.err
    assert slurm.calls("scancel") == [["scancel", "101", "102"], ["scancel", "103", "104"]]


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
