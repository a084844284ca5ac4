"""What no reader should have to watch for: banned calls, who may print, and the import contracts."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "pipeline").rglob("*.py"))

# What, why, and the files and folders that may.
BANS = {
    r"\bimport uuid\b|\buuid\.": ("ids come from the plan", ()),
    r"^\s*(import random\b|from random\b)": ("draw from rng_for(seed, scope, stream)", ()),
    r"\bnp\.random\.(?!Generator\b|default_rng\b|Philox\b|PCG64\b)": ("numpy's global generator", ()),
    r"\bdefault_rng\(": ("only rng_for makes generators", ("sampling/rng.py",)),
    r"\bdatetime\b": ("no clock reaches a result", ()),
    r"\btime\.(time|time_ns|localtime|gmtime|strftime|ctime)\b": (
        "no clock reaches a result",
        ("dataset/disk.py", "dataset/worker_log.py"),
    ),
    r"\bnp\.arctan2\(.*\[(:|\.\.\.), ": ("its last bit depends on where a column lies: geometry.angle_rad", ()),
    r"\bnp\.(a?(sin|cos|tan)h?|arc\w+(?<!arctan2)|exp\w*|log\w*|cbrt|power)\([^()]*\[(:|\.\.\.), ": (
        "its last bit depends on where a column lies in memory: copy the column (see geometry.angle_rad)",
        (),
    ),
    r"\S @ \S|\bnp\.(v?dot|inner|matmul|tensordot|einsum)\(|\bnp\.linalg\.(?!det|norm)": (
        "the last bit of BLAS goes by processor, build and threads: geometry.product",
        ("verify/", "show/", "exporters/yolo/rectangles.py", "scene/ray_meshes.py"),
    ),
    r"\bhash\(": ("differs from process to process", ()),
    r"\bbpy\.app\.version\b": ("only compat asks which Blender this is", ("scene/compat.py",)),
    r"(?<![.\w])print\(": ("only the command line prints", ()),
    r"\bclick\.echo\(": (
        "only the command line prints",
        (
            "cli.py",
            "commands/scenes.py",
            "commands/datasets.py",
            "commands/production.py",
            "commands/farm.py",
            "commands/handing_over.py",
            "commands/cancel.py",
            "commands/upkeep.py",
            "commands/workers.py",
        ),
    ),
    r"^\s*(import|from) torch\b": ("torch is an extra", ("torch_dataset.py",)),
    r"\b(TODO|FIXME|XXX)\b": ("finish it", ()),
    r"^\s*global \b": ("no globals", ()),
}


def code_of(path: Path) -> str:
    """Return the source with docstrings and comments blanked out, lines kept."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(re.sub(r"\s#\s.*$", "", line) for line in lines)


def offences(code: str, name: str) -> list[str]:
    found = []
    for number, line in enumerate(code.splitlines(), start=1):
        for pattern, (why, allowed) in BANS.items():
            if not name.startswith(allowed) and re.search(pattern, line):
                found.append(f"{name}:{number}: {line.strip()} ({why})")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "pipeline").as_posix())
def test_nothing_banned_is_used(path):
    assert offences(code_of(path), path.relative_to(ROOT / "pipeline").as_posix()) == []


@pytest.mark.parametrize(
    "line",
    [
        "import uuid",
        "from random import choice",
        "x = np.random.uniform()",
        "rng = np.random.default_rng()",
        "import datetime",
        "now = time.time()",
        "if bpy.app.version > (5, 0):",
        "print(x)",
        "click.echo(x)",
        "    from torch import nn",
        "key = hash(name)",
        "    global cache",
        "turn = np.arctan2(offset[:, 1], 1.0)",
        "turn = np.arctan2(np.hypot(x, y), rays[..., 2])",
        "bend = np.arctan(points[:, 2])",
        "bright = np.log(levels[..., 1])",
        "moved = matrix @ points",
        "area = np.dot(a, b)",
        "back = np.linalg.inv(matrix)",
    ],
)
def test_the_bans_bite(line):
    assert offences(line, "sampling/new.py") != []


def test_no_default_argument_holds_a_generator():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                defaults = [ast.unparse(item) for item in [*node.args.defaults, *node.args.kw_defaults] if item]
                assert not any("rng" in text.lower() for text in defaults), f"{path}: {node.name}"


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    # The program of this very Python, not one that PATH finds first.
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    command = [sys.executable, "-c", code, "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imports")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_import_contracts_hold(copy):
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("pipeline/utils.py", "X = 1", "utils"),
        ("pipeline/geometry.py", "import pipeline.run", "Arrows go down only"),
        ("pipeline/sampling/draw.py", "import bpy", "Only scene and render reach Blender"),
        ("pipeline/annotations/masks.py", "import pipeline.scene.compat", "Only scene and render reach Blender"),
        ("pipeline/run.py", "import bpy", "The conductor and the command line"),
        ("pipeline/scene/assets/library.py", "import PIL", "needs the standard library and numpy alone"),
        ("pipeline/dataset/read.py", "import pipeline.config.yaml_text", "needs the standard library and numpy alone"),
    ],
)
def test_an_arrow_up_breaks_a_contract(copy, file, line, broken):
    path = copy / file
    before = path.read_text() if path.exists() else None
    try:
        path.write_text(f"{before or ''}\n{line}\n")
        done = lint_imports(copy)
        assert done.returncode == 1 and broken in done.stdout, done.stdout + done.stderr
    finally:
        path.unlink() if before is None else path.write_text(before)
