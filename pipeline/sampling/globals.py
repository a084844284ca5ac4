"""What a scene is as a whole: its scenario, and the globals that everything else may depend on."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from pipeline.config.contexts_section import own_count
from pipeline.config.globals_section import in_order, settled
from pipeline.config.schema import Config, Context
from pipeline.sampling.draw import draw, draw_index
from pipeline.sampling.rng import Scope, rng_for


def sample_globals(config: Config, scene: Scope) -> tuple[Config, str, dict[str, float]]:
    """Return the configuration of one scene, its globals put in, with the name of the scenario ("" without any) and the
    values of the globals. The scenario is drawn at "scenario", the global x at "globals/x"."""
    if not config.globals and not config.scenarios:
        return config, "", {}
    name, numbers, contexts = "", dict(config.globals), config.contexts
    if config.scenarios:
        known = sorted(config.scenarios)
        weights = [draw(config.scenarios[one].weight, rng_for(config.seed, scene, f"scenario/{one}")) for one in known]
        name = known[draw_index(len(known), rng_for(config.seed, scene, "scenario"), weights)]
        scenario = config.scenarios[name]
        numbers |= scenario.globals
        if scenario.contexts is not None:
            wanted = scenario.contexts
            contexts = {key: one for key, one in contexts.items() if any(fnmatchcase(key, p) for p in wanted)}
    values: dict[str, float] = {}
    for key in in_order(numbers):
        values[key] = draw(settled(numbers[key], values), rng_for(config.seed, scene, f"globals/{key}"))
    return _scene_config(config, contexts, values), name, {key: values[key] for key in sorted(values)}


def _scene_config(config: Config, contexts: dict[str, Context], values: dict[str, float]) -> Config:
    """Put the globals in. What no context of this scene holds, but one of another scenario does, is not placed."""
    targets, distractors = (
        tuple(replace(group, count=own_count(group, config.contexts.values())) for group in groups)
        for groups in (config.targets, config.distractors)
    )
    bare = replace(config, globals={}, scenarios={}, contexts=contexts, targets=targets, distractors=distractors)
    return settled(bare, values)
