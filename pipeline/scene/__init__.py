"""Blender as an output device: plans in, datablocks out. With `pipeline.render` the only folder that imports bpy."""
