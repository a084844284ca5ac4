"""Merging datasets of one job: the result is that of one machine, and what does not belong together is refused."""

import errno
import hashlib
import json
import os
from dataclasses import replace

import pytest
from store_samples import FACTS, commit_samples, contents, open_sample, sample_frame, sample_job, sample_plan

from pipeline.cli import main
from pipeline.dataset import bring
from pipeline.dataset.attempts import read_workers
from pipeline.dataset.bring import carry_out
from pipeline.dataset.layout import TEMPORARY
from pipeline.dataset.merge import plan_merge
from pipeline.dataset.processes import host
from pipeline.dataset.quarantine import quarantine, quarantined
from pipeline.dataset.read import iter_frames
from pipeline.dataset.repair import repair
from pipeline.dataset.store import commit, open_store
from pipeline.dataset.worker_log import WorkerLog
from pipeline.errors import StoreError

JOB = sample_job(frames=6)


def make(root, scratch, frames, job=JOB, **facts):
    store = open_store(root, job, root.parent, FACTS | facts)
    commit_samples(store, scratch, frames)
    return store


def merge(*roots, out, **options):
    plan = plan_merge(roots, out, **options)
    return plan, carry_out(plan)


def damage(store, frame, name="rgb.png"):
    """Change a byte and keep the size."""
    path = store.folder(frame) / name
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


@pytest.fixture
def halves(tmp_path):
    return make(tmp_path / "a", tmp_path, (0, 2, 4)), make(tmp_path / "b", tmp_path, (1, 3, 5))


@pytest.fixture
def whole(tmp_path):
    make(tmp_path / "whole", tmp_path, range(6))
    return contents(tmp_path / "whole")


def test_two_halves_are_the_dataset_of_one_machine(tmp_path, halves, whole):
    plan, brought = merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert brought.frames == 6 and not brought.copied and not plan.damaged
    assert contents(tmp_path / "c") == whole
    assert os.path.samefile(tmp_path / "c/frames/000000/rgb.png", tmp_path / "a/frames/000000/rgb.png")


def test_addresses_of_the_job_still_start_where_they_did(tmp_path, halves):
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "deep/er/c")
    assert json.loads((tmp_path / "deep/er/c/job.json").read_bytes())["base_dir"] == "../../.."


def test_a_place_of_another_machine_gives_way_to_one_that_is_there(tmp_path, halves):
    path = tmp_path / "a/job.json"
    path.write_bytes(path.read_bytes().replace(b'"base_dir": ".."', b'"base_dir": "../../elsewhere"'))
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert json.loads((tmp_path / "c/job.json").read_bytes())["base_dir"] == ".."


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_files_are_copied_where_they_cannot_be_linked_and_that_is_told_once(tmp_path, halves, whole, monkeypatch, code):
    real = os.link

    def link(source, target):
        if "frames" in str(source):
            raise OSError(code, os.strerror(code), str(source))
        real(source, target)

    monkeypatch.setattr(bring.os, "link", link)
    _, brought = merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert contents(tmp_path / "c") == whole
    told = {} if code == errno.EMLINK else {tmp_path / name: os.strerror(code) for name in ("a", "b")}
    assert brought.copied == told


def test_a_copy_shares_nothing(tmp_path, halves, whole):
    carry_out(plan_merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c"), copy=True)
    assert contents(tmp_path / "c") == whole
    assert not os.path.samefile(tmp_path / "c/frames/000000/rgb.png", tmp_path / "a/frames/000000/rgb.png")


@pytest.mark.parametrize("words", [(), ("--copy",)])
def test_links_share_damage_and_copies_do_not_as_the_help_says(tmp_path, halves, words, capfd):
    assert main(["merge", str(tmp_path / "a"), "--out", str(tmp_path / "c"), *words]) == 0
    picture = tmp_path / "c/frames/000000/rgb.png"
    whole = picture.read_bytes()
    with (tmp_path / "a/frames/000000/rgb.png").open("ab") as file:
        file.write(b"spoilt")
    assert (picture.read_bytes() == whole) == bool(words)
    capfd.readouterr()
    assert main(["merge", "--help"]) == 0
    told = " ".join(capfd.readouterr().out.split())
    assert "damage: a file that is spoilt in one dataset is spoilt in the other. Copies do not." in told


def test_a_dataset_grows_by_another_and_again_changes_nothing(tmp_path, halves, whole):
    _, first = merge(tmp_path / "b", out=tmp_path / "a")
    before = contents(tmp_path / "a")
    _, again = merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "a")
    assert (first.frames, again.frames) == (3, 0)
    assert before == contents(tmp_path / "a") == whole


