"""Frame lists: what people write, and what they get wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.frames import OF_SCENE, frames_are, parse_frames, read_frames, show_frames
from pipeline.plurals import counted


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("7", (7,)),
        ("0-3", (0, 1, 2, 3)),
        ("0..3", (0, 1, 2, 3)),
        ("30-40:4", (30, 34, 38)),
        ("0-2,20,30-34:2", (0, 1, 2, 20, 30, 32, 34)),
        (" 3 , 1 - 2 ", (1, 2, 3)),
        ("5,4,4-5", (4, 5)),
        ("8-8", (8,)),
        ("99", (99,)),
    ],
)
def test_a_list_gives_its_frames_sorted_and_once(text, frames):
    assert parse_frames(text, 100) == frames


def test_an_empty_list_is_called_so():
    with pytest.raises(ConfigError, match="the list is empty"):
        parse_frames(" ", 100)


@pytest.mark.parametrize("text", ["a", "1,,2", "-1", "1-", "1-2-3", "1:2", "1.5", "1-4:", "٣", "1e3", "0-9;12"])
def test_what_is_no_frame_list_is_named(text):
    with pytest.raises(ConfigError, match="is not a frame or a range of frames"):
        parse_frames(text, 100)


def test_a_reversed_range_is_an_error_that_shows_the_right_way():
    with pytest.raises(ConfigError, match=r"'9-3' ends before it begins \(write 3-9\)"):
        parse_frames("9-3", 100)


def test_a_step_of_zero_is_an_error():
    with pytest.raises(ConfigError, match="'1-9:0' has step 0"):
        parse_frames("1-9:0", 100)


@pytest.mark.parametrize(("text", "wrong", "longer"), [("100", 100, 101), ("90-100", 100, 101), ("200-300", 200, 301)])
def test_a_frame_outside_is_named_with_the_range_there_is_and_the_way_to_more(text, wrong, longer):
    remedy = rf"\(.*frames: 100; --set frames={longer} makes it longer\)"
    with pytest.raises(ConfigError, match=rf"--frames: frame {wrong} of .* is outside 0-99 {remedy}"):
        parse_frames(text, 100, remedy=OF_SCENE)
    with pytest.raises(ConfigError, match=rf"frame {wrong} of .* is outside 0-99 \(the dataset is of 100 frames\)"):
        parse_frames(text, 100)


def test_what_was_shown_is_read_back_however_many_there_are():
    assert read_frames(show_frames([3, 5_000_000, 5_000_001])) == (3, 5_000_000, 5_000_001)


def test_frames_are_shown_as_ranges():
    assert show_frames([20, 0, 1, 2, 9, 8, 8]) == "0-2,8-9,20"


def test_frames_begin_a_sentence():
    assert (frames_are({7}), frames_are({7, 9, 8})) == ("frame 7 is", "frames 7-9 are")


def test_one_frame_is_one():
    with pytest.raises(ConfigError, match=r"frame 1 of '1' is outside 0-0 \(the dataset is of 1 frame\)"):
        parse_frames("1", 1)
    assert [counted(number, "frame") for number in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
    assert [counted(number, "process is", "processes are") for number in (1, 3)] == ["1 process is", "3 processes are"]


def test_no_frames_are_shown_as_nothing():
    assert show_frames([]) == ""


@given(st.sets(st.integers(0, 300), min_size=1))
def test_what_is_shown_is_read_back(frames):
    assert parse_frames(show_frames(frames), 301) == tuple(sorted(frames))
