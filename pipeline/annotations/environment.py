"""What labels say of the world around a scene."""

from __future__ import annotations

from pipeline.records import EnvironmentLabel, WorldPlan


def environment_label(plan: WorldPlan) -> EnvironmentLabel:
    """Return what labels say of the environment."""
    return EnvironmentLabel(
        hdri="" if plan.hdri is None else plan.hdri.source,
        sha256="" if plan.hdri is None else plan.hdri.sha256,
        strength=plan.strength,
        yaw_deg=plan.yaw_deg,
        tilt_deg=plan.tilt_deg,
        tilt_azimuth_deg=plan.tilt_azimuth_deg,
        tint=plan.tint,
        sky=plan.sky,
    )
