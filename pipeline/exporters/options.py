"""How to export: the options that all formats share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pipeline.errors import ExportError

Images = Literal["reference", "copy", "link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """How to export. `images` None is the format's own way; `partial` exports what is there although frames are
    missing; `val_fraction` 0..1 of the scenes goes to the split "val", 0 leaves everything in "train".

    Raises ExportError for a value out of its range.
    """

    images: Images | None = None
    partial: bool = False
    min_visibility: float = 0.0
    min_pixels: int = 1
    val_fraction: float = 0.0

    def __post_init__(self) -> None:
        for name in ("min_visibility", "val_fraction"):
            if not 0 <= getattr(self, name) <= 1:  # also true of NaN
                raise ExportError(f"--{name.replace('_', '-')} is {getattr(self, name)}, expected 0 to 1")
        if self.min_pixels < 1:
            raise ExportError(f"--min-pixels is {self.min_pixels}, expected 1 or more")


DEFAULTS = ExportOptions()


def with_images(options: ExportOptions, form: str, ways: tuple[Images, ...]) -> ExportOptions:
    """Return the options with the way pictures go: as asked, else the first of the `ways` that the format has.

    Raises ExportError for another way. Without ways (pictures lie in the export's own files) `images` stays None.
    """
    if options.images is None:
        return replace(options, images=ways[0]) if ways else options
    if options.images not in ways:
        remedy = f"use {' or '.join(ways)}, or leave it out for {ways[0]}" if ways else "leave it out"
        raise ExportError(f"--images is {options.images}, which {form} does not know ({remedy})")
    return options
