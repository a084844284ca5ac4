"""What an engine took before it refused the rest: taken back, or told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.errors import FarmError
from pipeline.farm.ledger import show_ids
from pipeline.farm.submission import Submission


class PartlyTaken(FarmError):
    """An engine refused a part of a submission, and kept what it had taken before: `ids`."""

    def __init__(self, text: str, ids: Sequence[str]) -> None:
        super().__init__(text)
        self.ids = tuple(ids)


def take_back(submission: Submission, ids: Sequence[str], refusal: BaseException, cancel: Callable[[], object]) -> None:
    """Have the engine drop what it took before `refusal`, as `cancel` does.

    Raises PartlyTaken, the refusal first, where `cancel` raises FarmError.
    """
    if not ids:
        return
    try:
        cancel()
    except FarmError as problem:
        jobs = show_ids(ids, most=len(ids))
        raise PartlyTaken(
            f"{str(refusal) or 'interrupted'}\n"
            f"what was taken before that may still wait or run, as it could not be taken back: {jobs} "
            f"(variegate cancel {submission.dataset} --submission {submission.folder})\n{problem}",
            ids,
        ) from refusal
