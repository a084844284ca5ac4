"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipeline.conventions import DEVICES


class FiniteRange(click.FloatRange):
    """A number within limits, and neither nan nor inf, which no limit keeps out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


def scene_argument(required: bool = True) -> Callable[[Any], Any]:
    return click.argument(
        "scene",
        required=required,
        type=click.Path(path_type=Path),
        metavar="SCENE.yaml" if required else "[SCENE.yaml]",
    )


seed_option = click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Instead of the scene file's seed.")
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a key of the scene file: camera.fov_deg=60, 'targets[0].count={integer: [1, 3]}'. Repeatable.",
)
device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    metavar="NAME",
    help=f"What renders: {', '.join(DEVICES)}; auto takes the best there is.",
)

retry_option = click.option("--retry-quarantined", is_flag=True, help="Try frames again that were given up.")


def frames_option(default: str, verb: str = "make") -> Callable[[Any], Any]:
    text = f"Frames to {verb}, like 0-9,20,30-40:2 (counted from 0).  [default: {default}]"
    return click.option("--frames", metavar="LIST", help=text)


def with_seed(overrides: tuple[str, ...], seed: int | None) -> tuple[str, ...]:
    """Return the overrides with `--seed` among them."""
    return overrides if seed is None else (*overrides, f"seed={seed}")
