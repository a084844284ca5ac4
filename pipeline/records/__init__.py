"""The frozen records that travel between the stages, each with a JSON form through `pipeline.structure`.

`Catalogue` is what the assets are, `FramePlan` what to make (every number drawn), `Realised` what came out of Blender,
`RenderedFrame` the pixels, `Labels` what they mean. Colours are linear RGB, lengths metres, rotations wxyz.
"""

from pipeline.records.catalogue import Asset, AssetRecipe, Catalogue, Hdri, Photo, RestingPose, TextureSet
from pipeline.records.labels import Annotation, CameraLabel, InstanceLabel, Labels
from pipeline.records.plan import (
    BackgroundPlan,
    CameraCandidate,
    CameraPlan,
    DropPlan,
    FloorPlan,
    FramePlan,
    InstancePlan,
    JitterPlan,
    LightPlan,
    MaterialPlan,
    PbrPlan,
    PhysicsPlan,
    Pose,
    ProceduralPlan,
    RenderPlan,
    SurroundingsPlan,
    TexturePlan,
    TrayPlan,
    WallPlan,
    WorldPlan,
)
from pipeline.records.rendered import Realised, RealisedCamera, RealisedInstance, RenderedFrame
from pipeline.records.shapes import Matrix, Quaternion, Role, Vector

__all__ = [
    "Annotation",
    "Asset",
    "AssetRecipe",
    "BackgroundPlan",
    "CameraCandidate",
    "CameraLabel",
    "CameraPlan",
    "Catalogue",
    "DropPlan",
    "FloorPlan",
    "FramePlan",
    "Hdri",
    "InstanceLabel",
    "InstancePlan",
    "JitterPlan",
    "Labels",
    "LightPlan",
    "MaterialPlan",
    "Matrix",
    "PbrPlan",
    "Photo",
    "PhysicsPlan",
    "Pose",
    "ProceduralPlan",
    "Quaternion",
    "Realised",
    "RealisedCamera",
    "RealisedInstance",
    "RenderPlan",
    "RenderedFrame",
    "RestingPose",
    "Role",
    "SurroundingsPlan",
    "TexturePlan",
    "TextureSet",
    "TrayPlan",
    "Vector",
    "WallPlan",
    "WorldPlan",
]
