"""The templates of the shipped scenes: one place a file, and what they are built of."""

import bpy  # noqa: F401  (brings bmesh, which is not found before)
