"""YOLO as Ultralytics reads it: boxes, segments, poses, oriented boxes."""
