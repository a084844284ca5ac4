"""JSON with one spelling: sorted keys, fixed float rounding, a final newline. Equal data gives equal bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pipeline.conventions import JSON_DECIMALS


def rounded(value: Any) -> Any:
    """Return JSON-like data with floats rounded to JSON_DECIMALS places and no negative zero."""
    if isinstance(value, float):
        return round(value, JSON_DECIMALS) + 0.0
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [round(item, JSON_DECIMALS) + 0.0 if type(item) is float else rounded(item) for item in value]
    return value


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """Return canonical JSON, on one line unless `indent` is given.

    Raises ValueError for NaN and infinities, which JSON does not have.
    """
    text = json.dumps(rounded(value), sort_keys=True, indent=indent, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode("utf-8")


def digest(value: Any) -> str:
    """Return the sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(json_bytes(value)).hexdigest()
