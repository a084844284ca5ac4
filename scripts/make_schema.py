"""Write scenes/schema.json, the JSON Schema of scene files, from the types in pipeline/config/schema.py.

python scripts/make_schema.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.canonical import json_bytes
from pipeline.config.json_schema import scene_schema

if __name__ == "__main__":
    (ROOT / "scenes" / "schema.json").write_bytes(json_bytes(scene_schema(), indent=1))
