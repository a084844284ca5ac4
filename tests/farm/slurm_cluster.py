"""A Slurm of two nodes on this machine, started for tests: own ports, own folder, own munge; nothing of it stays.

Needs root, for slurmd starts jobs as their users, and Debian's packages slurmctld, slurmd, slurm-client and munge.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "munged", "setpriv")
PATIENCE_S = 600.0  # a machine that is busy with other things is slow
NODES = ("n1", "n2")

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket,cred_expire=5
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd-%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
SlurmdTimeout={silence_s}
KillWait=5
MinJobAge=3600
MaxArraySize={max_array_size}
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={n1} CPUs=1 RealMemory=4000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={n2} CPUs=1 RealMemory=4000
PartitionName=render Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Return why no Slurm can be started here, "" where one can."""
    if os.name != "posix" or os.getuid() != 0:
        return "a Slurm of our own needs root"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not here (Debian: apt-get install slurmctld slurmd slurm-client munge)"
    return ""


class Cluster:
    """Two nodes of one processor each, and their controller. `env` is what Slurm's programs need.

    A node that is silent for `silence_s` is taken for dead: also one that lives, where the machine stands still.
    """

    def __init__(self, max_array_size: int = 1001, silence_s: int = 120) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="variegate-slurm-"))
        self.root.chmod(0o755)
        ports = _free_ports(3)
        config = CONFIG.format(
            root=self.root,
            host=socket.gethostname().partition(".")[0],
            control=ports[0],
            n1=ports[1],
            n2=ports[2],
            max_array_size=max_array_size,
            silence_s=silence_s,
        )
        self.config = self.root / "slurm.conf"
        self.config.write_text(config)
        for name in ("state", "log", *(f"spool/{node}" for node in NODES)):
            (self.root / name).mkdir(parents=True)
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "SBATCH"))}
        self.env = {**outside, "SLURM_CONF": str(self.config)}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything and return when both nodes take jobs."""
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait_until(lambda: self.nodes_in("idle") == set(NODES), "both nodes idle")

    def stop(self) -> None:
        """End every process of the cluster and remove its folder."""
        for node in NODES:
            self.kill_node(node)
        self._end("slurmctld")
        self._end("munged")
        shutil.rmtree(self.root, ignore_errors=True)

    def call(self, *command: str, check: bool = True, cwd: Path | None = None) -> str:
        """Run a program of Slurm and return what it printed."""
        done = subprocess.run(
            command, env=self.env, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait_until(
        self, holds: Callable[[], object], what: str, patience_s: float = PATIENCE_S, every_s: float = 0.2
    ) -> None:
        """Return as soon as `holds()` is true. Fails with the queue and the ends of the logs when it never is."""
        end_s = time.monotonic() + patience_s
        while not holds():
            if time.monotonic() > end_s:
                logs = [path.read_text(errors="replace")[-2000:] for path in (self.root / "log").iterdir()]
                queue = self.call("squeue", "-a", "-t", "all", check=False)
                raise AssertionError("\n".join([f"never: {what}", queue, *logs]))
            time.sleep(every_s)

    def nodes_in(self, state: str) -> set[str]:
        return set(self.call("sinfo", "-h", "-N", "-t", state, "-o", "%N", check=False).split())

    def queue(self, form: str, *options: str) -> list[str]:
        """Return the lines of squeue, one a task of an array."""
        return self.call("squeue", "-h", "-r", "-o", form, *options).splitlines()

    def wait_for_end(self, patience_s: float = PATIENCE_S) -> None:
        """Return when nothing waits, runs or is being cleaned up any more."""
        self.wait_until(lambda: not self.queue("%i"), "the queue is empty", patience_s)

    def is_up(self) -> bool:
        return "is UP" in self.call("scontrol", "ping", check=False)

    # --- controller and nodes -------------------------------------------------------------------------------------

    def start_controller(self) -> None:
        """Start the controller, with the jobs of an earlier one."""
        self._start("slurmctld", "slurmctld", "-D", "-f", str(self.config))
        self.wait_until(self.is_up, "the controller is up")

    def stop_controller(self) -> None:
        """Stop the controller as who restarts it does; one that is killed forgets its last seconds, jobs too."""
        self._end("slurmctld", signal.SIGTERM)

    def start_node(self, node: str) -> None:
        self._start(node, "slurmd", "-D", "-N", node, "-f", str(self.config))

    def kill_node(self, node: str) -> None:
        """Kill a node as a power cut would: slurmd, its stepds, and whatever they run."""
        self._end(node)
        processes = self.processes(node)
        processes += stepds_of(processes)
        for how in (signal.SIGSTOP, signal.SIGKILL):  # none sees another end
            for pid in processes:
                send(pid, how)

    def processes(self, node: str, word: str = "") -> list[int]:
        """Return the processes of a node's jobs whose command line holds `word`."""
        marks = (f"SLURM_CONF={self.config}", f"SLURMD_NODENAME={node}")
        return [pid for pid, environ, line in all_processes() if word in line and all(one in environ for one in marks)]

    def _start_munge(self) -> None:
        folder = self.root / "munge"
        folder.mkdir(mode=0o755)
        shutil.chown(folder, "munge", "munge")
        key = folder / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        shutil.chown(key, "munge", "munge")
        files = ("socket", "key-file", "log-file", "pid-file", "seed-file")
        options = [f"--{name}={folder / name.removesuffix('-file')}" for name in files]
        as_munge = ("--reuid=munge", "--regid=munge", "--clear-groups")
        self._start("munged", "setpriv", *as_munge, "munged", "--foreground", *options)
        self.wait_until((folder / "socket").exists, "munge listens")

    def _start(self, name: str, *command: str) -> None:
        with open(self.root / "log" / f"{name}.out", "ab") as out:
            self._daemons[name] = subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def _end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        daemon = self._daemons.pop(name, None)
        if daemon is not None:
            daemon.send_signal(how)
            daemon.wait()


def all_processes() -> list[tuple[int, str, str]]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                environ = (folder / "environ").read_bytes().decode(errors="replace")
                line = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue  # ended meanwhile
            found.append((int(folder.name), environ, line))
    return found


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at, of those that no outgoing connection gets by chance either."""
    found: list[int] = []
    for port in range(10_000 + os.getpid() % 20_000, 32_768):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"no {count} ports are free below 32768")


def stepds_of(processes: list[int]) -> set[int]:
    """Return Slurm's own parents of a job's processes, whose environment says nothing."""
    found = set()
    for pid in processes:
        try:
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if Path(f"/proc/{parent}/comm").read_text().startswith("slurmstepd"):
                found.add(parent)
        except (OSError, ValueError):
            continue  # ended meanwhile
    return found


def send(pid: int, how: signal.Signals) -> None:
    """Send a signal to a process that may have ended already."""
    with suppress(ProcessLookupError):
        os.kill(pid, how)
