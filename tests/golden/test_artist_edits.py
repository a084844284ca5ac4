"""An artist's edits of a shipped template, made in Blender: they change what they should, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy", reason="needs the bpy package")

from pipeline.config.load import load_config  # noqa: E402
from pipeline.engine import open_engine, survey_job  # noqa: E402
from pipeline.job import Job  # noqa: E402
from pipeline.records import FramePlan  # noqa: E402
from pipeline.reporting import SilentReporter  # noqa: E402
from pipeline.sampling.plan import plan_frame  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/blender/artist_edits.py"
TEMPLATE = ROOT / "scenes/tabletop_room.blend"
FRAMES = range(6)

# Every edit, and all that it changes of the plans.
CHANGES = {
    "only_saved": set(),
    "new_curve": set(),
    "new_material": set(),
    "renamed_objects": set(),
    "appended_asset": set(),
    "moved_table": {"table"},
    "repainted_density": {"table"},
    "widened_range": {"Chair head"},
}


def edited_by_the_wheel(edit: str, folder: Path) -> Path:
    out = folder / TEMPLATE.name
    code = (
        "import bpy, sys; sys.path.insert(0, sys.argv[1]); import artist_edits;"
        "bpy.ops.wm.open_mainfile(filepath=sys.argv[2]); artist_edits.main()"
    )
    command = [sys.executable, "-c", code, str(SCRIPT.parent), str(TEMPLATE), "--", edit, str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-800:] + done.stderr[-800:]
    return out


def edited_by_a_real_blender(edit: str, folder: Path) -> Path:
    share = Path(os.environ.get("VARIEGATE_BLENDER_ROOT", "/"))
    work = share / "tmp" / f"variegate-edits-{os.getpid()}"
    inside = Path("/") / work.relative_to(share)
    try:
        work.mkdir(parents=True, exist_ok=True)
        for file in (TEMPLATE, SCRIPT):
            shutil.copy(file, work)
        arguments = ["--background", "--factory-startup", inside / TEMPLATE.name, "--python-exit-code", "1"]
        arguments += ["--python", inside / SCRIPT.name, "--", edit, inside / "edited.blend"]
        command = [*os.environ["VARIEGATE_BLENDER"].split(), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-800:] + done.stderr[-800:]
        return Path(shutil.copy(work / "edited.blend", folder / TEMPLATE.name))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def job_of(template: Path) -> Job:
    """The job of the room's scene file with another file in the template's place."""
    config = load_config(ROOT / "scenes/tabletop_room.yaml")
    engine = open_engine("cpu", template.parent, template.name)
    return survey_job(engine, replace(config, template=replace(config.template, file=template.name)), SilentReporter())


def parts_of(plan: FramePlan) -> dict[str, object]:
    """The plan by what it is drawn for: contexts, things of the template that vary, and all else."""
    contexts = {name: [] for name in ("table", "settings")}
    for one in plan.instances:
        contexts[one.context].append(replace(one, instance_id=0))
    state = plan.template_state
    varied = {one.object_name: one for one in (*state.objects, *state.lamps)}
    rest = replace(
        plan, job_digest="", template="", instances=(), contexts=(), template_state=replace(state, objects=(), lamps=())
    )
    return {**contexts, **varied, "all else": rest}


@pytest.fixture(scope="module")
def before():
    job = job_of(TEMPLATE)
    return job, [parts_of(plan_frame(job, frame)) for frame in FRAMES]


def check(edit: str, before: tuple[Job, list[dict[str, object]]], edited: Path) -> None:
    job, plans = before
    after = job_of(edited)
    changed = {
        name
        for frame, plan in zip(FRAMES, plans, strict=True)
        for name, part in parts_of(plan_frame(after, frame)).items()
        if part != plan.get(name)
    }
    assert changed == CHANGES[edit]
    if edit == "only_saved":
        assert after.catalogue.marks == job.catalogue.marks
    else:
        assert after.digest != job.digest


@pytest.mark.parametrize("edit", CHANGES)
def test_an_edit_changes_what_it_should_and_nothing_else(edit, before, tmp_path):
    check(edit, before, edited_by_the_wheel(edit, tmp_path))


@pytest.mark.skipif(not os.environ.get("VARIEGATE_BLENDER"), reason="VARIEGATE_BLENDER does not name a Blender")
@pytest.mark.skipif(bpy.app.version < (5, 0), reason="Blender 4.5 does not open what 5.2 saves as 5.2 does")
@pytest.mark.parametrize("edit", CHANGES)
def test_an_edit_in_the_real_blender_changes_the_same(edit, before, tmp_path):
    check(edit, before, edited_by_a_real_blender(edit, tmp_path))
