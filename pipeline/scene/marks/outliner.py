"""Where a thing stands in Blender's outliner, and what Blender calls it."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

KINDS = {
    "MESH": "Mesh",
    "CURVE": "Curve",
    "CURVES": "Hair",
    "SURFACE": "Surface",
    "FONT": "Text",
    "META": "Metaball",
    "LIGHT": "Light",
    "CAMERA": "Camera",
    "EMPTY": "Empty",
    "ARMATURE": "Armature",
}


def called(item: bpy.types.Object) -> str:
    """Return an object as an artist knows it: "Curve `Lane.001`"."""
    return f"{KINDS.get(item.type, 'Object')} `{item.name}`"


class Outliner:
    """The collections of a scene from the bottom up."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene = scene
        self._parents: dict[int, list[bpy.types.Collection]] = {}
        self._homes: dict[int, list[bpy.types.Collection]] = {}
        for group in (scene.collection, *scene.collection.children_recursive):
            for child in group.children:
                self._parents.setdefault(child.session_uid, []).append(group)
            for item in group.objects:
                self._homes.setdefault(item.session_uid, []).append(group)

    def lines(self, item: bpy.types.Object) -> Iterator[tuple[bpy.types.Collection, ...]]:
        """Yield the ways up from an object: collections from the one it lies in to the scene's."""
        for home in self._homes.get(item.session_uid, ()):
            yield from self._up((home,))

    def _up(self, line: tuple[bpy.types.Collection, ...]) -> Iterator[tuple[bpy.types.Collection, ...]]:
        parents = self._parents.get(line[-1].session_uid, ())
        if not parents:
            yield line
        for parent in parents:
            yield from self._up((*line, parent))

    def place(self, item: bpy.types.Object) -> str:
        """Return " (Scene Collection > Street > Lanes)" of an object."""
        line = next(self.lines(item), ())
        return f" ({' > '.join(one.name for one in reversed(line))})" if line else ""

    def hiding(self, item: bpy.types.Object) -> tuple[str, str]:
        """Return what keeps an object from renders, and the remedy; ("", "") where nothing in the outliner does."""
        if item.hide_render:
            return "it is disabled in renders", "switch its camera icon on in the outliner"
        excluded = {group.session_uid for group in self._excluded()}
        for line in self.lines(item):
            hidden = next((one for one in line if one.hide_render), None)
            left_out = next((one for one in line if one.session_uid in excluded), None)
            if hidden is not None:
                why = f"collection `{hidden.name}` is disabled in renders", "switch its camera icon on in the outliner"
            elif left_out is not None:
                why = f"collection `{left_out.name}` is excluded from the view layer", "tick its box in the outliner"
            else:
                return "", ""
        return why

    def _excluded(self) -> Iterator[bpy.types.Collection]:
        """Yield the collections that the first rendered view layer leaves out."""
        layer = next((one for one in self._scene.view_layers if one.use), self._scene.view_layers[0])
        waiting = [layer.layer_collection]
        for one in waiting:
            if one.exclude:
                yield one.collection
            waiting.extend(one.children)
