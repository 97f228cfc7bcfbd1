"""A roster settles who is who, orders the table, and names who handed in nothing."""

import csv
from pathlib import PurePosixPath

import pytest

pytest.importorskip("nbgrader")

import nbformat  # noqa: E402

from gan_course import cli  # noqa: E402
from gan_course.instructor import assignments  # noqa: E402
from gan_course.instructor.names import Name, named  # noqa: E402
from gan_course.instructor.roster import Roster, read_roster  # noqa: E402
from gan_course.instructor.submissions import find  # noqa: E402
from tests import toy  # noqa: E402

ROWS = [
    ["홍길동", "20260417", "gildong@uni.kr"],
    ["Kim, Chulsoo", "20260418", "ckim@uni.kr"],
    ["Kim, Minji", "20260419", "mkim@uni.kr"],
    ["Lee Sunsin", "20260420", ""],
]


@pytest.mark.parametrize(
    ("path", "person"),
    [
        ("2_03_15_홍길동.ipynb", "홍길동 (20260417)"),
        ("gildong_06.ipynb", "홍길동 (20260417)"),
        ("kimchulsoo_417_9932_06.ipynb", "Kim, Chulsoo (20260418)"),
        ("Minji Kim/anything.ipynb", "Kim, Minji (20260419)"),
        ("20260420.ipynb", "Lee Sunsin (20260420)"),
        ("chulsoo_kim_20260419.ipynb", "Kim, Minji (20260419)"),  # the number tells more than the name
        ("Copy of 06 - Lee Sunsin.ipynb", "Lee Sunsin (20260420)"),
        ("Kim Chulsoo_77_assignsubmission_file_/20260418 with park.ipynb", "Kim, Chulsoo (20260418)"),
        ("Kim Chulsoo_77_assignsubmission_file_/20260420.ipynb", None),  # another's number on one's own work
        ("kim.ipynb", None),  # two of that name
        ("2026_03_15.ipynb", None),
        ("park.ipynb", None),
    ],
)
def test_a_person_is_found_by_name_number_or_address(path, person):
    path = PurePosixPath(path)
    assert Roster(ROWS).person(path, named(path, ["06"])) == person


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("headings", [True, False])
def test_tables_of_spreadsheets_are_read(tmp_path, encoding, delimiter, headings):
    with (tmp_path / "class.csv").open("w", newline="", encoding=encoding) as file:
        rows = [["name", "number", "e-mail"], *ROWS] if headings else ROWS
        csv.writer(file, delimiter=delimiter).writerows(rows)
    roster = read_roster(tmp_path / "class.csv")
    assert roster.people == ["홍길동 (20260417)", *(f"{row[0]} ({row[1]})" for row in ROWS[1:])]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "names nobody"),
        ([["12", "13"]], "names nobody"),
        ([["Kim"], ["Kim"]], "has Kim twice, with nothing to tell them apart"),
    ],
)
def test_a_roster_that_tells_nobody_apart_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        Roster(rows)


@pytest.fixture
def course(tmp_path, monkeypatch):
    other = toy.notebook()
    for cell in other.cells:
        cell.id = f"other-{cell.id}"
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id = f"other-{cell.metadata.nbgrader.grade_id}"
    toy.course(toy.course(tmp_path), other, "02_letters")
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    for name, book in {
        "홍길동": toy.notebook(),
        "ckim_a": toy.notebook(),
        "ckim_b": toy.notebook(),
        "Copy of 01_numbers": toy.notebook(),
        "lee_sunsin_late": other,
    }.items():
        nbformat.write(book, tmp_path / "in" / f"{name}.ipynb")
    return tmp_path


def test_who_is_missing_and_who_is_not_on_it_is_told(course):
    known = assignments.load(course)
    found = find(course / "in", known, Roster(ROWS), "01_numbers")
    assert [one.student for one in found] == [
        "홍길동 (20260417)",
        "Kim, Chulsoo (20260418)",
        "Kim, Minji (20260419)",
        "Lee Sunsin (20260420)",
        "Copy of 01_numbers",
    ]
    _, chulsoo, minji, lee, nobody = found
    assert chulsoo.notes[0].startswith("2 submissions: ")  # a roster is evidence that both are his
    assert minji.file.problem == "handed in nothing"
    assert lee.assignment is None and lee.notes == ("lee_sunsin_late.ipynb is 02_letters, not 01_numbers",)
    assert nobody.review and "fits nobody on the roster" in nobody.notes[0]


@pytest.mark.thorough
def test_the_command_takes_a_roster(course, capsys):
    with (course / "class.csv").open("w", newline="") as file:
        csv.writer(file).writerows(ROWS)
    words = ["grade", "in", "--out", "marks.csv", "--no-sandbox", "--roster", "class.csv", "--exercise"]
    assert cli.main([*words, "03_words"]) == 2
    assert "--exercise is 03_words; expected one of 01_numbers, 02_letters" in capsys.readouterr().err
    assert cli.main([*words, "01_numbers"]) == 0
    with (course / "marks.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"][:4] for row in rows] == ["홍길동 ", "Kim,", "Kim,", "Lee ", "Copy"]
    assert [row["status"] for row in rows[2:4]] == ["failed", "failed"]
    assert rows[2]["note"] == "handed in nothing" and "is 02_letters, not 01_numbers" in rows[3]["note"]
    assert {row["max"] for row in rows} == {"14", ""}  # the other exercise changes nobody's


def test_lateness_is_what_the_system_says():
    late = [named(PurePosixPath(f"{name}_9932_a.ipynb"), []).late for name in ("kim_LATE_417", "kim_417")]
    assert late == [True, False] and Name("kim").late is False
