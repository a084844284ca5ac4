"""What a scene file names, found and measured once: the catalogue that plans are drawn from."""
