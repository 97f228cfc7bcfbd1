"""What honest students hand in keeps its points, however their editors and habits have changed the notebook."""

from copy import deepcopy

import nbformat
import pytest

pytest.importorskip("nbgrader")

from nbformat.v4 import new_code_cell, new_markdown_cell  # noqa: E402

from gan_course.instructor import assignments, grading  # noqa: E402
from gan_course.instructor.marking import INSTALL  # noqa: E402
from tests import toy  # noqa: E402

RIGHT = {"double": "def double(x): return 2 * x", "spread": "def spread(x): return max(x) - min(x)"}
MEAN = "def mean(x): return sum(x) / len(x)"
ALL, NO_MEAN = (2, 3, 4), (2, 0, 4)
IMPORTS, STUB, MEAN_POINTS = 1, 5, 6


def answer(source):
    def change(book):
        book.cells[STUB].source = source

    return change


def imports(source):
    def change(book):
        book.cells[STUB].source = MEAN
        book.cells[IMPORTS].source = source + "\n" + book.cells[IMPORTS].source

    return change


def elsewhere(place, *sources):
    def change(book):
        book.cells[place:place] = [new_code_cell(source) for source in sources]

    return change


def without_names(book):
    """As Kaggle and others leave it: no ids, no metadata."""
    book.cells[STUB].source = MEAN
    for cell in book.cells:
        cell.metadata = {"vscode": {"languageId": "python"}}
        cell.pop("id")
    book.nbformat_minor = 4


# What is done to a notebook with the other answers, the points of the three checks, and what the note says.
HABITS = {
    "plain": (answer(MEAN), ALL, ""),
    "magic": (imports("%matplotlib widget\n%load_ext tensorboard"), ALL, "widget"),
    "install": (imports("!pip install pandas \\\n    seaborn\n!{sys.executable} -m pip install q"), ALL, ""),
    "missing first": (imports("import no_such_package"), ALL, "no_such_package"),
    "Colab": (imports("from google.colab import drive, files\ndrive.mount('/content/drive')"), ALL, ""),
    "failing setting": (
        imports("import matplotlib.pyplot as plt\nplt.style.use('seaborn')\nLIMIT = 5"),
        ALL,
        "seaborn",
    ),
    "failing line": (answer(f"mean([])\n{MEAN}"), ALL, "cell mean: "),
    "failing after": (answer(f"{MEAN}\nmean([])"), ALL, "cell mean: ZeroDivisionError"),
    "below the points": (elsewhere(MEAN_POINTS + 1, MEAN), ALL, ""),
    "behind": (elsewhere(MEAN_POINTS, MEAN), ALL, ""),
    "above": (elsewhere(STUB, MEAN), ALL, ""),
    "in two cells": (
        elsewhere(STUB, "def half(x): return x", "def mean(x): return half(sum(x)) / len(x)"),
        ALL,
        "",
    ),
    "everything of numpy": (answer(f"from numpy import *\n{MEAN}"), ALL, ""),
    "suspects": (answer(f"import gc, inspect, traceback\n{MEAN}"), ALL, ""),
    "no names": (without_names, ALL, ""),
    "wrong below": (elsewhere(MEAN_POINTS + 1, "def mean(x): return 7"), NO_MEAN, ""),
}


def test_habits_cost_no_points(tmp_path):
    toy.course(tmp_path)
    handed_out = assignments.load(tmp_path)[toy.NAME].copy
    (tmp_path / "in").mkdir()
    for student, (change, *_) in HABITS.items():
        book = deepcopy(handed_out)
        for cell in book.cells:
            cell.source = RIGHT.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        change(book)
        nbformat.write(book, tmp_path / "in" / f"{student}.ipynb")
    rows = grading.grade(tmp_path / "in", tmp_path / "marks.csv", tmp_path, sandboxed=False)
    wrong = []
    for row in rows:
        _, points, note = HABITS[row.submission.student]
        got = tuple(row.marks.points.get(name) for name in ("double-points", "mean-points", "spread-points"))
        notes = "; ".join(each for each in row.marks.notes if "no answer yet: why" not in each)
        if (
            got != points
            or note not in notes
            or (not note and notes)
            or len({*row.marks.notes}) < len(row.marks.notes)
        ):
            wrong.append((row.submission.student, got, row.marks.status, row.marks.notes))
    assert not wrong


def test_a_note_names_the_task_by_its_heading(tmp_path):
    book = toy.notebook()
    book.cells.insert(STUB, new_markdown_cell("## Task 2 · The mean (3 points)", id="heading"))
    toy.course(tmp_path, book)
    handed_out = assignments.load(tmp_path)[toy.NAME].copy
    handed_out.cells[STUB + 1].source = "mean([])"
    (tmp_path / "in").mkdir()
    nbformat.write(handed_out, tmp_path / "in" / "kim.ipynb")
    (row,) = grading.grade(tmp_path / "in", tmp_path / "marks.csv", tmp_path, sandboxed=False)
    assert any(note.startswith("Task 2 · The mean, cell mean: NameError") for note in row.marks.notes)


@pytest.mark.parametrize("below", [True, False])
def test_a_question_may_be_answered_in_the_next_cell(tmp_path, below):
    toy.course(tmp_path)
    book = assignments.load(tmp_path)[toy.NAME].copy
    (tmp_path / "in").mkdir()
    if below:
        book.cells.append(new_markdown_cell("In the middle."))
    else:
        book.cells[-1].source = "In the middle."
    nbformat.write(book, tmp_path / "in" / "kim.ipynb")
    (row,) = grading.grade(tmp_path / "in", tmp_path / "marks.csv", tmp_path, sandboxed=False)
    (page,) = (tmp_path / "marks" / "feedback").iterdir()
    assert "In the middle." in page.read_text() and row.marks.points["why"] is None
    assert not any("why" in note for note in row.marks.notes)


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        ("!pip install a \\\n  b \\\n  c", False),
        ("  !{sys.executable} -m pip install a", False),
        ("%pip install -q a", False),
        ("!python3 -m pip install a", False),
        ("!uv pip install a", False),
        ("%conda install a", False),
        ("!ls pip", True),
        ("pip = 3", True),
        ("%%time", True),
    ],
)
def test_what_installs_is_left_out_and_nothing_else(line, stays):
    source = f"x = 1\n{line}\ny = 2"
    left = INSTALL.sub(r"\1pass", source)
    assert (left == source) == stays
    assert left.startswith("x = 1\n") and left.endswith("\ny = 2")
