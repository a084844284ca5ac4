"""What workers of one machine are given: frames in turn, threads, GPUs, limits; and which asset is to blame."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from store_samples import commit_samples, open_sample, sample_job, sample_plan

from pipeline.errors import PipelineError
from pipeline.farm.local import blame, machine
from pipeline.farm.local import watch as watch_module
from pipeline.farm.local.blame import assets_in, find_blame
from pipeline.farm.local.frame_queue import AGAIN_S, FrameQueue
from pipeline.farm.local.gpus import asked_gpus, gpu_of, gpu_variables, parse_gpus
from pipeline.farm.local.limits import KNOWN, LEAST_FRAME_S, START_S, UNKNOWN_FRAME_S, Limits
from pipeline.farm.local.watch import FAREWELL_S, Watch
from pipeline.farm.local.worker_count import choose_workers
from pipeline.structure import unstructure
from pipeline.worker_messages import decode, encode


def test_each_worker_gets_the_views_of_one_scene_after_another():
    frames = FrameQueue(range(8), views_per_scene=2)
    assert [frames.next_frame(worker, 0.0) for worker in (1, 2, 1, 2, 2, 1, 1, 2)] == [0, 2, 1, 3, 4, 6, 7, 5]
    assert frames.next_frame(1, 0.0) is None and len(frames) == 0


def test_at_the_end_a_worker_helps_where_most_views_are_left():
    frames = FrameQueue(range(10), views_per_scene=5)
    assert [frames.next_frame(worker, 0.0) for worker in (1, 2, 2, 2)] == [0, 5, 6, 7]
    assert frames.next_frame(3, 0.0) == 4  # the last view of the scene that has most left
    assert [frames.next_frame(1, 0.0), frames.next_frame(1, 0.0)] == [1, 2]


def test_failed_frames_come_last_and_those_made_elsewhere_after_a_while():
    frames = FrameQueue(range(3))
    assert frames.next_frame(1, 0.0) == 0
    frames.try_again(0)
    assert frames.next_frame(1, 0.0) == 1
    frames.made_elsewhere(1, 0.0)
    assert [frames.next_frame(1, 0.0), frames.next_frame(1, 0.0)] == [2, 0]
    assert frames.is_elsewhere and frames.next_frame(1, AGAIN_S / 2) is None and len(frames) == 1
    assert frames.next_frame(1, AGAIN_S) == 1 and not frames.is_elsewhere and len(frames) == 0


def test_a_hundred_thousand_frames_are_handed_out_without_a_quadratic_step():
    frames = FrameQueue(range(100_000))
    assert [frames.next_frame(1, 0.0) for _ in range(100_000)] == list(range(100_000))


def test_the_time_for_a_frame_follows_the_longest_one_unless_given():
    assert Limits().time_s(0, 0.0) == UNKNOWN_FRAME_S and Limits().time_s(1, 300.0) == 6000.0
    assert Limits().time_s(KNOWN - 1, 1.0) == UNKNOWN_FRAME_S
    assert Limits().time_s(KNOWN, 1.0) == LEAST_FRAME_S and Limits().time_s(KNOWN, 60.0) == 1200.0
    assert Limits(frame_s=5.0).time_s(0, 900.0) == 5.0
    assert (Limits(frame_s=5.0).start_s, Limits(frame_s=900.0).start_s) == (START_S, 900.0)


def test_a_worker_is_renewed_before_a_leak_costs_a_frame():
    limits = Limits(memory_mib=1000.0, recycle=50)
    assert limits.is_too_large(1001.0) and not limits.is_too_large(999.0) and not Limits().is_too_large(1e9)
    assert limits.is_worn(2, 950.0) and not limits.is_worn(2, 850.0)
    assert not limits.is_worn(1, 950.0)  # that is what the scene takes, and no leak
    assert limits.is_worn(50, 1.0) and not limits.is_worn(49, 1.0)


def test_a_share_of_the_memory_is_kept_by_all_together():
    limits = Limits(memory_mib=1000.0, is_share=True)
    assert not limits.must_end(1500.0, [1500.0, 400.0], 2) and limits.must_end(1500.0, [1500.0, 600.0], 2)
    assert not limits.must_end(600.0, [1500.0, 600.0], 2)  # the largest goes
    assert Limits(memory_mib=1000.0).must_end(1500.0, [1500.0, 400.0], 2)
    assert limits.for_fewer(4).memory_mib == pytest.approx(4000.0 / 3)
    assert limits.for_fewer(1) is None and Limits(memory_mib=1000.0).for_fewer(4) is None


@dataclass
class Watched:
    """As much of a worker as is watched."""

    frame: int | None = None
    is_ready: bool = True
    is_leaving: bool = False
    memory_mib: float = 0.0
    since_s: float = 0.0
    stage: str = "render"
    killed: list[str] = field(default_factory=list)

    def kill(self, reason):
        self.killed.append(reason)


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(watch_module, "monotonic", clock)
    monkeypatch.setattr(watch_module, "sample_memory", lambda workers: None)
    return clock


def look(clock, watch, workers, until_s, step_s=0.25):
    while clock.now_s < until_s:
        clock.now_s += step_s
        watch.look(workers, 2, 0, 0.0)


def test_who_takes_too_long_is_ended(clock):
    workers = [Watched(frame=3), Watched(is_ready=False), Watched(is_leaving=True), Watched()]
    watch = Watch(Limits(frame_s=90.0))
    look(clock, watch, workers, FAREWELL_S)
    assert not any(one.killed for one in workers)
    look(clock, watch, workers, FAREWELL_S + 1)
    assert [bool(one.killed) for one in workers] == [False, False, True, False]
    look(clock, watch, workers, 91.0)
    assert workers[0].killed[0] == "render: the frame took more than 90 s (--frame-time-limit)"
    look(clock, watch, workers, START_S + 1)
    assert workers[1].killed[0] == "Blender did not open within 600 s" and not workers[3].killed


def test_the_time_in_which_the_supervisor_itself_was_stopped_is_nobodys(clock):
    """As by Ctrl-Z: what workers have told meanwhile is heard a moment after it goes on."""
    worker, watch = Watched(frame=3), Watch(Limits(frame_s=90.0))
    look(clock, watch, [worker], 80.0)
    clock.now_s += 3600.0
    look(clock, watch, [worker], clock.now_s + 5.0)
    assert not worker.killed
    look(clock, watch, [worker], clock.now_s + 10.0)
    assert worker.killed


def test_a_worker_that_leaves_gives_its_memory_back_and_costs_no_other_its_frame(clock):
    watch = Watch(Limits(memory_mib=100.0, is_share=True))
    at_work, leaves = Watched(frame=3, memory_mib=150.0), Watched(memory_mib=120.0, is_leaving=True)
    look(clock, watch, [at_work, leaves], 1.0)
    assert not at_work.killed
    leaves.is_leaving = False
    watch.look([at_work, leaves], 2, 0, 0.0)
    assert at_work.killed == ["150 MiB of memory, more than 100 (--memory-limit)"]


@pytest.mark.parametrize(
    ("cpus", "workers", "threads"), [(8, 2, (4, 4)), (8, 3, (3, 3, 2)), (2, 4, (1, 1, 1, 1)), (16, 1, (16,))]
)
def test_all_processors_are_shared_out(cpus, workers, threads):
    assert machine.share_threads(cpus, workers) == threads


def test_gpus_are_given_in_turn_and_counted_among_those_a_queue_gave():
    assert [gpu_of(worker, (0, 1)) for worker in (1, 2, 3)] == [0, 1, 0] and gpu_of(1, ()) is None
    assert gpu_variables(1, {})["CUDA_VISIBLE_DEVICES"] == "1" == gpu_variables(1, {})["HIP_VISIBLE_DEVICES"]
    assert gpu_variables(1, {"CUDA_VISIBLE_DEVICES": "4, 7"})["CUDA_VISIBLE_DEVICES"] == "7"
    assert gpu_variables(0, {"CUDA_VISIBLE_DEVICES": "GPU-ab,GPU-cd"})["CUDA_VISIBLE_DEVICES"] == "GPU-ab"
    assert gpu_variables(1, {})["ONEAPI_DEVICE_SELECTOR"] == "level_zero:1"
    amd = gpu_variables(1, {"ROCR_VISIBLE_DEVICES": "2,3", "HIP_VISIBLE_DEVICES": "0,1"})
    assert (amd["ROCR_VISIBLE_DEVICES"], amd["HIP_VISIBLE_DEVICES"]) == ("3", "0")
    with pytest.raises(PipelineError, match=r"--gpus 2: CUDA_VISIBLE_DEVICES=4,7 gives this process 2 GPUs"):
        gpu_variables(2, {"CUDA_VISIBLE_DEVICES": "4,7"})


@pytest.mark.parametrize(
    ("device", "there", "said"),
    [
        ("cpu", 2, "--gpus 0,1: --device cpu uses none"),
        ("auto", 0, "--gpus 0,1: no GPU of NVIDIA or AMD is seen here"),
        ("cuda", 1, r"--gpus 0,1: there are 1 GPUs here \(they count from 0 to 0\)"),
    ],
)
def test_a_gpu_that_is_not_there_is_refused_not_replaced_by_the_processor(device, there, said):
    with pytest.raises(PipelineError, match=said):
        asked_gpus("0,1", device, there)
    assert asked_gpus("0,1", "auto", 2) == (0, 1) == asked_gpus("0,1", "oneapi", 0)


def test_gpus_are_numbers():
    assert parse_gpus("0, 3") == (0, 3)
    with pytest.raises(PipelineError, match=r"--gpus '0;1': write numbers"):
        parse_gpus("0;1")


def test_a_queue_may_give_fewer_processors_and_less_memory():
    cpus, memory_mib = machine.usable_cpus({}), machine.usable_memory_mib({})
    assert cpus >= 1 and memory_mib > 100
    assert machine.usable_cpus({"SLURM_CPUS_PER_TASK": "1"}) == 1
    assert machine.usable_memory_mib({"SLURM_MEM_PER_NODE": "99"}) == 99.0
    assert machine.memory_share_mib(2, {"SLURM_MEM_PER_NODE": "1000"}) == 450.0
    assert (
        machine.count_gpus({"CUDA_VISIBLE_DEVICES": "0,1,2"}) == 3
        and machine.count_gpus({"CUDA_VISIBLE_DEVICES": ""}) == 0
    )


@pytest.mark.parametrize(
    ("cpus", "memory_mib", "gpus", "workers"),
    [(1, 1e6, 0, 1), (16, 1e6, 2, 4), (2, 1e6, 4, 2), (64, 3000.0, 0, 2), (4, 10.0, 0, 1)],
)
def test_auto_takes_what_processors_memory_and_gpus_allow(cpus, memory_mib, gpus, workers):
    assert choose_workers(cpus, memory_mib, gpus) == workers


def test_messages_are_told_from_blenders_own_words():
    assert decode(encode("done", {"frame": 3})) == {"kind": "done", "frame": 3}
    assert decode("half a line of Blender's" + encode("done", {"frame": 3})) == {"kind": "done", "frame": 3}
    assert decode('{"kind": "done"}\n') is None and decode(encode("done", {"frame": 3})[:-4]) is None


@pytest.fixture
def store(tmp_path):
    store = open_sample(tmp_path / "ds", sample_job())
    commit_samples(store, tmp_path, range(6))
    return store


def with_asset(store, frame, asset_id):
    """The plan of a frame in which the first object is of that asset."""
    data = unstructure(sample_plan(store.job, frame))
    data["instances"] = [*data["instances"], {"asset_id": asset_id, "recipe": {"source": "x"}}]
    return data


def plans(store, monkeypatch, *assets):
    monkeypatch.setattr(blame, "unstructure", lambda plan: plan)
    return [with_asset(store, frame, asset) for frame, asset in enumerate(assets, start=6)]


def test_the_asset_in_all_failed_frames_and_no_made_one_is_named(store, monkeypatch):
    failed = plans(store, monkeypatch, *["models/mug_3.glb"] * 5)
    text = "models/mug_3.glb is in all 5 frames that failed and in none of 6 that were made"
    assert find_blame(store.root, failed, range(6)) == text


def test_few_frames_are_weak_evidence(store, monkeypatch):
    failed = plans(store, monkeypatch, "models/mug_3.glb", "models/mug_3.glb")
    text = "models/mug_3.glb is in all 2 frames that failed and in none of 6 that were made"
    assert find_blame(store.root, failed, range(6)) == f"{text} (few frames: it may be chance)"


def test_nobody_is_blamed_for_one_frame_or_for_what_made_frames_show_too(store, monkeypatch):
    (one,) = plans(store, monkeypatch, "models/mug_3.glb")
    assert find_blame(store.root, [one], range(6)) == ""
    assert find_blame(store.root, plans(store, monkeypatch, "a.glb", "b.glb"), range(6)) == ""
    path = store.root / "frames/000005/plan.json"
    path.write_text(json.dumps(with_asset(store, 5, "models/mug_3.glb")))
    assert find_blame(store.root, [one, one], range(6)) == ""
    assert find_blame(store.root, [one, one], ()) == ""


def test_models_textures_hdris_and_photos_are_assets():
    plan = {
        "world": {"hdri": {"source": "bundled:city.exr"}, "background": {"photo": {"source": "a.jpg"}}},
        "instances": [{"asset_id": "m.blend#mug", "recipe": {"source": "m.blend"}}],
        "surroundings": {"floor": {"material": {"textures": {"textures": {"texture_id": "oak"}}}}},
    }
    assert assets_in(plan) == {"bundled:city.exr", "a.jpg", "m.blend#mug", "oak"}
