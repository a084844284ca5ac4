"""Checks that several sections share."""

from __future__ import annotations

from pipeline.config.text_choices import ConstantText, Word
from pipeline.conventions import MAX_INSTANCES
from pipeline.structure import did_you_mean


def exactly_one(record: object, names: tuple[str, ...]) -> None:
    """Raise ValueError unless exactly one of the named optional fields is given."""
    given = [name for name in names if getattr(record, name) is not None]
    if len(given) != 1:
        seen = " and ".join(given) if given else "none"
        raise ValueError(f"give exactly one of {', '.join(names)}, got {seen}")


def known_words(name: str, word: Word, known: tuple[str, ...]) -> None:
    """Raise ValueError when `word` can be something that is not in `known`."""
    values = (word.value,) if isinstance(word, ConstantText) else word.values
    for value in values:
        if value not in known:
            raise ValueError(f"{name} {value!r} is not known", did_you_mean(value, known))


def positive(name: str, *values: float) -> None:
    """Raise ValueError unless every value is above 0."""
    if min(values) <= 0:
        raise ValueError(f"{name} has {min(values):g}, which is not above 0")


def too_many_instances(placed: int, in_template: int) -> str:
    """Return why so many instances cannot be numbered, "" where they can."""
    if placed + in_template <= MAX_INSTANCES:
        return ""
    where = f" ({in_template} of them in the template)" if in_template else ""
    return f"{placed + in_template} instances{where}; Blender numbers at most {MAX_INSTANCES} (15 bits)"
