"""Writing PLY: ASCII, with normals, triangles only, as BOP keeps models. The reader is `ply_elements`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def encode_ply(vertices: NDArray[np.float64], normals: NDArray[np.float64], triangles: NDArray[np.int32]) -> bytes:
    """Return the PLY of vertices (N, 3) with normals (N, 3) and triangles (M, 3), six decimals."""
    header = [
        "ply",
        "format ascii 1.0",
        "comment millimetres",
        f"element vertex {len(vertices)}",
        *(f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")),
        f"element face {len(triangles)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    numbers = np.round(np.hstack([vertices, normals]), 6) + 0.0
    points = [" ".join(f"{value:.6f}" for value in row) for row in numbers.tolist()]
    faces = [f"3 {a} {b} {c}" for a, b, c in triangles.tolist()]
    return ("\n".join([*header, *points, *faces]) + "\n").encode("ascii")
