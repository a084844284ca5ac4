"""Lists of frames as people write them: "0-9,20,30-40:2". Frames count from 0; ranges hold both ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from pipeline.errors import ConfigError, Problem
from pipeline.plurals import counted

_ITEM = re.compile(r"(?P<first>[0-9]{1,12})(?:\s*(?:-|\.\.)\s*(?P<last>[0-9]{1,12})(?:\s*:\s*(?P<step>[0-9]{1,12}))?)?")
OF_DATASET = "the dataset is of {frames}"
OF_SCENE = "the scene file has frames: {total}; --set frames={needed} makes it longer"
_ANY = 10**12  # what twelve digits can name
_HOW = 'write frames like "0-9,20,30-40:2"'


def parse_frames(text: str, total: int, *, clamp: bool = False, remedy: str = OF_DATASET) -> tuple[int, ...]:
    """Return the frames named by `text`, sorted, each once.

    Items are separated by commas: "7", "0-9" or "0..9", "30-40:2" for every second one.
    Raises ConfigError for what is not a frame list, a reversed range, or a frame outside 0..total-1; with `clamp` those
    are left out, since some queues cut the last chunk too long. `remedy` says what to do about one outside; {total} in
    it is how many there are, {frames} that in words, {needed} how many it takes.
    """
    frames: set[int] = set()
    for item in text.split(","):
        frames.update(_item_range(item.strip(), text, total, clamp, remedy))
    return tuple(sorted(frames))


def read_frames(text: str) -> tuple[int, ...]:
    """Return the frames that `show_frames` wrote, however many there may be."""
    return parse_frames(text, _ANY)


def show_frames(indices: Iterable[int]) -> str:
    """Return frames in the form `parse_frames` reads: [0, 1, 2, 7] is "0-2,7". No frames give ""."""
    runs: list[list[int]] = []
    for index in sorted(set(indices)):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def frames_are(indices: Collection[int]) -> str:
    """Return frames as the begin of a sentence: "frame 7 is", "frames 0-2,7 are"."""
    return f"frame {show_frames(indices)} is" if len(indices) == 1 else f"frames {show_frames(indices)} are"


def _item_range(item: str, text: str, total: int, clamp: bool, remedy: str) -> range:
    match = _ITEM.fullmatch(item)
    if match is None:
        seen = f"{item!r} in {text!r} is not a frame or a range of frames" if text.strip() else "the list is empty"
        raise _problem(seen, _HOW)
    first = int(match["first"])
    last = first if match["last"] is None else int(match["last"])
    step = 1 if match["step"] is None else int(match["step"])
    if step == 0:
        raise _problem(f"{item!r} has step 0", _HOW)
    if last < first:
        raise _problem(f"{item!r} ends before it begins", f"write {last}-{first}")
    if clamp:
        last = min(last, total - 1)
    if last >= total:
        wrong = last if first < total else first
        seen = f"frame {wrong} of {item!r} is outside 0-{total - 1}"
        raise _problem(seen, remedy.format(total=total, frames=counted(total, "frame"), needed=last + 1))
    return range(first, last + 1, step)


def _problem(message: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(message=message, where="--frames", remedy=remedy)])
