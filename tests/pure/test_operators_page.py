"""The page for operators says nothing that the program does not do: its commands, links, codes and numbers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pipeline import cli
from pipeline.dataset import layout, presence
from pipeline.dataset.attempts import SILENT_S
from pipeline.dataset.worker_log import HEARTBEAT_S
from pipeline.farm import room, sizing, starved
from pipeline.farm.engines import ENGINES, slurm_logs
from pipeline.farm.engines.slurm_scripts import WARNING_S
from pipeline.farm.local import failures, limits, worker_count
from pipeline.status import nodes

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "pipeline/farm/README.md"
TEXT = PAGE.read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
README_SECTION = README.partition("## Many machines\n")[2].partition("\n## ")[0]

COMMANDS = cli.cli.commands
NOT_OURS = {"--build-arg", "--target", "--help"}  # docker's, and click's own


def code_lines(text: str) -> list[str]:
    blocks = re.findall(r"^```bash\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()] + inline(text)


def inline(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def commands(text: str) -> list[str]:
    """Return every `variegate COMMAND ...` of a page, one that a container runs too, without comments."""
    found = []
    for line in code_lines(text):
        for part in re.split(r"&&|\s#\s", line):
            match = re.search(rf"\bvariegate\s+({'|'.join(COMMANDS)})\b.*", part)
            if match and len(match[0].split()) > 2 and not match[0].endswith("--help"):  # else the mere name of one
                found.append(match[0].strip())
    return found


def parse(line: str, folder: Path) -> click.Context:
    """Parse a command as the program would, with /data and the current folder in `folder`."""
    name, *words = shlex.split(line)[1:]
    for word in words:
        if not word.startswith(("/", "-")) and word.endswith((".yaml", "job.json")):
            (folder / word).parent.mkdir(parents=True, exist_ok=True)
            (folder / word).touch()
    words = [re.sub(r"^/(?=data|tmp|scratch|collect)", f"{folder.as_posix()}/", word) for word in words]
    for word in words:
        if word.endswith("plan.json"):
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    return COMMANDS[name].make_context(name, words)


def test_both_pages_hold_commands():
    assert len(commands(TEXT)) > 30
    assert len(commands(README_SECTION)) >= 6
    assert {line.split()[1] for line in commands(TEXT)} >= {
        *("check", "render", "submit", "status", "resume", "cancel", "verify", "merge", "repair", "shard", "export")
    }


@pytest.mark.parametrize("line", sorted({*commands(TEXT), *commands(README_SECTION)}))
def test_a_command_is_understood(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse(line, tmp_path).params


@pytest.mark.parametrize(
    "line",
    ["variegate status /data/dice --wach 3", "variegate submit a.yaml", "variegate shard /data/dice --attempts x"],
)
def test_a_command_that_is_wrong_is_found(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError):
        parse(line, tmp_path)


def test_options_named_in_the_text_exist():
    known = {name for command in COMMANDS.values() for option in command.params for name in option.opts}
    named = {
        word for code in inline(TEXT) + inline(README_SECTION) for word in re.findall(r"(?<!\S)--[a-z][a-z-]*", code)
    }
    assert named - known <= NOT_OURS


def test_links_and_files_exist():
    anchors = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in re.findall(r"^#+ .*", TEXT, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert target.startswith("#") and target[1:] in anchors
    assert "](pipeline/farm/README.md)" in README_SECTION
    for path in re.findall(
        r"\b(?:scripts|scenes|pipeline)/[\w./-]+\.\w+|scripts/[\w/]*Dockerfile", TEXT + README_SECTION
    ):
        assert (ROOT / path).is_file(), path


def test_folders_of_a_dataset_have_the_names_they_have():
    named = set(re.findall(r"`(?:DATASET/)?([a-z]+)/(?:NUMBER[\w/.-]*)?`", TEXT))
    known = (layout.FRAMES, layout.LOGS, layout.BLENDS, layout.TIMING, layout.CLAIMS, layout.QUARANTINE, layout.FARM)
    parts = {*known, layout.DAMAGED}
    assert parts <= named | {layout.FARM}
    assert named <= parts


def test_every_engine_is_told_and_none_that_is_not_there():
    table = re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Engines")[2], re.M)
    assert table == list(ENGINES)
    for line in commands(TEXT):
        words = shlex.split(line)
        if "--engine" in words:
            assert words[words.index("--engine") + 1] in ENGINES


def test_exit_codes_are_those_of_the_program():
    constants = dict(zip(("DONE", "RETRY", "DO_NOT_RETRY", "TRANSIENT"), shard_codes(), strict=True))
    table = TEXT.partition("## Exit codes")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|", table, re.M))
    assert [int(code) for code in rows] == sorted(constants.values())
    assert "all its frames" in rows[str(constants["DONE"])]
    assert "another try may mend" in rows[str(constants["RETRY"])]
    assert "do not try again" in rows[str(constants["DO_NOT_RETRY"])]
    assert "passing" in rows[str(constants["TRANSIENT"])]


def shard_codes() -> tuple[int, ...]:
    # pipeline.shard imports Blender, which is not to be had here; its first lines say the codes.
    match = re.search(r"^DONE, RETRY, DO_NOT_RETRY, TRANSIENT = ([\d, ]+)", code_file().read_text(), re.M)
    assert match is not None
    return tuple(int(number) for number in match[1].split(","))


def code_file() -> Path:
    [path] = [one for one in (ROOT / "pipeline").glob("*.py") if re.search(r"^DONE, RETRY", one.read_text(), re.M)]
    return path


def test_numbers_are_those_of_the_program():
    default = limits.Limits()
    said = {
        f"`--attempts` times ({default.attempts})": 1,
        f"`--grace` ({default.grace_s:g} s)": 1,
        f"takes {limits.TIMES_LONGEST:g} times the longest so far": 1,
        f"never before {limits.LEAST_FRAME_S / 60:g} minutes (an hour while fewer than {limits.KNOWN} were made)": 1,
        f"({worker_count.MEMORY_MIB / 1000:g} GB are reckoned for each)": 1,
        f"every {HEARTBEAT_S:g} s": 1,
        f"When {failures.HOPELESS} frames fail one after another ({failures.HOPELESS_AT_FIRST} before any": 1,
        f"silent for {SILENT_S:g} s": 1,
        f"fills {sizing.MINUTES:g} minutes where frames were timed, else {sizing.FRAMES} frames": 1,
        f"{WARNING_S} s before the time limit": 1,
        f"of their logs, of {slurm_logs.LOOKED_INTO} at most": 1,
        f"({room.LOOKED_INTO} are measured)": 1,
        f"a file server gets {presence.AT_ONCE} questions at a time": 1,
    }
    text = " ".join(TEXT.split())
    assert {phrase: text.count(phrase) for phrase in said} == said
    words = {3: "three", 4: "four", 5: "five"}
    assert f"from {words[starved.KILLED_LEAST]} shards on" in text and f"to {words[starved.MOST]} times" in text
    assert f"({words[nodes.LEAST]} failures or more, one chance in a thousand)" in text and nodes.CHANCE == 1 / 1000
    assert "shards half as much memory again when" in text and starved.MORE == 1.5
    assert limits.UNKNOWN_FRAME_S == 3600
    assert (worker_count.CPUS_A_WORKER, worker_count.WORKERS_A_GPU) == (1, 2)
    assert "one worker a processor, or two a GPU" in TEXT
