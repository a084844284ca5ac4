"""What labels.json must be before anything can be computed from it: shapes of matrices, ranges of ids."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.conventions import MAX_INSTANCES
from pipeline.records import Labels
from pipeline.records.shapes import Matrix

IDS = 65_536  # what a uint16 pixel can hold


def shape_problems(labels: Labels) -> Iterator[str]:
    """Yield what makes labels unusable, though each value is of its type."""
    if labels.camera is not None:
        yield from _matrix("camera.k", labels.camera.k, 3)
        yield from _matrix("camera.world_from_camera", labels.camera.world_from_camera, 4)
    ids = [item.instance_id for item in labels.instances]
    if ids != sorted(set(ids)) or not all(1 <= key <= MAX_INSTANCES for key in ids):
        yield f"instance ids are not ascending within 1..{MAX_INSTANCES}"
    parts = [part.part_id for part in labels.parts]
    if parts != sorted(set(parts)) or not all(1 <= key < IDS for key in parts):
        yield f"part ids are not ascending within 1..{IDS - 1}"
    if not all(0 <= part.instance_id <= MAX_INSTANCES for part in labels.parts):
        yield "a part of an instance that cannot be"
    for item in labels.instances:
        if not 0 <= item.category_id < IDS:
            yield f"instance {item.instance_id}: category {item.category_id} is outside 0..{IDS - 1}"
        for key in ("world_from_object", "camera_from_object"):
            yield from _matrix(f"instance {item.instance_id}: {key}", getattr(item, key), 4)


def _matrix(name: str, matrix: Matrix, side: int) -> Iterator[str]:
    if len(matrix) != side or any(len(row) != side for row in matrix):
        yield f"{name} is not of shape ({side}, {side})"
