"""A submission as `submit` makes it, and programs of engines played by scripts."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.farm.submission import Submission


def sample_submission(engine, **changes):
    """Return fourteen frames in three shards, in a folder whose name needs quoting."""
    fields = {
        "engine": engine,
        "name": "dice no. 1",
        "dataset": "/home/me/out put/dice",
        "folder": f"farm/0001-{engine}",
        "frames": "0-9,20,30-32",
        "shards": ("0-5", "6-9,20", "30-32"),
        "command": ("python", "-m", "pipeline"),
    }
    return Submission(**(fields | changes))


def play(folder: Path, monkeypatch, name: str, *answers: tuple[str, int, str]):
    """Put a program called `name` on PATH; return a function that tells the arguments of its calls so far.

    Each answer is (a word that its arguments hold, exit code, text); the first that fits is given.
    """
    folder.mkdir(exist_ok=True)
    (folder / "answers.json").write_text(json.dumps(answers))
    log = folder / "calls.jsonl"
    program = folder / name
    program.write_text(
        "#!/usr/bin/env python3\n"
        "import json, sys\n"
        f"with open({str(log)!r}, 'a') as log: log.write(json.dumps(sys.argv[1:]) + '\\n')\n"
        f"for word, code, text in json.load(open({str(folder / 'answers.json')!r})):\n"
        "    if any(word in given for given in sys.argv[1:]):\n"
        "        print(text, file=sys.stderr if code else sys.stdout)\n"
        "        sys.exit(code)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
