"""The C library by its name and version, on systems that tell it in their own ways."""

from __future__ import annotations

import os
import platform
import sys

import pytest

from pipeline.render import c_library as module
from pipeline.render.c_library import c_library


def refuse(name):
    raise ValueError("unrecognized configuration name")


@pytest.fixture
def no_glibc(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "confstr", refuse, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module, "LOADERS", tmp_path)
    return tmp_path


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this system has no glibc")
def test_glibc_tells_itself():
    assert c_library() == "glibc " + platform.libc_ver()[1]


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_musl_is_known_by_its_loader(no_glibc):
    loader = no_glibc / "ld-musl-x86_64.so.1"
    loader.write_text(
        "#!/bin/sh\nprintf 'musl libc (x86_64)\\nVersion 1.2.5\\nDynamic Program Loader\\n' >&2\nexit 1\n"
    )
    loader.chmod(0o755)
    assert c_library() == "musl 1.2.5"


def test_a_musl_that_does_not_answer_is_known_by_its_name(no_glibc):
    (no_glibc / "ld-musl-x86_64.so.1").write_text("")
    assert c_library() == "musl"


def test_what_is_nothing_of_these_has_the_name_of_its_system(no_glibc):
    assert c_library() == "linux"


@pytest.mark.parametrize(("system", "name"), [("darwin", "macOS 14.5"), ("win32", "Windows 10.0.22631")])
def test_systems_with_one_of_their_own_are_it(system, name, no_glibc, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    monkeypatch.setattr(platform, "version", lambda: "10.0.22631")
    assert c_library() == name
