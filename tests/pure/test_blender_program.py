"""What is given as a Blender and is none is told so, with what it said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.errors import FarmError
from pipeline.farm import blender
from pipeline.farm.blender import check_blender

SCENE = """\
categories: [{id: 1, name: cube}]
targets: [{shapes: cube, category: cube}]
camera: {shell: {distance_m: 1}}
frames: 5
"""
REMEDY = "expected a line like Blender 5.2.2 (give the path of a Blender)"


def program(folder: Path, text: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 0", "nothing, with exit code 0"),
        ("exit 3", "nothing, with exit code 3"),
        ('echo "program: what is $1?" >&2; exit 1', "'program: what is --version?', with exit code 1"),
        ("echo GIMP 3.0; echo more", "'GIMP 3.0', with exit code 0"),
        ("echo Blenderized 5.2", "'Blenderized 5.2', with exit code 0"),
        (f"echo {'x' * 500}", f"'{'x' * blender.SHOWN}', with exit code 0"),
    ],
)
def test_a_program_that_is_no_blender_is_named_with_what_it_said(text, said, tmp_path, capfd):
    name = program(tmp_path, text)
    (tmp_path / "scene.yaml").write_text(SCENE)
    words = ["render", tmp_path / "scene.yaml", "--out", tmp_path / "out", "--workers", "1", "--blender", name]
    assert main(list(map(str, words))) == 2
    told = capfd.readouterr().err
    assert told == f"--blender {name}: this is no Blender: to --version it said {said}; {REMEDY}\n"
    assert not (tmp_path / "out").exists()


def test_a_blender_may_say_more_and_be_called_through_others(tmp_path):
    name = program(tmp_path, "echo no sound here >&2; echo 'Blender 4.5.1 LTS'; echo '  build date: today'")
    check_blender([name])
    check_blender(["env", "A=B", name])


def test_what_cannot_be_started_or_never_answers_is_told(tmp_path, monkeypatch):
    with pytest.raises(FarmError, match=r"--blender /no/blender: cannot be started: No such file .*path right"):
        check_blender(["/no/blender"])
    monkeypatch.setattr(blender, "ANSWER_S", 0.2)
    with pytest.raises(FarmError, match=r"program: no answer to --version within 0 s; expected a line like Blender"):
        check_blender([program(tmp_path, "exec sleep 600")])


def test_a_blender_that_ends_without_a_word_leaves_no_riddle(tmp_path, capfd):
    name = program(tmp_path, '[ "$1" != --version ] || echo Blender 5.2.2')
    (tmp_path / "scene.yaml").write_text(SCENE)
    words = ["render", tmp_path / "scene.yaml", "--out", tmp_path / "out", "--workers", "1", "--blender", name]
    assert main(list(map(str, words))) == 2
    assert "the survey failed: the process ended with exit code 0 and left no job; it said nothing" in (
        capfd.readouterr().err
    )
