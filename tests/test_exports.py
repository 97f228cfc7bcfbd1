"""What goes back to Moodle and Canvas, in the forms that they read."""

import csv
import zipfile

import nbformat
import pytest

pytest.importorskip("nbgrader")

from gan_course import cli  # noqa: E402
from tests import toy  # noqa: E402


@pytest.fixture
def course(tmp_path, monkeypatch):
    book = toy.notebook()
    del book.cells[-1]  # the question: nothing is pending
    toy.course(tmp_path, book)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hand_in(course, path, answer="def mean(x): return sum(x) / len(x)"):
    book = toy.notebook()
    book.cells[5].source = answer
    path = course / "in" / path
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)


def grade(system):
    return cli.main(["grade", "in", "--out", "marks.csv", "--no-sandbox", "--for", system])


def written(course, system):
    with (course / "marks" / system / f"{toy.NAME}.csv").open(encoding="utf-8") as file:
        lines = list(csv.reader(file))
    with zipfile.ZipFile(course / "marks" / system / f"{toy.NAME}.zip") as archive:
        return lines, {name: archive.read(name).decode() for name in archive.namelist()}


def test_moodle(course, capsys):
    hand_in(course, "Kim Chulsoo_417_assignsubmission_file_/01_numbers.ipynb")
    hand_in(course, "Lee Sunsin_418_assignsubmission_file_/01_numbers.ipynb", "mean = 1 / 0")
    hand_in(course, "park/01_numbers.ipynb")
    assert grade("moodle") == 0
    lines, pages = written(course, "moodle")
    assert lines[0] == ["Identifier", "Grade", "Last modified (grade)", "Feedback comments"]
    assert [line[:2] for line in lines[1:]] == [["Participant 417", "9"], ["Participant 418", "6"]]
    assert "ZeroDivisionError" in lines[2][3]
    assert set(pages) == {
        f"{who}_assignsubmission_file_/{toy.NAME}.html" for who in ("Kim Chulsoo_417", "Lee Sunsin_418")
    }
    assert "Lee Sunsin" in pages[f"Lee Sunsin_418_assignsubmission_file_/{toy.NAME}.html"]
    assert "no name made by Moodle says who they are: park" in capsys.readouterr().out


def test_canvas(course):
    hand_in(course, "kimchulsoo_417_99321_01_numbers.ipynb")
    hand_in(course, "leesunsin_LATE_418_99322_01_numbers-1.ipynb", "mean = None")
    assert grade("canvas") == 0
    lines, pages = written(course, "canvas")
    assert lines[0] == ["Student", "ID", "Section", toy.NAME]
    assert lines[1] == ["    Points Possible", "", "", "9"]
    assert [[line[1], line[3]] for line in lines[2:]] == [["417", "9"], ["418", "6"]]
    assert set(pages) == {f"kimchulsoo_417_99321_{toy.NAME}.html", f"leesunsin_LATE_418_99322_{toy.NAME}.html"}


def test_what_is_pending_has_no_grade_yet(course, capsys):
    toy.course(course)  # with its question
    hand_in(course, "kimchulsoo_417_99321_01_numbers.ipynb")
    grade("canvas")
    assert written(course, "canvas")[0][2][3] == ""
    assert "No grade yet, as something is pending or to review: kimchulsoo_417" in capsys.readouterr().out
