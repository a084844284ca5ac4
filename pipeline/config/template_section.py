"""The artist's .blend that every frame starts from, and what of it is labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pipeline.config.distributions import Number, require
from pipeline.structure import AssetPath


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTarget:
    """Things in the template that are labelled where they stand, as targets of one category.

    An object is one instance, with its children unless they are named themselves. An empty that shows a collection is
    one instance. An object that makes copies (Geometry Nodes, particles, instancing on vertices or faces) is one
    instance a copy, and one more for its own mesh.
    """

    objects: tuple[str, ...] = ()
    """Names or patterns of objects."""
    collections: tuple[str, ...] = ()
    """Names or patterns of collections: each object in them, and each empty that shows one of them."""
    category: str

    def __post_init__(self) -> None:
        if not self.objects and not self.collections:
            raise ValueError("give objects or collections", 'for instance objects: ["Mug*"]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An artist's .blend that every frame starts from. What it holds is left as it is."""

    SHORT: ClassVar[tuple[str, ...]] = ("file",)
    file: AssetPath
    targets: tuple[TemplateTarget, ...] = ()
    """What of it is labelled; its ids follow those of what is placed."""
    frame: Number | None = None
    """The frame of its timeline, drawn once a scene; by default the one at which it was saved. Views of a scene follow
    at `view_interval_s`."""

    def __post_init__(self) -> None:
        if self.frame is not None:
            require("frame", self.frame, -1_048_574, 1_048_574)
