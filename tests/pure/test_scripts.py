"""The scripts: they parse, they find this Python, and they stop with a sentence when they cannot go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("scripts/environment.sh", "scripts/test.sh", "scripts/quickstart.sh", ".ci/run")
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


def bash(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    script = f"set -euo pipefail; . scripts/environment.sh; {line}"
    return subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_parses(script):
    assert subprocess.run(["bash", "-n", str(ROOT / script)], check=False).returncode == 0


@pytest.mark.parametrize("script", SCRIPTS[1:])
def test_a_script_can_be_started(script):
    assert os.access(ROOT / script, os.X_OK)


def test_a_named_python_is_found_first():
    done = bash(f"find_python {VERSION}", VARIEGATE_PYTHON=sys.executable)
    assert done.stdout.strip() == sys.executable


def test_a_python_is_found_where_nobody_is_at_home():
    done = bash(f"unset HOME PYENV_ROOT; find_python {VERSION}", VARIEGATE_PYTHON=sys.executable)
    assert (done.stdout.strip(), done.stderr) == (sys.executable, "")


def test_a_python_of_another_version_is_not_taken():
    assert bash("find_python 3.99", VARIEGATE_PYTHON=sys.executable).stdout == ""


def test_without_a_supported_python_one_sentence_says_so():
    done = bash("find_python() { :; }; prepare dev")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("Variegate needs Python 3.13 or 3.11, and neither is here")


def test_missing_libraries_are_named_with_the_packages_that_hold_them(tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho /nowhere/bpy.so\n")
    fake.chmod(0o755)
    line = "ldd() { echo 'libXrender.so.1 => not found'; }; can_install() { false; }; "
    done = bash(f"{line} check_libraries {fake}")
    assert done.returncode == 1
    assert "libXrender.so.1" in done.stderr and "libxrender1" in done.stderr


def test_what_is_installed_is_not_installed_again(tmp_path):
    """The second run needs no network: pip is not called when pyproject.toml is as it was."""
    line = (
        "find_python() { echo /bin/false; }; make_venv() { mkdir -p $2/bin; ln -sf /bin/false $2/bin/python; }; "
        "check_libraries() { :; }; sum=$(cksum <pyproject.toml); cp pyproject.toml $WORK/; cd $WORK; "
        f'mkdir -p .venv-{VERSION}; echo "$sum" >.venv-{VERSION}/.installed-dev; prepare dev {VERSION}; echo $PYTHON'
    )
    done = bash(line, WORK=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / f".venv-{VERSION}/bin/python")


@pytest.mark.parametrize("script", ["simulate_farm.py", "soak.py"])
def test_a_script_that_measures_the_farm_finds_what_it_uses(script):
    command = [sys.executable, str(ROOT / "scripts" / script), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "--frames" in done.stdout, done.stderr
