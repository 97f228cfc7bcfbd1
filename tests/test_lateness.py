"""Deadlines: who is late by which clock, and what a day costs."""

import os
import re
import time
from datetime import datetime, timedelta

import pytest

pytest.importorskip("nbgrader")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as some  # noqa: E402

from gan_course import cli  # noqa: E402
from gan_course.instructor.lateness import Deadline, Late, read_deadline  # noqa: E402
from gan_course.instructor.names import Name, named  # noqa: E402
from gan_course.instructor.submissions import PurePosixPath  # noqa: E402
from tests import toy  # noqa: E402
from tests.test_grading import hand_in, table  # noqa: E402

END = datetime(2026, 3, 15, 23, 59, 59)


@given(some.integers(-10, 10).filter(bool), some.floats(0, 100))
def test_each_day_that_has_begun_counts(hours, penalty):
    handed_in = END + timedelta(hours=24 * hours)
    late = Deadline(END, penalty).of(Name("kim"), handed_in.timetuple()[:6])
    assert late.days == max(0, hours) and late.share == pytest.approx(min(1, max(0, hours) * penalty / 100))
    assert bool(str(late)) == bool(late.note) == (hours > 0)
    begun = Deadline(END, penalty).of(Name("kim"), (handed_in + timedelta(seconds=1)).timetuple()[:6])
    assert begun.days == max(0, hours + 1)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("06_kim_attempt_2026-03-16-08-00-00_06.ipynb", "1 day"),
        ("06_kim_attempt_2026-03-15-08-00-00_06.ipynb", ""),
        ("123-456 - Kim Chulsoo - Mar 17, 2026 1130 AM/06.ipynb", "2 days"),
        ("kim.ipynb", "30 days"),
        ("kim_417_9932_06.ipynb", ""),
        ("kim_LATE_417_9932_06.ipynb", "late"),
        ("Kim_417_assignsubmission_file_/06.ipynb", ""),
    ],
)
def test_the_time_is_that_in_the_name_and_of_no_download(path, said):
    late = Deadline(END, 10).of(named(PurePosixPath(path), []), (2026, 4, 14, 8, 0, 0))
    assert str(late) == said
    assert late.doubtful == (said == "late")
    assert (late.days is None) == ("_417_" in path) and ("does not tell" in late.note) == late.doubtful


def test_who_handed_in_nothing_is_not_late():
    assert Deadline(END, 10).of(Name("", sure=True), ()) == Late()


@pytest.mark.parametrize(
    ("text", "penalty", "message"),
    [
        (None, 10.0, "--late-penalty needs --deadline"),
        ("tomorrow", None, "--deadline is tomorrow; expected a day as 2026-03-15"),
        ("2026-03-15T00:00+01:00", None, "without a zone"),
        ("2026-03-15", 101.0, "--late-penalty is 101; expected percent from 0 to 100"),
    ],
)
def test_what_is_no_deadline_is_refused(text, penalty, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_deadline(text, penalty)


def test_a_late_submission_loses_points(tmp_path, monkeypatch):
    toy.course(tmp_path)
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    for student, handed_in in (("kim", "2026-03-15 12:00"), ("lee", "2026-03-17 12:00")):
        hand_in(tmp_path, student)
        seconds = time.mktime(datetime.fromisoformat(handed_in).timetuple())
        os.utime(tmp_path / "in" / f"{student}.ipynb", (seconds, seconds))
    given = [
        "grade",
        "in",
        "--out",
        "marks.csv",
        "--no-sandbox",
        "--deadline",
        "2026-03-15",
        "--late-penalty",
        "10",
    ]
    assert cli.main(given) == 0
    rows = table(tmp_path)
    assert (rows["kim"]["late"], rows["kim"]["total"], rows["kim"]["note"]) == ("", "9.0", "")
    assert (rows["lee"]["late"], rows["lee"]["total"], rows["lee"]["mean-points"]) == ("2 days", "6.2", "3.0")
    note = "2 days late, by the time of the file (2026-03-17 12:00): 2.8 of 14 points taken off"
    assert rows["lee"]["note"] == note
    assert note in (tmp_path / "marks" / "feedback" / f"lee.{toy.NAME}.html").read_text()
