"""A small course for the tests of grading: one exercise of numbers, without TensorFlow."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NAME = "01_numbers"
CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearSolutions.text_stub = "*Write your answer here.*"
"""


def _cell(make, name, source, **kind):
    metadata = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, **kind}
    return make(source, id=name, metadata={"nbgrader": {"grade_id": name, **metadata}})


def answer(name, stub, solution):
    text = f"{stub}\n    ### BEGIN SOLUTION\n    {solution}\n    ### END SOLUTION"
    return _cell(new_code_cell, name, text, solution=True)


def check(name, points, hidden, public="# The points of this task."):
    text = f"{public}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    return _cell(new_code_cell, name, text, grade=True, locked=True, points=points)


def question(name, points):
    return _cell(new_markdown_cell, name, "The mean is in the middle.", grade=True, solution=True, points=points)


def notebook():
    """Return the instructor's notebook: three tasks of 2, 3 and 4 points, a question of 5."""
    cells = [
        new_markdown_cell("# Numbers", id="title"),
        new_code_cell("import numpy as np\n\nnumbers = np.arange(5.0)", id="setup"),
        answer("double", "def double(x):", "return 2 * x"),
        _cell(new_code_cell, "double-look", 'print("done" if double(1) else "not done yet")', locked=True),
        check(
            "double-points",
            2,
            "np.testing.assert_allclose(double(numbers), [0, 2, 4, 6, 8])\nassert double(3) == 6",
        ),
        answer("mean", "def mean(x):", "return sum(x) / len(x)"),
        check("mean-points", 3, "assert abs(mean([1, 2, 6]) - 3) < 1e-9, 'the mean of 1, 2, 6 is 3'"),
        answer("spread", "def spread(x):", "return max(x) - min(x)"),
        check("spread-points", 4, "2 * (spread([1, 4]) == 3) + 2 * (spread([5, 5]) == 0)"),
        question("why", 5),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def course(folder: Path, book=None, name: str = NAME) -> Path:
    """Write a course with one exercise."""
    (folder / "solutions" / name).mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    nbformat.write(book or notebook(), folder / "solutions" / name / f"{name}.ipynb")
    return folder
