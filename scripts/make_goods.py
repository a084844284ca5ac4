"""Build the goods of the asset library as GLB files: a shop's products, machine parts, parcels, a household's things.

    python scripts/make_goods.py [--out assets] [--only "mug_*"]

Needs the bpy wheel, 4.5 or newer, and Pillow. The committed files were generated with bpy 5.2. A re-run with the
same bpy writes the same bytes: what is drawn at random is seeded by the name of the product. All shapes, prints and
materials are made here, so everything is CC0-1.0.

Every file is one mesh object, metres. Forward (the front with the label) is +x, left +y, up +z; the origin is the
centre of the bounding box's bottom, so that a thing at z = 0 stands on the floor.
"""

from __future__ import annotations

import argparse
from fnmatch import fnmatch
from pathlib import Path

from goods import (
    bottles,
    cans,
    crates,
    electronics,
    fasteners,
    fittings,
    jars,
    machine,
    packets,
    parcels,
    plants,
    pouches,
    stationery,
    tableware,
)
from goods.files import Good, write_good, write_goods

FOLDERS: dict[str, tuple[Good, ...]] = {
    "shop": (*packets.GOODS, *cans.GOODS, *bottles.GOODS, *jars.GOODS, *pouches.GOODS),
    "parts": (*fasteners.GOODS, *fittings.GOODS, *machine.GOODS),
    "parcels": (*parcels.GOODS, *crates.GOODS),
    "household": (*tableware.GOODS, *stationery.GOODS, *electronics.GOODS, *plants.GOODS),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the goods of the asset library.")
    parser.add_argument("--out", type=Path, default=Path("assets"), help="folder for the folders of GLB files")
    parser.add_argument("--only", metavar="PATTERN", help="write these files alone, and no catalogue")
    options = parser.parse_args()
    for folder, goods in FOLDERS.items():
        if options.only is None:
            write_goods(goods, options.out / folder)
            continue
        for good in goods:
            if fnmatch(good.asset_id, options.only):
                (options.out / folder).mkdir(parents=True, exist_ok=True)
                write_good(good, options.out / folder / f"{good.asset_id}.glb")


if __name__ == "__main__":
    main()
