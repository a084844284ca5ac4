"""Work on many frames in several processes, results in order, only a few under way however many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pipeline.errors import PipelineError

Item = TypeVar("Item")
Result = TypeVar("Result")

Progress = Callable[[int, int], None]


def in_processes(
    work: Callable[[Sequence[Item]], list[Result]],
    items: Sequence[Item],
    *,
    batch: int,
    few: int,
    workers: int | None = None,
) -> Iterator[Result]:
    """Yield the results of `work`, which is given `batch` items at a time, in the order of the items.

    By default in as many processes as there are processors; `few` items are done in this one, sooner than another is
    started. `work` must pickle. Raises PipelineError when a process dies.
    """
    count = min(workers or os.cpu_count() or 1, -(-len(items) // batch))
    batches = (items[i : i + batch] for i in range(0, len(items), batch))
    if count <= 1 or len(items) <= few:
        for one in batches:
            yield from work(one)
        return
    # Spawned, never forked: a fork of a process with threads or Blender in it may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupts)
    under_way: deque[Future[list[Result]]] = deque()
    try:
        for one in batches:
            under_way.append(pool.submit(work, one))
            if len(under_way) > 2 * count:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    except BrokenProcessPool as error:
        raise PipelineError("a process ended without a word, out of memory perhaps (give --workers fewer)") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl-C is for the first process, which ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
