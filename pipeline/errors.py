"""The errors a user can cause, each with what, where, the value seen and the remedy.

`PipelineError` is the only base that the command line catches; it ends in exit code 2.
Anything else that is raised is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from dataclasses import dataclass


class PipelineError(Exception):
    """Something the user can mend. Its text is the whole message shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where it stands, what it is, and what to change.

    `where` is "file:line" or a command-line option, `path` the key path ("camera.fov_deg"); both may be "".
    """

    message: str
    path: str = ""
    where: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.where, self.path) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.remedy})" if self.remedy else text


class ProblemsError(PipelineError):
    """Several problems at once, so that a user mends a scene file in one go."""

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConfigError(ProblemsError):
    """A scene file or an override that cannot be used."""


class AssetError(ProblemsError):
    """A model, HDRI or texture that cannot be used."""


class DeviceError(PipelineError):
    """A render device, engine or denoiser that this machine or build does not have."""


class StoreError(PipelineError):
    """A dataset folder that cannot be read or written."""


class ScratchError(StoreError):
    """The disk for temporary files, this machine's own, refuses: another machine may fare better, or this one later."""


class ExportError(PipelineError):
    """An export that cannot be made as asked, or a folder that holds another one."""


class FarmError(PipelineError):
    """A queue, its program or a worker process that does not do as asked."""


class RejectedFrame(Exception):
    """A frame that a rule rejects; recorded with its reason, never an error."""
