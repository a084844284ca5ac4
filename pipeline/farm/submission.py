"""A submission: all that an engine is told, kept beside the dataset as farm/NUMBER-ENGINE/submission.json."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.addresses import PathMap, map_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a shard needs of a machine; 0 and "" leave it to the engine's own default."""

    time_min: int = 0
    """Minutes after which the engine may end a shard."""
    cpus: int = 0
    memory_mb: int = 0
    gres: str = ""
    """Slurm's words: "gpu:1", "gpu:rtx4090:2"; other engines take the count, and the type where they know types."""
    partition: str = ""
    """Slurm's partition, Deadline's pool, Flamenco's worker tag, a Kubernetes namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Frames of a dataset for one engine. Paths are those of the machine that submits; `path_map` translates them."""

    engine: str
    name: str
    """What people see in the queue."""
    dataset: str
    """The dataset's folder: absolute, with forward slashes."""
    folder: str
    """The submission's own folder, below the dataset: "farm/0001-slurm"."""
    frames: str
    """As `frames.show_frames` writes them."""
    shards: tuple[str, ...]
    """The frames of each shard, in the same form; line k of shards.txt is shard k."""
    command: tuple[str, ...]
    """What runs this program on a node, up to its own arguments: ("python", "-m", "pipeline"), or a Blender with
    scripts/render.py and "--"."""
    options: tuple[str, ...] = ()
    """Further arguments of the shard command: ("--device", "optix")."""
    max_running: int = 0
    """Shards that may run at a time; 0 for no limit."""
    attempts: int = 3
    """How often the engine may start a shard that crashed."""
    resources: Resources = Resources()
    container: str = ""
    """Image that the command runs in; "" for none."""
    path_map: PathMap = ()
    engine_options: dict[str, str] = field(default_factory=dict)
    """Knobs of the engine, handed through by their own names."""

    def there(self, path: str) -> str:
        """Return a path of this machine as the nodes see it."""
        return map_path(path, self.path_map)

    def shard_command(self, *which: str) -> tuple[str, ...]:
        """Return the command line of one shard on a node; `which` names it: ("--frames", "0-9"), or
        ("--submission", "farm/0001-slurm", "--index", "3")."""
        return (*self._program(), "shard", self.there(self.dataset), *which, *self.options, *self._mapped())

    def finalize_command(self) -> tuple[str, ...]:
        """Return the command line that tells whether all frames of the submission are there: exit code 0, or 1 with
        what is missing."""
        dataset = self.there(self.dataset)
        return (*self._program(), "status", dataset, "--submission", self.folder, "--require-complete")

    def _program(self) -> tuple[str, ...]:
        return tuple(self.there(word) for word in self.command)

    def _mapped(self) -> tuple[str, ...]:
        return tuple(word for here, there in self.path_map for word in ("--path-map", f"{here}={there}"))
