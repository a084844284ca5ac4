"""Repair: debris goes, damage moves aside, nothing living and nothing of worth is touched."""

import errno
import json
import os
from dataclasses import replace

import pytest
from store_samples import commit_samples, contents, open_sample, sample_job, sample_plan

from pipeline.cli import main
from pipeline.dataset import damage, processes, resume
from pipeline.dataset.layout import frame_folder
from pipeline.dataset.quarantine import quarantine, quarantined
from pipeline.dataset.repair import repair
from pipeline.dataset.store import missing
from pipeline.errors import StoreError

JOB = sample_job(frames=6)


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", JOB)
    commit_samples(store, tmp_path, range(6))
    return store


def flip(store, frame, name="rgb.png"):
    path = store.folder(frame) / name
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_a_sound_dataset_is_left_as_it_is(store):
    before = files(store.root)
    found = repair(store.root)
    assert (found.done, found.left, found.again, found.missing) == ([], [], {}, ())
    assert files(store.root) == before


def test_damaged_frames_move_aside_with_their_reason_and_are_to_be_made_again(store, tmp_path):
    before = contents(store.root)
    flip(store, 1)
    (store.folder(3) / "labels.json").unlink()
    damaged = (store.folder(1) / "rgb.png").read_bytes()
    found = repair(store.root)
    assert found.missing == missing(store, range(6)) == (1, 3)
    assert "rgb.png is not what was written" in found.again[1] and "labels.json is not there" in found.again[3]
    kept = store.root / "damaged/000001-1"
    assert (kept / "000001/rgb.png").read_bytes() == damaged
    assert json.loads((kept / "reason.json").read_bytes())["reason"] == found.again[1]
    commit_samples(store, tmp_path, (1, 3))
    assert contents(store.root) == before


def test_the_same_frame_may_be_damaged_again(store, tmp_path):
    for _ in range(2):
        flip(store, 1)
        repair(store.root)
        commit_samples(store, tmp_path, (1,))
    assert sorted(os.listdir(store.root / "damaged")) == ["000001-1", "000001-2"]


def test_a_dry_run_says_the_same_and_changes_nothing(store):
    flip(store, 1)
    (store.root / "dataset.json").write_text("{")
    (store.root / "frames" / f".tmp-000001.1-{processes.host()}-999999999-0badf00d").mkdir()
    before = files(store.root)
    would = repair(store.root, dry_run=True)
    assert files(store.root) == before
    assert repair(store.root) == would


def test_debris_of_the_dead_goes_and_that_of_the_living_stays(store):
    dead, alive = f"{processes.host()}-999999999-0badf00d", processes.process_name()
    folders = ("frames", "timing", "logs", "blends", "claims", "quarantine", "damaged", "farm", "farm/0001-slurm")
    places = [store.root, *(store.root / name for name in folders)]
    for place in places:
        place.mkdir(exist_ok=True, parents=True)
        (place / f".tmp-x.1-{dead}").write_bytes(b"")
        (place / f".tmp-x.2-{alive}").write_bytes(b"")
    for frame, owner in ((1, dead), (2, alive)):
        (store.root / f"claims/{frame:06d}.json").write_text(json.dumps({"worker": owner}))
    found = repair(store.root)
    assert (found.temporaries, found.claims, found.busy) == (10, 1, 10)
    assert (store.root / "claims/000002.json").exists() and not (store.root / "claims/000001.json").exists()
    assert all((place / f".tmp-x.2-{alive}").exists() for place in places)


def test_force_clears_what_silent_machines_left_but_nothing_of_one_that_beats(store):
    silent, beating = "elsewhere-7-0badf00d", "elsewhere-8-0badf00d"
    for owner in (silent, beating):
        (store.root / f"frames/.tmp-000001.1-{owner}").mkdir()
        (store.root / f"timing/{owner}.jsonl").write_text('{"event": "start", "at_s": 1.0}\n')
    old = (store.root / f"timing/{silent}.jsonl").stat().st_mtime - 3600
    os.utime(store.root / f"timing/{silent}.jsonl", (old, old))
    assert repair(store.root).busy == 2
    found = repair(store.root, force=True)
    assert (found.temporaries, found.busy) == (1, 1)
    assert (store.root / f"frames/.tmp-000001.1-{beating}").exists()


def test_a_process_of_another_machine_that_said_it_is_over_leaves_debris_at_once(store):
    owner = "elsewhere-7-0badf00d"
    (store.root / f"frames/.tmp-000001.1-{owner}").mkdir()
    (store.root / f"timing/{owner}.jsonl").write_text('{"event": "start"}\n{"event": "end", "outcome": "done"}\n')
    assert resume.clean_stale(store) == 1


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]"])
def test_dataset_json_is_made_again_from_job_json(store, content):
    path = store.root / "dataset.json"
    before = path.read_bytes()
    path.unlink() if content is None else path.write_bytes(content)
    found = repair(store.root)
    assert path.read_bytes() == before and found.left == [] and "made again from job.json" in found.done[0]


def test_without_job_json_frames_are_checked_and_a_person_must_bring_it_back(store):
    path = store.root / "job.json"
    path.write_bytes(path.read_bytes().replace(b'"seed": 1', b'"seed": 2'))
    flip(store, 1)
    found = repair(store.root)
    assert found.missing == (1,) and len(found.left) == 1
    assert "variegate check SCENE.yaml --job" in found.left[0]
    assert (store.root / "damaged/job.json-1/job.json").exists() and not path.exists()
    open_sample(store.root, JOB)  # what the same render command does
    assert repair(store.root).left == []


