"""Parametric models of the asset library: numpy shapes, without Blender (`glb` alone writes files through it).

Lengths are metres. Forward is +x, left +y, up +z; the origin is on the ground, under the middle of the bounding box.
"""
