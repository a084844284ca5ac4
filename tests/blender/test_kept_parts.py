"""Convex parts are found once; what is kept of them is the same to the last bit, and nothing depends on it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.scene.assets.catalogue_cache import FactsCache
from pipeline.scene.physics import kept_parts
from pipeline.scene.physics.kept_parts import recall_convex_parts

CORNER = np.array([[0, 0, 0], [0.3, 0, 0], [0.3, 0.1, 0], [0.1, 0.1, 0], [0.1, 0.3, 0], [0, 0.3, 0]], dtype=np.float64)
VERTICES = np.concatenate([CORNER, CORNER + (0.0, 0.0, 1 / 7)])
LID = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5)]
SIDES = [(i, (i + 1) % 6, 6 + i) for i in range(6)] + [((i + 1) % 6, 6 + (i + 1) % 6, 6 + i) for i in range(6)]
TRIANGLES = np.array([*LID, *((c + 6, b + 6, a + 6) for a, b, c in LID), *SIDES], dtype=np.int32)


@pytest.fixture
def cache(tmp_path) -> FactsCache:
    return FactsCache(folder=tmp_path, series="5.2")


def found(cache: FactsCache, vertices=VERTICES) -> tuple[np.ndarray, ...]:
    return recall_convex_parts(vertices, TRIANGLES, cache)


def assert_same(some, others) -> None:
    assert [part.tobytes() for part in some] == [part.tobytes() for part in others]
    assert {part.shape[1] for part in others} == {3} and {part.dtype for part in others} == {np.dtype(np.float64)}


def test_what_was_kept_is_what_was_found_to_the_last_bit(cache, monkeypatch):
    fresh = found(cache)
    assert len(fresh) > 1
    monkeypatch.setattr(kept_parts, "convex_parts", lambda *_: pytest.fail("found again"))
    assert_same(fresh, found(cache))


def test_another_shape_has_other_parts(cache):
    bent = VERTICES * (1.0, 1.0, 2.0)
    found(cache)
    assert_same(found(FactsCache(folder=None, series="5.2"), bent), found(cache, bent))


@pytest.mark.parametrize("text", ["", "{", '{"key": [], "facts": 3}', None])
def test_an_entry_that_holds_no_parts_is_not_used(text, cache):
    fresh = found(cache)
    (file,) = (item for item in cache.folder.rglob("*.json"))
    whole = file.read_text()
    file.write_text(whole.replace(whole.split('"facts":')[1].split('"')[1], "AAAA") if text is None else text)
    assert_same(fresh, found(cache))
