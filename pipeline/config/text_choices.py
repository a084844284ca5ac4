"""What a scene file may put where a word stands: a word, or a choice of some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipeline.config.distributions import check_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantText:
    """Always `value`. The bare form of a choice of words."""

    TAG: ClassVar[str] = "constant"
    SHORT: ClassVar[tuple[str, ...]] = ("value",)
    BARE: ClassVar[tuple[type, ...]] = (str,)
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceText:
    """One of `values`, with `weights` or evenly."""

    TAG: ClassVar[str] = "choice"
    SHORT: ClassVar[tuple[str, ...]] = ("values",)
    SHORT_IS_LIST: ClassVar[bool] = True
    BARE: ClassVar[tuple[type, ...]] = (list, tuple)
    values: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_weights(self.values, self.weights)


Word = ConstantText | ChoiceText
