"""Rotations, cameras and boxes as plain numpy, float64 throughout. No Blender here.

Every matrix is named target-from-source and maps column vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def _dot(a: Iterable[float], b: Iterable[float]) -> float:
    """Return the scalar product, summed by hand: `@` may differ in the last bit from build to build (see
    `transform_points`), and so may Python's `sum` (from 3.12 on it compensates)."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        total += float(x) * float(y)
    return total


def length(vector: Sequence[float] | Array) -> float:
    """Return the length of a vector."""
    return math.sqrt(_dot(vector, vector))


def unit(vector: ArrayLike) -> Array:
    """Return `vector` (3,) scaled to length 1. Raises ValueError for a zero vector."""
    array = np.asarray(vector, dtype=np.float64)
    size = length(array)
    if size == 0.0:
        raise ValueError("a zero vector has no direction")
    return array / size


def matrix_from_quaternion(wxyz: Sequence[float]) -> Array:
    """Return the (3, 3) rotation of a unit quaternion wxyz."""
    w, x, y, z = (float(v) for v in wxyz)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_matrix(rotation: ArrayLike) -> tuple[float, float, float, float]:
    """Return the unit quaternion wxyz, w >= 0, of a (3, 3) rotation (Shepperd 1978)."""
    m = np.asarray(rotation, dtype=np.float64)
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    choices = (trace, m[0, 0], m[1, 1], m[2, 2])
    largest = int(np.argmax(choices))
    if largest == 0:
        q = np.array([1 + trace, m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    else:
        i = largest - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[0] = m[k, j] - m[j, k]
        q[1 + i] = 1 + m[i, i] - m[j, j] - m[k, k]
        q[1 + j] = m[j, i] + m[i, j]
        q[1 + k] = m[k, i] + m[i, k]
    q = q / length(q)
    if q[0] < 0:
        q = -q
    return (float(q[0]), float(q[1]), float(q[2]), float(q[3]))


def quaternion_about(axis: ArrayLike, angle_rad: float) -> tuple[float, float, float, float]:
    """Return the quaternion wxyz that turns by `angle_rad` about `axis` (3,), right-handed."""
    x, y, z = unit(axis) * math.sin(angle_rad / 2)
    return (math.cos(angle_rad / 2), float(x), float(y), float(z))


def multiply_quaternions(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float, float]:
    """Return a*b: the rotation that applies `b` first, then `a` (both wxyz)."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def quaternion_between(source: ArrayLike, target: ArrayLike) -> tuple[float, float, float, float]:
    """Return the shortest rotation wxyz that turns direction `source` into direction `target`."""
    a, b = unit(source), unit(target)
    cosine = min(1.0, max(-1.0, _dot(a, b)))
    if cosine < -1.0 + 1e-12:
        helper = np.eye(3)[int(np.argmin(np.abs(a)))]
        return quaternion_about(np.cross(a, helper), math.pi)
    axis = np.cross(a, b)
    w = 1.0 + cosine
    size = length((w, *axis))
    return (w / size, float(axis[0] / size), float(axis[1] / size), float(axis[2] / size))


def quaternion_from_uniforms(u1: float, u2: float, u3: float) -> tuple[float, float, float, float]:
    """Return a rotation wxyz uniform over SO(3) from three uniforms in [0, 1) (Shoemake 1992)."""
    a, b = math.sqrt(1 - u1), math.sqrt(u1)
    q = (
        b * math.cos(2 * math.pi * u3),
        a * math.sin(2 * math.pi * u2),
        a * math.cos(2 * math.pi * u2),
        b * math.sin(2 * math.pi * u3),
    )
    return q if q[0] >= 0 else (-q[0], -q[1], -q[2], -q[3])


def compose(
    location_m: Sequence[float], rotation_wxyz: Sequence[float], scale: Sequence[float] = (1.0, 1.0, 1.0)
) -> Array:
    """Return the (4, 4) matrix of scale, then rotation, then translation."""
    matrix = np.eye(4)
    matrix[:3, :3] = matrix_from_quaternion(rotation_wxyz) * np.asarray(scale, dtype=np.float64)
    matrix[:3, 3] = location_m
    return matrix


def inverse_rigid(matrix: ArrayLike) -> Array:
    """Return the inverse of a (4, 4) rotation-and-translation matrix (no scale)."""
    m = np.asarray(matrix, dtype=np.float64)
    result = np.eye(4)
    result[:3, :3] = m[:3, :3].T
    result[:3, 3] = -(m[:3, :3] * m[:3, 3:4]).sum(axis=0)
    return result


def rigid_and_scale(matrix: ArrayLike) -> tuple[Array, tuple[float, float, float]]:
    """Return a (4, 4) affine matrix as a rigid one and a scale applied before it, as near as shear allows.

    The rotation is proper: a mirrored matrix has a negative first scale. Shear has no place in either; the x axis
    keeps its direction, y its plane (Gram and Schmidt). An axis of length 0 gets one at right angles to the others.
    """
    m = np.asarray(matrix, dtype=np.float64)
    columns = m[:3, :3].T.copy()
    mirrored = float(np.linalg.det(m[:3, :3])) < 0
    if mirrored:
        columns[0] = -columns[0]
    axes: list[Array] = []
    for column in columns:
        rest = column - sum((axis * _dot(axis, column) for axis in axes), np.zeros(3))
        if length(rest) < 1e-9 * max(1e-9, float(np.abs(columns).max())):
            rest = np.eye(3)[int(np.argmin(sum((np.abs(axis) for axis in axes), np.zeros(3))))]
            rest = rest - sum((axis * _dot(axis, rest) for axis in axes), np.zeros(3))
        axes.append(unit(rest))
    axes[2] = np.cross(axes[0], axes[1])
    x, y, z = (_dot(axis, column) for axis, column in zip(axes, columns, strict=True))
    rigid = np.eye(4)
    rigid[:3, :3] = np.array(axes).T
    rigid[:3, 3] = m[:3, 3]
    return rigid, (-x if mirrored else x, y, z)


def product(a: ArrayLike, b: ArrayLike) -> Array:
    """Return what `a @ b` says, of a (..., K) and b (K,) or (K, N) with small K, summed by hand: a product of BLAS may
    differ in the last bit from processor to processor and from build to build, and plans must not."""
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    terms = left * right if right.ndim == 1 else left[..., None] * right
    summed: Array = terms.sum(axis=-right.ndim)
    return summed


def transform_points(matrix: ArrayLike, points: ArrayLike) -> Array:
    """Return points (N, 3) mapped by a (4, 4) matrix."""
    m = np.asarray(matrix, dtype=np.float64)
    x, y, z = np.asarray(points, dtype=np.float64).reshape(-1, 3).T[:, :, None]
    # Summed by hand: a BLAS product may differ in the last bit from build to build, and labels must not.
    mapped: Array = x * m[:3, 0] + y * m[:3, 1] + z * m[:3, 2] + m[:3, 3]
    return mapped


def angle_rad(y: ArrayLike, x: ArrayLike) -> Array:
    """Return the angles of (x, y) to the x axis, in -pi..pi, of arrays of one shape.

    Of copies without gaps: NumPy before 2.1 takes another loop, whose last bit differs, for a column of a matrix whose
    result the allocator happens to put right behind it (numpy/numpy#26972).
    """
    angles: Array = np.arctan2(np.array(y, dtype=np.float64, order="C"), np.array(x, dtype=np.float64, order="C"))
    return angles


def look_at(
    eye_m: ArrayLike, target_m: ArrayLike, roll_rad: float = 0.0, yaw_rad: float = 0.0, pitch_rad: float = 0.0
) -> Array:
    """Return `world_from_camera` (4, 4), OpenCV axes, at `eye_m` looking at `target_m` with world z up in the image.

    `yaw_rad` > 0 then turns it to its left, `pitch_rad` > 0 upwards. Straight up or down, where "up" is undefined, the
    image's up is world y. `roll_rad` > 0 turns the camera clockwise about its optical axis (the picture turns
    anticlockwise). Raises ValueError when both points are equal.
    """
    eye = np.asarray(eye_m, dtype=np.float64)
    forward = unit(np.asarray(target_m, dtype=np.float64) - eye)
    if yaw_rad or pitch_rad:
        right, down, ahead = look_at(np.zeros(3), forward)[:3, :3].T
        level = math.cos(pitch_rad)
        side, rise = math.sin(yaw_rad) * level, math.sin(pitch_rad)
        forward = unit(math.cos(yaw_rad) * level * ahead - side * right - rise * down)
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 1.0 - 1e-9 else np.array([0.0, 1.0, 0.0])
    right = unit(np.cross(forward, up))
    down = np.cross(forward, right)
    c, s = math.cos(roll_rad), math.sin(roll_rad)
    matrix = np.eye(4)
    matrix[:3, 0] = c * right + s * down
    matrix[:3, 1] = -s * right + c * down
    matrix[:3, 2] = forward
    matrix[:3, 3] = eye
    return matrix


def direction_from_angles(azimuth_rad: float, elevation_rad: float) -> Array:
    """Return the unit vector (3,) at `azimuth_rad` from +x towards +y and `elevation_rad` above the xy plane."""
    c = math.cos(elevation_rad)
    return np.array([c * math.cos(azimuth_rad), c * math.sin(azimuth_rad), math.sin(elevation_rad)])


def intrinsics(
    resolution: tuple[int, int],
    focal_length_mm: float,
    sensor_width_mm: float,
    shift: tuple[float, float] = (0.0, 0.0),
    pixel_aspect: float = 1.0,
) -> Array:
    """Return `K` (3, 3) in pixels for a sensor that spans the image width; `pixel_aspect` is fy / fx.

    `shift` moves the picture as Blender's lens shift does, in image widths: +x moves the principal point left,
    +y moves it down. `cx = width / 2` without shift: pixel edges lie on integers.
    """
    width, height = resolution
    f_px = focal_length_mm / sensor_width_mm * width
    return np.array(
        [
            [f_px, 0.0, width / 2 - shift[0] * width],
            [0.0, f_px * pixel_aspect, height / 2 + shift[1] * width * pixel_aspect],
            [0.0, 0.0, 1.0],
        ]
    )


def box_corners(low: ArrayLike, high: ArrayLike) -> Array:
    """Return the 8 corners (8, 3) of an axis-aligned box, x slowest, z fastest, low before high."""
    a, b = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    return np.array([[x, y, z] for x in (a[0], b[0]) for y in (a[1], b[1]) for z in (a[2], b[2])])


def boxes_overlap(pose_a: Array, half_a: ArrayLike, pose_b: Array, half_b: ArrayLike, clearance_m: float = 0.0) -> bool:
    """Return whether two oriented boxes come nearer than `clearance_m` (separating axes, Gottschalk 1996).

    `pose_*` are (4, 4) rigid transforms of the box centres, `half_*` the half edge lengths (3,) in metres.
    """
    rotation_a, rotation_b = pose_a[:3, :3], pose_b[:3, :3]
    ha = np.asarray(half_a, dtype=np.float64) + clearance_m / 2
    hb = np.asarray(half_b, dtype=np.float64) + clearance_m / 2
    offset = product(rotation_a.T, pose_b[:3, 3] - pose_a[:3, 3])
    relative = product(rotation_a.T, rotation_b)
    absolute = np.abs(relative) + 1e-9  # parallel edges give a zero cross product
    if np.any(np.abs(offset) > ha + product(absolute, hb)):
        return False
    if np.any(np.abs(product(offset, relative)) > product(ha, absolute) + hb):
        return False
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        for b in range(3):
            c, d = (b + 1) % 3, (b + 2) % 3
            reach = ha[j] * absolute[k, b] + ha[k] * absolute[j, b] + hb[c] * absolute[i, d] + hb[d] * absolute[i, c]
            if abs(offset[k] * relative[j, b] - offset[j] * relative[k, b]) > reach:
                return False
    return True


def upward_axis(rotation: ArrayLike) -> str:
    """Return which object axis ("+x" ... "-z") points most upward under a (3, 3) world-from-object rotation."""
    up = np.asarray(rotation, dtype=np.float64)[2, :]
    axis = int(np.argmax(np.abs(up)))
    return ("+" if up[axis] > 0 else "-") + "xyz"[axis]
