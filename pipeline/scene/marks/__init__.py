"""What an artist marked in a template: found by name and property, measured as evaluated, checked in the artist's
words."""
