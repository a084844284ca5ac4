"""Variegate: labelled training images from 3D assets, rendered headless with Blender."""

__version__ = "0.1.0"
