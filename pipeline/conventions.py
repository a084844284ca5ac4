"""The law of axes, units and pixels. Everything else follows it; README.md repeats it as one table.

World: right-handed, z up, metres. Names carry unit and frame: `_m _mm _rad _deg _px _s`;
`world_from_camera` maps camera points to world points.
Camera axes: OpenCV (x right, y down, z forward). Blender's own (y up, -z forward) only in `scene/camera.py`.
Pixels: integer coordinates are pixel edges, origin top-left, the first centre at 0.5; `K` has `cx = width / 2`.
Boxes: `bbox_xywh_px`, half-open: a box of one pixel has width 1.
Arrays `(height, width, ...)`; sizes `(width, height)`.
`depth_m`: along the optical axis, float32, background `inf` in memory, 0 in 16-bit millimetre PNG.
`distance_m`: along the ray. `instance_id`: 1..N in a frame, 0 is background.
`category_id`: from the class map, 0 is none.
Rotations: unit quaternions wxyz in records (w >= 0), matrices in geometry.
Colours are linear unless the name says sRGB.
"""

from __future__ import annotations

import numpy as np

FORMAT_VERSION = 3

BACKGROUND_ID = 0
MAX_INSTANCES = 32_767  # Blender holds an object index in 15 bits (Object.pass_index), instance.png 16

# Maps OpenCV camera axes to Blender camera axes and back (it is its own inverse).
BLENDER_CAMERA_FROM_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])

# JSON numbers are rounded to nine decimals: a nanometre, and far above what float32 scene data resolves.
JSON_DECIMALS = 9

AXES = ("+x", "+y", "+z", "-x", "-y", "-z")

SUN_W_PER_M2_PER_W = 0.1  # a sun's irradiance from the energy_w of its plan
SUN_DEG_PER_M = 2.0  # its angular size from the size_m

TEMPLATE_ASSET = "template#"  # begins the asset_id of what a template itself holds: "template#Mug", "template#Cups[3]"

DEVICES = ("auto", "cpu", "cuda", "optix", "hip", "metal", "oneapi")  # what renders; auto takes the best there is
