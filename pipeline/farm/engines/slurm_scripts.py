"""The batch scripts that Slurm gets: render.sbatch for arrays of shards, finalize.sbatch for the end."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.farm.containers import KNOBS as CONTAINER_KNOBS
from pipeline.farm.containers import in_container
from pipeline.farm.submission import Submission
from pipeline.progress_lines import NO_OPENJD

RENDER = "render.sbatch"
FINALIZE = "finalize.sbatch"
VERDICT = "verdict.txt"
CRASHES = "crashes-{}.txt"  # of a shard: a line each

FINALIZE_PARTITION = "finalize-partition"
OWN_KNOBS = (*CONTAINER_KNOBS, FINALIZE_PARTITION)

# Who pays and who is told: the only options of sbatch that the finalize job shares with the shards.
_SHARED_OPTIONS = ("account", "qos", "reservation", "clusters", "mail-user", "mail-type", "nice", "export", "comment")

WARNING_S = 60  # before its time limit ends a shard, so that the frame in progress may be finished
STARTS = 100  # of a shard that is stopped or loses its node again and again: it makes frames in between, or never ends
PAUSE_S = 60  # before a shard is queued again whose disk was full

_SHARD = "\0shard"  # stands for the number of the shard until the words are quoted

_RENDER = r"""
# $1 is the number of the shard that task 0 of this array makes.
set -u
shard=$(($1 + SLURM_ARRAY_TASK_ID))
task=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}
restarts=${SLURM_RESTART_COUNT:-0}
export @no_openjd@=1 # Slurm does not read progress: every stage of every frame would only fill this log
echo "shard $shard: task $task on ${SLURMD_NODENAME:-?}, start $((restarts + 1))"

# SIGTERM (the time limit comes near, a node is wanted by others) goes on to the shard, whose exit code is waited for.
pid=
stops=0
trap 'stops=$((stops + 1)); [ -z "$pid" ] || kill -TERM "$pid"' TERM
@command@ &
pid=$!
[ "$stops" = 0 ] || kill -TERM "$pid"
while :; do
  before=$stops
  wait "$pid"
  code=$?
  [ "$stops" != "$before" ] || break
done
pid=
echo "shard $shard: exit code $code"

# 0: all frames are there. 2: nothing that another try would mend. Anything else is worth another start.
[ "$code" != 0 ] && [ "$code" != 2 ] || exit "$code"
if [ "$code" != 75 ] && [ "$stops" = 0 ]; then
  # Crashes have a count of their own: Slurm's holds shards that were stopped and nodes that died, too.
  crashes=@folder@/@crashes@
  echo "$task, start $((restarts + 1)): exit code $code" >>"$crashes"
  crashed=$(wc -l <"$crashes") || crashed=$((restarts + 1))
  if [ "$crashed" -ge @attempts@ ]; then
    echo "shard $shard: crashed $crashed times, given up until variegate resume"
    exit "$code"
  fi
elif [ $((restarts + 1)) -ge @starts@ ]; then
  echo "shard $shard: started $((restarts + 1)) times, given up until variegate resume"
  exit "$code"
elif [ "$stops" = 0 ]; then
  sleep @pause@ & # a full disk may be emptied meanwhile
  wait $!
fi

# A job that was cancelled, or that Slurm requeues by itself, no longer counts as running.
for _ in 1 2 3 4 5 6; do
  state=$(squeue --noheader --jobs="$task" --format=%T) && break
  sleep 10 # the controller may be starting anew
done
if [ "$state" = RUNNING ] && scontrol requeue "$task"; then
  echo "shard $shard: queued again"
  sleep 300 # Slurm ends this script