def test_a_part_is_taken_out(tmp_path, halves):
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c", frames=(1, 2))
    assert list(iter_frames(tmp_path / "c")) == [1, 2]
    assert json.loads((tmp_path / "c/dataset.json").read_bytes())["frames"] == 6


def test_the_longest_job_wins(tmp_path, whole):
    make(tmp_path / "a", tmp_path, (0, 2), sample_job(frames=3))
    make(tmp_path / "b", tmp_path, (1, 3, 4, 5))
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert contents(tmp_path / "c") == whole
    merge(tmp_path / "b", out=tmp_path / "a")
    assert contents(tmp_path / "a") == whole


def test_a_folder_beyond_the_job_is_left_out(tmp_path, halves):
    os.rename(tmp_path / "a/frames/000004", tmp_path / "a/frames/000017")
    plan, _ = merge(tmp_path / "a", out=tmp_path / "c")
    assert plan.beyond == ((tmp_path / "a", 17),) and list(iter_frames(tmp_path / "c")) == [0, 2]


def test_another_job_is_refused_with_what_differs(tmp_path, halves):
    make(tmp_path / "other", tmp_path, (1,), sample_job(seed=2))
    with pytest.raises(StoreError, match=r"other is of job .*a of job .*differ in seed \(1 and 2\).*parts of one job"):
        plan_merge([tmp_path / "a", tmp_path / "other"], tmp_path / "c", allow_mixed=("blender", "device"))
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("facts", "kind", "words"),
    [
        ({"blender": "4.5.1"}, "blender", r"(?s)different Blender versions or builds.*4\.5\.1 abc123: .*b frames 1,3"),
        ({"device": "cuda"}, "device", r"(?s)different device classes.*cpu: .*a frames 0,2.*cuda: .*b frames 1,3"),
    ],
)
def test_mixed_renderers_are_refused_unless_told(tmp_path, facts, kind, words):
    make(tmp_path / "a", tmp_path, (0, 2))
    make(tmp_path / "b", tmp_path, (1, 3), **facts)
    other = "device" if kind == "blender" else "blender"
    with pytest.raises(StoreError, match=words):
        plan_merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c", allow_mixed=[other])
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c", allow_mixed=[kind])
    assert list(iter_frames(tmp_path / "c")) == [0, 1, 2, 3]


