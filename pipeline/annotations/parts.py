"""The parts of a frame's instances, counted, after a check that they are parts of what the id image shows."""

from __future__ import annotations

import numpy as np

from pipeline.records import PartLabel, RenderedFrame


def part_labels(rendered: RenderedFrame) -> tuple[PartLabel, ...]:
    """Return every part of the frame in the order of their ids, hidden ones too; none where none is asked for.

    Raises ValueError when a part shows outside its instance, or an instance with parts has a pixel without one.
    """
    if rendered.part is None:
        return ()
    most = max((part.part_id for part in rendered.parts), default=0)
    if rendered.part.max(initial=0) > most:
        raise ValueError(f"the part image holds {rendered.part.max()}, and the frame has {most} parts")
    owner = np.zeros(most + 1, dtype=np.uint16)
    for part in rendered.parts:
        owner[part.part_id] = part.instance_id
    divided = np.isin(rendered.instance, owner[1:])
    wrong = owner[rendered.part] != np.where(divided, rendered.instance, 0)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ValueError(
            f"{int(wrong.sum())} px of parts and instances differ, the first in row {row}, column {column}: part "
            f"{rendered.part[row, column]} on instance {rendered.instance[row, column]}"
        )
    counts = np.bincount(rendered.part.ravel(), minlength=most + 1)
    return tuple(
        PartLabel(
            part_id=part.part_id,
            instance_id=part.instance_id,
            name=part.name,
            class_id=part.class_id,
            visible_px=int(counts[part.part_id]),
        )
        for part in sorted(rendered.parts, key=lambda part: part.part_id)
    )
