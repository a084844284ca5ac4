"""Globals: numbers drawn once a scene, by name, that all else may depend on, and the scenarios that bundle them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

from pipeline.config.distributions import Constant, Number, Uniform, bounds, require
from pipeline.config.global_reference import GLOBAL_NAME, Global

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of scene, as likely as its `weight` among all: its globals take the place of the file's."""

    weight: Number = Constant(value=1.0)
    globals: dict[str, Number]
    contexts: tuple[str, ...] | None = None
    """The contexts that it has, by name or pattern; by default all."""

    def __post_init__(self) -> None:
        require("weight", self.weight, low=0)
        check_names(self.globals)


def check_names(numbers: Mapping[str, Number]) -> None:
    """Raise ValueError for a name that no `$name` can stand for."""
    for name in numbers:
        if not GLOBAL_NAME.fullmatch(f"${name}"):
            raise ValueError(f"{name!r} is no name for a global", "use letters, digits and _, without the $")


def replace_globals(value: Value, number_for: Callable[[Global], Number]) -> Value:
    """Return a record, tuple or dict with every global in it replaced; itself where there is none."""
    if isinstance(value, Global):
        return number_for(value)  # type: ignore[return-value]
    if isinstance(value, tuple):
        items = tuple(replace_globals(item, number_for) for item in value)
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items  # type: ignore[return-value]
    if isinstance(value, dict):
        new = {key: replace_globals(item, number_for) for key, item in value.items()}
        return value if all(new[key] is value[key] for key in value) else new  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in fields(value):
            before = getattr(value, field.name)
            after = replace_globals(before, number_for)
            if after is not before:
                changed[field.name] = after
        return replace(value, **changed) if changed else value
    return value


def globals_in(value: object) -> Iterator[str]:
    """Yield the name, with its $, of every global in a record."""
    if isinstance(value, Global):
        yield value.name
    elif isinstance(value, tuple):
        for item in value:
            yield from globals_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from globals_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from globals_in(getattr(value, field.name))


def in_order(numbers: Mapping[str, Number]) -> list[str]:
    """Return the names of globals so that each comes after those it depends on. Raises ValueError for a circle."""
    done: list[str] = []

    def visit(name: str, chain: tuple[str, ...]) -> None:
        if name in chain:
            circle = " -> ".join(f"${one}" for one in (*chain[chain.index(name) :], name))
            raise ValueError(f"globals depend on each other in a circle: {circle}", "cut it somewhere")
        if name in done or name not in numbers:
            return
        for other in globals_in(numbers[name]):
            visit(other.removeprefix("$"), (*chain, name))
        done.append(name)

    for name in sorted(numbers):
        visit(name, ())
    return done


def ranges_of(numbers: Mapping[str, Number]) -> dict[str, tuple[float, float]]:
    """Return the least and greatest value of each global, by name. Raises ValueError for a circle."""
    ranges: dict[str, tuple[float, float]] = {}
    for name in in_order(numbers):
        ranges[name] = bounds(widened(numbers[name], ranges))
    return ranges


def widened(value: Value, ranges: Mapping[str, tuple[float, float]]) -> Value:
    """Return a record with each global replaced by all that it may be, for checks and estimates; one that `ranges` does
    not know stays."""

    def number_for(one: Global) -> Number:
        if one.name.removeprefix("$") not in ranges:
            return one
        low, high = one.range_of(*ranges[one.name.removeprefix("$")])
        return Constant(value=low) if low == high else Uniform(low=low, high=high)

    return replace_globals(value, number_for)


def settled(value: Value, values: Mapping[str, float]) -> Value:
    """Return a record with each global replaced by what it is in one scene."""
    return replace_globals(value, lambda one: Constant(value=one.of(values[one.name.removeprefix("$")])))


def scenario_globals(numbers: Mapping[str, Number], scenarios: Mapping[str, Scenario]) -> list[dict[str, Number]]:
    """Return the globals of each scenario in the order of their names, or the file's own where there are none."""
    if not scenarios:
        return [dict(numbers)]
    return [{**numbers, **scenarios[name].globals} for name in sorted(scenarios)]


def all_ranges(numbers: Mapping[str, Number], scenarios: Mapping[str, Scenario]) -> dict[str, tuple[float, float]]:
    """Return the least and greatest value of each global over all scenarios. Raises ValueError for a circle."""
    ranges: dict[str, tuple[float, float]] = {}
    for one in scenario_globals(numbers, scenarios):
        for name, (low, high) in ranges_of(one).items():
            before = ranges.get(name, (low, high))
            ranges[name] = (min(low, before[0]), max(high, before[1]))
    return ranges
