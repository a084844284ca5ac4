"""The camera moves while the shutter is open: straight on and about an axis, and in the middle it is where it stood."""

from __future__ import annotations

import math

import bpy
import numpy as np

from pipeline.conventions import BLENDER_CAMERA_FROM_CAMERA
from pipeline.geometry import Array, compose, product, quaternion_about, quaternion_from_matrix
from pipeline.records import MotionPlan, Quaternion
from pipeline.scene.poses import own_pose

LEAST_FRAMES = 0.1  # Blender takes keyframes within a hundredth of a frame for one


def shutter_frames(scene: bpy.types.Scene, motion: MotionPlan) -> float:
    """Return how many of the scene's frames the shutter is open."""
    return motion.exposure_s * scene.render.fps / scene.render.fps_base


def set_in_motion(scene: bpy.types.Scene, camera: bpy.types.Object, motion: MotionPlan) -> None:
    """Animate a camera that `poses.set_pose` has placed: from the shutter's opening to its closing it moves evenly, and
    at the scene's current frame its pose is that of before, to the last bit."""
    now = scene.frame_current_final
    reach = max(shutter_frames(scene, motion) / 2, LEAST_FRAMES)
    reach_s = reach * scene.render.fps_base / scene.render.fps
    location, rotation = tuple(camera.location), tuple(camera.rotation_quaternion)
    pose = product(own_pose(camera), BLENDER_CAMERA_FROM_CAMERA)
    for frame, time_s in ((now - reach, -reach_s), (now + reach, reach_s)):
        moved = product(product(pose, _moved(motion, time_s)), BLENDER_CAMERA_FROM_CAMERA)
        _key(camera, frame, tuple(moved[:3, 3]), _on_the_side_of(rotation, quaternion_from_matrix(moved[:3, :3])))
    _key(camera, now, location, rotation)
    for curve in camera.animation_data.action.layers[0].strips[0].channelbags[0].fcurves:
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"


def _moved(motion: MotionPlan, time_s: float) -> Array:
    """Return where the camera is after `time_s`, (4, 4) in its own axes of the middle."""
    x, y, z = (time_s * velocity for velocity in motion.velocity_m_s)
    return compose((x, y, z), quaternion_about(motion.axis, math.radians(motion.turn_deg_s) * time_s))


def _on_the_side_of(rotation: tuple[float, ...], other: Quaternion) -> tuple[float, ...]:
    """Return `other` or its negative, the same rotation: whichever lies nearer, for what is between is interpolated."""
    return tuple(np.negative(other)) if product(rotation, other) < 0 else other


def _key(camera: bpy.types.Object, frame: float, location: tuple[float, ...], rotation: tuple[float, ...]) -> None:
    camera.location, camera.rotation_quaternion = location, rotation
    for path in ("location", "rotation_quaternion"):
        camera.keyframe_insert(path, frame=frame)
