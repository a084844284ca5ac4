"""No value of labels.json can change without a finding: each is read by some check, and none makes a check stumble."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from corruptions import FRAME, most_seen
from planned_scenes import planned_dataset, planned_job

from pipeline.canonical import json_bytes
from pipeline.dataset.layout import LABELS
from pipeline.job import assets_of
from pipeline.verify.folder import read_folder
from pipeline.verify.frame import check_content

Path = tuple[str | int, ...]

# Of a silhouette beyond the border only bounds are known: its meshes are not at hand.
BOUNDED = {("silhouette", "bbox_xywh_px", 2), ("silhouette", "bbox_xywh_px", 3)}


def leaves(data: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))
    elif data is not None:
        yield path


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory):
    """The labels of a frame, and a function that returns the findings on others in their place."""
    scratch = tmp_path_factory.mktemp("values")
    job = planned_job(scratch)
    folder = read_folder(planned_dataset(scratch / "ds", job).root, FRAME, job.digest)
    assets = {asset.asset_id: asset for asset in assets_of(job.catalogue)}

    def findings(data: dict) -> tuple:
        changed = replace(folder, data={**folder.data, LABELS: json_bytes(data)})
        return check_content(changed, job, assets).findings

    return json.loads(folder.data[LABELS]), findings


def changed_at(data: dict, path: Path, change: Callable[[Any], Any]) -> dict:
    result = copy.deepcopy(data)
    at = result
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = change(at[path[-1]])
    return result


def looked_at(data: dict) -> list[Path]:
    """Every leaf, of the instances those of the one that is seen most."""
    best = data["instances"].index(most_seen(data))
    return [path for path in leaves(data) if path[0] != "instances" or path[1] == best]


def a_little(value: Any) -> Any:
    return f"x{value}" if isinstance(value, str) else value + 1 if isinstance(value, int) else value * 1.02 + 0.02


def test_every_value_is_checked(frame):
    data, findings = frame
    assert findings(data) == () and len(looked_at(data)) > 150
    unnoticed = [path for path in looked_at(data) if not findings(changed_at(data, path, a_little))]
    assert [path for path in unnoticed if path[2:] not in BOUNDED] == []


@pytest.mark.parametrize("value", [0, -1, 70_000, 1e300, None, "", []])
def test_no_value_makes_a_check_stumble(value, frame):
    data, findings = frame
    for path in looked_at(data)[::4]:
        findings(changed_at(data, path, lambda _: value))  # any exception fails the test


@pytest.mark.parametrize("key", ["camera", "instances", "lights", "environment"])
def test_a_part_left_out_is_found(key, frame):
    data, findings = frame
    assert findings({**data, key: None if key in ("camera", "environment") else []})
    assert findings({name: value for name, value in data.items() if name != key})
