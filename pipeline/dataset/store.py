"""The door of the dataset: open it, commit frames, ask what is missing, clean up after the dead."""

from pipeline.dataset.claims import share_out, sweep_claims
from pipeline.dataset.commit import commit
from pipeline.dataset.create import open_store
from pipeline.dataset.layout import Store
from pipeline.dataset.quarantine import quarantined, release
from pipeline.dataset.resume import clean_stale, is_complete, missing
from pipeline.dataset.worker_log import WorkerLog

__all__ = [
    "Store",
    "WorkerLog",
    "clean_stale",
    "commit",
    "is_complete",
    "missing",
    "open_store",
    "quarantined",
    "release",
    "share_out",
    "sweep_claims",
]
