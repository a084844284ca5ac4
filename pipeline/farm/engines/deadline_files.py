"""Job info and plugin info files of Deadline 10, for its CommandLine plugin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.errors import FarmError
from pipeline.farm.containers import in_container
from pipeline.farm.submission import Submission

DEPENDS = "<id of the render job>"
PASSED = ("job_info.", "plugin_info.")
OWN_KEYS = (
    *("Plugin", "Name", "Frames", "ChunkSize", "Pool", "MachineLimit", "JobDependencies", "TaskTimeoutSeconds"),
    *("plugin_info.Executable", "plugin_info.Arguments"),
)
"""Keys that the submission's own options fill."""
_KEYS = """
    BatchName UserName MachineName Department Comment Group SecondaryPool Priority InitialStatus Protected
    Interruptible InterruptiblePercentage RemTimeThreshold ForceReloadPlugin ConcurrentTasks Sequential SuppressEvents
    LimitConcurrentTasksToNumberOfCpus SynchronizeAllAuxiliaryFiles Allowlist Denylist Whitelist Blacklist LimitGroups
    MachineLimitProgress TaskTimeoutMinutes StartJobTimeoutSeconds StartJobTimeoutMinutes OnTaskTimeout
    EnableAutoTimeout EnableTimeoutsForScriptTasks EnableFrameTimeouts MinRenderTimeSeconds MinRenderTimeMinutes
    OverrideJobFailureDetection FailureDetectionJobErrors OverrideTaskFailureDetection FailureDetectionTaskErrors
    IgnoreBadJobDetection SendJobErrorWarning DeleteOnComplete ArchiveOnComplete OnJobComplete OverrideAutoJobCleanup
    OverrideJobCleanup OverrideJobCleanupType JobCleanupDays ScheduledType ScheduledStartDateTime ScheduledDays
    JobDelay NotificationTargets NotificationEmails EmailNotification OverrideNotificationMethod PreJobScript
    PostJobScript PreTaskScript PostTaskScript RequiredAssets ScriptDependencies EventOptIns IncludeEnvironment
    UseJobEnvironmentOnly CustomPluginDirectory
"""
JOB_KEYS = tuple(_KEYS.split())
_NUMBERED_KEYS = re.compile(r"(EnvironmentKeyValue|ExtraInfo|ExtraInfoKeyValue)[0-9]{1,2}")


def info_files(submission: Submission) -> Mapping[str, str]:
    """Return the four files: job and plugin info of the render job, and of the job that checks afterwards."""
    return {
        "render_job_info.txt": _text(_render_info(submission)),
        "render_plugin_info.txt": _text(_plugin_info(submission, _shard(submission))),
        "finalize_job_info.txt": _text(_finalize_info(submission)),
        "finalize_plugin_info.txt": _text(_plugin_info(submission, submission.finalize_command())),
    }


def check_values(submission: Submission) -> None:
    """Raise FarmError for what a line of a file cannot hold, and for keys that have an option of their own."""
    own = [name for name in submission.engine_options if name.removeprefix("job_info.") in OWN_KEYS]
    if own:
        raise FarmError(f"--engine-option {own[0]}: this key is filled from the options of submit itself")
    words = (submission.name, submission.dataset, *submission.command, *submission.options)
    for text in (*words, *submission.engine_options.values()):
        if re.search(r"[\r\n]|<(STARTFRAME|ENDFRAME|QUOTE|AUXFILE)", text):
            raise FarmError(f"{text!r} cannot stand in Deadline's files (choose another name)")


def _render_info(submission: Submission) -> dict[str, object]:
    count, attempts, resources = len(submission.shards), submission.attempts, submission.resources
    info: dict[str, object] = {
        "Plugin": "CommandLine",
        "Name": submission.name,
        "BatchName": submission.name,
        "Frames": f"0-{count - 1}" if count > 1 else "0",
        "ChunkSize": 1,
        "OverrideTaskFailureDetection": "true",
        "FailureDetectionTaskErrors": attempts,
        # The repository's own limit would end the job, and with it tasks that never failed.
        "OverrideJobFailureDetection": "true",
        "FailureDetectionJobErrors": attempts * count,
        "OutputDirectory0": submission.there(submission.dataset) + "/frames",
    }
    if submission.max_running:
        info["MachineLimit"] = submission.max_running
    if resources.time_min:
        info |= {"TaskTimeoutSeconds": 60 * resources.time_min, "OnTaskTimeout": "Error"}
    return info | _pool(submission) | _passed(submission, "job_info.")


def _finalize_info(submission: Submission) -> dict[str, object]:
    waits = {
        "JobDependencies": DEPENDS,
        "ResumeOnCompleteDependencies": "true",
        "ResumeOnFailedDependencies": "true",
        "ResumeOnDeletedDependencies": "false",
    }
    # An incomplete dataset stays so: one error is the answer, which only more rendering changes.
    once = {"OverrideTaskFailureDetection": "true", "FailureDetectionTaskErrors": 1}
    name = {"Plugin": "CommandLine", "Name": f"{submission.name} (complete?)", "BatchName": submission.name}
    place = {key: value for key, value in _passed(submission, "job_info.").items() if key not in once}
    return name | {"Frames": 0, "ChunkSize": 1} | _pool(submission) | place | waits | once


def _plugin_info(submission: Submission, command: Sequence[str]) -> dict[str, object]:
    program, *args = in_container(submission, command, (submission.there(submission.dataset),))
    info = {
        "Executable": program,
        "Arguments": " ".join(_quoted(word) for word in args),
        "StartupDirectory": "",
        "Shell": "default",
        "ShellExecute": "False",
        "SingleFramesOnly": "False",
    }
    return info | _passed(submission, "plugin_info.")


def _shard(submission: Submission) -> tuple[str, ...]:
    return submission.shard_command("--submission", submission.folder, "--index", "<STARTFRAME>")


def _quoted(word: str) -> str:
    """Return a word of a command line in Deadline's quotes, where it needs some."""
    if word and not re.search(r"[\s\"]", word):
        return word
    # Backslashes count as such except before a quote, where each needs another.
    inner = re.sub(r"(\\*)\"", r"\1\1\\<QUOTE>", word)
    ended = re.sub(r"(\\+)$", r"\1\1", inner)
    return f"<QUOTE>{ended}<QUOTE>"


def _pool(submission: Submission) -> dict[str, object]:
    return {"Pool": submission.resources.partition} if submission.resources.partition else {}


def is_job_key(name: str) -> bool:
    """Tell whether Deadline's manual has a key of this name for job info files."""
    return name in JOB_KEYS or _NUMBERED_KEYS.fullmatch(name) is not None


def _passed(submission: Submission, prefix: str) -> dict[str, object]:
    """Return the engine options of one file: those with its prefix, and bare keys of the job."""
    return {
        name.removeprefix(prefix): value
        for name, value in submission.engine_options.items()
        if name.startswith(prefix) or (prefix == "job_info." and is_job_key(name))
    }


def _text(info: Mapping[str, object]) -> str:
    return "".join(f"{key}={value}\n" for key, value in info.items())
