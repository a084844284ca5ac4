"""Materials by name: a colour and how it shines. A model may recolour a name, never rename it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finish:
    """`colour` is sRGB hex."""

    colour: str
    roughness: float
    metallic: float = 0.0


FINISHES = {
    # vehicles
    "paint": Finish("#8a8f94", 0.25),
    "glass": Finish("#1a2226", 0.06),
    "tyre": Finish("#141414", 0.85),
    "rim": Finish("#a9adb0", 0.3, 0.9),
    "trim": Finish("#1b1c1e", 0.6),
    "chrome": Finish("#c8cacc", 0.18, 1.0),
    "light_front": Finish("#eef0ea", 0.1),
    "light_rear": Finish("#a60d10", 0.15),
    "light_turn": Finish("#e0760c", 0.15),
    "light_blue": Finish("#1440d8", 0.12),
    "plate": Finish("#f0efe6", 0.4),
    "stripe": Finish("#1a3fa8", 0.3),
    "cargo": Finish("#dfe0dc", 0.5),
    "chassis": Finish("#26282a", 0.7),
    "sign_lamp": Finish("#f2c81c", 0.3),
    # buildings
    "facade": Finish("#d8c8a8", 0.9),
    "plinth": Finish("#77736c", 0.9),
    "roof": Finish("#7d3b2a", 0.85),
    "frame": Finish("#ece9e2", 0.5),
    "window": Finish("#26323a", 0.08),
    "door": Finish("#4a2c1c", 0.5),
    "sill": Finish("#b4aea2", 0.8),
    "chimney": Finish("#7a4a3a", 0.9),
    "gutter": Finish("#4c5154", 0.4, 0.6),
    "shutter": Finish("#3b5a48", 0.7),
    "shop": Finish("#274a52", 0.5),
    "awning": Finish("#a83232", 0.8),
    "sign_board": Finish("#e8dfc8", 0.5),
    # plants
    "bark": Finish("#4d3a2a", 0.95),
    "bark_white": Finish("#d6d3c8", 0.85),
    "leaf": Finish("#3d6a24", 0.8),
    "leaf_dark": Finish("#26491a", 0.85),
    "leaf_light": Finish("#5f8a34", 0.8),
    "needle": Finish("#1f4026", 0.9),
    "needle_light": Finish("#2f5a34", 0.9),
    # people
    "skin": Finish("#c58c6c", 0.6),
    "hair": Finish("#2a1c14", 0.7),
    "top": Finish("#3a5a8c", 0.85),
    "trousers": Finish("#2a2f3c", 0.85),
    "shoes": Finish("#1c1a18", 0.5),
    "bag": Finish("#6a3a22", 0.6),
    "helmet": Finish("#e8e8e8", 0.3),
    "frame_paint": Finish("#b01818", 0.3),
    # street furniture
    "metal": Finish("#7c8286", 0.4, 0.8),
    "metal_dark": Finish("#2c3034", 0.5, 0.4),
    "wood": Finish("#8a5a30", 0.7),
    "lamp_glass": Finish("#f4eed8", 0.2),
    "light_red": Finish("#d01414", 0.2),
    "light_amber": Finish("#e8a010", 0.2),
    "light_green": Finish("#10a040", 0.2),
    "sign_red": Finish("#c01418", 0.4),
    "sign_white": Finish("#f2f2ee", 0.4),
    "sign_blue": Finish("#1450b0", 0.4),
    "sign_black": Finish("#101010", 0.5),
    "sign_yellow": Finish("#f0c010", 0.4),
    "hydrant": Finish("#c01818", 0.4),
    "bin": Finish("#2a4a34", 0.5),
}
