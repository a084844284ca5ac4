"""The state every frame starts from: an empty file or the artist's template, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from pipeline.errors import PipelineError
from pipeline.scene.assets.baking import newer_than
from pipeline.scene.marks.find import helpers_of
from pipeline.scene.template.journal import put_back, settings_of, stored, values_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session:
    """An open file. `baseline` identifies the datablocks that belong to it and stay; `settings` are the values of the
    scene and of all within it by their paths, as the file has them."""

    scene: bpy.types.Scene
    template: Path | None
    baseline: frozenset[int]
    settings: Mapping[str, Mapping[str, Any]]


def open_session(template: Path | None) -> Session:
    """Open the template, or an empty file. Every reference to a datablock from before dies."""
    move_temporary_folder()
    if template is None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
    else:
        _open_template(template)
    scene = bpy.context.scene
    for item in helpers_of(scene):
        item.hide_render = True
    if template is None:
        scene.unit_settings.system = "METRIC"
        scene.unit_settings.scale_length = 1.0
    return Session(
        scene=scene,
        template=template,
        baseline=frozenset(item.session_uid for item in datablocks()),
        settings={path: values_of(owner, stored(owner)) for path, owner in settings_of(scene).items()},
    )


def _open_template(template: Path) -> None:
    if not template.is_file():
        raise PipelineError(f"template: {template} is not a file; name a .blend file")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(template), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise PipelineError(
            f"template: {template} cannot be opened ({str(error).strip()}); save it again in Blender"
        ) from error


def label_layer(scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    """Return the view layer that labels are made of: the first that is rendered. Raises PipelineError without one."""
    for layer in scene.view_layers:
        if layer.use:
            return layer
    raise PipelineError("template: no view layer is rendered; switch on 'Use for Rendering' of one and save")


def clean(session: Session, pinned: Iterable[bpy.types.ID]) -> None:
    """Remove every datablock that a frame added, except the `pinned` ones (loaded assets and images), and set the scene
    up as its file has it."""
    keep = {item.session_uid for item in pinned}
    added = newer_than(max(session.baseline))
    bpy.data.batch_remove([item for item in added if item.session_uid not in keep and _is_ours(item)])
    for path, owner in settings_of(session.scene).items():
        put_back(owner, session.settings.get(path, {}))


def move_temporary_folder() -> None:
    """Make Blender's temporary folder where TMPDIR says now: a Blender that ran before us has it elsewhere, and opening
    a file lets it be."""
    bpy.context.preferences.filepaths.temporary_directory = ""  # which is looked up at once, and never saved


def datablocks() -> Iterator[bpy.types.ID]:
    """Yield every datablock but Blender's own windows and libraries."""
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in _NOT_OURS:
            yield from getattr(bpy.data, prop.identifier)


def _is_ours(item: bpy.types.ID) -> bool:
    return not isinstance(item, (bpy.types.Brush, bpy.types.Palette, bpy.types.FreestyleLineStyle))


_NOT_OURS = frozenset(
    {"all_ids", "window_managers", "screens", "workspaces", "libraries", "brushes", "palettes", "linestyles"}
)
