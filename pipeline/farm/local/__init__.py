"""One machine: worker processes over one dataset, and the supervisor that keeps them going.

The supervisor holds no Blender. Workers may crash, hang or grow: the frame in progress is tried again, and given up
after too many failures.
"""
