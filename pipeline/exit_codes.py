"""Exit codes of what makes frames, so that a queue knows whether to try again."""

from __future__ import annotations

import errno
import traceback

from pipeline.errors import AssetError, PipelineError, ScratchError

DONE, RETRY, DO_NOT_RETRY, TRANSIENT = 0, 1, 2, 75  # 75 is EX_TEMPFAIL of sysexits.h

# What another machine, or the same one later, may not suffer from.
_PASSING = frozenset(
    getattr(errno, name)
    for name in (
        "ENOSPC",
        "EDQUOT",
        "EIO",
        "ESTALE",
        "EAGAIN",
        "EBUSY",
        "ETIMEDOUT",
        "ENOTCONN",
        "EHOSTDOWN",
        "EREMOTEIO",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ECONNRESET",
        "ENOMEM",
        "ENFILE",
    )
    if hasattr(errno, name)
)


def code_of(error: BaseException) -> int:
    """Return the exit code for what ended a process: 75 for what passes (a full disk, a stop), 2 for what a person must
    mend, 1 for anything else."""
    if isinstance(error, KeyboardInterrupt):
        return TRANSIENT
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(error, ScratchError) or (isinstance(cause, OSError) and cause.errno in _PASSING):
        return TRANSIENT
    return DO_NOT_RETRY if isinstance(error, PipelineError) else RETRY


def is_fault_of_frame(error: Exception) -> bool:
    """Return whether an error in the making of a frame speaks against that frame, not against the job, this machine or
    the disk, which would fail the next one too. A model that cannot be read speaks against the frames that hold it."""
    is_told = isinstance(error, PipelineError) and not isinstance(error, AssetError)
    return not is_told and code_of(error) != TRANSIENT


def reason_of(error: Exception) -> str:
    """Return why a frame failed: what is to be mended where that is known, else where the error came up."""
    return str(error) if isinstance(error, PipelineError) else "".join(traceback.format_exception(error)).strip()
