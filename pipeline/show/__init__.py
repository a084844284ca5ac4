"""Labels as pictures: for looking at, never for training."""