fi
exit "$code"
"""

_FINALIZE = r"""
# Whether every frame of the submission is there: exit code 0, or 1 with what is missing.
set -u
verdict=@verdict@
part=${verdict%/*}/.tmp-${verdict##*/}
@command@ >"$part" 2>&1
code=$?
mv -- "$part" "$verdict"
cat -- "$verdict"
exit "$code"
"""


def render_script(submission: Submission) -> str:
    """Return render.sbatch."""
    resources = submission.resources
    own = {
        "job-name": submission.name,
        "output": _log(submission, "%A_%a"),
        "open-mode": "append",
        "requeue": "",
        "signal": f"B:TERM@{WARNING_S}",
        "chdir": _home(submission),
        "nodes": "1",
        "ntasks": "1",
        "cpus-per-task": str(resources.cpus or ""),
        "mem": f"{resources.memory_mb}M" if resources.memory_mb else "",
        "gres": resources.gres,
        "time": str(resources.time_min or ""),
        "partition": resources.partition,
    }
    options = _given(own, keep=("requeue",)) | _sbatch_options(submission)
    words = _contained(submission, submission.shard_command("--submission", submission.folder, "--index", _SHARD))
    body = _filled(
        _RENDER,
        command=_shell(words),
        folder=shlex.quote(_folder(submission)),
        crashes=CRASHES.format("$shard"),
        attempts=str(submission.attempts),
        starts=str(STARTS),
        no_openjd=NO_OPENJD,
        pause=str(PAUSE_S),
    )
    return _script(f"Shards of {submission.dataset}, as shards.txt beside this file has them.", options, body)


def finalize_script(submission: Submission) -> str:
    """Return finalize.sbatch, whose dependencies are named where it is submitted."""
    own = {
        "job-name": f"{submission.name} finalize",
        "output": _log(submission, "%j-finalize"),
        "open-mode": "append",
        "requeue": "",
        "chdir": _home(submission),
        "ntasks": "1",
        "partition": submission.engine_options.get(FINALIZE_PARTITION) or submission.resources.partition,
    }
    shared = {key: value for key, value in _sbatch_options(submission).items() if key in _SHARED_OPTIONS}
    words = _contained(submission, submission.finalize_command())
    verdict = shlex.quote(f"{_folder(submission)}/{VERDICT}")
    body = _filled(_FINALIZE, command=_shell(words), verdict=verdict)
    title = f"The end of {submission.folder} of {submission.dataset}."
    return _script(title, _given(own, keep=("requeue",)) | shared, body)


def _script(title: str, options: Mapping[str, str], body: str) -> str:
    directives = "".join(f"#SBATCH --{name}{_directive_value(value)}\n" for name, value in options.items())
    return f"#!/bin/bash\n# {title}\n{directives}{body}"


def _given(options: Mapping[str, str], keep: Iterable[str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if value or name in keep}


def _sbatch_options(submission: Submission) -> dict[str, str]:
    return {name: value for name, value in submission.engine_options.items() if name not in OWN_KNOBS}


def _folder(submission: Submission) -> str:
    return f"{submission.there(submission.dataset)}/{submission.folder}"


def _log(submission: Submission, which: str) -> str:
    logs = f"{submission.there(submission.dataset)}/logs".replace("%", "%%")
    return f"{logs}/slurm-{which}.log"


def _home(submission: Submission) -> str:
    """Return where jobs start: beside the package that submits, so that `python -m pipeline` is the same code."""
    if submission.container:
        return submission.there(submission.dataset)
    return submission.there(Path(__file__).resolve().parents[3].as_posix())


def _contained(submission: Submission, words: tuple[str, ...]) -> tuple[str, ...]:
    return in_container(submission, words, (submission.there(submission.dataset),))


def _shell(words: tuple[str, ...]) -> str:
    return " ".join('"$shard"' if word == _SHARD else shlex.quote(word) for word in words)


def _filled(text: str, **values: str) -> str:
    return re.sub(r"@(\w+)@", lambda match: values[match[1]], text)


def _directive_value(value: str) -> str:
    """Return the value of an #SBATCH line, quoted as sbatch reads it: it expands nothing, a backslash escapes."""
    if not value:
        return ""
    if re.fullmatch(r"[\w./:=,@%+-]+", value):
        return f"={value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'="{escaped}"'
