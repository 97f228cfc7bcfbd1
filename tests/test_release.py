"""What students get: made from the instructor's notebook, and refused when something would go wrong in class."""

from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import nbformat  # noqa: E402

from gan_course import cli  # noqa: E402
from gan_course.instructor import assignments  # noqa: E402
from gan_course.instructor.assignments import AssignmentError, student_copy  # noqa: E402
from gan_course.instructor.judge import Judge  # noqa: E402
from gan_course.instructor.kernel import EngineError  # noqa: E402
from gan_course.instructor.release import prove, release  # noqa: E402
from gan_course.instructor.sandbox import Limits  # noqa: E402
from tests import toy  # noqa: E402

ROOT = Path(__file__).parents[1]


def test_a_student_gets_stubs_and_no_hidden_test(tmp_path):
    toy.course(tmp_path)
    copy = assignments.load(tmp_path)[toy.NAME].copy
    text = nbformat.writes(copy)
    assert "2 * x" not in text and "assert" not in text and "HIDDEN" not in text
    assert copy.cells[2].source == "def double(x):\n    ..."
    assert copy.cells[4].source == "# The points of this task." and copy.cells[4].metadata.nbgrader.points == 2
    assert copy.cells[9].source == "*Write your answer here.*"


def test_outputs_stay_with_the_instructor():
    book = toy.notebook()
    book.cells[2].outputs = [nbformat.v4.new_output("stream", text="secret")]
    assert "secret" not in nbformat.writes(student_copy(book))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("### BEGIN SOLUTION\nx = 1", "unbalanced markers in cell double: no ### END"),
        ("x = 1\n### END SOLUTION", "unbalanced markers in cell double"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "unbalanced markers"),
        ("### BEGIN SOLUTION\n### END HIDDEN TESTS", "unbalanced markers"),
        ("### BEGIN SOLUTIONS\nx = 1\n### END SOLUTIONS", "is no marker"),
        ("# begin hidden test\nx = 1\n# end hidden test", "is no marker"),
    ],
)
def test_markers_that_would_give_something_away_are_refused(source, message):
    book = toy.notebook()
    book.cells[2].source = source
    with pytest.raises(AssignmentError, match=message):
        student_copy(book)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('assert  answers["six"] == 6', "the hidden test double-points leaks to the students"),
        ("### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS", "nbgrader refuses it: Hidden test region"),
    ],
)
def test_a_hidden_test_in_a_public_check_is_refused(source, message):
    book = toy.notebook()
    book.cells[3].source = source
    with pytest.raises(AssignmentError, match=message):
        student_copy(book)


def test_release_writes_and_check_finds_what_is_out_of_date(tmp_path, capsys):
    toy.course(tmp_path)
    (path,) = release(tmp_path)
    assert path == tmp_path / "exercises" / toy.NAME / f"{toy.NAME}.ipynb"
    assert "14 points in 4 tasks" in capsys.readouterr().out
    path.write_text(path.read_text().replace("Numbers", "Digits"))
    with pytest.raises(AssignmentError, match="out of date; run `make exercises`"):
        release(tmp_path, check=True)
    assert "Digits" in path.read_text()


@pytest.mark.parametrize(
    ("place", "source", "message"),
    [
        (5, "def mean(x):\n    ### BEGIN SOLUTION\n    return 7\n    ### END SOLUTION", "the solution earns 0"),
        (
            5,
            "def mean(x):\n    return sum(x) / len(x)\n    ### BEGIN SOLUTION\n    ### END SOLUTION",
            "earns 3 points",
        ),
        (
            8,
            "### BEGIN HIDDEN TESTS\ndef ask(inputs): return {}\n### JUDGE\ndef judge(inputs, answers): return 3\n"
            "### END HIDDEN TESTS",
            "the solution earns 3 points in spread-points",
        ),
        (8, "### BEGIN HIDDEN TESTS\nassert spread([1, 4]) == 3\n### END HIDDEN TESTS", "found no ask"),
        (1, "import numpy as np\nimport no_such_package", "cannot run the exercise: ModuleNotFoundError"),
    ],
)
def test_an_exercise_with_wrong_points_is_refused(tmp_path, place, source, message):
    book = toy.notebook()
    book.cells[place].source = source
    toy.course(tmp_path, book)
    with pytest.raises((AssignmentError, RuntimeError), match=message):
        release(tmp_path)
    assert not (tmp_path / "exercises").exists()


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (
            "{'the middle': 'def mean(x): return sum(x) / 7'}",
            "the wrong answer 'the middle' of mean-points earns all",
        ),
        ("{'no name': 'def mean(x): return y'}", "'no name' of mean-points gives none: NameError: name 'y'"),
        ("{'no code': 'def mean('}", "wrong is to be a dictionary of texts, .*'\\(' was never closed"),
        ("['def mean(x): return 0']", "the points of mean-points: wrong is to be a dictionary"),
        ("{1: 2}", "the points of mean-points: wrong is to be a dictionary"),
    ],
)
def test_a_wrong_answer_that_is_not_caught_is_refused(tmp_path, listed, message):
    book = toy.notebook()
    book.cells[6].source = book.cells[6].source.replace('{"the sum": "def mean(x): return sum(x)"}', listed)
    assert listed in book.cells[6].source
    toy.course(tmp_path, book)
    with pytest.raises(AssignmentError, match=message):
        release(tmp_path)
    assert not (tmp_path / "exercises").exists()


def test_the_command_names_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["release"]) == 2
    assert "holds no nbgrader_config.py; go to the folder of the course" in capsys.readouterr().err
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert cli.main(["grade", ".", "--out", "marks.csv"]) == 2
    assert "nbgrader is not installed; run `pip install -e '.[instructor]'`" in capsys.readouterr().err


def test_the_command_says_in_one_sentence_that_this_machine_cannot(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise EngineError("the kernel did not start in time; is the machine too busy?")

    toy.course(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gan_course.instructor.release.prove", fail)
    assert cli.main(["release"]) == 2
    assert capsys.readouterr().err == "gan-course: the kernel did not start in time; is the machine too busy?\n"


@pytest.mark.parametrize("path", sorted(ROOT.glob("solutions/*/*.ipynb")), ids=lambda path: path.stem)
def test_the_exercises_are_made_from_the_solutions(path):
    assignment = assignments.load(ROOT)[path.stem]
    exercise = ROOT / "exercises" / path.stem / path.name
    assert exercise.read_text(encoding="utf-8") == nbformat.writes(assignment.copy) + "\n", "run `make exercises`"


@pytest.mark.thorough
@pytest.mark.parametrize("path", sorted(ROOT.glob("solutions/*/*.ipynb")), ids=lambda path: path.stem)
def test_a_solution_earns_all_points_and_an_untouched_exercise_none(path):
    with Judge() as judge:
        prove(assignments.load(ROOT)[path.stem], judge, Limits(cell_seconds=600, total_seconds=1800))
