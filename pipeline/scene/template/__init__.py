"""The artist's file from frame to frame: what is in it, what a frame changes of it, and what is put back."""
