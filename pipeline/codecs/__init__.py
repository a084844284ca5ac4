"""Image files in plain numpy, because inside a bare Blender there is nothing else. Judged by Pillow and OpenEXR."""