def test_a_dataset_made_longer_when_the_power_failed_counts_as_the_longer_one(store):
    before = contents(open_sample(store.root, sample_job(frames=9)).root)
    for name in ("dataset.json", "job.json"):
        path = store.root / name
        path.write_bytes(before[name].replace(b'"frames": 9', b'"frames": 6'))
        found = repair(store.root)
        assert contents(store.root) == before and found.missing == (6, 7, 8) and len(found.done) <= 2


def test_without_both_files_the_remedy_is_told(store, tmp_path):
    (store.root / "job.json").unlink()
    (store.root / "dataset.json").write_text("{")
    with pytest.raises(StoreError, match=r"dataset.json is damaged.*job.json is not there.*check SCENE.yaml --job"):
        repair(store.root)
    with pytest.raises(StoreError, match="nowhere is not a dataset"):
        repair(tmp_path / "nowhere")


def test_files_of_two_jobs_are_refused(store, tmp_path):
    other = open_sample(tmp_path / "other", sample_job(seed=2))
    os.replace(other.root / "job.json", store.root / "job.json")
    with pytest.raises(StoreError, match="bring the right one back"):
        repair(store.root)


def test_a_dataset_of_another_format_is_refused_and_left_alone(store):
    (store.root / "dataset.json").write_text('{"format_version": 99}')
    with pytest.raises(StoreError, match="format_version is 99"):
        repair(store.root)
    assert (store.root / "dataset.json").read_text() == '{"format_version": 99}'


def test_a_frame_of_another_job_moves_aside_whole(store, tmp_path):
    other = open_sample(tmp_path / "other", sample_job(seed=2))
    commit_samples(other, tmp_path, (0,))
    os.rename(store.folder(0), tmp_path / "away")
    os.rename(other.folder(0), store.folder(0))
    found = repair(store.root)
    assert "was made by job" in found.again[0]
    assert (store.root / "damaged/000000-1/000000/rgb.png").exists()


def test_what_the_disk_cannot_give_back_counts_as_damaged(store, monkeypatch):
    real = resume._sha256

    def broken(path):
        if path.parent.name == "000002":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(path)

    monkeypatch.setattr(resume, "_sha256", broken)
    assert "Input/output error" in repair(store.root).again[2]


def test_foreign_things_are_told_and_left(store, capfd):
    frames = store.root / "frames"
    (frames / "notes.txt").write_text("mine")
    (frames / ".nfs000000000001").write_text("open somewhere")
    os.rename(store.folder(5), frame_folder(store.root, 17))
    (frames / "12").mkdir()
    assert main(["repair", str(store.root)]) == 1
    text = capfd.readouterr().out
    assert "to mend by hand: frames/notes.txt is not the name of a frame" in text
    assert "frames/12 is not the name" in text
    assert ".nfs" not in text and (frames / "notes.txt").exists()
    assert "5 of 6 frames are whole; missing: 5" in text


def test_frames_beyond_the_last_one_are_told_and_left(store, tmp_path):
    """As of a dataset.json brought back from before the dataset was made longer."""
    commit_samples(replace(store, job=sample_job(frames=12)), tmp_path, (7,))
    found = repair(store.root)
    assert found.left == ["frames/000007 is beyond the 6 frames of the job (move it out of frames/)"]
    assert (found.again, found.missing) == ({}, ()) and store.folder(7).is_dir()


def test_a_frame_that_is_there_is_no_longer_given_up(store):
    quarantine(store, 2, ["no"], sample_plan(JOB, 2), "")
    assert quarantined(store.root) == ()  # the frame's folder is the truth
    assert repair(store.root).released == (2,)
    assert os.listdir(store.root / "quarantine") == []


def test_a_frame_mended_by_another_process_meanwhile_stays(store, tmp_path, monkeypatch):
    before = contents(store.root)
    flip(store, 1)
    real = damage.set_aside

    def mended_just_before(root, path, reason):
        commit_samples_anew(store, tmp_path)
        return real(root, path, reason)

    def commit_samples_anew(store, scratch):
        (store.folder(1) / "frame.json").unlink()
        commit_samples(store, scratch, (1,))

    monkeypatch.setattr("pipeline.dataset.repair.set_aside", mended_just_before)
    found = repair(store.root)
    assert found.again == {} and found.missing == () and contents(store.root) == before
    assert os.listdir(store.root / "damaged") == []


def test_folders_that_are_gone_are_made(store):
    os.rmdir(store.root / "timing")
    assert repair(store.root).done == ["timing/ was not there: made"]
    assert (store.root / "timing").is_dir()


def test_a_rehearsal_does_not_say_that_it_was_done(store, capfd):
    os.rmdir(store.root / "timing")
    assert main(["repair", str(store.root), "--dry-run"]) == 0
    assert "would be mended: timing/ was not there" in capfd.readouterr().out and not (store.root / "timing").exists()


def test_the_command_says_what_it_did(store, capfd):
    flip(store, 1)
    assert main(["repair", str(store.root), "--dry-run"]) == 0
    assert "frame 1 would be moved to damaged/: rgb.png is not" in capfd.readouterr().out
    assert main(["repair", str(store.root)]) == 0
    text = capfd.readouterr().out
    assert "frame 1 moved to damaged/" in text and "5 of 6 frames are whole; missing: 1 (render or resume" in text
    assert main(["repair", str(store.root), "--quick"]) == 0
