"""The report on a terminal: what is the same for many frames is one line."""

from __future__ import annotations

import pytest

from pipeline.dataset.layout import frame_name
from pipeline.verify.dataset import missing_frames
from pipeline.verify.finding import KINDS, Finding
from pipeline.verify.report import LINES, make_report, report_json, show_report


def report_of(findings, expected=100, checked=8):
    return make_report(expected, dict.fromkeys(range(checked), "accepted"), findings)


def found(frame, name="rgb.png", message="it is black (light it)", kind="black-picture"):
    return Finding(kind=kind, where=f"frames/{frame_name(frame)}/{name}", message=message, frame=frame)


def test_frames_that_are_missing_are_one_line():
    report = report_of(missing_frames(range(100), range(8)))
    assert list(show_report(report)) == [
        f"missing-frame (92): {KINDS['missing-frame']}; frames 8-99",
        "  frames 8-99: there is no such frame (render it, or say with --frames which are to be checked)",
        "8 of 100 frames checked, 0 of them rejected: 92 findings of 1 kind",
    ]
    assert len(report_json(report)["findings"]) == 92


def test_the_same_of_the_same_file_is_one_line_and_what_differs_is_not():
    same = [found(frame) for frame in (1, 2, 3, 7)]
    others = [found(4, name="linear.exr"), found(5, message="it is white")]
    assert list(show_report(report_of([*same, *others])))[1:-1] == [
        "  rgb.png of frames 1-3,7: it is black (light it)",
        "  frames/000004/linear.exr: it is black (light it)",
        "  frames/000005/rgb.png: it is white",
    ]


def test_files_of_an_export_are_folded_by_the_frames_number():
    files = [
        Finding(kind="export-missing", where=f"labels/{frame_name(n)}.txt", message="is not there", frame=n)
        for n in (4, 5)
    ]
    (line,) = list(show_report(report_of(files, expected=0, checked=0)))[1:-1]
    assert line == "  labels/*.txt of frames 4-5: is not there"


@pytest.mark.parametrize("frame", [None, 3])
def test_what_is_said_twice_of_one_place_is_said_once_with_its_place(frame):
    twice = [Finding(kind="stray-file", where="a", message="b", frame=frame)] * 2
    assert list(show_report(report_of(twice)))[1:-1] == ["  a: b"]


def test_lines_that_are_cut_are_counted_by_their_findings():
    alike = [found(frame, message="they are alike") for frame in range(2, 9)]
    findings = [*(found(1, name=f"{number:03d}.png") for number in range(LINES)), *alike]
    lines = list(show_report(report_of(findings)))
    assert lines[1 + LINES] == "  ... and 7 more (--report FILE.json lists all)" and len(lines) == LINES + 3


def test_a_long_list_of_frames_is_cut():
    findings = [found(frame) for frame in range(0, 200, 2)]
    _, line, _ = show_report(report_of(findings))
    assert line.startswith("  rgb.png of frames 0,2,4") and line.endswith(",...: it is black (light it)")


def test_one_is_one():
    *_, last = show_report(report_of([found(0)], expected=1, checked=1))
    assert last == "1 of 1 frame checked, 0 of them rejected: 1 finding of 1 kind"
