"""How bright Blender's sky texture is, measured by scripts/measure_sky.py: what its normalisation stands on."""

from __future__ import annotations

from pipeline.scene.compat import IS_5

SKY_MODEL = "MULTIPLE_SCATTERING" if IS_5 else "NISHITA"  # 5.0 gave Nishita's another name and brought a better one
AEROSOLS = (0.3, 1.0, 2.0, 4.0)
ELEVATIONS_DEG = (-6.0, -4.0, -2.0, 0.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0)

# Mean radiance over the upper half, weighted by the cosine, as luminance: a row for each of AEROSOLS.
_OF_4 = (
    (0.001705, 0.01998, 0.1163, 0.3708, 0.7208, 1.159, 1.605, 2.011, 2.197, 2.344, 2.427, 2.488),
    (0.001563, 0.01874, 0.109, 0.349, 0.7153, 1.213, 1.77, 2.35, 2.642, 2.878, 3.005, 3.088),
    (0.001408, 0.01735, 0.1011, 0.3213, 0.6868, 1.243, 1.933, 2.751, 3.204, 3.578, 3.777, 3.9),
    (0.001179, 0.01517, 0.08857, 0.2789, 0.6076, 1.208, 2.083, 3.317, 4.095, 4.779, 5.144, 5.365),
)
_OF_5 = (
    (0.009459, 0.0285, 0.1332, 0.4282, 0.8387, 1.422, 2.116, 2.848, 3.286, 3.758, 4.091, 4.363),
    (0.01011, 0.02919, 0.1309, 0.421, 0.8498, 1.493, 2.301, 3.195, 3.73, 4.29, 4.675, 4.988),
    (0.01102, 0.03032, 0.1292, 0.4118, 0.8532, 1.566, 2.524, 3.648, 4.326, 5.016, 5.479, 5.849),
    (0.01277, 0.0326, 0.1273, 0.3948, 0.8435, 1.646, 2.853, 4.419, 5.39, 6.354, 6.978, 7.467),
)
LEVELS = _OF_5 if IS_5 else _OF_4
