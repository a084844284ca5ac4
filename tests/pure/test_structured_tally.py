"""What contexts could not place is told: at the end of a run, and before it by `check`."""

from __future__ import annotations

from structured_samples import job_of, table

from pipeline.check import describe_job
from pipeline.records import Marks
from pipeline.sampling.plan import plan_frame
from pipeline.sampling.tally import Tally, tally_of

CROWD = {
    "desk": {"surface": "Table", "allowed": {"book": 1}, "count": 20, "absent": 0.2},
    "few": {"surface": "Table", "allowed": {"crumb": 1}, "count": 3, "order": -1},
}
MARKS = Marks(surfaces=(table(size=(0.42, 0.42)),))


def test_views_of_a_scene_count_once_and_the_sums_add_up():
    job = job_of(CROWD, MARKS, views_per_scene=3)
    tally = Tally()
    for frame in range(6):
        tally.add(plan_frame(job, frame))
    assert tally.scenes == 2 and set(tally.totals) == {"desk", "few"}
    assert tally.totals["desk"].planned == 40 and tally.totals["few"].planned == 6
    dropped = tally.totals["desk"].dropped["no room"]
    assert dropped > 20
    assert list(tally.notices()) == [f"context desk: {dropped} of 40 dropped: no room"]


def test_what_finds_room_is_not_told():
    tally = tally_of(job_of({"few": CROWD["few"]}, MARKS), 4)
    assert tally.scenes == 4 and list(tally.notices()) == []


def test_check_has_a_row_for_each_context():
    rows = dict(describe_job(job_of(CROWD, MARKS, frames=3)))
    assert rows["context few"] == "surface: 3 placed a scene (of 9 in 3 scenes)"
    total = tally_of(job_of(CROWD, MARKS, frames=3), 5).totals["desk"]
    assert rows["context desk"] == (
        f"surface: {total.placed / 3:.3g} placed a scene, {total.absent} absent, "
        f"{total.dropped['no room']} dropped: no room (of 60 in 3 scenes)"
    )
    only = job_of(CROWD, MARKS, frames=3, scenarios={"calm": {"globals": {}, "contexts": ["few"]}})
    assert dict(describe_job(only))["context desk"] == "surface: in none of the first 3 scenes"


def test_a_context_that_places_nothing_is_warned_of_with_a_remedy():
    far = {"desk": {"surface": "Table", "allowed": {"bowl": 1}, "count": 4}}
    tiny = Marks(surfaces=(table(size=(0.1, 0.1)),))
    rows = list(describe_job(job_of(far, tiny, frames=2)))
    (warning,) = (text for heading, text in rows if heading == "warning")
    assert warning.startswith("context desk places nothing: ")
    assert not [text for heading, text in describe_job(job_of(CROWD, MARKS, frames=2)) if heading == "warning"]


def test_structure_below_1_is_told():
    assert dict(describe_job(job_of(CROWD, MARKS, frames=1, structure=0.5)))["structure"] == "0.5"
    assert "structure" not in dict(describe_job(job_of(CROWD, MARKS, frames=1)))
