"""Each preset of the literature renders as it stands, small, on what the project ships."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.addresses import shipped_dir
from pipeline.config.load import load_config, presets
from pipeline.engine import open_engine, survey_job
from pipeline.preview import preview_config
from pipeline.reporting import SilentReporter
from pipeline.run import make_frame
from pipeline.sampling.plan import plan_frame

LITERATURE = sorted(file.stem for file in (shipped_dir("scenes") / "presets").glob("*.yaml"))


def made(name: str, folder, frame: int = 0):
    """One frame 64 pixels wide, of one sample."""
    config = preview_config(load_config(presets()[name]), 64)
    config = replace(config, render=replace(config.render, samples_per_pixel=1, denoiser="none"))
    engine = open_engine("cpu", folder)
    job = survey_job(engine, config, SilentReporter())
    return make_frame(engine, plan_frame(job, frame), folder, SilentReporter())


@pytest.mark.parametrize("name", LITERATURE)
def test_it_renders_on_what_the_project_ships(name, tmp_path):
    frame = made(name, tmp_path)
    assert frame.annotation.labels.status == "accepted", frame.annotation.labels.reason
    assert any(one.role == "target" and one.visible_px for one in frame.annotation.labels.instances)


def test_layers_of_clutter_leave_no_gap_in_the_picture(tmp_path):
    for number in range(3):
        instance = made("clutter_hinterstoisser2019", tmp_path, number).rendered.instance
        assert np.mean(instance == 0) < 0.03
