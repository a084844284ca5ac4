"""The files of an Open Job Description bundle, specification 2023-09 with TASK_CHUNKING."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from pipeline.errors import FarmError
from pipeline.farm.containers import in_container
from pipeline.farm.gres import read_gpus
from pipeline.farm.knobs import positive_number
from pipeline.farm.submission import Submission
from pipeline.frames import read_frames

DATASET = "{{Param.Dataset}}"
LONGEST_VALUE = 1024
"""Characters that a value of a parameter may have; a longer list of frames stands in the template itself."""


def bundle_files(submission: Submission) -> Mapping[str, str]:
    """Return template, parameter values and asset references, and the path mapping where there is one."""
    files = {
        "template.yaml": _yaml(_template(submission)),
        "parameter_values.yaml": _yaml({"parameterValues": _values(submission)}),
        "asset_references.yaml": _yaml(_references(submission)),
    }
    if submission.path_map:
        files["path_mapping.json"] = json.dumps(_mapping(submission), indent=2) + "\n"
    return files


def check_text(submission: Submission) -> None:
    """Raise FarmError for text that the format cannot hold as it stands."""
    words = (submission.name, submission.dataset, submission.container, *submission.command, *submission.options)
    wrong = next((word for word in words if "{{" in word or any(ord(sign) < 32 for sign in word)), None)
    if wrong is not None:
        raise FarmError(f"{wrong!r} cannot stand in a bundle, where '{{{{' begins an expression (choose another name)")
    if len(submission.name) > 128:
        raise FarmError(f"the name has {len(submission.name)} characters, a job of Open Job Description 128 at most")
    if len(submission.dataset) > LONGEST_VALUE:
        raise FarmError(f"the dataset's path has {len(submission.dataset)} characters, a bundle holds {LONGEST_VALUE}")


def _template(submission: Submission) -> dict[str, Any]:
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": submission.name,
        "parameterDefinitions": _parameters(submission),
        "steps": [_render_step(submission), _finalize_step(submission)],
    }


def _parameters(submission: Submission) -> list[dict[str, Any]]:
    # A default of type PATH must lie below the template's folder, so the dataset is always given as a value.
    dataset = {
        "name": "Dataset",
        "type": "PATH",
        "objectType": "DIRECTORY",
        "dataFlow": "INOUT",
        "description": "The dataset's folder; it holds job.json and gets the frames.",
    }
    frames = {
        "name": "Frames",
        "type": "STRING",
        "default": submission.frames,
        "description": "Frames to make, like 0-9,20.",
    }
    size = {
        "name": "FramesPerShard",
        "type": "INT",
        "minValue": 1,
        "default": max(len(read_frames(shard)) for shard in submission.shards),
        "description": "Frames that one task makes.",
    }
    device = {
        "name": "Device",
        "type": "STRING",
        "default": _device(submission)[0],
        "description": "What renders: auto, cpu, cuda, optix, hip, metal or oneapi.",
    }
    return [dataset, *([frames] if _is_short(submission) else []), size, device]


def _values(submission: Submission) -> list[dict[str, Any]]:
    return [
        {"name": item["name"], "value": item.get("default", submission.dataset)} for item in _parameters(submission)
    ]


def _render_step(submission: Submission) -> dict[str, Any]:
    chunks: dict[str, Any] = {"defaultTaskCount": "{{Param.FramesPerShard}}"}
    if "target-runtime" in submission.engine_options:
        chunks["targetRuntimeSeconds"] = positive_number(submission, "target-runtime", 1)
    chunks["rangeConstraint"] = "NONCONTIGUOUS"
    frames = "{{Param.Frames}}" if _is_short(submission) else submission.frames
    frame = {"name": "Frame", "type": "CHUNK[INT]", "range": frames, "chunks": chunks}
    _, options = _device(submission)
    words = ("--device", "{{Param.Device}}", *options)
    shard = replace(submission, dataset=DATASET, options=words).shard_command("--frames", "{{Task.Param.Frame}}")
    action = _action(submission, shard)
    if submission.resources.time_min:
        action["timeout"] = 60 * submission.resources.time_min
    notify = positive_number(submission, "notify", 120)
    action["cancelation"] = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": notify}
    step: dict[str, Any] = {
        "name": "Render",
        "parameterSpace": {"taskParameterDefinitions": [frame]},
        "script": {"actions": {"onRun": action}},
    }
    return step | _host_requirements(submission)


def _finalize_step(submission: Submission) -> dict[str, Any]:
    return {
        "name": "Finalize",
        "dependencies": [{"dependsOn": "Render"}],
        "script": {"actions": {"onRun": _action(submission, replace(submission, dataset=DATASET).finalize_command())}},
    }


def _action(submission: Submission, words: tuple[str, ...]) -> dict[str, Any]:
    folders = (DATASET, *(submission.there(folder) for folder in _assets(submission)))
    program, *args = in_container(submission, words, folders)
    return {"command": program, "args": args}


def _host_requirements(submission: Submission) -> dict[str, Any]:
    resources = submission.resources
    counted = {
        "amount.worker.vcpu": resources.cpus,
        "amount.worker.memory": resources.memory_mb,
        "amount.worker.gpu": read_gpus(resources.gres).count,
    }
    amounts = [{"name": name, "min": least} for name, least in counted.items() if least]
    attributes = []
    for name, text in submission.engine_options.items():
        if name.startswith("amount."):
            amounts.append({"name": name, "min": positive_number(submission, name, 1)})
        elif name.startswith("attr."):
            attributes.append({"name": name, "anyOf": text.split(",")})
    found = {"amounts": amounts, "attributes": attributes}
    required = {kind: items for kind, items in found.items() if items}
    return {"hostRequirements": required} if required else {}


def _references(submission: Submission) -> dict[str, Any]:
    inputs = {"filenames": [], "directories": list(_assets(submission))}
    outputs = {"directories": [submission.dataset]}
    return {"assetReferences": {"inputs": inputs, "outputs": outputs, "referencedPaths": []}}


def _mapping(submission: Submission) -> dict[str, Any]:
    rules = [
        {"source_path_format": "POSIX", "source_path": here, "destination_path": there}
        for here, there in submission.path_map
    ]
    return {"version": "pathmapping-1.0", "path_mapping_rules": rules}


def _device(submission: Submission) -> tuple[str, tuple[str, ...]]:
    """Return the device that the options name, and the options without it."""
    options = submission.options
    if "--device" not in options:
        return "auto", options
    at = options.index("--device")
    return options[at + 1], (*options[:at], *options[at + 2 :])


def _assets(submission: Submission) -> tuple[str, ...]:
    return tuple(folder for folder in submission.engine_options.get("assets", "").split(":") if folder)


def _is_short(submission: Submission) -> bool:
    return len(submission.frames) <= LONGEST_VALUE


def _yaml(data: object) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
