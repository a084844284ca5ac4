"""`open_dataset`: a dataset as a sequence of frames, for training code and notebooks. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from pipeline.dataset.create import read_dataset
from pipeline.dataset.frame import Frame
from pipeline.dataset.layout import DATASET
from pipeline.dataset.read import iter_frames, read_commit
from pipeline.errors import StoreError
from pipeline.frames import show_frames
from pipeline.structure import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCategory:
    """One semantic class: `id` 1..65535, as in every label. Where objects of it have keypoints, their names in order,
    the pairs of them to join when drawn, and the pairs that swap places in a mirrored picture."""

    id: int
    name: str
    supercategory: str = ""
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[str, str], ...] = ()
    flip: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """The frames that a dataset held when it was opened; len(), [i] and iteration count the accepted ones, in order.

    `header` is dataset.json. `accepted` and `rejected` are frame numbers. It pickles, and every copy lists the same
    frames, however many have come since; `refreshed` lists those too.
    """

    root: Path
    header: dict[str, Any]
    accepted: tuple[int, ...]
    rejected: tuple[int, ...]

    def __repr__(self) -> str:
        return f"Dataset({self.root}: {len(self.accepted)} of {self.header['frames']} frames)"

    def __len__(self) -> int:
        return len(self.accepted)

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(self.root, number) for number in self.accepted)

    @overload
    def __getitem__(self, position: int) -> Frame: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Frame, ...]: ...
    def __getitem__(self, position: int | slice) -> Frame | tuple[Frame, ...]:
        if isinstance(position, slice):
            return tuple(Frame(self.root, number) for number in self.accepted[position])
        return Frame(self.root, self.accepted[position])

    def frame(self, number: int) -> Frame:
        """Return the frame of a number, accepted or rejected, also one committed since the dataset was opened.

        Raises StoreError when it is not there.
        """
        frame = Frame(self.root, number)
        try:
            _ = frame.commit
        except StoreError as error:
            there = show_frames((*self.accepted, *self.rejected)) or "none"
            raise StoreError(f"{self.root} has no frame {number} (it has: {there})") from error
        return frame

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the frames that are still to be rendered."""
        return tuple(sorted(set(range(self.header["frames"])) - set(self.accepted) - set(self.rejected)))

    @property
    def categories(self) -> tuple[DatasetCategory, ...]:
        """The class map, in the order of the scene file."""
        where = str(self.root / DATASET)
        try:
            return tuple(from_json(item, DatasetCategory, where) for item in self.header["categories"])
        except ValueError as error:
            raise StoreError(str(error)) from error

    def refreshed(self) -> Dataset:
        """Return the dataset as it is now."""
        return open_dataset(self.root)


def open_dataset(path: Path | str) -> Dataset:
    """Return the dataset in the folder `path`; of each frame only its commit record is read (70 us a frame).

    Raises StoreError when it is no dataset, or one of another format.
    """
    root = Path(path)
    header = read_dataset(root)
    status = {number: read_commit(root, number)["status"] for number in iter_frames(root)}
    return Dataset(
        root=root,
        header=header,
        accepted=tuple(number for number, word in status.items() if word == "accepted"),
        rejected=tuple(number for number, word in status.items() if word == "rejected"),
    )
