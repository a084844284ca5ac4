"""Every random number of a frame, drawn before Blender starts. Only `sample_x` and `draw` take a generator."""
