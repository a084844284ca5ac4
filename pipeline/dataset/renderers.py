"""In what the renderers of two frames differ, as their records tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = {"blender": "Blender {}", "build_hash": "build {}", "device": "device {}", "c_library": "{}"}


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return pairs such as ("Blender 5.2.2", "Blender 5.2.3") for all that two records (frame.json) tell both, and not
    alike."""
    facts = [record.get("renderer", {}) for record in (one, other)]
    pairs = [(word, *(str(fact.get(key, "")) for fact in facts)) for key, word in WORDS.items()]
    return tuple((word.format(a), word.format(b)) for word, a, b in pairs if a and b and a != b)
