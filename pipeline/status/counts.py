"""How many frames are done, rejected, under way, given up and missing: each frame asked for is one of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.presence import present, without_record
from pipeline.dataset.quarantine import quarantine_reason, quarantined
from pipeline.dataset.read import read_commit
from pipeline.errors import StoreError
from pipeline.status.reasons import alike
from pipeline.status.tally import Tally

LOOKED_INTO = 2000  # records read: those of a hundred thousand frames would take a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The frames asked for, by how they stand. `unreadable` have a folder without a record that can be read, and are to
    be made again; of `untold` no log tells, and they are too many to be looked into."""

    asked: int
    accepted: int
    rejected: int
    untold: int
    unreadable: tuple[int, ...]
    running: tuple[int, ...]
    missing: tuple[int, ...]
    given_up: Mapping[int, str]
    """Why, by frame."""
    rejections: tuple[tuple[str, int], ...]
    """Reasons and how many frames each, the most frequent first; numbers that differ read "N"."""

    @property
    def there(self) -> int:
        """How many frames are there, accepted or not."""
        return self.accepted + self.rejected + self.untold


def count_frames(root: Path, asked: Collection[int], tally: Tally, recorded: set[int]) -> Counts:
    """Return how the frames `asked` stand: folders and the records in them tell what is there, logs what they hold;
    only frames that no log tells of are opened, LOOKED_INTO of them at most.

    `recorded` are frames whose record was seen before, which is believed; those of this look are added.
    """
    there = present(root)
    bare = _without_record(root, [frame for frame in asked if frame in there and frame not in recorded], recorded)
    held = set(quarantined(root))
    running = {attempt.frame for _, attempt in tally.running}
    statuses: Counter[str] = Counter()
    unreadable, absent = [], []
    reasons: list[str] = []
    looked = 0
    for frame in asked:
        if frame not in there:
            absent.append(frame)
            continue
        if frame in bare:
            unreadable.append(frame)
            continue
        status, reason = tally.statuses.get(frame), tally.reasons.get(frame, "")
        if status is None and looked == LOOKED_INTO:
            status = "untold"
        elif status is None or (status == "rejected" and not reason and looked < LOOKED_INTO):
            looked += 1
            status, reason = _committed(root, frame)
        if status == "rejected":
            reasons.append(reason)
        if status:
            statuses[status] += 1
        else:
            unreadable.append(frame)
    return Counts(
        asked=len(asked),
        accepted=statuses["accepted"],
        rejected=statuses["rejected"],
        untold=statuses["untold"],
        unreadable=tuple(unreadable),
        running=tuple(frame for frame in absent if frame in running),
        missing=tuple(frame for frame in absent if frame not in running and frame not in held),
        given_up={frame: quarantine_reason(root, frame) for frame in absent if frame in held and frame not in running},
        rejections=tuple((reason, len(members)) for reason, members in alike(reasons, str)),
    )


def _without_record(root: Path, frames: list[int], recorded: set[int]) -> frozenset[int]:
    """Return those of `frames` that have no record, and add the others to `recorded`."""
    bare = frozenset(without_record(root, frames))
    recorded.update(frame for frame in frames if frame not in bare)
    return bare


def _committed(root: Path, frame: int) -> tuple[str, str]:
    """Return the status and the reason in a frame's record, "" where it has none that can be read."""
    try:
        record = read_commit(root, frame)
    except StoreError:
        return "", ""
    status = record.get("status")
    return (str(status), str(record.get("reason", ""))) if status in ("accepted", "rejected") else ("", "")
