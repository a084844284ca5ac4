"""Build the street models of the asset library as GLB files.

    python scripts/make_street.py [--out assets/street] [--only car_*]

Needs the bpy wheel, 4.5 or newer. The committed files were generated with bpy 5.2; the same bpy writes the same bytes.
All shapes and colours are made here (scripts/street), so everything is CC0-1.0. `--only` builds what a pattern names
and leaves the catalogue, which lists every file, alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from street.assets import ASSETS, StreetAsset
from street.glb import write_glb
from street.shape import triangles_of

LICENCE = "CC0-1.0"


def write_asset(asset: StreetAsset, folder: Path) -> dict[str, object]:
    """Write one GLB; returns its entry for street.json."""
    shape, path = asset.build(), folder / f"{asset.asset_id}.glb"
    write_glb(asset.asset_id, shape, asset.colours, asset.crease_deg, path)
    return {
        "id": asset.asset_id,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "category": asset.category,
        "licence": LICENCE,
        "bounds_m": [round(float(size), 4) for size in shape.high - shape.low],
        "triangles": len(triangles_of(shape)),
        "materials": sorted(set(shape.materials)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the street models of the asset library.")
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "street", help="folder for the GLB files")
    parser.add_argument("--only", default="*", help="pattern of ids")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = [asset for asset in ASSETS if fnmatch(asset.asset_id, arguments.only)]
    entries = sorted((write_asset(asset, arguments.out) for asset in wanted), key=lambda entry: str(entry["id"]))
    if len(wanted) == len(ASSETS):
        (arguments.out / "street.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
