"""Poses into Blender and back without trigonometry, so that every build of a series gives the same bits.

Assigning `matrix_world` would go through Euler angles, whose sines and cosines differ between C libraries.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from pipeline.geometry import Array, quaternion_from_matrix


def set_pose(item: bpy.types.Object, world_from_object: Array, scale: Sequence[float] = (1.0, 1.0, 1.0)) -> None:
    """Put an object without parent at a rigid (4, 4) pose, its own axes scaled first."""
    item.rotation_mode = "QUATERNION"
    item.location = world_from_object[:3, 3]
    item.rotation_quaternion = quaternion_from_matrix(world_from_object[:3, :3])
    item.scale = scale


def own_pose(item: bpy.types.Object) -> Array:
    """Return the `world_from_object` (4, 4) of an object that `set_pose` has placed, which has no parent and no
    animation: evaluation would give the same bits, but takes a while with thousands of objects beside it."""
    return np.array(item.matrix_basis)


def read_pose(item: bpy.types.Object, scale: Sequence[float] = (1.0, 1.0, 1.0)) -> Array:
    """Return the rigid `world_from_object` (4, 4) of an object that `set_pose` has placed, its scale taken out."""
    matrix = own_pose(item)
    matrix[:3, :3] /= np.asarray(scale)
    return matrix
