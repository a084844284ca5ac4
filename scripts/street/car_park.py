"""The measures of each car of the library."""

from __future__ import annotations

from street.car import Car

SEDAN = Car(
    length=4.72, width=1.82, height=1.45, wheelbase=2.78, front_overhang=0.88, wheel_radius=0.325, clearance=0.19,
    heights=(0.74, 0.95, 0.98, 0.99), cowl=0.29, roof=(0.44, 0.68), tail=0.87, doors=(0.31, 0.52, 0.72),
    rear_post=(0.42, 0.16),
)  # fmt: skip
SALOON = Car(
    length=4.95, width=1.87, height=1.47, wheelbase=2.9, front_overhang=0.86, wheel_radius=0.345, clearance=0.18,
    heights=(0.77, 0.98, 1.01, 1.03), cowl=0.31, roof=(0.45, 0.69), tail=0.88, doors=(0.33, 0.535, 0.72),
    rear_post=(0.45, 0.18), spokes=10,
)  # fmt: skip
HATCH = Car(
    length=4.05, width=1.75, height=1.47, wheelbase=2.55, front_overhang=0.8, wheel_radius=0.31, clearance=0.19,
    heights=(0.76, 0.97, 1.0, 1.0), cowl=0.27, roof=(0.42, 0.86), tail=0.965, doors=(0.29, 0.52, 0.74),
    rear_post=(0.36, 0.2), lamps="tall",
)  # fmt: skip
CITY = Car(
    length=3.62, width=1.63, height=1.5, wheelbase=2.36, front_overhang=0.68, wheel_radius=0.285, clearance=0.19,
    heights=(0.8, 0.99, 1.02, 1.02), cowl=0.235, roof=(0.39, 0.88), tail=0.97, doors=(0.26, 0.6),
    rear_post=(0.34, 0.2), lamps="tall", spokes=4,
)  # fmt: skip
ESTATE = Car(
    length=4.78, width=1.83, height=1.48, wheelbase=2.8, front_overhang=0.88, wheel_radius=0.325, clearance=0.19,
    heights=(0.75, 0.96, 0.99, 1.0), cowl=0.285, roof=(0.43, 0.9), tail=0.975, doors=(0.31, 0.515, 0.72),
    panes=(0.745,),
    rear_post=(0.24, 0.16), extras=("roof_rails",), lamps="tall",
)  # fmt: skip
SUV = Car(
    length=4.62, width=1.9, height=1.7, wheelbase=2.72, front_overhang=0.88, wheel_radius=0.375, clearance=0.25,
    heights=(0.95, 1.12, 1.15, 1.15), cowl=0.275, roof=(0.415, 0.88), tail=0.968, doors=(0.305, 0.52, 0.735),
    panes=(0.755,), rear_post=(0.3, 0.2), skirt=0.2, extras=("roof_rails",), lamps="square",
)  # fmt: skip
OFFROAD = Car(
    length=4.3, width=1.86, height=1.86, wheelbase=2.6, front_overhang=0.72, wheel_radius=0.4, clearance=0.3,
    heights=(1.08, 1.16, 1.18, 1.18), cowl=0.31, roof=(0.365, 0.965), tail=0.985, doors=(0.33, 0.53, 0.74),
    panes=(0.76,), rear_post=(0.14, 0.13), roof_width=0.82, skirt=0.2, lamps="square", extras=("spare_wheel",),
)  # fmt: skip
VAN = Car(
    length=5.1, width=1.9, height=1.9, wheelbase=3.1, front_overhang=0.92, wheel_radius=0.335, clearance=0.2,
    heights=(0.95, 1.12, 1.12, 1.12), cowl=0.165, roof=(0.3, 0.965), tail=0.985, doors=(0.215, 0.4, 0.62),
    panes=(0.62,), blind=2, rear_post=(0.15, 0.13), roof_width=0.84, lamps="tall",
)  # fmt: skip
MINIVAN = Car(
    length=4.75, width=1.86, height=1.74, wheelbase=2.9, front_overhang=0.9, wheel_radius=0.33, clearance=0.19,
    heights=(0.88, 1.06, 1.08, 1.08), cowl=0.19, roof=(0.37, 0.92), tail=0.975, doors=(0.25, 0.47, 0.68),
    panes=(0.7,), rear_post=(0.22, 0.16), lamps="tall",
)  # fmt: skip
PICKUP = Car(
    length=5.2, width=1.88, height=1.8, wheelbase=3.15, front_overhang=0.92, wheel_radius=0.385, clearance=0.28,
    heights=(1.0, 1.14, 0.86, 0.86), cowl=0.275, roof=(0.385, 0.575), tail=0.63, doors=(0.295, 0.455, 0.6),
    rear_post=(0.16, 0.14), skirt=0.12, lamps="square", extras=("bed",),
)  # fmt: skip
SPORTS = Car(
    length=4.42, width=1.88, height=1.4, wheelbase=2.55, front_overhang=0.94, wheel_radius=0.345, clearance=0.15,
    heights=(0.68, 0.9, 0.96, 0.94), cowl=0.33, roof=(0.5, 0.64), tail=0.9, doors=(0.37, 0.66),
    rear_post=(0.62, 0.14), roof_width=0.66, extras=("spoiler",), spokes=10,
)  # fmt: skip
COUPE = Car(
    length=4.55, width=1.83, height=1.4, wheelbase=2.7, front_overhang=0.88, wheel_radius=0.335, clearance=0.17,
    heights=(0.72, 0.93, 0.97, 0.97), cowl=0.315, roof=(0.475, 0.66), tail=0.885, doors=(0.345, 0.64),
    rear_post=(0.5, 0.16), roof_width=0.7,
)  # fmt: skip
