"""What surroundings are built of, computed from their plans: shapes to see, to collide with and to place things by."""
