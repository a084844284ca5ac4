"""What things look like: materials, textures, lamps, skies, as Blender's nodes and datablocks."""
