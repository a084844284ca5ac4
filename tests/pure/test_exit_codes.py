"""What a queue is told to do about an error, and whether it speaks against the frame in which it came up."""

from __future__ import annotations

import errno
import os

import pytest

from pipeline.dataset.disk import storing
from pipeline.errors import AssetError, DeviceError, PipelineError, Problem, ScratchError, StoreError
from pipeline.exit_codes import DO_NOT_RETRY, RETRY, TRANSIENT, code_of, is_fault_of_frame

PASSING = ("ENOSPC", "EDQUOT", "EIO", "ESTALE", "EAGAIN", "ETIMEDOUT", "EHOSTDOWN", "ECONNRESET", "ENOMEM", "ENFILE")
MODEL = AssetError([Problem(message="cannot be read", path="targets.0")])


def os_error(name):
    number = getattr(errno, name)
    return OSError(number, os.strerror(number))


def told(error, tmp_path):
    """The error as the store tells it."""
    with pytest.raises(StoreError) as raised, storing(tmp_path):
        raise error
    return raised.value


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again_later_and_is_no_frames_fault(name, tmp_path):
    for error in (os_error(name), told(os_error(name), tmp_path)):
        assert code_of(error) == TRANSIENT and not is_fault_of_frame(error)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ScratchError("/tmp: cannot be written")])
def test_a_stop_and_a_full_disk_of_the_machine_pass(error):
    assert code_of(error) == TRANSIENT


@pytest.mark.parametrize(
    ("error", "code", "is_frames"),
    [
        (PipelineError("not so"), DO_NOT_RETRY, False),
        (DeviceError("--device optix: not here"), DO_NOT_RETRY, False),
        (MODEL, DO_NOT_RETRY, True),  # the frames that hold it, and no others
        (ValueError("a bug, or a frame that cannot be"), RETRY, True),
        (MemoryError(), RETRY, True),
        (os_error("ENOENT"), RETRY, True),
    ],
)
def test_what_a_person_must_mend_is_not_tried_again_and_anything_else_is(error, code, is_frames):
    assert code_of(error) == code and is_fault_of_frame(error) == is_frames


@pytest.mark.parametrize("name", ["EACCES", "EROFS"])
def test_a_disk_that_will_not_do_is_for_a_person(name, tmp_path):
    error = told(os_error(name), tmp_path)
    assert code_of(error) == DO_NOT_RETRY and not is_fault_of_frame(error)
