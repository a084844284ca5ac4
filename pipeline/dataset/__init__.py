"""The dataset on disk, the one truth: a frame is there when its folder holds a valid frame.json, else it is not.

    DATASET/
      dataset.json            what the dataset is: job digest, seed, class map, licences of the assets
      job.json                the resolved job: enough to render any frame again
      frames/000012/          made complete in frames/.tmp-*, then renamed into place
        rgb.png depth.exr instance.png category.png linear.exr   what was asked for; instance.png always
        plan.json labels.json  what was drawn; what came out
        frame.json             the commit record, written last: size and sha256 of every file, and the renderer:
                               Blender's version and build, the C library, the device
      timing/ logs/           all that may differ between two equal runs: clock, host, durations

A rejected frame has the three JSON files and no picture. `store` is the door of what renders, `open_dataset` that of
what reads; standard library and numpy only, but for Pillow where an rgb is JPEG.
"""

from pipeline.dataset.frame import Frame
from pipeline.dataset.reader import Dataset, DatasetCategory, open_dataset

__all__ = ["Dataset", "DatasetCategory", "Frame", "open_dataset"]