def test_different_c_libraries_are_told_and_no_reason_to_refuse(tmp_path, capfd):
    make(tmp_path / "a", tmp_path, (0, 2), c_library="glibc 2.36")
    make(tmp_path / "b", tmp_path, (1, 3), c_library="glibc 2.41")
    assert main(["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "c")]) == 0
    told = capfd.readouterr().out
    assert "note: these frames were made with different C libraries: labels are the same as with one" in told
    assert f"  glibc 2.36: {tmp_path / 'a'} frames 0,2\n  glibc 2.41: {tmp_path / 'b'} frames 1,3\n" in told


def test_frames_that_do_not_tell_their_c_library_are_merged_without_a_word(tmp_path, halves):
    path = tmp_path / "b/frames/000001/frame.json"
    record = json.loads(path.read_bytes())
    del record["renderer"]["c_library"]
    path.write_text(json.dumps(record))
    plan, _ = merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert plan.notice == "" and list(iter_frames(tmp_path / "c")) == list(range(6))


def test_a_frame_that_two_c_libraries_made_is_refused_with_their_names(tmp_path, halves):
    store = make(tmp_path / "other", tmp_path, (), c_library="glibc 2.41")
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit(store, plan, replace(rendered, linear=rendered.linear + 1), annotation)
    with pytest.raises(StoreError, match=r"linear.exr differs \(made with glibc 2.36 and glibc 2.41, which may be why"):
        plan_merge([tmp_path / "a", tmp_path / "other"], tmp_path / "c")


def test_a_frame_that_two_renderers_made_differs_because_of_them(tmp_path, halves):
    store = make(tmp_path / "other", tmp_path, (), blender="4.5.1")
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    commit(store, plan, replace(rendered, depth_m=rendered.depth_m + 1), annotation)
    roots = [tmp_path / "a", tmp_path / "other"]
    with pytest.raises(StoreError, match=r"(?s)different Blender versions or builds.*4\.5\.1 abc123: .*other frames 0"):
        plan_merge(roots, tmp_path / "c")
    words = (
        r"frame 0 is in .*a and in .*other, and depth.exr differs \(made with Blender 5.2.3 and Blender 4.5.1, which"
    )
    with pytest.raises(StoreError, match=words):
        plan_merge(roots, tmp_path / "c", allow_mixed=["blender"])


def test_a_frame_that_is_there_twice_is_taken_once(tmp_path, halves, whole):
    commit_samples(halves[1], tmp_path, (0, 4))
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert contents(tmp_path / "c") == whole


def test_a_frame_whose_exr_has_other_bytes_for_the_same_pixels_is_the_same(tmp_path, halves, whole):
    commit_samples(halves[1], tmp_path, (0,))
    folder = halves[1].folder(0)
    data, record = (folder / "depth.exr").read_bytes() + b"\0", json.loads((folder / "frame.json").read_bytes())
    (folder / "depth.exr").write_bytes(data)
    record["files"]["depth.exr"] |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "frame.json").write_text(json.dumps(record))
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert contents(tmp_path / "c") == whole
    record["files"]["depth.exr"]["pixels_sha256"] = "00" * 32
    (folder / "frame.json").write_text(json.dumps(record))
    with pytest.raises(StoreError, match=r"depth\.exr differs"):
        plan_merge([tmp_path / "a", tmp_path / "b"], tmp_path / "d")


def test_of_a_frame_that_is_there_twice_and_damaged_once_the_sound_one_is_taken(tmp_path, halves, whole):
    commit_samples(halves[1], tmp_path, (0,))
    damage(halves[0], 0)
    plan, _ = merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert contents(tmp_path / "c") == whole
    assert [(one.root.name, one.frame) for one in plan.damaged] == [("a", 0)]


def test_a_damaged_frame_of_the_result_is_replaced(tmp_path, halves, whole):
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    path = tmp_path / "c/frames/000002/rgb.png"
    path.unlink()
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert contents(tmp_path / "c") == whole


def test_a_frame_that_differs_is_named_with_its_file(tmp_path, halves):
    plan, rendered, annotation = sample_frame(JOB, 0, tmp_path)
    changed = replace(rendered, depth_m=rendered.depth_m + 1)
    commit(halves[1], plan, changed, annotation)
    with pytest.raises(StoreError, match=r"frame 0 is in .*a and in .*b, and depth.exr differs\n.*frames/000000"):
        plan_merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")


def test_a_damaged_frame_is_left_out_and_told(tmp_path, halves, capfd):
    damage(halves[0], 2)
    assert main(["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "c")]) == 0
    text = capfd.readouterr().out
    assert "frame 2 is left out: rgb.png is not what was written" in text
    assert "5 frames brought, 1 of 6 missing: 2" in text
    assert list(iter_frames(tmp_path / "c")) == [0, 1, 3, 4, 5]


def test_attempts_and_logs_come_along(tmp_path, halves):
    with WorkerLog(tmp_path / "a", {"role": "render"}) as log:
        log.begin(0)
        log.failed(0, "no")
    for store, text in zip(halves, ("one", "other"), strict=True):
        (store.root / "logs/blender-host-1.log").write_text(text)
    for _ in range(2):
        merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    (worker,) = read_workers(tmp_path / "c")
    assert [(one.frame, one.outcome) for one in worker.attempts] == [(0, "failed")]
    assert sorted(path.read_text() for path in (tmp_path / "c/logs").iterdir()) == ["one", "other"]


def keep_scene(store, frame, text):
    path = store.root / f"blends/{frame:06d}.blend"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def scenes(root):
    return {path.name: path.read_text() for path in sorted((root / "blends").glob("*"))}


def test_scenes_that_were_kept_come_along_with_their_frames(tmp_path, halves):
    kept = {store: keep_scene(store, frame, f"scene {frame}") for frame, store in enumerate(halves)}
    keep_scene(halves[0], 3, "of a frame that the other has")
    keep_scene(halves[1], 17, "of no frame")
    (tmp_path / "b/blends/000005.blend@").write_text("half of one")
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    whole = {"000000.blend": "scene 0", "000001.blend": "scene 1", "000003.blend": "of a frame that the other has"}
    assert scenes(tmp_path / "c") == whole
    assert os.path.samefile(tmp_path / "c/blends/000000.blend", kept[halves[0]])
    (tmp_path / "c/blends/000001.blend").unlink()  # killed before it came to that
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert scenes(tmp_path / "c") == whole


def test_scenes_of_a_part_are_of_its_frames_and_copies_when_asked(tmp_path, halves):
    for frame in (0, 2):
        keep_scene(halves[0], frame, f"scene {frame}")
    carry_out(plan_merge([tmp_path / "a"], tmp_path / "c", frames=(2,)), copy=True)
    assert scenes(tmp_path / "c") == {"000002.blend": "scene 2"}
    assert not os.path.samefile(tmp_path / "a/blends/000002.blend", tmp_path / "c/blends/000002.blend")


def test_submissions_stay_with_the_queue_they_are_of(tmp_path, halves):
    (tmp_path / "a/farm/0001-slurm").mkdir(parents=True)
    merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert not (tmp_path / "c/farm").exists() and not (tmp_path / "c/blends").exists()


def test_a_log_that_grew_replaces_what_was_known_of_it(tmp_path, halves):
    path = tmp_path / "a/timing/host-1-0badf00d.jsonl"
    for text in ("one\n", "one\ntwo\n"):
        path.write_text(text)
        os.utime(path, (1000, 1000))
        merge(tmp_path / "a", out=tmp_path / "c")
    copy = tmp_path / "c/timing/host-1-0badf00d.jsonl"
    assert copy.read_text() == "one\ntwo\n" and copy.stat().st_mtime == 1000
    path.write_text("one\n")
    merge(tmp_path / "a", out=tmp_path / "c")
    assert copy.read_text() == "one\ntwo\n"


def test_frames_given_up_are_so_in_the_result_unless_somebody_made_them(tmp_path):
    a = make(tmp_path / "a", tmp_path, (0,))
    b = make(tmp_path / "b", tmp_path, (3,))
    for frame in (3, 5):
        quarantine(a, frame, ["it is cursed"], sample_plan(JOB, frame), "")
    quarantine(b, 5, ["it is cursed"], None, "")
    _, brought = merge(tmp_path / "a", tmp_path / "b", out=tmp_path / "c")
    assert brought.given_up == quarantined(tmp_path / "c") == (5,)
    commit_samples(b, tmp_path, (5,))
    merge(tmp_path / "b", out=tmp_path / "c")
    assert quarantined(tmp_path / "c") == ()
    assert os.listdir(tmp_path / "c/quarantine") == []


def test_what_is_no_dataset_or_holds_something_else_is_refused(tmp_path, halves):
    with pytest.raises(StoreError, match="nowhere is not a dataset"):
        plan_merge([tmp_path / "a", tmp_path / "nowhere"], tmp_path / "c")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/holiday.jpg").write_bytes(b"x")
    with pytest.raises(StoreError, match="holds holiday.jpg"):
        merge(tmp_path / "a", out=tmp_path / "c")
    with pytest.raises(StoreError, match="nothing to merge"):
        plan_merge([tmp_path / "c"], tmp_path / "c")


def test_an_unknown_kind_of_mixture_is_an_error(tmp_path, halves, capfd):
    assert main(["merge", str(tmp_path / "a"), "--out", str(tmp_path / "c"), "--allow-mixed", "jobs"]) == 2
    assert "'jobs', expected blender or device" in capfd.readouterr().err


def test_an_input_that_changes_meanwhile_is_told(tmp_path, halves):
    plan = plan_merge([tmp_path / "a"], tmp_path / "c")
    path = tmp_path / "a/frames/000002/rgb.png"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"000002 changed while it was merged: rgb.png has .* bytes"):
        carry_out(plan)
    assert list(iter_frames(tmp_path / "c")) == [0]


def test_a_frame_that_a_repair_moves_away_meanwhile_is_missing_afterwards_and_ends_nothing(tmp_path, halves):
    plan, out = plan_merge([tmp_path / "a"], tmp_path / "c"), tmp_path / "c"

    def spoil(done, total):
        if done == total:
            (out / "frames/000002/labels.json").unlink()
            repair(out)

    assert carry_out(plan, progress=spoil).frames == 3
    assert list(iter_frames(out)) == [0, 4]


def test_what_a_killed_merge_left_is_cleared_by_the_next(tmp_path, halves):
    merge(tmp_path / "a", out=tmp_path / "c")
    left = tmp_path / "c/frames" / f"{TEMPORARY}000001.1-{host()}-999999999-0badf00d"
    left.mkdir()
    merge(tmp_path / "b", out=tmp_path / "c")
    assert not left.exists()


def test_many_frames_are_checked_in_several_processes(tmp_path, halves, whole, monkeypatch):
    monkeypatch.setattr("pipeline.dataset.soundness.FEW", 1)
    monkeypatch.setattr("pipeline.dataset.soundness.BATCH", 2)
    seen = []
    plan = plan_merge(
        [tmp_path / "a", tmp_path / "b"], tmp_path / "c", workers=2, progress=lambda *where: seen.append(where)
    )
    carry_out(plan)
    assert contents(tmp_path / "c") == whole and seen[-1] == (6, 6)


def test_the_opened_dataset_is_that_of_the_store(tmp_path, halves):
    merge(tmp_path / "a", out=tmp_path / "c")
    assert open_sample(tmp_path / "c", JOB).root == tmp_path / "c"
