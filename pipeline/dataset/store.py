"""The door of the dataset: open it, commit frames, ask what is missing, clean up after the dead."""

from pipeline.dataset.commit import commit
from pipeline.dataset.create import open_store
from pipeline.dataset.layout import Store
from pipeline.dataset.resume import clean_stale, is_complete, missing

__all__ = ["Store", "clean_stale", "commit", "is_complete", "missing", "open_store"]
