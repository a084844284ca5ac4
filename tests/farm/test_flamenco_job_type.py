"""The job type of Flamenco, compiled under node: one task a shard, and one at the end that waits for them all."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.farm.engines.flamenco import BODY, FLAMENCO, SCRIPT
from pipeline.farm.submission import Submission

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

MANAGER = Path(__file__).with_name("flamenco_manager.js")

# AvailableJobSetting of Flamenco's OpenAPI description.
KEYS = {"key", "type", "subtype", "choices", "propargs", "description", "label", "default", "eval", "evalInfo"}
KEYS |= {"visible", "required", "editable"}
TYPES, SUBTYPES = {"string", "int32", "float", "bool"}, {"file_path", "dir_path", "file_name", "hashed_file_path"}
VISIBLE = {"visible", "hidden", "submission", "web"}

SAMPLE = Submission(
    engine="flamenco",
    name="dice",
    dataset='/home/me/out put/"dice"',
    folder="farm/0001-flamenco",
    frames="0-9,20,30-32",
    shards=("0-5", "6-9,20", "30-32"),
    command=("{blender}", "--background", "--python-exit-code", "1", "--python", "/v/scripts/render.py", "--"),
    engine_options={"manager": "http://manager:8080"},
)


def compiled(submission: Submission, tmp_path: Path) -> dict:
    files = FLAMENCO.files(submission)
    (tmp_path / SCRIPT).write_text(files[SCRIPT])
    command = [str(NODE), str(MANAGER), str(tmp_path / SCRIPT)]
    done = subprocess.run(command, input=files[BODY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_settings_are_those_that_flamenco_knows(tmp_path):
    job_type = compiled(SAMPLE, tmp_path)["jobType"]
    assert set(job_type) <= {"label", "description", "settings"}
    body = json.loads(FLAMENCO.files(SAMPLE)[BODY])
    assert {setting["key"] for setting in job_type["settings"]} == set(body["settings"])
    for setting in job_type["settings"]:
        assert set(setting) <= KEYS and setting["type"] in TYPES and setting["visible"] in VISIBLE
        assert setting.get("subtype", "file_path") in SUBTYPES


def test_each_shard_is_a_task_that_blenders_workers_take(tmp_path):
    *shards, final = compiled(SAMPLE, tmp_path)["tasks"]
    assert [task["name"] for task in shards] == ["shard-0 frames 0-5", "shard-1 frames 6-9,20", "shard-2 frames 30-32"]
    for index, task in enumerate(shards):
        assert task["type"] == "blender" and task["dependencies"] == []
        (command,) = task["commands"]
        parameters = command["parameters"]
        # What the worker runs: exe, exeArgs split, argsBefore, blendfile unless empty, args.
        assert command["name"] == "blender-render" and parameters["blendfile"] == parameters["exeArgs"] == ""
        words = (parameters["exe"], *parameters["argsBefore"], *parameters["args"])
        assert words == SAMPLE.shard_command("--submission", SAMPLE.folder, "--index", str(index))
    assert [task["commands"][0]["totalStepCount"] for task in shards] == [6, 5, 3]
    assert final["dependencies"] == [task["name"] for task in shards]


def test_the_last_task_tells_whether_all_frames_are_there(tmp_path):
    final = compiled(SAMPLE, tmp_path)["tasks"][-1]
    (command,) = final["commands"]
    assert (final["type"], command["name"]) == ("misc", "exec")
    assert (command["parameters"]["exe"], *command["parameters"]["args"]) == SAMPLE.finalize_command()
