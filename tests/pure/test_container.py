"""The container recipe: its linter's word, one list of libraries, nothing fetched from elsewhere, any user."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "scripts/container/Dockerfile"


def steps() -> list[tuple[str, str]]:
    """Return the instructions with their arguments, continued lines joined."""
    lines = [line for line in RECIPE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, rest in steps():
        if name == "FROM":
            found[rest.split(" AS ")[1]] = own = []
        elif found:
            own.append((name, rest))
    return found


def values(stage: str, name: str) -> list[str]:
    return [rest for step, rest in stages()[stage] if step == name]


def copied() -> list[str]:
    return [path for name, rest in steps() if name == "COPY" for path in rest.split()[:-1]]


def test_the_linter_has_nothing_to_say():
    program = Path(sys.executable).with_name("hadolint")
    if not program.is_file():
        pytest.skip("hadolint comes with the dev extra on Linux on x86-64 alone")
    done = subprocess.run([program, "--no-color", RECIPE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_blenders_libraries_are_listed_in_one_place():
    shell = shutil.which("dash") or "/bin/sh"  # what Debian's RUN is, not bash
    command = ". scripts/environment.sh && echo $SYSTEM_PACKAGES"
    done = subprocess.run([shell, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    libraries = done.stdout.split()
    assert "libegl1" in libraries and "libxi6" in libraries
    assert any(
        "apt-get install -y --no-install-recommends $SYSTEM_PACKAGES tini" in run for run in values("system", "RUN")
    )
    assert not [name for name in libraries if name in RECIPE.read_text()]


def test_nothing_comes_from_elsewhere_than_debian_and_the_package_index():
    text = RECIPE.read_text()
    bases = [rest.split(" AS ")[0] for name, rest in steps() if name == "FROM"]
    assert bases == ["debian:${DEBIAN}-slim", "system", "system"]
    assert "ADD" not in dict(steps())
    assert not re.findall(r"https?://|\b(curl|wget|git)\b|--(extra-)?index-url|--trusted-host", text)


def test_all_that_is_copied_is_there_and_not_ignored():
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    wanted = {rule[1:] for rule in rules if rule.startswith("!")}
    assert set(copied()) == wanted
    assert all((ROOT / path).exists() for path in wanted)
    ignored = [rule for rule in rules[1:] if not rule.startswith("!")]
    assert not [path for path in wanted for rule in ignored if fnmatch.fnmatch(path, rule)]


def test_what_the_package_is_built_from_is_copied():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        "pyproject.toml",
        project["project"]["readme"],
        *project["project"]["license-files"],
        *wheel["packages"],
        *wheel["force-include"],
    }
    assert needed <= {path for rest in values("variegate", "COPY") for path in rest.split()[:-1]}


def test_the_packages_are_those_of_the_project(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    run = next(run for run in values("variegate", "RUN") if "tomllib" in run)
    code = re.search(r"python -c '([^']*)'", run)
    assert code is not None
    done = subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert done.stdout.splitlines() == project["dependencies"]


@pytest.mark.parametrize("stage", ["blender", "variegate"])
def test_any_user_but_root_may_run_it(stage):
    names = [name for name, _ in stages()[stage]]
    assert values(stage, "USER") == ["1000:1000"]
    assert "RUN" not in names[names.index("USER") :]
    assert "mkdir --mode 1777 /home/variegate" in values("system", "RUN")
    assert values("system", "ENV")[0].startswith("HOME=/home/variegate ")


def test_the_driver_of_the_host_is_found():
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility" in values("system", "ENV")[0]
    assert values("system", "COPY")[1] == "scripts/container/10_nvidia.json /usr/share/glvnd/egl_vendor.d/"
    vendor = json.loads((RECIPE.parent / "10_nvidia.json").read_text())
    assert vendor["ICD"]["library_path"] == "libEGL_nvidia.so.0"


def test_the_default_image_is_the_command_itself():
    assert list(stages())[-1] == "variegate"
    assert json.loads(values("variegate", "ENTRYPOINT")[0]) == ["tini", "--", "variegate"]


def test_the_image_for_a_blender_runs_the_script_as_its_first_lines_say():
    words = json.loads(values("blender", "ENTRYPOINT")[0])
    assert words[:3] == ["tini", "--", "/opt/blender/blender"]
    assert words[-2:] == ["/opt/variegate/scripts/render.py", "--"]
    assert words.index("--python-exit-code") < words.index("--python")
    assert values("system", "WORKDIR") == ["/opt/variegate"]
    assert "scripts/render.py scripts/" in values("blender", "COPY")
