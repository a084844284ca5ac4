"""What may vary: the scene file as typed, checked distributions. Nothing here draws and nothing here knows Blender."""
