"""What falls and what it falls on: hulls, bodies, Blender's rigid bodies, and where things come to rest."""
