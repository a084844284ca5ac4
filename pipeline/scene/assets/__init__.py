"""From model files to plain meshes in memory: importers, what is measured of a file, and the library."""
