"""COCO, and its kinds: instances, keypoints, panoptic."""
