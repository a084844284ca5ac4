"""Running Slurm's own programs, and what their refusals mean."""

from __future__ import annotations

import os
import subprocess

from pipeline.errors import FarmError

# A job begun from within another one must not take that one's for its own: its restarts, its memory, its task.
_KEPT = ("SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT", "SLURM_TIME_FORMAT")

NO_CLUSTER = "configuration source"  # what programs say that are installed where there is no Slurm

_REMEDIES = {
    "QOSMaxSubmit": "the site limits how many shards you may have queued: larger --frames-per-shard, or fewer --frames "
    "now and variegate resume later",
    "job submit limit": "the site limits how many shards you may have queued, or how long: larger --frames-per-shard, "
    "another --time, or fewer --frames now and variegate resume later",
    "temporarily unable to accept job": "its queue is full: larger --frames-per-shard, or try later",
    "Invalid account": "name yours: --engine-option account=NAME",
    "invalid partition": "sinfo lists the partitions: --partition NAME",
    "Invalid partition": "sinfo lists the partitions: --partition NAME",
    "Invalid qos": "--engine-option qos=NAME",
    "generic resource": "sinfo -o '%P %G' lists what there is: --gres",
    "node configuration is not available": "no node has that much: change --gres, --cpus or --memory",
    "time limit": "sinfo -o '%P %l' lists how long jobs may run: --time",
    "Memory specification": "change --memory",
    "Invalid feature": "sinfo -o '%P %f' lists them: --engine-option constraint=NAME",
    "unrecognized option": "sbatch --help lists its options: --engine-option NAME=VALUE",
    "Unable to contact slurm controller": "the controller is down or starts anew: try again",
    NO_CLUSTER: "this machine belongs to no Slurm: work on a login node, or set SLURM_CONF",
}


def run(*command: str, text: str | None = None, accept: str = "") -> str:
    """Run a program of Slurm, `text` on its standard input, and return what it printed.

    Raises FarmError with its words and a remedy when it refuses; a refusal that holds `accept` is none.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith("SLURM_") or key in _KEPT}
    try:
        done = subprocess.run(command, input=text, env=env, capture_output=True, text=True, check=False)
    except OSError as error:
        raise FarmError(f"{command[0]}: cannot be run: {error.strerror} (work where Slurm's programs are)") from error
    if done.returncode and not (accept and accept in done.stderr):
        raise FarmError(_refusal(command[0], done.stderr or done.stdout or f"exit code {done.returncode}"))
    return done.stdout


def _refusal(program: str, words: str) -> str:
    lines = [line.removeprefix(f"{program}: ").removeprefix("error: ") for line in words.strip().splitlines()]
    remedy = next((remedy for part, remedy in _REMEDIES.items() if part in words), "")
    said = "; ".join(dict.fromkeys(lines))
    return f"{program}: {said} ({remedy})" if remedy else f"{program}: {said}"
