"""Labels as pictures: for looking at, never for training.

A layer is a whole picture (`pictures.PICTURES`) or something drawn onto one (`marks.MARKS`); a new one is a row there.
"""
