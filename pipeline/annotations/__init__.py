"""What the pixels mean: arithmetic on arrays, one kind of label per file. numpy only, no Blender.

`annotate` joins them. Every mask comes from the renderer's own id image, so masks are disjoint by construction.
"""
