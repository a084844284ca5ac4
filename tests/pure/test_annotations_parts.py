"""Parts in labels: counted, in order, and refused where they do not fit the id image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from store_samples import sample_job
from traced_scenes import traced_frame

from pipeline.annotations.annotate import annotate
from pipeline.annotations.parts import part_labels
from pipeline.dataset.pictures import encode_pictures
from pipeline.records import RealisedPart, RenderedFrame


def divided(rendered: RenderedFrame, **changes: object) -> RenderedFrame:
    """Instance 1 in left and right halves (parts 1 and 2), instance 3 whole (part 3); the others have no parts."""
    columns = np.broadcast_to(np.arange(rendered.instance.shape[1]), rendered.instance.shape)
    own = rendered.instance == 1
    middle = np.median(columns[own])
    part = np.where(own, np.where(columns < middle, 1, 2), np.where(rendered.instance == 3, 3, 0)).astype(np.uint16)
    parts = tuple(
        RealisedPart(part_id=part_id, instance_id=owner, name=name, class_id=class_id)
        for part_id, owner, name, class_id in ((1, 1, "wood", 2), (2, 1, "iron", 1), (3, 3, "wood", 2))
    )
    return replace(rendered, part=part, parts=parts, **changes)


def test_every_part_is_counted_in_the_order_of_the_ids(tmp_path):
    _, rendered, _ = traced_frame(sample_job(), 0, tmp_path)
    rendered = divided(rendered)
    shuffled = replace(rendered, parts=rendered.parts[::-1])
    labels = part_labels(shuffled)
    assert [(label.part_id, label.instance_id, label.name, label.class_id) for label in labels] == [
        (1, 1, "wood", 2), (2, 1, "iron", 1), (3, 3, "wood", 2)
    ]  # fmt: skip
    assert [label.visible_px for label in labels] == [int((rendered.part == i).sum()) for i in (1, 2, 3)]


def test_parts_reach_the_labels_and_the_picture(tmp_path):
    plan, rendered, _ = traced_frame(sample_job(), 0, tmp_path)
    plan, rendered = replace(plan, outputs=("instance", "part")), divided(rendered)
    annotation = annotate(plan, rendered)
    assert annotation.labels.parts == part_labels(rendered)
    assert "part.png" in encode_pictures(plan, rendered, annotation)


def test_a_frame_without_parts_has_none(tmp_path):
    _, rendered, annotation = traced_frame(sample_job(), 0, tmp_path)
    assert annotation.labels.parts == () and part_labels(rendered) == ()
    nothing = replace(rendered, part=np.zeros_like(rendered.instance))
    assert part_labels(nothing) == ()


def test_a_part_beyond_its_instance_is_refused(tmp_path):
    _, rendered, _ = traced_frame(sample_job(), 0, tmp_path)
    rendered = divided(rendered)
    outside = rendered.part.copy()
    outside[0, 0] = 1
    assert rendered.instance[0, 0] == 0
    with pytest.raises(ValueError, match="1 px of parts and instances differ, the first in row 0, column 0"):
        part_labels(replace(rendered, part=outside))


def test_a_pixel_of_a_divided_instance_without_part_is_refused(tmp_path):
    _, rendered, _ = traced_frame(sample_job(), 0, tmp_path)
    rendered = divided(rendered)
    with pytest.raises(ValueError, match="px of parts and instances differ"):
        part_labels(replace(rendered, part=np.where(rendered.part == 3, 0, rendered.part).astype(np.uint16)))


def test_an_unknown_part_is_refused(tmp_path):
    _, rendered, _ = traced_frame(sample_job(), 0, tmp_path)
    rendered = divided(rendered)
    with pytest.raises(ValueError, match="the part image holds 9, and the frame has 3 parts"):
        part_labels(replace(rendered, part=np.where(rendered.part == 3, 9, rendered.part).astype(np.uint16)))
