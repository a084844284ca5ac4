"""Globals in a scene file's plain data: unknown names, circles, and all that each may be, put in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.config.distributions import Number
from pipeline.config.global_reference import GLOBAL_NAME, Global
from pipeline.config.globals_section import Scenario, all_ranges, scenario_globals
from pipeline.structure import FAILED, Reader, did_you_mean, structure
from pipeline.structure import Path as KeyPath

Ranges = Mapping[str, tuple[float, float]]


def global_ranges(data: Mapping[str, Any], reader: Reader) -> Ranges | None:
    """Return the least and greatest value of each global, and report what is wrong with their names.

    None where the globals themselves cannot be read, which is reported elsewhere.
    """
    numbers = structure(data.get("globals") or {}, dict[str, Number], Reader(), ("globals",))
    scenarios = structure(data.get("scenarios") or {}, dict[str, Scenario], Reader(), ("scenarios",))
    if FAILED in (numbers, scenarios):
        return None
    is_good = True
    bundles = scenario_globals(numbers, scenarios)
    for path, name in _uses(data, ()):
        lacking = [known for known in bundles if name.removeprefix("$") not in known]
        if not lacking:
            continue
        is_good = False
        known = sorted({f"${one}" for bundle in bundles for one in bundle})
        if len(lacking) == len(bundles):
            reader.report(path, f"there is no global {name}", did_you_mean(name, known) or "name it in globals")
        else:
            remedy = "name it in globals, for the scenarios that do not"
            reader.report(path, f"there is no global {name} in every scenario", remedy)
    used = {name.removeprefix("$") for _, name in _uses(data, ())}
    for scenario, one in scenarios.items():
        for name in one.globals:
            if name not in used and name not in numbers:
                remedy = did_you_mean(name, used | set(numbers)) or "take it away"
                reader.report(("scenarios", scenario, "globals", name), f"nothing uses the global {name!r}", remedy)
    if not is_good:
        return None
    try:
        return all_ranges(numbers, scenarios)
    except ValueError as error:
        reader.report(("globals",), str(error.args[0]), str(error.args[1]))
        return None


def _uses(data: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield where a global stands, and its name."""
    if (one := _global_of(data)) is not None:
        yield path, one.name
    elif isinstance(data, Mapping):
        for key, item in data.items():
            yield from _uses(item, (*path, str(key)))
    elif isinstance(data, list | tuple):
        for i, item in enumerate(data):
            yield from _uses(item, (*path, i))


def _global_of(data: Any) -> Global | None:
    if isinstance(data, str) and GLOBAL_NAME.fullmatch(data):
        return Global(name=data)
    if isinstance(data, Mapping) and list(data) == ["global"]:
        one = structure(data["global"], Global, Reader())
        return None if one is FAILED else one
    return None


def widened_data(data: Any, ranges: Ranges) -> Any:
    """Return plain data with each global replaced by the range of what it may be."""
    if (one := _global_of(data)) is not None:
        low, high = one.range_of(*ranges[one.name.removeprefix("$")])
        return low if low == high else {"uniform": [low, high]}
    if isinstance(data, Mapping):
        return {key: widened_data(item, ranges) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [widened_data(item, ranges) for item in data]
    return data
