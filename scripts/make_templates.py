"""Build the templates that the scenes of this project use: scenes/NAME.blend, each of them open to be edited by hand.

    python scripts/make_templates.py [--out scenes] [--only "tabletop_*"]

Needs the bpy wheel 4.5, whose files every newer Blender opens. A re-run builds the same scene anew and loses edits made
by hand, so save these under another name. Everything in them is made here, or is an asset that this project makes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from templates import conveyor, picking_bin, shop_shelf, street, tabletop_room
from templates.files import begin, save

TEMPLATES: Mapping[str, Callable[[], None]] = {
    "conveyor": conveyor.build,
    "picking_bin": picking_bin.build,
    "shop_shelf": shop_shelf.build,
    "street": street.build,
    "tabletop_room": tabletop_room.build,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the templates of the shipped scenes.")
    parser.add_argument("--out", type=Path, default=Path("scenes"), help="folder for the .blend files")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="build these alone")
    options = parser.parse_args()
    for name, build in TEMPLATES.items():
        if fnmatch(name, options.only):
            begin()
            build()
            save(options.out / f"{name}.blend")


if __name__ == "__main__":
    main()
