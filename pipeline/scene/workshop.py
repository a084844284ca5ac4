"""The workshop: what stays open between frames, from opening a template to closing a scene."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy

from pipeline.addresses import Places
from pipeline.geometry import Array
from pipeline.records import AssetRecipe
from pipeline.scene.assets.catalogue_cache import FactsCache, cache_folder
from pipeline.scene.assets.library import Library
from pipeline.scene.compat import blender_series, bundled_hdris_dir
from pipeline.scene.looks.images import ImageCache
from pipeline.scene.physics.settle import Settled
from pipeline.scene.ray_meshes import RayMesh
from pipeline.scene.session import Session, clean, open_session
from pipeline.scene.template.journal import Journal
from pipeline.scene.template.memory import TemplateMemory


@dataclass(slots=True)
class Workshop:
    """What stays open between frames: the file, the assets, images, collision parts and the last settled scene."""

    session: Session
    places: Places
    library: Library
    images: ImageCache
    facts: FactsCache
    parts: dict[tuple[AssetRecipe, str], tuple[Array, ...]] = field(default_factory=dict)
    settled: tuple[str, Settled] | None = None
    memory: TemplateMemory = field(default_factory=TemplateMemory)
    ray_meshes: dict[int, RayMesh] = field(default_factory=dict)
    """What rays can meet of the meshes that stay, by `session_uid`."""
    journal: Journal = field(default_factory=Journal)
    """What this frame changed of the template: everything that is changed of it goes by way of here."""


def open_workshop(places: Places, template: Path | None) -> Workshop:
    """Open the template or an empty file, with nothing loaded yet; Blender adds its own HDRIs to the places."""
    session = open_session(template)
    places = replace(places, bundled_hdris=bundled_hdris_dir())
    facts = FactsCache(folder=cache_folder(), series=blender_series())
    return Workshop(session=session, places=places, library=Library(places), images=ImageCache(), facts=facts)


def close_scene(workshop: Workshop) -> None:
    """Take away what a frame added and changed; assets and images stay."""
    workshop.journal.restore()
    clean(workshop.session, [*workshop.library.pinned(), *workshop.images.pinned(), *workshop.memory.pinned()])


def save_scene(path: Path) -> None:
    """Save the built scene as a .blend of its own, for a look in Blender."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True, relative_remap=False)
