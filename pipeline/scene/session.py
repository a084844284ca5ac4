"""The state every frame starts from: an empty file or the artist's template, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from pipeline.errors import PipelineError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session:
    """An open file. `baseline` identifies the datablocks that belong to it and stay."""

    scene: bpy.types.Scene
    template: Path | None
    baseline: frozenset[int]
    world: bpy.types.World | None
    camera: bpy.types.Object | None


def open_session(template: Path | None) -> Session:
    """Open the template, or an empty file. Every reference to a datablock from before dies."""
    if template is None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
    else:
        _open_template(template)
    scene = bpy.context.scene
    if template is None:
        scene.unit_settings.system = "METRIC"
        scene.unit_settings.scale_length = 1.0
    return Session(
        scene=scene,
        template=template,
        baseline=frozenset(item.session_uid for item in datablocks()),
        world=scene.world,
        camera=scene.camera,
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


def clean(session: Session, pinned: Iterable[bpy.types.ID]) -> None:
    """Remove every datablock that a frame added, except the `pinned` ones (loaded assets and images)."""
    keep = session.baseline | {item.session_uid for item in pinned}
    added = [item for item in datablocks() if item.session_uid not in keep]
    session.scene.world, session.scene.camera = session.world, session.camera
    bpy.data.batch_remove(added)


def datablocks() -> Iterator[bpy.types.ID]:
    """Yield every datablock but Blender's own windows and libraries."""
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in _NOT_OURS:
            yield from getattr(bpy.data, prop.identifier)


_NOT_OURS = frozenset(
    {"all_ids", "window_managers", "screens", "workspaces", "libraries", "brushes", "palettes", "linestyles"}
)
