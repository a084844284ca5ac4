"""A worker without Blender, for tests of the supervisor: commits made-up frames, or misbehaves as it is told.

BEHAVIOUR worker DATASET ...: BEHAVIOUR is JSON, {"3": "crash", "start": "die"}.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pure"))

from store_samples import FACTS, sample_frame

from pipeline import worker_messages
from pipeline.dataset.claims import claimed
from pipeline.dataset.read import read_job
from pipeline.dataset.store import Store, WorkerLog, commit, is_complete
from pipeline.worker_channel import Channel, open_channel


def main(behaviour: dict[str, str], dataset: Path, facts: dict[str, object]) -> None:
    if behaviour.get("start") == "die":
        print("cannot open display", flush=True)
        sys.exit(3)
    if behaviour.get("start") == "die every other time":
        turn = dataset.parent / "died"
        if not turn.exists():
            turn.touch()
            sys.exit(3)
        turn.unlink()
    with open_channel(dataset) as channel:
        if behaviour.get("start") == "refuse":
            channel.send(worker_messages.FATAL, code=2, reason="--device optix: not on this machine")
            os._exit(2)
        store = Store(root=dataset, job=read_job(dataset), facts=FACTS)
        with WorkerLog(dataset, {"role": "worker", **facts}) as log:
            channel.send(worker_messages.READY)
            while (frame := channel.next_frame()) is not None:
                make(store, frame, behaviour.get(str(frame), ""), channel, log)
            if behaviour.get("end") == "linger":
                (dataset.parent / "lingers").touch()
                time.sleep(600)


def make(store: Store, frame: int, how: str, channel: Channel, log: WorkerLog) -> None:
    with claimed(store.root, frame) as is_ours:
        if not is_ours:
            channel.send(worker_messages.BUSY, frame=frame)
            return
        if is_complete(store, frame):
            channel.send(worker_messages.DONE, frame=frame, status="there", seconds=0.0)
            return
        log.begin(frame)
        channel.send(worker_messages.STAGE, frame=frame, name="render")
        if how == "fail":
            log.failed(frame, "ValueError: no")
            channel.send(worker_messages.FAILED, frame=frame, reason="Traceback ...\nValueError: no")
            return
        misbehave(store.root, frame, how, channel)
        with tempfile.TemporaryDirectory() as scratch:
            plan, rendered, annotation = sample_frame(store.job, frame, Path(scratch))
            commit(store, plan, rendered, annotation)
        log.done(frame, annotation.labels.status, {"render": 0.01})
        channel.send(worker_messages.DONE, frame=frame, status=annotation.labels.status, seconds=0.01)


def misbehave(root: Path, frame: int, how: str, channel: Channel) -> None:
    once = root.parent / f"misbehaved-{frame}"
    if how.endswith(" once"):
        if once.exists():
            return
        once.touch()
    kind = how.removesuffix(" once")
    if kind == "crash":
        os.write(2, b"Segmentation fault in Cycles\n")
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "hang":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif kind == "grow":
        kept = b"x" * 300 * 2**20
        time.sleep(600)
        del kept
    elif kind == "swell":
        kept = b"x" * 400 * 2**20
        time.sleep(2.5)  # long enough to be seen
        del kept
    elif kind.startswith("full"):
        if kind == "full while another lingers":
            wait_until((root.parent / "lingers").exists)
        channel.send(worker_messages.FATAL, code=75, reason="the disk is full")
        os._exit(75)
    elif kind == "slow":
        (root.parent / f"slow-{frame}").touch()
        time.sleep(600)
    elif kind == "until asked to stop":
        (root.parent / f"slow-{frame}").touch()
        wait_until((root.parent / "asked").exists)
    elif kind == "together":  # with another worker
        (root.parent / f"here-{os.getpid()}").touch()
        wait_until(lambda: len(list(root.parent.glob("here-*"))) > 1)


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.01)


if __name__ == "__main__":
    words = sys.argv[2:]
    main(json.loads(sys.argv[1]), Path(words[1]), json.loads(words[words.index("--facts") + 1]))
