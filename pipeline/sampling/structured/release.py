"""Things that are let go just above their place, to fall onto whatever is below."""

from __future__ import annotations

from pipeline.geometry import quaternion_from_uniforms
from pipeline.records import DropPlan, Pose
from pipeline.sampling.objects import Chosen
from pipeline.sampling.structured.site import Site
from pipeline.sampling.structured.standing import box_at

RELEASE_M = 0.01  # above the place


def released(
    site: Site, stream: str, chosen: Chosen, pose: Pose, height_m: float = RELEASE_M
) -> tuple[tuple[Pose, ...], DropPlan]:
    """Return the poses at which a thing is let go, one an attempt, each turned any way, `height_m` above where it would
    stand, and the zone in which it has to come to rest."""
    box, half = box_at(chosen, pose)
    x, y = float(box[0, 3]), float(box[1, 3])
    ground = float(box[2, 3]) - float(abs(box[2, :3]) @ half)
    radius = chosen.asset.radius_m * max(chosen.scale)
    poses = []
    for attempt in range(site.config.physics.retries + 1):
        rng = site.rng(f"{stream}/release/{attempt}")
        rotation = quaternion_from_uniforms(rng.random(), rng.random(), rng.random())
        poses.append(Pose(location_m=(x, y, ground + radius + height_m), rotation=rotation))
    zone = DropPlan(center_m=(x, y, ground), area_m=(2 * radius, 2 * radius), fence=False)
    return tuple(poses), zone
