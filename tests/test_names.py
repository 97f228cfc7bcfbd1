"""Two persons are never one row, and one person is two only where the row says so."""

import io
import unicodedata
import zipfile
from pathlib import PurePosixPath

import pytest

pytest.importorskip("nbgrader")

import nbformat  # noqa: E402

from gan_course.instructor import assignments  # noqa: E402
from gan_course.instructor.names import named  # noqa: E402
from gan_course.instructor.submissions import find  # noqa: E402
from tests import toy  # noqa: E402

TEXT = nbformat.writes(toy.notebook())
KIM = "김철수"
TIME = "2026-03-15-12-30-00"


@pytest.fixture
def known(tmp_path):
    return assignments.load(toy.course(tmp_path / "course"))


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name  # as it is, backslashes and all
            archive.writestr(info, TEXT)
    return file.getvalue()


# What lies in the folder, a list for a zip, and the rows: the students, those with ? are to be looked at.
CASES = {
    "copies on Colab": (
        ["Copy of 01_numbers.ipynb", "Copy of 01_numbers (1).ipynb", "01_numbers의 사본.ipynb"],
        ["01_numbers의 사본?", "Copy of 01_numbers (1)?", "Copy of 01_numbers?"],
    ),
    "numbers of class and student": (
        ["2_03_15_홍길동.ipynb", "2_03_16_이순신.ipynb"],
        ["2_03_15_홍길동", "2_03_16_이순신"],
    ),
    "dates": (["2026_03_15_kim.ipynb", "2026_03_15_lee.ipynb"], ["2026_03_15_kim", "2026_03_15_lee"]),
    "two of one name": (
        ["lee_01_numbers.ipynb", "lee_01_numbers (2).ipynb"],
        ["lee_01_numbers (2)?", "lee_01_numbers?"],
    ),
    "composed and decomposed": (
        [f"{unicodedata.normalize(form, KIM)}/{form}.ipynb" for form in ("NFC", "NFD")],
        [KIM],
    ),
    "Windows": (["w.zip", ["kim\\01_numbers.ipynb", "lee\\my work\\a.ipynb"]], ["kim", "lee"]),
    "Moodle": (
        ["Kim_417_assignsubmission_file_/a.ipynb", "Kim_418_assignsubmission_file_/a.ipynb"],
        ["Kim_417", "Kim_418"],
    ),
    "Moodle without folders": (["Kim Lee_417_assignsubmission_file_01_numbers.ipynb"], ["Kim Lee_417"]),
    "Moodle, two zips": (
        [
            "A-1.zip",
            ["Kim_417_assignsubmission_file_/a.ipynb"],
            "A-2.zip",
            ["Lee_418_assignsubmission_file_/a.ipynb"],
        ],
        ["Kim_417", "Lee_418"],
    ),
    "Canvas": (
        ["kimchulsoo_417_9932_01_numbers.ipynb", "kimchulsoo_LATE_418_9933_01_numbers-1.ipynb"],
        ["kimchulsoo_417", "kimchulsoo_418"],
    ),
    "Canvas, two attempts": (["kim_417_9932_a.ipynb", "kim_417_9950_a-1.ipynb"], ["kim_417"]),
    "Blackboard": (
        [f"GANs_kim_attempt_{TIME}_01_numbers.ipynb", f"GANs_kim_attempt_{TIME.replace('12', '13')}_a.ipynb"],
        ["kim"],
    ),
    "Blackboard, two students": ([f"G_{name}_attempt_{TIME}_a.ipynb" for name in ("kim", "lee")], ["kim", "lee"]),
    "Brightspace": (
        [
            "12-77 - Kim Chulsoo - Mar 15, 2026 1230 PM/a.ipynb",
            "13-78 - Kim Chulsoo - Mar 15, 2026 1231 PM/a.ipynb",
        ],
        ["Kim Chulsoo_12", "Kim Chulsoo_13"],
    ),
    "another's name behind one's own, Moodle": (
        ["Kim_417_assignsubmission_file_x_999_assignsubmission_file_.ipynb"],
        ["Kim_417"],
    ),
    "another's name behind one's own, Blackboard": (
        [f"G_kim_attempt_{TIME}_x_lee_attempt_2027-{TIME[5:]}_a.ipynb", f"G_lee_attempt_{TIME}_a.ipynb"],
        ["kim", "lee"],
    ),
    "another's name in one's own folder": (
        [f"kim/G_lee_attempt_2027-{TIME[5:]}_a.ipynb", f"G_lee_attempt_{TIME}_a.ipynb"],
        ["lee?"],
    ),
    "nbgrader": (["kim/01_numbers/01_numbers.ipynb", "lee/01_numbers/01_numbers.ipynb"], ["kim", "lee"]),
    "zips of two classes": (
        ["1A.zip", ["kim.ipynb", "lee.ipynb"], "1B.zip", ["park.ipynb", "choi.ipynb"]],
        ["choi", "kim", "lee", "park"],
    ),
    "a zip a student": (["kim.zip", ["01_numbers.ipynb"], "lee.zip", ["x/01_numbers.ipynb"]], ["kim", "lee"]),
}


@pytest.mark.parametrize("case", CASES)
def test_each_person_has_a_row(tmp_path, known, case):
    names, expected = CASES[case]
    folder = tmp_path / "in"
    for name, inside in zip(names, [*names[1:], None], strict=True):
        if isinstance(name, list):
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(zipped(*inside) if isinstance(inside, list) else TEXT.encode())
    found = find(folder, known)
    assert sorted(one.student + "?" * one.review for one in found) == expected
    assert all(one.notes for one in found if one.review)


def test_the_later_attempt_counts_whatever_the_files_times_say(tmp_path, known):
    (tmp_path / "in").mkdir()
    for hour in (14, 13):
        (tmp_path / "in" / f"G_kim_attempt_2026-03-15-{hour}-30-00_a.ipynb").write_text(TEXT)
    (tmp_path / "in" / "index.html").write_text("Brightspace's list")
    (kim,) = find(tmp_path / "in", known)
    assert "-14-30-00_" in kim.file.path and not kim.review


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("park_2026_0315_06.ipynb", "park_2026_0315_06"),  # a date is no number of Canvas
        ("김철수_01_numbers.ipynb", "김철수"),
        ("01_numbers-kim.ipynb", "kim"),
        ("01_numbers - Copy.ipynb", ""),
        ("01_numbers.ipynb.txt", ""),
    ],
)
def test_what_a_name_tells(path, student):
    assert named(PurePosixPath(path), ["01_numbers"]).student == student
