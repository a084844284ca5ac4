"""What an engine was asked that it has no word for is refused, never dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from pipeline.errors import FarmError
from pipeline.farm.submission import Submission
from pipeline.structure import did_you_mean


def check_all(submission: Submission, *checks: Callable[[Submission], object]) -> None:
    """Run all the checks and raise one FarmError that holds what each of them refuses, a line for each problem."""
    problems = []
    for check in checks:
        try:
            check(submission)
        except FarmError as problem:
            problems.append(str(problem))
    if problems:
        raise FarmError("\n".join(problems))


def check_knobs(submission: Submission, known: Iterable[str], passed: Iterable[str] = ()) -> None:
    """Raise FarmError for each engine option that is neither known nor begins with one of `passed`."""
    known, passed = tuple(known), tuple(passed)
    wrong = [
        f"--engine-option {name}={value}: {submission.engine} has no such option ({did_you_mean(name, known)})"
        for name, value in submission.engine_options.items()
        if name not in known and not name.startswith(passed)
    ]
    if wrong:
        raise FarmError("\n".join(wrong))


def refuse_unmeant(submission: Submission, remedies: Mapping[str, str]) -> None:
    """Raise FarmError for each part of a submission that its engine cannot pass on.

    `remedies` says by option, such as "max-running", what to do instead.
    """
    asked = {name: _ASKED[name](submission) for name in remedies}
    wrong = [
        f"--{name} {value}: {submission.engine} has no word for it ({remedies[name]})"
        for name, value in asked.items()
        if value
    ]
    if wrong:
        raise FarmError("\n".join(wrong))


def check_numbers(submission: Submission, *names: str) -> None:
    """Raise FarmError for each of these engine options that is given but is no whole number from 1."""
    check_all(submission, *(partial(positive_number, name=name, default=1) for name in names))


def positive_number(submission: Submission, name: str, default: int) -> int:
    """Return an engine option that counts something. Raises FarmError for anything but a whole number from 1."""
    text = submission.engine_options.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise FarmError(f"--engine-option {name}={text} is not a whole number from 1")
    return int(text)


_ASKED: dict[str, Callable[[Submission], object]] = {
    "max-running": lambda submission: submission.max_running,
    "time": lambda submission: submission.resources.time_min,
    "cpus": lambda submission: submission.resources.cpus,
    "memory": lambda submission: submission.resources.memory_mb,
    "gres": lambda submission: submission.resources.gres,
    "partition": lambda submission: submission.resources.partition,
}
