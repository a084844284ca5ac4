"""How much of an instance is seen: visibility, occlusion and truncation from pixel counts.

`visibility` is BOP's `visib_fract`; occlusion and truncation are the two ways to lose it (KITTI keeps them apart too),
so that visibility = (1 - occlusion) (1 - truncation).
"""

from __future__ import annotations

import numpy as np

from pipeline.annotations.silhouettes import FullMask
from pipeline.records import Silhouette


def silhouette_of(full: FullMask, visible_px: int, centre_in_picture: bool) -> Silhouette:
    """Return the silhouette's record. `visible_px` pixels of it are seen."""
    px = int(np.count_nonzero(full.mask))
    beyond = full.px_beyond
    return Silhouette(
        px=px,
        px_beyond=beyond,
        bbox_xywh_px=full.bbox_xywh_px,
        visibility=visible_px / beyond if beyond else 0.0,
        occlusion=1.0 - visible_px / px if px else 0.0,
        truncation=1.0 - px / beyond if beyond else float(not centre_in_picture),
    )
