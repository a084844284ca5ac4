"""How people stand, walk, run and ride: the joints of a body."""

from __future__ import annotations

from dataclasses import dataclass

Joint = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Joints of a person of 1.75 m facing +x, in metres. Left is +y; legs are (hip, knee, ankle), arms (shoulder,
    elbow, wrist)."""

    pelvis: Joint
    neck: Joint
    left_leg: tuple[Joint, Joint, Joint]
    right_leg: tuple[Joint, Joint, Joint]
    left_arm: tuple[Joint, Joint, Joint]
    right_arm: tuple[Joint, Joint, Joint]
    toes_deg: tuple[float, float] = (0.0, 0.0)  # how far the feet point down


STRIDE = Pose(
    pelvis=(0.0, 0.0, 0.92),
    neck=(0.04, 0.0, 1.46),
    left_leg=((0.0, 0.09, 0.88), (0.2, 0.09, 0.5), (0.27, 0.09, 0.1)),
    right_leg=((0.0, -0.09, 0.88), (-0.02, -0.09, 0.47), (-0.3, -0.09, 0.2)),
    left_arm=((0.02, 0.2, 1.38), (-0.16, 0.25, 1.14), (-0.14, 0.25, 0.88)),
    right_arm=((0.02, -0.2, 1.38), (0.08, -0.25, 1.11), (0.28, -0.23, 0.97)),
    toes_deg=(-8, 38),
)
STEP = Pose(
    pelvis=(0.0, 0.0, 0.93),
    neck=(0.02, 0.0, 1.47),
    left_leg=((0.0, 0.09, 0.89), (0.12, 0.09, 0.5), (-0.1, 0.09, 0.17)),
    right_leg=((0.0, -0.09, 0.89), (0.03, -0.09, 0.49), (0.02, -0.09, 0.09)),
    left_arm=((0.0, 0.2, 1.39), (-0.05, 0.25, 1.12), (0.06, 0.25, 0.88)),
    right_arm=((0.0, -0.2, 1.39), (-0.02, -0.25, 1.12), (0.05, -0.24, 0.87)),
    toes_deg=(25, 0),
)
STAND = Pose(
    pelvis=(0.0, 0.0, 0.94),
    neck=(0.0, 0.0, 1.48),
    left_leg=((0.0, 0.095, 0.9), (0.02, 0.11, 0.49), (0.0, 0.12, 0.09)),
    right_leg=((0.0, -0.095, 0.9), (0.03, -0.1, 0.49), (0.0, -0.1, 0.09)),
    left_arm=((0.0, 0.2, 1.4), (-0.03, 0.28, 1.14), (0.1, 0.25, 0.93)),
    right_arm=((0.0, -0.2, 1.4), (-0.02, -0.26, 1.12), (0.04, -0.27, 0.87)),
)
PHONE = Pose(
    pelvis=(0.0, 0.0, 0.94),
    neck=(0.02, 0.0, 1.48),
    left_leg=((0.0, 0.095, 0.9), (0.05, 0.1, 0.49), (0.0, 0.11, 0.09)),
    right_leg=((0.0, -0.095, 0.9), (0.02, -0.11, 0.49), (-0.05, -0.13, 0.09)),
    left_arm=((0.0, 0.2, 1.4), (-0.02, 0.25, 1.12), (0.05, 0.25, 0.87)),
    right_arm=((0.0, -0.2, 1.4), (0.06, -0.27, 1.13), (0.26, -0.17, 1.33)),
)
RUN = Pose(
    pelvis=(0.0, 0.0, 0.93),
    neck=(0.13, 0.0, 1.46),
    left_leg=((0.0, 0.09, 0.89), (0.34, 0.09, 0.66), (0.26, 0.09, 0.26)),
    right_leg=((0.0, -0.09, 0.89), (-0.08, -0.09, 0.48), (-0.44, -0.09, 0.36)),
    left_arm=((0.11, 0.2, 1.38), (-0.16, 0.27, 1.24), (-0.1, 0.26, 1.0)),
    right_arm=((0.11, -0.2, 1.38), (0.1, -0.27, 1.1), (0.36, -0.2, 1.2)),
    toes_deg=(-5, 70),
)
RIDING = Pose(
    pelvis=(-0.2, 0.0, 0.99),
    neck=(0.09, 0.0, 1.47),
    left_leg=((-0.19, 0.09, 0.97), (0.22, 0.1, 0.86), (0.06, 0.12, 0.47)),
    right_leg=((-0.19, -0.09, 0.97), (0.08, -0.1, 0.62), (-0.13, -0.12, 0.23)),
    left_arm=((0.08, 0.2, 1.4), (0.18, 0.27, 1.17), (0.3, 0.25, 1.03)),
    right_arm=((0.08, -0.2, 1.4), (0.18, -0.27, 1.17), (0.3, -0.25, 1.03)),
    toes_deg=(8, 14),
)
